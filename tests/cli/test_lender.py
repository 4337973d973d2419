"""What `dags test` lends without an AWS account: Variables that live as long as the run, no errors of boto3's."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.cli.local_run import run_file

FILE = """
from datetime import datetime
from airflow import DAG
from airflow.decorators import task
from airflow.hooks.base import BaseHook
from airflow.models import Variable

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)):
    @task
    def variables():
        seen = [Variable.get("a", default_var="none")]
        Variable.set("a", {"x": 1}, serialize_json=True)
        seen.append(Variable.get("a", deserialize_json=True))
        Variable.delete("a")
        return [*seen, Variable.get("a", default=None)]

    @task
    def connection():
        BaseHook.get_connection("nobodys")

    variables(), connection()
"""


@pytest.fixture(autouse=True)
def nobodys_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_variables_and_connections_without_an_account(tmp_path: Path) -> None:
    file = tmp_path / "d.py"
    file.write_text(FILE)
    result = run_file(file, None, None, {})
    assert result.xcoms["variables"]["return_value"] == ["none", {"x": 1}, None]
    assert result.tasks == {"variables": "success", "connection": "failed"}
