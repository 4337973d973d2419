"""Clearing on the local AWS, as a person does it: the command, the DAG's function, its second machine."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from infra.cli.account import Account
from tests.cli.conftest import Airstep, airstep

__all__ = ["airstep"]  # a fixture

pytestmark = pytest.mark.local_aws


@pytest.fixture(scope="module")
def account(deployed: Callable[[str], Account]) -> Account:
    return deployed("end_to_end/again.py")


def _states(airstep: Airstep, dag_id: str, run_id: str) -> dict[str, tuple[str, int]]:
    called = airstep("tasks", "states-for-dag-run", dag_id, run_id, "-o", "json")
    rows = called.json if called.code == 0 else []  # the run may not have begun
    return {
        row["task_id"] if row["map_index"] < 0 else f"{row['task_id']}[{row['map_index']}]": (
            row["state"],
            row["try_number"],
        )
        for row in rows
    }


def test_from_what_failed(airstep: Airstep, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.cli.account.connect", lambda local: account)
    assert airstep("dags", "trigger", "again", "--run-id", "r1", "--wait").code == 1
    assert _states(airstep, "again", "r1")["mapped[1]"] == ("failed", 1)
    planned = airstep("tasks", "clear", "again", "--run-id", "r1", "--only-failed", "--dry-run", "-o", "json")
    assert [(row["task_id"], row["map_index"]) for row in planned.json] == [("done", -1), ("last", -1), ("mapped", 1)]
    cleared = airstep("tasks", "clear", "again", "--run-id", "r1", "-f", "--yes", "--wait", "-o", "json")
    assert cleared.code == 0, cleared.stderr
    assert _states(airstep, "again", "r1") == {
        "first": ("success", 1),
        "mapped[0]": ("success", 1),
        "mapped[1]": ("success", 2),
        "mapped[2]": ("success", 1),
        "last": ("success", 1),
        "done": ("success", 1),
    }
    tries = airstep("tasks", "tries", "again", "mapped", "r1", "-o", "json").json
    assert [(row["map_index"], row["try_number"], row["state"]) for row in tries] == [
        (0, 1, "success"),
        (1, 1, "failed"),
        (1, 2, "success"),
        (2, 1, "success"),
    ]
    assert airstep("tasks", "state", "again", "last", "r1").stdout == "success\n"
    whole = airstep("dags", "clear", "again", "--run-id", "r1", "--yes", "--wait", "-o", "json")
    assert whole.code == 0, whole.stderr
    (row,) = whole.json
    assert row["execution"] == f"{account.machine_arn('again').replace(':stateMachine:', ':execution:')}:r1__3"
    assert {number for _, number in _states(airstep, "again", "r1").values()} == {2, 3}
    assert [row["dag_id"] for row in airstep("dags", "list", "-o", "json").json] == ["again", "crowd", "waits"]


def test_stopped_first(airstep: Airstep, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.cli.account.connect", lambda local: account)
    assert airstep("dags", "trigger", "waits", "--run-id", "r1").code == 0
    give_up = time.monotonic() + 60
    while _states(airstep, "waits", "r1").get("long", ("", 0))[0] != "up_for_reschedule":
        assert time.monotonic() < give_up
        time.sleep(0.2)
    refused = airstep("tasks", "clear", "waits", "-t", "before", "--run-id", "r1", "--yes")
    assert refused.code == 2
    assert "--stop-running" in refused.stderr
    marked = airstep("tasks", "set-state", "waits", "long", "r1", "success", "--stop-running", "-y", "-w", "-o", "json")
    assert marked.code == 0, marked.stderr
    states = _states(airstep, "waits", "r1")
    assert {name: state for name, (state, _) in states.items()} == dict.fromkeys(("before", "long", "after"), "success")


def test_many_runs_two_at_a_time(airstep: Airstep, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.cli.account.connect", lambda local: account)
    for day in range(1, 7):
        assert airstep("dags", "trigger", "crowd", "-l", f"2024-01-0{day}", "--wait").code == 0
    dates = ("--start-date", "2024-01-02", "--end-date", "2024-01-06")
    cleared = airstep("tasks", "clear", "crowd", "-t", "b", *dates, "--yes", "--wait", "-o", "json")
    assert cleared.code == 0, cleared.stderr
    assert [(row["state"], row["execution"].rpartition("__")[2]) for row in cleared.json] == [("success", "2")] * 5
    states = account.client("stepfunctions")
    found = [states.describe_execution(executionArn=row["execution"]) for row in cleared.json]
    times = sorted((each["startDate"], each["stopDate"], each["name"]) for each in found)
    assert [name for *_, name in times] == [each["name"] for each in found], "the oldest first"
    assert max(sum(start <= moment < end for start, end, _ in times) for moment, *_ in times) <= 2
    assert _states(airstep, "crowd", "2024-01-02") == {"a": ("success", 1), "b": ("success", 2)}
