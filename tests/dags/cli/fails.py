"""A task that fails for good, one that recovers, one that is skipped, and what follows from it."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.exceptions import AirflowSkipException
from airflow.operators.python import PythonOperator


def flaky(ti):
    if ti.try_number < 3:
        raise ValueError(f"try {ti.try_number} fails")
    return ti.try_number


def broken():
    raise KeyError("nothing there")


def skips():
    raise AirflowSkipException("not today")


with DAG("fails", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    recovers = PythonOperator(
        task_id="recovers", python_callable=flaky, retries=3, retry_delay=timedelta(hours=1), doc_md="takes its time"
    )
    breaks = PythonOperator(task_id="breaks", python_callable=broken)
    skipped = PythonOperator(task_id="skipped", python_callable=skips)
    after_breaks = PythonOperator(task_id="after_breaks", python_callable=print)
    after_skipped = PythonOperator(task_id="after_skipped", python_callable=print)
    always = PythonOperator(task_id="always", python_callable=lambda: "done", trigger_rule="all_done")
    recovers >> always
    breaks >> after_breaks >> always
    skipped >> after_skipped >> always
    [after_breaks] >> PythonOperator(task_id="leaf", python_callable=print)
