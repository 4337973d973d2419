"""Mapped tasks on a deployed machine: distributed and inline, over each other, with an instance that fails."""

from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.sensors.python import PythonSensor


@dag(schedule=None, start_date=datetime(2024, 1, 1))
def mapped():
    @task
    def numbers():
        return [1, 2, 3]

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def invert(x, ti=None):
        if ti.try_number == 1 and x == 3:
            raise ValueError("once more")
        return 1 // (x - 2)

    @task(trigger_rule="all_done")
    def negate(y):
        return -y

    @task(trigger_rule="all_done", max_active_tis_per_dagrun=1)
    def literal(z):
        return z

    @task(trigger_rule="none_skipped")
    def collect(values):
        return list(values)

    inverted = invert.expand(x=numbers())
    negated = negate.expand(y=inverted)
    sensed = PythonSensor.partial(
        task_id="sensed", python_callable=lambda wanted: wanted, poke_interval=1, timeout=5, soft_fail=True
    ).expand(op_args=[[True], [True]])
    [literal.expand(z=["a", "b"]), sensed] >> collect(negated)


mapped()
