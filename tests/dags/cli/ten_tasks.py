"""Ten Python tasks with a fan-out, XComs and a template: what `airstep dags test` is timed on."""

from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator


@dag(dag_id="ten_tasks", schedule=None, start_date=datetime(2024, 1, 1), catchup=False)
def ten_tasks():
    start = EmptyOperator(task_id="start")

    @task
    def numbers(day: str):
        return [int(part) for part in day.split("-")]

    @task(retries=1, retry_delay=timedelta(minutes=5))
    def double(values: list, factor: int):
        return [value * factor for value in values]

    given = numbers("{{ ds }}")
    start >> given
    doubled = [double.override(task_id=f"times_{factor}")(given, factor) for factor in range(1, 6)]

    @task
    def total(parts: list):
        return sum(sum(part) for part in parts)

    summed = total(doubled)
    show = PythonOperator(task_id="show", python_callable=lambda text: text, op_args=["{{ ti.xcom_pull('total') }}"])
    end = EmptyOperator(task_id="end")
    summed >> show >> end


ten_tasks()
