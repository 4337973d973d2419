"""Secrets do not get into records, logs, errors and requests: what leaves a Lambda is masked."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from dag_translator.authoring import runtime as authoring
from dag_translator.authoring.masking import Masker, is_sensitive
from lambdas.backends import TemplateLender
from lambdas.observability import Observer
from tests.lambdas.driver import Run, start

SECRET = "s3cr3t/pass word"
DAG = """
from datetime import datetime
from airflow import DAG
from airflow.hooks.base import BaseHook
from airflow.models import Variable
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
from airflow.providers.amazon.aws.operators.athena import AthenaOperator

def fails():
    raise ValueError("cannot log in with " + BaseHook.get_connection("db").password)

def logs():
    connection = BaseHook.get_connection("db")
    print("password", connection.password, connection.get_uri(), connection.extra_dejson)

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    PythonOperator(task_id="fails", python_callable=fails)
    PythonOperator(task_id="logs", python_callable=logs)
    BashOperator(task_id="bash", bash_command="echo {{ conn.db.password }} {{ conn.db.host }}",
                 env={"API_KEY": "k", "HOME": "/"}, do_xcom_push=False)
    AthenaOperator(task_id="query", query="SELECT '{{ conn.db.password }}'", database="d",
                   output_location="s3://b/{{ var.value.colour }}")
    AthenaOperator(task_id="open", query="SELECT 1", database="d", output_location="s3://b/{{ var.value.colour }}")
"""


class Secrets(TemplateLender):
    """A database's connection, and two Variables."""

    def get_connection(self, conn_id: str) -> Any:
        extra = {"region": "eu", "api_key": "another-secret"}
        fields = {"conn_type": "postgres", "host": "h", "login": "me", "password": SECRET, "extra": extra}
        return json.dumps(fields) if conn_id == "db" else None

    def get_variable(self, key: str) -> str | None:
        return {"colour": "crimson", "slack_token": "xoxb-123"}.get(key)


@pytest.fixture
def run(make_dag: Any, make_runtime: Any) -> Run:
    return start(make_runtime(make_dag(DAG), lender=Secrets()))


def everything(run: Run) -> str:
    """All that the table holds."""
    store: Any = run.runtime.store
    return " ".join(store.items.values())


def test_an_error_that_tells_a_secret(run: Run) -> None:
    with pytest.raises(Exception, match=r"^cannot log in with \*\*\*$") as caught:
        run.call("run_task", "fails", attempt=0)
    assert type(caught.value).__name__ == "ValueError"  # the routing goes by it
    assert caught.value.__cause__ is None
    assert run.record("fails").error_message == "cannot log in with ***"
    assert SECRET not in everything(run)


def test_rendered_fields(run: Run) -> None:
    run.call("run_task", "bash", attempt=0)
    rendered = json.loads(run.record("bash").rendered)
    assert rendered["bash_command"] == "echo *** h"
    assert rendered["env"] == {"API_KEY": "***", "HOME": "/"}
    assert SECRET not in everything(run)


def test_log_lines(make_dag: Any, make_runtime: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level, stream, lender = root.level, io.StringIO(), Secrets()
    try:
        observer = Observer(stream, lender.masker)
        run = start(make_runtime(make_dag(DAG), lender=lender, observe=observer.task))
        run.call("run_task", "logs", attempt=0)
        with pytest.raises(Exception, match="cannot log in"):
            run.call("run_task", "fails", attempt=0)
    finally:
        root.setLevel(level)
    lines = stream.getvalue()
    assert "password *** postgres://me:***@h" in lines
    assert "ValueError: cannot log in with ***" in lines
    for secret in (SECRET, "another-secret", "s3cr3t%2Fpass%20word"):
        assert secret not in lines


def test_a_request_that_would_stand_in_the_history(run: Run) -> None:
    with pytest.raises(Exception, match="would stand in the execution's history"):
        run.call("prepare_task", "query")
    assert run.record("query").state == "failed"
    assert SECRET not in everything(run)
    assert run.call("prepare_task", "open")["ResultConfiguration"] == {"OutputLocation": "s3://b/crimson"}


def test_variables_with_sensitive_names() -> None:
    from dag_translator.authoring.models.variable import Variable

    with authoring.use(Secrets()) as lender:
        assert (Variable.get("colour"), Variable.get("slack_token")) == ("crimson", "xoxb-123")
        assert lender.masker.redact("crimson xoxb-123") == "crimson ***"


@pytest.mark.parametrize("name", ["password", "DB_PASSWORD", "my-api.key", " Secret ", "webhook_url"])
def test_sensitive_names(name: str) -> None:
    assert is_sensitive(name)


def test_what_is_not_masked() -> None:
    masker = Masker()
    masker.add("1234")
    masker.add("Airflow")
    masker.add("plain text", "comment")
    assert masker.redact("1234 Airflow plain text") == "1234 Airflow plain text"
    assert not is_sensitive("passes")
    assert not is_sensitive(None)
    assert masker.redact({"password": None}) == {"password": None}
