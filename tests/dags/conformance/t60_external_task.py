from datetime import datetime, timedelta

from airflow import DAG
from airflow.exceptions import AirflowSkipException
from airflow.operators.python import PythonOperator
from airflow.sensors.external_task import ExternalTaskMarker, ExternalTaskSensor
from airflow.utils.task_group import TaskGroup


def fine():
    return None


def bad():
    raise ValueError("bad")


def skip():
    raise AirflowSkipException("skip")


with DAG("t60_upstream", schedule=None, start_date=datetime(2024, 1, 1), catchup=False) as upstream:
    PythonOperator(task_id="ok", python_callable=fine)
    PythonOperator(task_id="bad", python_callable=bad)
    PythonOperator(task_id="skip", python_callable=skip)
    with TaskGroup("good"):
        PythonOperator(task_id="a", python_callable=fine)
        PythonOperator(task_id="b", python_callable=fine)
    with TaskGroup("mixed"):
        PythonOperator(task_id="a", python_callable=fine)
        PythonOperator(task_id="b", python_callable=bad)
    ExternalTaskMarker(task_id="mark", external_dag_id="t60_external_task", external_task_id="ok")


def wait(task_id, **kwargs):
    return ExternalTaskSensor(task_id=task_id, external_dag_id="t60_upstream", poke_interval=0.3, timeout=1, **kwargs)


with DAG("t60_external_task", schedule=None, start_date=datetime(2024, 1, 1), catchup=False) as dag:
    wait("ok", external_task_id="ok")
    wait("ok_rescheduled", external_task_id="ok", mode="reschedule")
    wait("bad_times_out", external_task_id="bad")
    wait("bad_fails", external_task_id="bad", failed_states=["failed"])
    wait("bad_skips", external_task_id="bad", failed_states=["failed"], soft_fail=True)
    wait("bad_twice", external_task_id="bad", failed_states=["failed"], retries=1, retry_delay=timedelta(0))
    wait("bad_never_fails", external_task_id="bad", failed_states=["failed"], never_fail=True)
    wait("skip_skips", external_task_id="skip", skipped_states=["skipped"])
    wait("skip_softly", external_task_id="skip", soft_fail=True)
    wait("skip_allowed", external_task_id="skip", allowed_states=["skipped"])
    wait("both", external_task_ids=["ok", "bad"], allowed_states=["success", "failed"])
    wait("half_fails", external_task_ids=["ok", "bad"], failed_states=["failed"])
    wait("half_times_out", external_task_ids=["ok", "bad"])
    wait("failed_before_skipped", external_task_ids=["bad", "skip"], failed_states=["failed"], skipped_states=["skipped"])
    wait("twice", external_task_ids=["ok", "ok"])
    wait("group", external_task_group_id="good")
    wait("mixed_group", external_task_group_id="mixed", failed_states=["failed"])
    wait("group_any", external_task_group_id="mixed", allowed_states=["success", "failed"])
    wait("run_fails", failed_states=["failed"])
    wait("run_failed", allowed_states=["failed"])
    wait("run_times_out")
    wait("another_day", execution_delta=timedelta(days=1))
    wait("days", execution_date_fn=lambda dt: [dt, dt - timedelta(days=1)], allowed_states=["failed"])
    wait("day_by_function", execution_date_fn=lambda dt, ds, **context: dt, allowed_states=["failed"])
    wait("no_such_task", external_task_id="nope", check_existence=True)
    wait("templated", external_task_id="{{ 'o' ~ 'k' }}")
