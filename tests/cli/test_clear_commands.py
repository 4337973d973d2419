"""Clearing runs of a deployed DAG: they wait for their turn, as any run does."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from infra.cli.account import Account
from lambdas.scheduling.dag_state import DagState
from lambdas.storage.records import RunKey
from lambdas.storage.store import Store
from tests.cli.conftest import Airstep
from tests.cli.test_account_commands import RUN, Dispatching, dispatching, store

__all__ = ["store"]  # a fixture

BOTH = ("tasks", "clear", "second", "--start-date", "2024-01-15", "--end-date", "2024-01-16", "--yes", "-o", "json")


class Functions(Dispatching):
    """The dispatcher, and the DAG's own function, to which a clear means every task."""

    def invoke(self, FunctionName: str, Payload: bytes) -> Any:
        if FunctionName != "airstep-second":
            return super().invoke(FunctionName, Payload)
        run = self.account.store.get_run(RunKey("second", json.loads(Payload)["run_id"]))
        assert run is not None
        told = {name: getattr(run, name) for name in ("run_id", "state", "execution", "clear_number")}
        row = {"task_id": "start", "map_index": -1, "state": "success", "try_number": 1}
        given = {"run_id": run.run_id, "run_type": "manual", "states": {}}
        answer = {"run": told, "cleared": [row], "set": [], "starts": True, "input": given}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def account(store: Store, monkeypatch: pytest.MonkeyPatch) -> Account:
    made = dispatching(max_active_runs=1)
    made._clients["lambda"] = Functions(made)
    monkeypatch.setattr("infra.cli.account.connect", lambda local: made)
    return made


def test_runs_that_are_cleared_take_turns(airstep: Airstep, account: Account) -> None:
    cleared = airstep(*BOTH)
    assert cleared.code == 0, cleared.stderr
    assert [(row["run_id"], row["state"]) for row in cleared.json] == [(RUN, "running"), ("broken", "queued")]
    assert "what is queued waits: second is paused, or has as many runs" in cleared.stderr
    assert cleared.json[1]["execution"].endswith(":second:broken__2")
    assert [run["state"] for run in airstep("dags", "list-runs", "second", "-o", "json").json] == ["queued", "queued"]
    refused = airstep(*BOTH)
    assert refused.code == 2
    assert "still running, or waiting to" in refused.stderr


def test_a_run_that_waits_is_taken_off_the_queue_to_be_cleared_anew(airstep: Airstep, account: Account) -> None:
    airstep(*BOTH)
    again = airstep("dags", "clear", "second", "--run-id", "broken", "--stop-running", "--yes", "-o", "json")
    assert again.code == 0, again.stderr
    assert [(row["run_id"], row["state"]) for row in again.json] == [("broken", "queued")]
    assert [each.run_id for each in DagState(account.store, "second").queue()] == ["broken"]
