"""What surrounds the work in a Lambda: imports at a cold start, secrets, clients, logs, metrics, the handlers."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dag_translator.authoring import runtime as authoring
from lambdas import aws, run_ended, signal_function, task_function
from lambdas.backends import AwsLender
from lambdas.observability import Observer
from tests.lambdas.conftest import empty
from tests.lambdas.driver import EXECUTION

ROOT = Path(__file__).parents[2]

# Everything that importing the module brings besides the standard library.
COLD_MODULES = {"dag_translator", "lambdas"}


def loaded_by(code: str) -> set[str]:
    """The top-level modules that are not the standard library's, in a new process."""
    code += "\nimport sys; print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    startup = {"__main__", "_distutils_hack", "a1_coverage", "coverage", "sitecustomize"}
    others = set(found) - set(sys.stdlib_module_names) - startup
    return {name for name in others if not name.startswith("_sysconfigdata")}  # the standard library's too


@pytest.mark.parametrize("module", ["task_function", "signal_function", "run_ended"])
def test_a_cold_start_imports_little(module: str) -> None:
    assert loaded_by(f"import lambdas.{module}") <= COLD_MODULES


def test_no_kind_of_work_imports_what_it_may_not_need() -> None:
    code = "from lambdas import task_function as t\nfor kind in t.KINDS: t.work_for(kind)"
    assert loaded_by(code) == COLD_MODULES


def test_all_that_a_cold_start_loads() -> None:
    """With the store, the logger and an empty DAG: no boto3, no pydantic, no Jinja2, no pendulum, no X-Ray."""
    code = (
        "import os; os.environ.update(AIRSTEP_TABLE='t', AIRSTEP_BUCKET='b', AIRSTEP_DAG_ID='plain',"
        " AIRSTEP_DAG_FILE='tests/dags/lambdas/plain.py', AWS_DEFAULT_REGION='us-east-1')\n"
        "from lambdas import task_function as t, aws\n"
        "t.environment_runtime(); aws.clients().dynamodb"
    )
    loaded = loaded_by(code)
    assert loaded >= {"botocore", "aws_lambda_powertools"}
    assert not loaded & {"boto3", "pydantic", "jinja2", "pendulum", "requests", "aws_xray_sdk", "croniter"}


# --- secrets and clients -------------------------------------------------------------------------------------------


def test_variables_come_from_parameters_once(moto_clients: Any) -> None:
    lender = AwsLender(moto_clients)
    assert lender.get_variable("colour") is None
    lender.set_variable("colour", "red", "what it looks like")
    assert AwsLender(moto_clients).get_variable("colour") == "red"
    moto_clients.ssm.put_parameter(Name="/airflow/variables/colour", Value="blue", Type="String", Overwrite=True)
    assert lender.get_variable("colour") == "red"  # a warm worker asks once
    lender.delete_variable("colour")
    lender.delete_variable("colour")
    assert lender.get_variable("colour") is None


def test_connections_come_from_secrets(moto_clients: Any) -> None:
    lender = AwsLender(moto_clients)
    assert lender.get_connection("db") is None
    moto_clients.secretsmanager.create_secret(Name="airflow/connections/db", SecretString="postgres://u:p@h:1/s")
    assert lender.get_connection("db") == "postgres://u:p@h:1/s"


def test_no_permission_is_not_taken_for_absence() -> None:
    class Denied(Exception):
        response = {"Error": {"Code": "AccessDeniedException"}}  # noqa: RUF012

    class Client:
        def get_parameter(self, **_: Any) -> Any:
            raise Denied

        get_secret_value = get_parameter

    lender = AwsLender(SimpleNamespace(ssm=Client(), secretsmanager=Client()))  # type: ignore[arg-type]
    with pytest.raises(Denied):
        lender.get_variable("x")
    with pytest.raises(Denied):
        lender.get_connection("x")


def test_operators_borrow_boto3s_clients(moto_clients: Any) -> None:
    lender = AwsLender(moto_clients)
    client = lender.client("s3", region_name="eu-west-1", config={"retries": {"max_attempts": 2}}, verify=None)
    assert client.meta.region_name == "eu-west-1"
    assert callable(client.upload_file)
    assert lender.client("sts", region_name="us-east-1", role_arn="arn:aws:iam::123456789012:role/x") is not None
    assert lender.resource("dynamodb", region_name="us-east-1").Table("t").name == "t"


# --- logs and metrics ----------------------------------------------------------------------------------------------


@pytest.fixture
def observed() -> Iterator[tuple[Observer, io.StringIO]]:
    root = logging.getLogger()
    before, level = root.handlers, root.level
    stream = io.StringIO()
    yield Observer(stream), stream
    root.handlers = before
    root.setLevel(level)


LABELS = {"dag_id": "d", "run_id": "r", "task_id": "a", "map_index": -1, "try_number": 2}


def test_every_line_says_which_try_it_belongs_to(observed: tuple[Observer, io.StringIO]) -> None:
    observer, stream = observed
    with observer.task(LABELS):
        logging.getLogger("mine").warning("careful: %s", {"x": 1})
        print("printed", 1)
        print("without end", end="")
    logging.getLogger("mine").info("outside")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["message"] for line in lines] == ["careful: {'x': 1}", "printed 1", "without end", "outside"]
    assert all(line.items() >= LABELS.items() for line in lines[:3])
    assert "task_id" not in lines[3]
    assert lines[0]["level"] == "WARNING"


def test_the_end_of_a_try_is_measured(observed: tuple[Observer, io.StringIO]) -> None:
    observer, stream = observed
    with observer.task(LABELS):
        observer.measure("failed", 1.5, LABELS)
    count, duration = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (count["task_failed"], count["dag_id"], count["task_id"]) == ([1.0], "d", "a")
    assert count["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Airstep"
    assert duration["task_duration"] == [1.5]


# --- the handlers --------------------------------------------------------------------------------------------------


@pytest.fixture
def in_lambda(
    moto_clients: Any, monkeypatch: pytest.MonkeyPatch, observed: Any, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[[], str]]:
    """The environment of a Lambda of tests/dags/lambdas/plain.py; what it logs."""
    empty(moto_clients)
    monkeypatch.setenv("AIRSTEP_TABLE", "airstep")
    monkeypatch.setenv("AIRSTEP_BUCKET", "airstep")
    monkeypatch.setenv("AIRSTEP_DAG_ID", "plain")
    monkeypatch.setenv("AIRSTEP_DAG_FILE", "tests/dags/lambdas/plain.py")
    monkeypatch.setenv("LAMBDA_TASK_ROOT", str(ROOT))
    before, path, lender = list(sys.meta_path), list(sys.path), authoring.current()
    for cached in (aws.clients, aws.table_store, task_function.environment_runtime):
        cached.cache_clear()
    yield lambda: capsys.readouterr().out
    for cached in (aws.clients, aws.table_store, task_function.environment_runtime):
        cached.cache_clear()
    sys.meta_path[:], sys.path[:] = before, path
    authoring.install(lender)


CONTEXT = SimpleNamespace(aws_request_id="req-1", get_remaining_time_in_millis=lambda: 900_000)


def test_the_handlers_from_the_environment(in_lambda: Callable[[], str]) -> None:
    begun = task_function.handler({"kind": "start_run", "execution": EXECUTION, "input": {"run_id": "r"}}, CONTEXT)
    event = {"kind": "run_task", "run": begun["run"], "task_id": "hello", "attempt": 0}
    assert task_function.handler(event, CONTEXT) == {"hello": "success"}
    lines = [json.loads(line) for line in in_lambda().splitlines() if line.startswith("{")]
    said = next(line for line in lines if line.get("message") == "said hello")
    assert (said["run_id"], said["task_id"], said["try_number"]) == ("r", "hello", 1)
    assert any("task_success" in line for line in lines)

    signal = {"kind": "signal", "run": begun["run"], "source": "hello", "joins": ["j"], "states": {"hello": "success"}}
    assert signal_function.handler(signal, CONTEXT) == {"completed": []}
    detail = {"executionArn": EXECUTION["Id"], "status": "ABORTED"}
    assert run_ended.handler({"detail": detail}, CONTEXT) == {
        "run_id": "r",
        "tasks": {},
        "backfill": None,
        "woken": 0,
        "started": [],
    }


def test_errors_of_the_handler_itself(in_lambda: Callable[[], str]) -> None:
    with pytest.raises(task_function.UnknownKind, match="'dance' is none of start_run, run_task"):
        task_function.handler({"kind": "dance"}, CONTEXT)


def test_a_dag_file_that_does_not_load(in_lambda: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRSTEP_DAG_ID", "another")
    with pytest.raises(Exception, match="'another'"):
        task_function.handler({"kind": "start_run", "execution": EXECUTION, "input": {}}, CONTEXT)


def test_a_dag_file_that_tells_a_secret_while_it_loads(
    in_lambda: Callable[[], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "tells.py").write_text(
        "from airflow.models import Connection\n"
        "password = Connection.get_connection_from_secrets('db').password\n"
        "print('it is', password)\n"
        "raise ValueError('no way in with ' + password)\n"
    )
    monkeypatch.setenv("AIRFLOW_CONN_DB", "postgres://me:opensesame@h")
    monkeypatch.setenv("LAMBDA_TASK_ROOT", str(tmp_path))
    monkeypatch.setenv("AIRSTEP_DAG_FILE", "tells.py")
    with pytest.raises(Exception, match=r"no way in with \*\*\*") as caught:
        task_function.handler({"kind": "start_run", "execution": EXECUTION, "input": {}}, CONTEXT)
    printed = in_lambda()
    assert "it is ***" in printed
    assert "opensesame" not in f"{printed}{caught.value}"
