"""What a task has pushed stays when it fails; a retry begins without."""

from datetime import datetime, timedelta

from airflow.exceptions import AirflowFailException, AirflowSkipException
from airflow.sdk import DAG, task

with DAG("t63_pushes", schedule=None, start_date=datetime(2024, 1, 1)):

    @task
    def fails(ti=None):
        ti.xcom_push("kept", 1)
        raise AirflowFailException("no")

    @task
    def skips(ti=None):
        ti.xcom_push("kept", 2)
        raise AirflowSkipException("no")

    @task(retries=1, retry_delay=timedelta(seconds=0.1))
    def second_try(ti=None):
        if ti.try_number == 1:
            ti.xcom_push("first", 1)
            raise ValueError("once more")
        ti.xcom_push("second", 2)
        raise ValueError("no")

    @task
    def overwrites(ti=None):
        ti.xcom_push("x", 1)
        ti.xcom_push("x", 2)
        ti.xcom_push("gone", 1)
        ti.xcom_push("gone", None)
        return ti.xcom_pull(task_ids="overwrites", key="x")

    @task(trigger_rule="all_done")
    def reads(ti=None):
        return [ti.xcom_pull(task_ids=each, key="kept") for each in ("fails", "skips", "second_try")]

    [fails(), skips(), second_try(), overwrites()] >> reads()
