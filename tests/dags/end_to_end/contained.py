"""Tasks in containers: a success, a second try, and one that runs until it is stopped."""

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

from airflow.sdk import dag, task

CONTAINER = {"airstep": {"compute": "fargate", "memory": 2048}}


def tell(context):
    context["ti"].xcom_push(key="told", value=str(context["exception"]))


@dag(schedule=None, start_date=datetime(2024, 1, 1))
def contained():
    @task(executor_config=CONTAINER)
    def measure(ti=None):
        print("measuring in", os.environ["AWS_EXECUTION_ENV"] if "AWS_EXECUTION_ENV" in os.environ else "a container")
        return {"try": ti.try_number, "function": "AWS_LAMBDA_FUNCTION_NAME" in os.environ}

    @task(executor_config=CONTAINER, retries=1, retry_delay=timedelta(seconds=1))
    def stumble(measured, ti=None):
        if ti.try_number == 1:
            raise ValueError("once more")
        return measured["try"] + ti.try_number

    stumble(measure())


@dag(schedule=None, start_date=datetime(2024, 1, 1), params={"flag": ""})
def endless():
    @task(executor_config=CONTAINER, on_failure_callback=tell)
    def wait(params=None):
        Path(params["flag"]).write_text("up")
        try:
            time.sleep(600)
        finally:
            Path(params["flag"]).write_text("down")

    wait()


contained()
endless()
