"""fail_fast: a failed task stops the run, except for teardowns."""

from datetime import datetime

from airflow.exceptions import AirflowSkipException
from airflow.sdk import DAG, setup, task, teardown

with DAG("t61_fail_fast", schedule=None, start_date=datetime(2024, 1, 1), fail_fast=True):

    @setup
    def begin():
        return "begun"

    @task
    def before():
        return 1

    @task(retries=1, retry_delay=0.1)
    def fails():
        raise ValueError("no")

    @task
    def below():
        return 2

    @task
    def each(n):
        return n

    @task
    def skipped():
        raise AirflowSkipException("not today")

    @teardown
    def end():
        return "ended"

    begun = begin()
    first = before()
    failing = fails()
    last = below()
    done = end()
    begun >> first >> failing >> last >> each.expand(n=[1, 2]) >> done
    begun >> done
