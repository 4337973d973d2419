"""Tasks with dates of their own: a run outside them does without the task. 2024-01-15 is the logical date."""

from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonOperator


def work():
    return 1


def task(task_id, **kwargs):
    return PythonOperator(task_id=task_id, python_callable=work, **kwargs)


with DAG(
    "t60_task_dates",
    schedule=None,
    start_date=datetime(2024, 1, 1),
    default_args={"start_date": datetime(2024, 1, 1)},
):
    inside = task("inside", start_date=datetime(2024, 1, 10), end_date=datetime(2024, 1, 20))
    first_day = task("first_day", start_date=datetime(2024, 1, 15))
    last_day = task("last_day", end_date=datetime(2024, 1, 15))
    not_yet = task("not_yet", start_date=datetime(2024, 2, 1))
    no_more = task("no_more", end_date=datetime(2024, 1, 10))
    not_yet >> task("below_missing")
    no_more >> task("below_ended", trigger_rule="all_done")
    [inside, not_yet] >> task("below_both")
    [inside, no_more] >> task("below_both_none_failed", trigger_rule="none_failed")
    inside >> not_yet
