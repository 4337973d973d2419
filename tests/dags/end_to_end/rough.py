"""Everything that can go wrong in a run, and one task that needs no more than the wreck."""

import os
import time
from datetime import datetime, timedelta

import boto3
from airflow import DAG
from airflow.decorators import task
from airflow.exceptions import AirflowSkipException
from airflow.providers.amazon.aws.sensors.athena import AthenaSensor

with DAG("rough", schedule=None, start_date=datetime(2024, 1, 1), catchup=False) as dag:

    @task
    def fails():
        raise ValueError("no good")

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def crashes(ti=None):
        if ti.try_number == 1:
            os._exit(7)
        return ti.try_number

    @task
    def crashes_for_good():
        os._exit(7)

    @task(execution_timeout=timedelta(seconds=1))
    def hangs():
        time.sleep(60)

    @task
    def skips():
        raise AirflowSkipException("nothing to do")

    @task
    def asks_athena(ti=None):
        # Takes a few seconds, so that the sensor has to wait.
        numbers = "UNNEST(sequence(1, 60000)) AS {0}(x{0})"
        answer = boto3.client("athena").start_query_execution(
            QueryString=f"SELECT sum(xa * xb) AS answer FROM {numbers.format('a')} CROSS JOIN {numbers.format('b')}",
            ResultConfiguration={"OutputLocation": "s3://end-to-end/results/"},
        )
        return answer["QueryExecutionId"]

    @task(trigger_rule="all_done")
    def after_all(ti=None):
        return ti.xcom_pull(task_ids="crashes")

    query = asks_athena()
    watched = AthenaSensor(task_id="watches", query_execution_id=query, sleep_time=1, timeout=60)
    first, second = fails(), crashes()
    last = after_all()
    [first, second, crashes_for_good(), hangs(), skips(), watched] >> last

    @task
    def needs_two(x):
        return x

    # With `after_all`, an N: this one waits for the crash alone.
    needs_two(second)
