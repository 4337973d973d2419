"""The backfill commands on an account whose table moto plays; the backfill function itself decides, in this process.

The rule and the machine are a few lines here: what they do is judged in `tests/backfill`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.cli.account import Account
from infra.settings import Settings
from lambdas import backfill
from lambdas.scheduling import backfills
from lambdas.scheduling.backfill_request import Backfiller
from lambdas.storage.records import DagRun, changed
from tests.cli.conftest import Airstep

ARN = "arn:aws:states:eu-west-1:123456789012:execution:airstep-backfill:e1"
DAILY = {"timetable": {"type": "cron_interval", "expression": "0 0 * * *", "timezone": "UTC"}}
RANGE = ("--from-date", "2024-01-01", "--to-date", "2024-01-04")


@dataclass
class Cloud:
    """carries_out: whether an event is followed by a plan, runs (that of `fails` fails) and a summary."""

    account: Account
    fails: str = ""
    carries_out: bool = True
    events: list[dict[str, Any]] = field(default_factory=list)
    released: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        def spec_of(dag_id: str) -> Any:
            return {"etl": DAILY}[dag_id]

        now = datetime(2026, 1, 1, tzinfo=UTC)
        self.backfiller = Backfiller(
            self.account.store, spec_of, lambda _: True, lambda: now, "bucket", self.released.append
        )
        not_found = type("ResourceNotFoundException", (Exception,), {})
        clients: dict[str, Any] = {
            "lambda": SimpleNamespace(
                invoke=self._invoke, exceptions=SimpleNamespace(ResourceNotFoundException=not_found)
            ),
            "events": SimpleNamespace(put_events=self._put_events),
            "stepfunctions": SimpleNamespace(describe_execution=lambda **_: {"status": "RUNNING"}),
        }
        self.account._clients.update(clients)

    def _invoke(self, FunctionName: str, Payload: bytes) -> Any:
        assert FunctionName == "airstep-backfill"
        answer = backfill.handle(self.backfiller, json.loads(Payload))
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def _put_events(self, Entries: list[dict[str, Any]]) -> Any:
        (entry,) = Entries
        assert (entry["Source"], entry["DetailType"]) == ("airstep", "BackfillRequested")
        detail = json.loads(entry["Detail"])
        self.events.append(detail)
        if self.carries_out:
            self.begin(detail)
            self.end(detail)
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}

    def begin(self, detail: Any) -> None:
        event = {"kind": "plan", "execution": {"Id": ARN, "Name": "e1"}, "event": {"id": "1", "detail": detail}}
        planned = backfill.handle(self.backfiller, event)
        for item in json.loads(self.account.store.get_blob(planned["items"]["Key"])) if planned["start"] else []:
            given = item["input"]
            state = "failed" if given["logical_date"].startswith(self.fails or "never") else "success"
            now, name = given["run_after"], item["name"]
            run = DagRun("etl", given["run_id"], "backfill", state, now, now, name, logical_date=given["logical_date"])
            self.account.store.create_run(changed(run, backfill_id=given["backfill_id"]))

    def end(self, detail: Any) -> None:
        backfill.handle(self.backfiller, {"kind": "summarise", "dag_id": "etl", "backfill_id": detail["backfill_id"]})


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Cloud]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.chdir(tmp_path)
    with mock_aws():
        session = boto3.session.Session(region_name="us-east-1")
        account = Account(session, Settings(), "us-east-1", "123456789012")
        account.client("dynamodb").create_table(
            TableName="airstep",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        account.client("s3").create_bucket(Bucket=account.settings.bucket("123456789012", "us-east-1"))
        monkeypatch.setattr("infra.cli.account.connect", lambda local: account)
        yield Cloud(account)


def test_dry_run(airstep: Airstep, cloud: Cloud) -> None:
    called = airstep("dags", "backfill", "etl", *RANGE, "--run-backwards", "--dry-run", "-o", "json")
    assert called.code == 0
    assert [(row["logical_date"][:10], row["action"]) for row in called.json] == [
        (f"2024-01-0{day}", "create") for day in (4, 3, 2, 1)
    ]
    assert cloud.events == []


def test_request_and_wait(airstep: Airstep, cloud: Cloud) -> None:
    cloud.fails = "2024-01-02"
    called = airstep(
        *("backfill", "create", "--dag-id", "etl", "-s", "2024-01-01", "-e", "2024-01-04", "--max-active-runs", 2),
        *("--conf", '{"x": 1}', "--wait", "-o", "json"),
    )
    assert called.code == 1, "not all succeeded"
    (row,) = called.json
    assert (row["status"], row["counts"]) == ("failed", {"success": 3, "failed": 1})
    assert not {"pk", "sk"} & row.keys()
    assert [each["state"] for each in row["dates"]] == ["success", "failed", "success", "success"]
    assert "2024-01-02T00:00:00+00:00: failed" in called.stderr
    (detail,) = cloud.events
    assert (detail["max_active_runs"], detail["conf"], detail["backfill_id"]) == (2, {"x": 1}, row["backfill_id"])
    again = airstep("dags", "backfill", "etl", *RANGE, "--reprocess-behavior", "failed", "--dry-run", "-o", "json").json
    assert [row["action"] for row in again] == ["already exists", "reprocess", "already exists", "already exists"]
    listed = airstep("backfill", "list", "etl", "-o", "json").json
    assert [(each["backfill_id"], each["status"]) for each in listed] == [(row["backfill_id"], "failed")]
    table = airstep("backfill", "show", "etl").stdout
    assert f"{row['backfill_id']}: failed" in table


def test_a_part_of_the_dag(airstep: Airstep, cloud: Cloud) -> None:
    """What the regular expression means, the DAG's own function says; here it finds nothing or something."""
    spec = {**cloud.backfiller.spec_of("etl"), "part_function": "airstep-etl"}  # type: ignore[dict-item]
    answers: dict[str, dict[str, Any]] = {"load": {"task_ids": ["load"]}, "nothing": {"refused": "no task matches"}}
    cloud.backfiller = replace(
        cloud.backfiller, spec_of=lambda _: spec, match=lambda _, part: answers[part["task_regex"]]
    )
    assert "no task matches" in airstep("dags", "backfill", "etl", *RANGE, "-t", "nothing").stderr
    assert airstep("dags", "backfill", "etl", *RANGE, "-t", "load", "-i").code == 0
    (detail,) = cloud.events
    assert (detail["task_regex"], detail["ignore_dependencies"]) == ("load", True)


def test_cancel(airstep: Airstep, cloud: Cloud) -> None:
    cloud.carries_out = False
    (row,) = airstep("dags", "backfill", "etl", *RANGE, "-o", "json").json
    assert (row["status"], row["total"], row["counts"]) == ("requested", 4, {"create": 4})
    backfills.begin(
        cloud.account.store,
        backfills.BackfillKey("etl", row["backfill_id"]),
        {"status": "running", "created_at": "2026"},
        ARN,
        replaces=None,
    )
    second = airstep("dags", "backfill", "etl", *RANGE)
    assert second.code == 2
    assert "is still running, and a DAG has one at a time" in second.stderr
    assert airstep("backfill", "cancel", "etl").code == 0
    item = backfills.get_backfill(cloud.account.store, backfills.BackfillKey("etl", row["backfill_id"]))
    assert item is not None
    assert item["is_cancelled"] is True
    cloud.end(row)
    assert airstep("backfill", "cancel", "etl", row["backfill_id"]).code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing", *RANGE), "DAG nothing is not deployed here"),
        (("etl", "--from-date", "2024-01-01"), "--to-date is missing"),
        (("etl", "--from-date", "soon", "--to-date", "2024-01-01"), "'soon' is not ISO 8601"),
        (("etl", *RANGE, "--task-regex", "x"), "without the machine that runs a part of it"),
        (("etl", *RANGE, "--ignore-dependencies"), "--ignore-dependencies goes with --task-regex"),
        (("etl", "--dag-id", "other", *RANGE), "two DAGs are named"),
        (RANGE, "which DAG?"),
        (("etl", *RANGE, "--conf", "[]"), "expected a JSON object"),
    ],
)
def test_what_is_refused(airstep: Airstep, cloud: Cloud, arguments: tuple[str, ...], message: str) -> None:
    called = airstep("dags", "backfill", *arguments)
    assert called.code == 2
    assert message in called.stderr
    assert cloud.events == []


@pytest.mark.usefixtures("cloud")
def test_nothing_to_look_at(airstep: Airstep) -> None:
    assert "has no backfills" in airstep("backfill", "cancel", "etl").stderr
    assert "has no backfill b7" in airstep("backfill", "show", "etl", "b7").stderr


@pytest.mark.parametrize("on_terminal", [True, False])
def test_progress(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], on_terminal: bool) -> None:
    """A bar on a terminal; else lines, for many dates with the counts only."""
    from infra.cli import backfill_commands

    monkeypatch.setattr("sys.stderr.isatty", lambda: on_terminal)
    planned = [backfills.DateItem(f"2024-{n:03}", "r", "queued") for n in range(60)]
    later = [backfills.DateItem("2024-000", "r", "success"), *planned[1:59], backfills.DateItem("x", "r", None, "y")]
    with backfill_commands._progress() as told:
        for dates in (planned, planned, later):
            told(dates)
    said = capsys.readouterr().err
    if not on_terminal:
        assert said.splitlines() == ["60 queued", "58 queued, 1 success, 1 y"]
    else:
        assert "2/60" in said
