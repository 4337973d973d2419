"""Two DAGs in one file, the second in a task group."""

from datetime import datetime

from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator
from airflow.utils.task_group import TaskGroup

with DAG("first", schedule="0 5 * * *", start_date=datetime(2024, 1, 1), catchup=False) as first:
    EmptyOperator(task_id="only")

with DAG("second", schedule=None, start_date=datetime(2024, 1, 1), params={"greeting": "hello"}) as second:
    start = PythonOperator(task_id="start", python_callable=lambda params: params["greeting"])
    with TaskGroup("outer") as outer:
        with TaskGroup("inner"):
            deep = PythonOperator(task_id="deep", python_callable=lambda: print("to standard output"))
    start >> outer
