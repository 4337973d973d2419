"""Tasks that wait for slots and for the run before."""

import time
from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonOperator


def work():
    time.sleep(1)


with DAG("limited", schedule=None, start_date=datetime(2024, 1, 1), max_active_runs=3):
    a = PythonOperator(task_id="a", python_callable=work, pool="narrow")
    b = PythonOperator(task_id="b", python_callable=work, pool="narrow", depends_on_past=True)
