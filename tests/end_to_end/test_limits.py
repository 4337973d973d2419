"""Slots, the run before, and places for runs, on the local AWS: real functions, the command, status events."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from infra.cli.account import Account
from lambdas.storage.records import RunKey
from lambdas.waiting import slots
from tests.cli.conftest import Airstep, airstep

__all__ = ["airstep"]  # a fixture

pytestmark = pytest.mark.local_aws


@pytest.fixture(scope="module")
def account(deployed: Callable[[str], Account]) -> Account:
    return deployed("end_to_end/limited.py")


def test_runs_wait_for_a_pool_for_each_other_and_for_places(
    airstep: Airstep, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.cli.account.connect", lambda local: account)
    states = {}
    for day in range(1, 6):
        called = airstep("dags", "trigger", "limited", "-r", f"r{day}", "-l", f"2024-01-0{day}", "-o", "json")
        states[f"r{day}"] = called.json[0]["state"]
    assert list(states.values()) == ["running", "running", "running", "queued", "queued"]
    _until(lambda: slots.occupancy(account.store, "pool/narrow")["waiting"] >= 3)  # nobody has made the pool
    (schedule,) = account.client("scheduler").list_schedules(GroupName="airstep")["Schedules"]
    assert schedule["Name"].endswith("-sweep")
    assert airstep("pools", "set", "narrow", "2", "for two at a time").code == 0
    _until(lambda: all(_state(account, run_id) == "success" for run_id in states))
    assert slots.occupancy(account.store, "pool/narrow") == {"used": 0, "running": 0, "waiting": 0}


def test_a_run_that_is_stopped_holds_nothing(
    airstep: Airstep, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.cli.account.connect", lambda local: account)
    assert airstep("pools", "set", "narrow", "0", "closed").code == 0
    for day in (6, 7):
        assert airstep("dags", "trigger", "limited", "-r", f"r{day}", "-l", f"2024-01-0{day}").code == 0
    _until(lambda: _occupied(account)["waiting"] == 3)  # two times a, and b of the first: the other waits for it
    execution = f"{account.machine_arn('limited').replace(':stateMachine:', ':execution:')}:r6"
    account.client("stepfunctions").stop_execution(executionArn=execution)
    # Its tasks are skipped, as Airflow does when a run is set to failed: what depends on them goes on.
    _until(lambda: _state(account, "r6") == "failed" and _occupied(account)["waiting"] == 2)
    assert {each.state for each in account.store.list_tasks(RunKey("limited", "r6"))} == {"skipped"}
    assert airstep("pools", "set", "narrow", "1", "open again").code == 0
    _until(lambda: _state(account, "r7") == "success")
    assert _occupied(account) == {"used": 0, "running": 0, "waiting": 0}
    again = account.client("stepfunctions")
    again.start_execution(stateMachineArn=account.machine_arn("limited"), name="r6-again", input='{"run_id": "r6"}')
    _until(lambda: _state(account, "r6") == "success")
    assert _occupied(account) == {"used": 0, "running": 0, "waiting": 0}


def _occupied(account: Account) -> dict[str, int]:
    return slots.occupancy(account.store, "pool/narrow")


def _state(account: Account, run_id: str) -> str | None:
    run = account.store.get_run(RunKey("limited", run_id))
    return run.state if run is not None else None


def _until(reached: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 120
    while not reached():
        assert time.monotonic() < give_up, "it never comes to that"
        time.sleep(0.2)
