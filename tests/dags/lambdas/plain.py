"""As little as a DAG file can hold: what a cold start costs is then Airstep's own."""

from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonOperator


def hello():
    print("said hello")


with DAG("plain", schedule=None, start_date=datetime(2024, 1, 1)):
    PythonOperator(task_id="hello", python_callable=hello)
