"""Corners in which an audit found a difference from Airflow; each DAG is about one of them."""

import asyncio
from datetime import datetime, timedelta

import pendulum
from airflow import DAG
from airflow.decorators import task
from airflow.exceptions import AirflowSkipException
from airflow.models.baseoperator import BaseOperator
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator

KW = dict(schedule=None, start_date=datetime(2024, 1, 1), catchup=False)


class Spoken:
    def __str__(self):
        return "spoken"


class Serialized:
    def serialize(self):
        return {"z": 1, "a": (2,)}


class Shown(BaseOperator):
    """Its field is compared as it is rendered."""

    template_fields = ("shown",)

    def __init__(self, *, shown, **kwargs):
        super().__init__(**kwargs)
        self.shown = shown

    def execute(self, context):
        return type(self.shown).__name__


@task
def give(x=None):
    return x


@task
def look(x=None, y=None):
    return repr((x, y))


# What the web UI shows of fields that are no text: nothing that changes with memory or order.
with DAG("t71_shown", **KW):
    for name, value in {
        "callable": len,
        "class": int,
        "in_a_list": [len, {"f": str}],
        "spoken": [Spoken()],
        "serialized": {"it": Serialized()},
        "set": {"b", "a", 2},
        "keys": {"b": 1, "a": {2: "{{ ds }}", 1: None}},
        "state": "{{ dag_run.state }}",
        "accessors": "{{ conn }} {{ var.value }}",
        "zone": "{{ dag.timezone.name }}",
    }.items():
        Shown(task_id=name, shown=value)

# A name that nobody knows is no error in native rendering, as long as it stands alone.
with DAG("t71_native", render_template_as_native_obj=True, **KW):
    for name, text in {"alone": "{{ nope }}", "attribute": "{{ params.nope }}", "joined": "a {{ nope }}"}.items():
        Shown(task_id=name, shown=text)

# The label of an instance fails it, if it did not fail already.
with DAG("t71_labels", **KW):
    look.override(task_id="unknown", map_index_template="{{ nope }}").expand(x=[1, 2])
    look.override(task_id="not_mapped", map_index_template="{{ nope }}")(1)
    look.override(task_id="not_mapped_good", map_index_template="{{ ti.task_id }}")(1)

    @task(map_index_template="{{ nope }}", retries=1, retry_delay=timedelta(0))
    def skips(x):
        raise AirflowSkipException

    skips.expand(x=[1])

# Of a dict `expand` makes pairs. What is asked for its items by number finds none.
with DAG("t71_dicts", **KW):
    pairs, numbers = give.override(task_id="pairs")({"a": 1, "b": [2]}), give.override(task_id="numbers")([1, 2, 3])
    look.override(task_id="expanded").expand(x=pairs)
    look.override(task_id="mapped").expand(x=pairs.map(lambda pair: pair))
    look.override(task_id="zipped").expand(x=numbers.zip(pairs, fillvalue="none"))
    look.override(task_id="concat").expand(x=numbers.concat(pairs))
    look.override(task_id="kwargs").expand_kwargs(pairs)
    look.override(task_id="kwargs_of_numbers").expand_kwargs(numbers)
    look.override(task_id="whole_zip")(numbers.zip(numbers))
    look.override(task_id="whole_concat")(numbers.concat(pairs))

# Coroutines, and event loops of the task's own.
with DAG("t71_async", **KW):

    @task
    async def decorated(x=3):
        await asyncio.sleep(0)
        return x

    async def plain(*args, ds=None):
        return [*args, ds]

    decorated()
    PythonOperator(task_id="classic", python_callable=plain, op_args=["{{ ds_nodash }}"])
    PythonOperator(task_id="loop", python_callable=lambda: asyncio.run(asyncio.sleep(0, "slept")))

# The command that @task.bash made is shown, whatever came of it.
with DAG("t71_bash", **KW):
    for name, command in {"fails": "exit 3", "skips": "exit 99", "empty": " ", "number": 5}.items():

        @task.bash(task_id=name)
        def command_of(value):
            return value

        command_of(command)

# XComs that look like tags, and time zones.
with DAG("t71_xcoms", **KW) as dag:
    for name, value in {
        "tag": {"__type__": "tuple", "value": [1, {"__type__": None}]},
        "zone": pendulum.timezone("Europe/Berlin"),
    }.items():
        pushed = PythonOperator(task_id=name, python_callable=lambda value=value: value)
        pulled = PythonOperator(
            task_id=f"{name}_pulled", python_callable=lambda ti, name=name: repr(ti.xcom_pull(name))
        )
        pushed >> pulled
    PythonOperator(task_id="deep", python_callable=lambda: {"a": [{"__type__": "set"}]})
    text = BashOperator(task_id="text", bash_command="echo {{ ti.xcom_pull('tag')['value'][0] }}")
    dag.get_task("tag") >> text
