"""A daily DAG, which fails on one date."""

import pendulum

from airflow import DAG
from airflow.operators.python import PythonOperator


def work(day, **context):
    assert context["dag_run"].run_type == "backfill"
    assert context["params"]["n"] == 1
    if day == "2024-01-05":
        raise ValueError("a bad day")


with DAG(
    "daily",
    schedule="0 5 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
):
    PythonOperator(task_id="work", python_callable=work, op_args=["{{ ds }}"])
