"""Which mapped values are rendered as templates."""

from datetime import datetime

from airflow.decorators import dag, task
from airflow.operators.python import PythonOperator


def show(*args, **kwargs):
    return [list(args), kwargs.get("b")]


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False, default_args={"retries": 0})
def t53_mapped_templates():
    @task
    def one():
        return "{{ ds }}"

    @task
    def many():
        return ["{{ ds }}", "b"]

    @task
    def dicts():
        return [{"x": "{{ ds }}", "y": ["{{ ds }}"]}]

    @task
    def f(x, y=0):
        return [x, y]

    f.override(task_id="lit").expand(x=["{{ ds }}", ["{{ ds }}"]])
    f.override(task_id="lit_kwargs").expand_kwargs([{"x": "{{ ds }}"}, {"x": ["{{ ds }}"], "y": "{{ run_id[:6] }}"}])
    f.override(task_id="up").partial(y="{{ ds }}").expand(x=many())
    f.override(task_id="up_kwargs").expand_kwargs(dicts())
    f.override(task_id="ref_in_list").expand(x=[one.override(task_id="one_2")(), 2])
    PythonOperator.partial(task_id="args_up", python_callable=show).expand(op_args=many.override(task_id="many_2")().map(lambda x: [x]))
    PythonOperator.partial(task_id="classic", python_callable=show, op_args=["{{ ti.map_index }}"]).expand(op_kwargs=[{"b": "{{ ds }}"}, {}])
    PythonOperator.partial(task_id="classic_kwargs", python_callable=show).expand_kwargs([{"op_args": ["{{ ds }}"]}, {"op_kwargs": {"b": "{{ ds }}"}}])

    f.override(task_id="partial_ref").partial(y=one.override(task_id="one_3")()).expand(x=[1, 2])


t53_mapped_templates()
