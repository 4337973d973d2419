"""A branch, a short circuit and an N-shaped rest, to be simulated."""

from datetime import datetime

from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator

with DAG("branches", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "left")
    left = PythonOperator(task_id="left", python_callable=print)
    right = PythonOperator(task_id="right", python_callable=print)
    join = EmptyOperator(task_id="join", trigger_rule="none_failed_min_one_success")
    branch >> [left, right] >> join

    gate = ShortCircuitOperator(task_id="gate", python_callable=lambda: True)
    behind = PythonOperator(task_id="behind", python_callable=print)
    gate >> behind

    a, b, c, d = (PythonOperator(task_id=name, python_callable=print) for name in "abcd")
    a >> [c, d]
    b >> d
