"""`airstep dags test` shows no secret that a task has read: neither in what it prints nor on standard error."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from infra.cli.local_run import run_file

TEXT = """
from datetime import datetime
from airflow import DAG
from airflow.hooks.base import BaseHook
from airflow.operators.python import PythonOperator

def read():
    return {"token": "plain", "told": BaseHook.get_connection("db").get_uri()}

def fails():
    raise ValueError("no way in with " + BaseHook.get_connection("db").password)

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)):
    PythonOperator(task_id="read", python_callable=read) >> PythonOperator(task_id="fails", python_callable=fails)
"""


def test_what_it_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DB", "postgres://me:opensesame@h")
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    file = tmp_path / "dag.py"
    file.write_text(TEXT)
    result = run_file(file, None, None, {})
    assert result.tasks == {"read": "success", "fails": "failed"}
    assert result.xcoms["read"]["return_value"] == {"token": "plain", "told": "postgres://me:***@h"}
    assert result.errors == {"fails": "no way in with ***"}
    logged = capsys.readouterr().err
    assert "ValueError: no way in with ***" in logged
    assert "opensesame" not in logged + json.dumps(result.to_json(), default=str)
    assert logging.getLogger().handlers == []
