"""The beginning of every random DAG file: imports, what tasks execute, callbacks that keep a log."""

from __future__ import annotations

HEAD = '''\
import os
from datetime import datetime, timedelta

from airflow.decorators import dag, task, task_group
from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.latest_only import LatestOnlyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from airflow.sensors.python import PythonSensor
from airflow.utils.task_group import TaskGroup
from airflow import DAG


def log(event):
    def callback(context):
        if "DAG_LOG" in os.environ:
            ti = context.get("ti")
            with open(os.environ["DAG_LOG"], "a") as file:
                file.write(f"{event} {ti.task_id + ' ' + str(ti.map_index) if event[:4] == 'task' else ''}\\n")
    return callback


def end(how, value=None, **context):
    """s: success, f: failure, k: skipped, x: exit, F: failure for good, digits: that many failures before a success."""
    if isinstance(how, (list, tuple)):
        how = how[0] if how else "k"
    if how == "f" or how.isdigit() and context["ti"].try_number <= int(how):
        raise ValueError("told to fail")
    if how == "k":
        raise AirflowSkipException("told to skip")
    if how == "x":
        raise SystemExit(3)
    if how == "F":
        raise AirflowFailException("for good")
    return value


def show(*args, **kwargs):
    return repr([args, {key: kwargs[key] for key in sorted(kwargs) if key.startswith("arg")}])


def push(how, values, **context):
    for key, value in values.items():
        context["ti"].xcom_push(key, value)
    return end(how, **context)


def pull(task_ids, key, **context):
    asked = {name: context[name] for name in ("default", "map_indexes") if name in context}
    found = context["ti"].xcom_pull(task_ids=task_ids, key=key, **asked)
    return repr(found if found is None or isinstance(found, (str, int, dict)) else list(found))


def refine(how):
    if how == "k":
        raise AirflowSkipException("not this one")
    return how


ended = task(end)
shown = task(show)
pushed = task(push)
pulled = task(pull)
CALLBACKS = dict(
    on_execute_callback=log("task executes"), on_success_callback=log("task succeeded"),
    on_failure_callback=log("task failed"), on_retry_callback=log("task retries"),
    on_skipped_callback=log("task skipped"),
)
'''
