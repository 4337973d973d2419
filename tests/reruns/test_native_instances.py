"""Clearing instances of a mapped task whose work a service does: all of them go together."""

from __future__ import annotations

from pathlib import Path

import pytest

from dag_translator.load import load
from lambdas.runtime import Runtime
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import DagRun, TaskRecord
from lambdas.task_function import handle

FILE = """
from datetime import datetime
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.providers.amazon.aws.operators.athena import AthenaOperator

def work(n):
    return n

with DAG("queries", schedule=None, start_date=datetime(2024, 1, 1)):
    AthenaOperator.partial(task_id="native", database="d", output_location="s3://b/").expand(query=["a", "b"])
    PythonOperator.partial(task_id="python", python_callable=work).expand(op_args=[[1], [2]])
"""


@pytest.mark.parametrize(("task_id", "cleared"), [("native", [0, 1]), ("python", [1])])
def test_a_kept_instance_of_a_service_could_only_fail(tmp_path: Path, task_id: str, cleared: list[int]) -> None:
    file = tmp_path / "queries.py"
    file.write_text(FILE)
    (dag,) = load(file).dags
    store = MemoryStore()
    run = DagRun("queries", "r", "manual", "failed", "2024-01-01", "2024-01-01", "r")
    store.create_run(run)
    for index, state in enumerate(("success", "failed")):
        store.save_task(TaskRecord("queries", "r", task_id, state, index, try_number=1, execution="r"), expect=None)
    event = {"kind": "clear_tasks", "run_id": "r", "only_failed": True}
    answer = handle(Runtime(dag=dag, store=store), event)
    assert [(row["task_id"], row["map_index"]) for row in answer["cleared"]] == [(task_id, index) for index in cleared]
