"""DAGs whose tasks wait for slots, or for the DagRun before."""

from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.exceptions import AirflowFailException, AirflowSkipException
from airflow.operators.python import PythonOperator
from airflow.sensors.python import PythonSensor

KW = {"schedule": None, "start_date": datetime(2024, 1, 1)}


def work(**context):
    """The run's conf says what comes of it."""
    outcome = context["dag_run"].conf.get(context["ti"].task_id)
    if outcome == "fail" or (outcome == "fail once" and context["ti"].try_number == 1):
        raise AirflowFailException("as asked")
    if outcome == "skip":
        raise AirflowSkipException("as asked")


@dag(**KW)
def pooled():
    """Three tasks side by side, each with one slot of three."""
    for name in ("a", "b", "c"):
        PythonOperator(task_id=name, python_callable=work, pool="three", trigger_rule="all_done")


@dag(max_active_tasks=2, **KW)
def narrow():
    """Five tasks, two at a time; the heavier first."""
    for name in ("a", "b", "c", "d", "e"):
        PythonOperator(task_id=name, python_callable=work, priority_weight=ord(name))


@dag(**KW)
def alone():
    """One at a time over all runs."""
    PythonOperator(task_id="a", python_callable=work, max_active_tis_per_dag=1)


@dag(**KW)
def sensing():
    """A sensor that gives its slot back between pokes, beside a task that wants it."""

    def later(**context):
        return context["ti"].task.dag and context["ti"]._record.pokes >= 3

    PythonSensor(task_id="s", python_callable=later, pool="one", mode="reschedule", poke_interval=60, timeout=3600)
    PythonOperator(task_id="a", python_callable=work, pool="one")


@dag(default_args={"depends_on_past": True, "retries": 0}, **KW)
def chained():
    a = PythonOperator(task_id="a", python_callable=work)
    b = PythonOperator(task_id="b", python_callable=work)
    a >> b


@dag(**KW)
def skipping():
    """Airflow's scheduler does not ask for this argument: a task that is skipped does not wait for the past."""
    first = PythonOperator(task_id="a", python_callable=work)
    later = {"depends_on_past": True, "wait_for_past_depends_before_skipping": True}
    first >> PythonOperator(task_id="b", python_callable=work, **later)


@dag(**KW)
def whole():
    """A run begins when the one before is through."""
    first = PythonOperator(task_id="a", python_callable=work, wait_for_downstream=True)
    first >> PythonOperator(task_id="b", python_callable=work, execution_timeout=timedelta(minutes=5))


@dag(**KW)
def spread():
    @task(pool="three")
    def each(number):
        return number

    each.expand(number=list(range(10)))


pooled(), narrow(), alone(), sensing(), chained(), skipping(), whole(), spread()
