"""Classic operators, templates, kwargs and labels of mapped tasks."""

from datetime import datetime

from airflow.decorators import dag, task
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
from airflow.utils.task_group import TaskGroup


def add(a, b=0, **context):
    return [a, b, context["ti"].map_index]


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def t52_mapped_forms():
    @task
    def commands():
        return ["echo one", "echo {{ ds }}"]

    @task
    def kwargs_list():
        return [{"op_args": [1]}, {"op_args": [2], "op_kwargs": {"b": 5}}]

    BashOperator.partial(task_id="bash_up").expand(bash_command=commands())
    BashOperator.partial(task_id="bash_lit", env={"DAY": "{{ ds }}"}).expand(bash_command=["echo $DAY", "echo {{ ti.map_index }}"])
    PythonOperator.partial(task_id="python_args", python_callable=add).expand(op_args=[[1], [2, 3]])
    PythonOperator.partial(task_id="python_kwargs", python_callable=add, op_args=[9]).expand(op_kwargs=[{"b": 1}, {"b": "{{ ds }}"}])
    PythonOperator.partial(task_id="python_both", python_callable=add).expand_kwargs(kwargs_list())

    @task
    def pairs():
        return [[1, 2], [3, 4]]

    @task
    def unpack(pair):
        return sum(pair)

    @task(map_index_template="{{ label }}")
    def labelled(x):
        from airflow.sdk import get_current_context

        get_current_context()["label"] = f"item {x}"
        return x

    unpack.expand(pair=pairs())
    labelled.expand(x=["a", "b"])

    @task
    def fmt(x, y):
        return f"{x}-{y}"

    one = pairs.override(task_id="pairs_2")()
    fmt.override(task_id="shifted").partial(y="{{ ds }}").expand(x=one.map(lambda pair: pair[0]))
    fmt.override(task_id="dict_items").partial(y=1).expand_kwargs(one.map(lambda pair: {"x": pair}))
    fmt.override(task_id="refs_in_list").partial(y=unpack.override(task_id="u")([1, 2])).expand(x=["{{ ds }}", "b"])
    fmt.override(task_id="three").expand(x=[1, 2], y={"k": 1, "l": 2})
    mapped = unpack.override(task_id="unpack_2").expand(pair=one)
    fmt.override(task_id="mapped_zip").expand_kwargs(mapped.zip(mapped).map(lambda t: {"x": t[0], "y": t[1]}))
    fmt.override(task_id="mapped_concat").partial(y=0).expand(x=mapped.concat(one))
    fmt.override(task_id="cross_mapped").expand(x=mapped, y=mapped)

    @task
    def look(values, ti=None):
        return {
            "list": list(values),
            "len": len(values),
            "first": values[0],
            "last": values[-1],
            "slice": list(values[1:]),
            "one": ti.xcom_pull(task_ids="unpack_2", map_indexes=1),
            "all": list(ti.xcom_pull(task_ids="unpack_2")),
        }

    look(mapped)

    with TaskGroup("g"):
        inside = unpack.override(task_id="inside").expand(pair=one)
        look.override(task_id="after")(mapped) << inside

    @task
    def bad_kwargs():
        return [{"pair": [1]}, {"nope": 1}, {"pair": [2, 5]}, 7]

    unpack.override(task_id="bad").expand_kwargs(bad_kwargs())
    unpack.override(task_id="strict").partial(pair=[1]).expand_kwargs([{"pair": [2]}])
    unpack.override(task_id="not_strict").partial(pair=[1]).expand_kwargs([{"pair": [2]}], strict=False)

    @task(multiple_outputs=True)
    def several(x):
        return {"a": x, "b": x * 2}

    both = several.expand(x=[1, 2])

    @task
    def read(a):
        return list(a)

    read(both["a"])


t52_mapped_forms()
