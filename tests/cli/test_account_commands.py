"""The commands on a deployed environment: moto plays the account, with one DAG and two of its runs in it."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from dag_translator.errors import UsageError
from infra.cli import schedules, triggers
from infra.cli.account import Account, connect
from infra.cli.watch import wait_for
from lambdas.dispatcher import Dispatcher, dispatch
from lambdas.scheduling.dag_state import DagState
from lambdas.storage import xcom_codec
from lambdas.storage.records import DagRun, TaskRecord
from lambdas.storage.store import Store
from tests.cli.conftest import REGION, Airstep, pretended_account

ACCOUNT = "123456789012"
MACHINE = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}})
DAY = "2024-01-15T00:00:00+00:00"
RUN = f"manual__{DAY}"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    """An account in which `second` is deployed, ran once with success, and once without."""
    with pretended_account(monkeypatch, tmp_path):
        tags = {"airstep:environment": "airstep", "airstep:dag-id": "second"}
        for name, own in (("second", tags), ("somebody-elses", {})):
            boto3.client("stepfunctions").create_state_machine(
                name=name,
                definition=MACHINE,
                roleArn=f"arn:aws:iam::{ACCOUNT}:role/r",
                tags=[{"key": key, "value": value} for key, value in own.items()],
            )
        made = connect(local=False).store
        _fill(made)
        yield made


def _fill(store: Store) -> None:
    def run(run_id: str, day: int, state: str) -> DagRun:
        date = f"2024-01-{day}T00:00:00+00:00"
        return DagRun("second", run_id, "manual", state, date, date, run_id, logical_date=date, end_date=date)

    store.create_run(run(RUN, 15, "success"))
    store.create_run(run("broken", 16, "failed"))
    for task_id, state, end in (("start", "success", "01"), ("outer.inner.deep", "failed", "04")):
        record = TaskRecord(
            "second",
            RUN,
            task_id,
            state,
            try_number=2,
            start_date="2024-01-15T00:00:00+00:00",
            end_date=f"2024-01-15T00:00:{end}+00:00",
            rendered=json.dumps({"op_args": ["2024-01-15"]}) if task_id == "start" else None,
            error_message=None if state == "success" else "boom",
        )
        xcoms = {"return_value": xcom_codec.encode({"n": (1, 2)}), "other": xcom_codec.encode("text")}
        assert store.save_task(record, expect=None, xcoms=xcoms if task_id == "start" else None)


@pytest.mark.usefixtures("store")
def test_list(airstep: Airstep) -> None:
    called = airstep("dags", "list", "-o", "json")
    assert called.code == 0
    (row,) = called.json
    assert (row["dag_id"], row["is_paused"], row["last_run"], row["last_state"]) == (
        "second",
        False,
        "broken",
        "failed",
    )


@pytest.mark.usefixtures("store")
def test_runs_and_states(airstep: Airstep) -> None:
    runs = airstep("dags", "list-runs", "second", "-o", "json").json
    assert [run["run_id"] for run in runs] == ["broken", RUN], "newest first"
    assert [
        run["run_id"] for run in airstep("dags", "list-runs", "second", "--state", "failed", "-o", "json").json
    ] == ["broken"]
    by_date = airstep("dags", "state", "second", "2024-01-15")
    assert (by_date.code, by_date.stdout) == (0, "success\n")
    assert airstep("dags", "state", "second", "broken").code == 1
    missing = airstep("dags", "state", "second", "2024-02-01")
    assert missing.code == 2
    assert "DAG second has no run 2024-02-01" in missing.stderr


@pytest.mark.usefixtures("store")
def test_task_states(airstep: Airstep) -> None:
    rows = airstep("tasks", "states-for-dag-run", "second", RUN, "-o", "json").json
    assert [(row["task_id"], row["state"], row["duration"], row["error"]) for row in rows] == [
        ("outer.inner.deep", "failed", 4.0, "boom"),
        ("start", "success", 1.0, None),
    ]
    table = airstep("tasks", "states-for-dag-run", "second", RUN).stdout
    assert "boom" in table
    assert "map_index" not in table


@pytest.mark.usefixtures("store")
def test_xcoms_and_rendered_fields(airstep: Airstep) -> None:
    rows = airstep("xcom", "list", "second", RUN, "-o", "json").json
    assert {row["key"]: row["task_id"] for row in rows} == {"return_value": "start", "other": "start"}
    assert airstep("xcom", "get", "second", "start", RUN, "--key", "other").json == "text"
    assert airstep("xcom", "get", "second", "start", RUN).json["n"]["value"] == [1, 2]
    missing = airstep("xcom", "get", "second", "start", RUN, "--key", "nope")
    assert missing.code == 2
    assert "has no XCom 'nope'" in missing.stderr
    assert airstep("tasks", "render", "second", "start", RUN, "-o", "json").json == {"op_args": ["2024-01-15"]}
    assert airstep("tasks", "render", "second", "nothing", RUN).code == 2


class Dispatching:
    """The Lambda service, of which the dispatcher is there."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def invoke(self, FunctionName: str, Payload: bytes) -> Any:
        assert FunctionName == "airstep-dispatcher"
        states = self.account.client("stepfunctions")
        dispatcher = Dispatcher(self.account.store, states, lambda: datetime.now(UTC), lambda *_: 0)
        return {"Payload": io.BytesIO(json.dumps(dispatch(dispatcher, json.loads(Payload))).encode())}


def dispatching(**runs: Any) -> Account:
    account = connect(local=False)
    account._clients["lambda"] = Dispatching(account)
    told = {"dag_id": "second", "spec": None, "runs": {"max_active_runs": 16, **runs}}
    boto3.client("ssm").put_parameter(Name="/airstep/dags/second", Value=json.dumps(told), Type="String")
    return account


@pytest.mark.usefixtures("store")
def test_trigger(airstep: Airstep) -> None:
    account = dispatching()
    moment = datetime(2024, 3, 1, tzinfo=UTC)
    triggered = triggers.trigger(account, "second", None, moment, {"greeting": "hi"})
    assert (triggered.run_id, triggered.is_started) == ("manual__2024-03-01T00:00:00+00:00", True)
    execution = boto3.client("stepfunctions").describe_execution(executionArn=triggered.execution_arn)
    assert execution["name"] == "manual__2024-03-01T00-00-00+00-00"
    given = json.loads(execution["input"])
    assert given.pop("run_after") > "2024-03-01"
    assert given == {
        "run_id": triggered.run_id,
        "run_type": "manual",
        "logical_date": "2024-03-01T00:00:00+00:00",
        "conf": {"greeting": "hi"},
    }
    with pytest.raises(UsageError, match=r"there is a run manual__2024-03-01T00:00:00\+00:00 already"):
        triggers.trigger(account, "second", None, moment, {"greeting": "other"})
    unknown = airstep("dags", "trigger", "secnd")
    assert unknown.code == 2
    assert "did you mean second?" in unknown.stderr


@pytest.mark.usefixtures("store")
def test_a_triggered_run_waits_for_a_place_and_while_the_dag_is_paused() -> None:
    account = dispatching(max_active_runs=1)
    first, second = (triggers.trigger(account, "second", run_id, None, {}) for run_id in ("r1", "r2"))
    assert (first.is_started, second.is_started) == (True, False)
    state = DagState(account.store, "second")
    state.set_paused(True)
    state.release("r1", "r1")
    assert triggers.trigger(account, "second", "r3", None, {}).is_started is False
    state.set_paused(False)
    assert triggers.start_waiting(account, "second") == ["r2"]
    assert [each.run_id for each in state.queue()] == ["r3"]


def test_pause(airstep: Airstep, store: Store) -> None:
    boto3.client("scheduler").create_schedule_group(Name="airstep")
    assert airstep("dags", "pause", "second", "-o", "json").json == [
        {"dag_id": "second", "is_paused": True, "started": []}
    ]
    assert store.read("dag/second", "state") == {"pk": "dag/second", "sk": "state", "is_paused": True}
    assert airstep("dags", "list", "-o", "json").json[0]["is_paused"] is True
    airstep("dags", "unpause", "second")
    assert airstep("dags", "list", "-o", "json").json[0]["is_paused"] is False
    assert airstep("dags", "pause", "nothing").code == 2


@pytest.mark.usefixtures("store")
def test_unpausing_starts_what_was_missed() -> None:
    scheduler = boto3.client("scheduler")
    scheduler.create_schedule_group(Name="airstep")
    lasting = {"dag_id": "second", "timetable": {}, "is_paused_upon_creation": True}
    event = {**lasting, "scheduled_time": "<aws.scheduler.scheduled-time>"}
    target = {"Arn": "arn:aws:lambda:::f", "RoleArn": "arn:aws:iam:::r", "Input": json.dumps(event)}
    for name, own in (("second", target), ("second-elses", {**target, "Input": '{"dag_id": "second-elses"}'})):
        scheduler.create_schedule(
            Name=name,
            GroupName="airstep",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=own,
        )
    account = connect(local=False)
    invoked: list[Any] = []

    @dataclass(frozen=True)
    class Lambda:
        def invoke(self, FunctionName: str, Payload: bytes) -> Any:
            invoked.append((FunctionName, json.loads(Payload)))
            return {"Payload": io.BytesIO(b'{"started": ["scheduled__1"]}')}

    account._clients["lambda"] = Lambda()
    assert schedules.is_paused(account, "second") is True, "deployed so"
    assert schedules.set_paused(account, "second", False) == ["scheduled__1"]
    assert invoked == [("airstep-dispatcher", {**lasting, "activate": True})]
    assert schedules.is_paused(account, "second") is False


@pytest.mark.usefixtures("store")
def test_logs(airstep: Airstep) -> None:
    logs = boto3.client("logs")
    group = "/aws/lambda/airstep-second"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    line = {"run_id": RUN, "task_id": "start", "map_index": -1, "try_number": 1, "level": "INFO"}
    moment = int(time.time() * 1000)
    messages = [
        json.dumps({**line, "message": "hello"}),
        json.dumps({**line, "message": "again", "try_number": 2}),
        json.dumps({**line, "message": "elsewhere", "task_id": "other"}),
        f"START RequestId {RUN}",
    ]
    logs.put_log_events(
        logGroupName=group,
        logStreamName="s",
        logEvents=[{"timestamp": moment + index, "message": text} for index, text in enumerate(messages)],
    )
    lines = airstep("tasks", "logs", "second", "start", RUN).stdout.splitlines()
    assert [text.split()[-1] for text in lines] == ["hello", "again"]
    assert [
        text["message"] for text in airstep("tasks", "logs", "second", "start", RUN, "--try", 2, "-o", "json").json
    ] == ["again"]


@pytest.mark.usefixtures("store")
def test_pictures_of_runs(airstep: Airstep, dags: Path, tmp_path: Path) -> None:
    picture = tmp_path / "pictures" / "second.svg"
    called = airstep("dags", "show", "second", RUN, "--save", picture, "--dags-folder", dags)
    assert called.code == 0
    svg = picture.read_text()
    assert "failed · 4 s · try 2" in svg
    assert "inner" in svg


def test_without_credentials(airstep: Airstep, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    called = airstep("dags", "list")
    assert called.code == 2
    assert "or use --local" in called.stderr


def test_local_when_it_does_not_run(airstep: Airstep, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    called = airstep("dags", "list", "--local")
    assert called.code == 2
    assert "airstep local up" in called.stderr
    assert airstep("local", "status").code == 1
    assert airstep("local", "down").code == 0


@dataclass
class FakeAccount:
    """A run that ends after some looks, or an execution that dies without its last state."""

    runs: list[Any]
    statuses: list[str]
    store: Any = field(init=False)

    def __post_init__(self) -> None:
        self.store = SimpleNamespace(
            get_run=lambda _key: self.runs.pop(0) if len(self.runs) > 1 else self.runs[0],
            list_tasks=lambda _key: [TaskRecord("d", "r", "a", "running")],
        )

    def client(self, _name: str) -> Any:
        return SimpleNamespace(describe_execution=lambda **_: {"status": self.statuses.pop(0)})


def test_waiting_for_a_run() -> None:
    told: list[tuple[str, str]] = []
    ended = SimpleNamespace(state="success")
    account: Any = FakeAccount([None, ended], ["RUNNING"])
    assert wait_for(account, "d", "r", "arn", told=lambda *what: told.append(what), pause=0) == "success"
    assert told == [("a", "running")], "each change once"
    account = FakeAccount([SimpleNamespace(state="running")], ["RUNNING", "TIMED_OUT"])
    assert wait_for(account, "d", "r", "arn", told=lambda *_: None, pause=0) == "failed"
