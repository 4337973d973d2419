"""Secrets do not get into records, logs, errors and requests: what leaves a Lambda is masked."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from dag_translator.authoring import runtime as authoring
from dag_translator.authoring.masking import Masker, is_sensitive
from lambdas.backends import TemplateLender
from lambdas.observability import Masking, Observer
from lambdas.storage.records import TaskKey
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


AWKWARD = 'quo"te\\back\nand a second, longer line of it é'
MORE = """
import logging, sys
from airflow.models.param import Param
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor

def tells():
    password = BaseHook.get_connection("awkward").password
    log = logging.getLogger("mine")
    log.warning("structured", extra={"login": "me", "detail": {"said": password}})
    log.info("does not fit: %d %s", password)
    log.info({"a dict": password})
    log.info("with a stack", stack_info=True)
    print(password)
    print(password, file=sys.stderr)
    sys.stderr.write("no newline: " + password)
    log.info("header %s", BaseHook.get_connection("db").login and AUTHORIZATION)

def outputs():
    raise ValueError({"nested": [BaseHook.get_connection("awkward").password]})

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1),
         params={"webhook": Param(Variable.get("slack_token")), "plain": "x"}) as dag:
    PythonOperator(task_id="tells", python_callable=tells)
    PythonOperator(task_id="outputs", python_callable=outputs)
    PythonOperator.partial(task_id="mapped", map_index_template="{{ conn.db.password }}-{{ task.op_args }}",
                           python_callable=print).expand(op_args=[[1]])
    AthenaOperator(task_id="query", query="SELECT '{{ conn.awkward.password }}'", database="d",
                   output_location="s3://b/c")
    S3KeySensor(task_id="sense", bucket_name="lake", bucket_key="{{ conn.db.password }}/x")
"""


class Awkward(Secrets):
    """A password with all that JSON escapes, in two lines."""

    def get_connection(self, conn_id: str) -> Any:
        if conn_id == "awkward":
            return json.dumps({"conn_type": "http", "host": "h", "login": "me", "password": AWKWARD})
        return super().get_connection(conn_id)


@pytest.fixture
def awkward(make_dag: Any, make_runtime: Any) -> Iterator[Run]:
    lender = Awkward()
    head = DAG.partition("with DAG")[0].replace(
        "def fails", "AUTHORIZATION = 'Basic bWU6czNjcjN0L3Bhc3Mgd29yZA=='\ndef fails"
    )
    with authoring.use(lender):
        yield start(make_runtime(make_dag(head + MORE), lender=lender, event_buckets=("lake",)))


def shows(text: str) -> bool:
    """Whether the awkward password, or a good part of it, can be read in the text, however it is written."""
    return any(part in text for part in (AWKWARD, json.dumps(AWKWARD)[1:-1], "and a second, longer line", "back\\nand"))


def test_params_that_stand_in_the_history(awkward: Run) -> None:
    answer = awkward.runtime.dag.params
    assert answer["webhook"] == "xoxb-123"
    assert awkward.run["params"] == {"webhook": "***", "plain": "x"}


def test_a_label_of_a_mapped_instance(awkward: Run) -> None:
    awkward.call("expand_task", "mapped")
    awkward.call("run_task", "mapped", attempt=0, map_index=0)
    record = awkward.runtime.store.get_task(TaskKey("d", awkward.key.run_id, "mapped", 0))
    assert record is not None
    assert record.rendered_map_index == "***-[1]"


def test_a_secret_that_json_writes_otherwise_stays_out_of_requests_and_errors(awkward: Run) -> None:
    with pytest.raises(Exception, match="would stand in the execution's history") as caught:
        awkward.call("prepare_task", "query")
    assert not shows(str(caught.value))
    with pytest.raises(Exception, match=r"nested.*\*\*\*") as caught:
        awkward.call("run_task", "outputs", attempt=0)
    assert not shows(str(caught.value))
    assert not shows(everything(awkward))


def test_what_a_sensor_watches_goes_through_the_machine(awkward: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from dag_translator.authoring.sensors.s3 import S3KeySensor

    monkeypatch.setattr(S3KeySensor, "_is_there", lambda *_: False)
    with pytest.raises(Exception, match="would stand in the execution's history"):
        awkward.call("poke_sensor", "sense")
    assert awkward.record("sense").state == "failed"


def test_every_way_into_the_log(awkward: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level, stream = root.level, io.StringIO()
    try:
        observer = Observer(stream, awkward.runtime.lender.masker)
        awkward.runtime = dataclasses.replace(awkward.runtime, observe=observer.task)
        awkward.call("run_task", "tells", attempt=0)
    finally:
        root.setLevel(level)
    lines = stream.getvalue()
    assert awkward.record("tells").state == "success"
    assert not shows(lines)
    assert "bWU6czNjcjN0L3Bhc3Mgd29yZA==" not in lines
    for said in ("structured", '"login":"me"', "does not fit", "a dict", "with a stack", "no newline: "):
        assert said in lines
    assert lines.count("***") >= 7


def test_what_logging_itself_would_not_raise_is_not_raised() -> None:
    record = logging.LogRecord("mine", logging.INFO, __file__, 1, "%d items", ("many",), None)
    assert Masking(Masker()).filter(record)
    assert record.getMessage() == "%d items ('many',)"


def test_what_was_read_is_masked_whatever_its_name() -> None:
    masker = Masker()
    masker.add("s3cr3t!")
    assert masker.redact_known({"token": "t", "list": ["a s3cr3t!", 1]}) == {"token": "t", "list": ["a ***", 1]}


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
