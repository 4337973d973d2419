"""A DAG that fails at first, and one that has to be stopped."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator
from airflow.sensors.time_delta import TimeDeltaSensor

from airflow import DAG


def each_try(number: int = 0, fails: int = -1, ti=None) -> str:
    if number == fails and ti.try_number == 1:
        raise ValueError("the first try")
    return f"{number} in try {ti.try_number}"


with DAG("again", schedule=None, start_date=datetime(2024, 1, 1)) as again:
    first = PythonOperator(task_id="first", python_callable=each_try)
    mapped = PythonOperator.partial(task_id="mapped", python_callable=each_try).expand(
        op_kwargs=[{"number": number, "fails": 1} for number in range(3)]
    )
    first >> mapped >> PythonOperator(task_id="last", python_callable=each_try) >> EmptyOperator(task_id="done")

with DAG("waits", schedule=None, start_date=datetime(2024, 1, 1)) as waits:
    (
        PythonOperator(task_id="before", python_callable=each_try)
        >> TimeDeltaSensor(task_id="long", delta=timedelta(days=1), poke_interval=60, mode="reschedule")
        >> PythonOperator(task_id="after", python_callable=each_try)
    )


with DAG("crowd", schedule=None, start_date=datetime(2024, 1, 1), max_active_runs=2) as crowd:
    PythonOperator(task_id="a", python_callable=each_try) >> PythonOperator(task_id="b", python_callable=each_try)
