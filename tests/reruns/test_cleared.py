"""Clearing tasks and setting their states, against what Airflow 3.3.2 did with the same DAGs.

`tests/data/reruns/cleared.3.3.2.json` holds the measured scenarios: a run, then clears, each followed by what became of
the run. Compared: which task instances were chosen, states, try numbers, XComs, and the states of earlier tries.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dag_translator.load import load
from dag_translator.names import execution_name
from dag_translator.pipeline import Translation, translate_loaded
from infra.cli.inprocess import run_dag
from infra.cli.run_result import RunResult, name_of
from lambdas.runtime import Runtime
from lambdas.storage import history
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import RunKey
from lambdas.task_function import handle

TESTS = Path(__file__).parents[1]
MEASURED = json.loads((TESTS / "data" / "reruns" / "cleared.3.3.2.json").read_text())
RUN_ID = "manual__2024-01-15T00:00:00+00:00"

# What a cleared task left behind goes at once. In Airflow it stays until the task runs again, and so for ever if it is
# skipped or upstream_failed then.
_LEFT_OVER = {
    "branch_decides_again": {"x"},
    "branch_and_chosen": {"x"},
    "failure_below": {"c", "d"},
    "group_two_downstream": {"last"},
    "mark_failed_then_clear": {"c", "d"},
}


@cache
def _translated() -> dict[str, tuple[Any, Translation]]:
    file = TESTS / "dags" / "reruns" / "cleared.py"
    loaded = load(file)
    live = {dag.dag_id: dag for dag in loaded.dags}
    found = {}
    for each in translate_loaded(loaded, file.parent):
        assert isinstance(each, Translation), each.problems
        found[each.dag_id] = (live[each.dag_id], each)
    return found


class Runs:
    """One DagRun and its executions, in memory."""

    def __init__(self, dag_id: str) -> None:
        self.dag, self.translation = _translated()[dag_id]
        self.store = MemoryStore()
        self.key = RunKey(dag_id, RUN_ID)
        self.number = 1

    def first(self) -> RunResult:
        return run_dag(self.translation, self.dag, run_id=RUN_ID, store=self.store)

    def ask(self, **request: Any) -> Mapping[str, Any]:
        event = {"kind": "clear_tasks", "run_id": RUN_ID, **request}
        return handle(Runtime(dag=self.dag, store=self.store), event)

    def again(self, answer: Mapping[str, Any]) -> RunResult:
        self.number += 1
        name = execution_name(f"{RUN_ID}__{self.number}")
        again = self.translation.rerun()
        return run_dag(self.translation, self.dag, given=answer["input"], store=self.store, again=again, name=name)

    def snapshot(self) -> dict[str, Any]:
        records = self.store.list_tasks(self.key)
        run = self.store.get_run(self.key)
        assert run is not None
        tries: dict[str, dict[str, str]] = {}
        for each in history.earlier_tries(self.store, self.key):
            tries.setdefault(name_of(each), {})[str(each.try_number)] = each.state
        xcoms: dict[str, dict[str, Any]] = {}
        for xcom in self.store.list_xcoms(self.key):
            name = xcom.task_id if xcom.map_index < 0 else f"{xcom.task_id}[{xcom.map_index}]"
            xcoms.setdefault(name, {})[xcom.key] = json.loads(xcom.text)
        return {
            "dag_run_state": run.state,
            "tasks": {name_of(record): record.state for record in records},
            "try_number": {name_of(record): record.try_number for record in records},
            "xcoms": xcoms,
            "history": tries,
        }


@pytest.mark.parametrize("scenario", sorted(MEASURED))
def test_as_airflow_did(scenario: str) -> None:
    measured = MEASURED[scenario]
    runs = Runs(measured["dag_id"])
    runs.first()
    left_over = _LEFT_OVER.get(scenario, set())
    assert runs.snapshot() == _comparable(measured["steps"][0], set())
    for operation, expected in zip(measured["ops"], measured["steps"][1:], strict=True):
        ((verb, arguments),) = operation.items()
        if verb == "clear":
            answer = runs.ask(**arguments)
            chosen = answer["cleared"]
        else:
            request = {
                "task_ids": [arguments["task_id"]],
                "set_state": arguments["state"],
                "downstream": arguments.get("downstream", False),
            }
            answer = runs.ask(**request)
            chosen = answer["set"]
            if not answer["starts"]:
                runs.ask(**request, apply=True)
        assert sorted(map(_name, chosen)) == expected["chosen"]
        if answer["starts"]:
            runs.again(answer)
        is_last = expected is measured["steps"][-1]
        assert runs.snapshot() == _comparable(expected, left_over if is_last else set())


def _name(row: Mapping[str, Any]) -> str:
    return row["task_id"] if row["map_index"] < 0 else f"{row['task_id']}[{row['map_index']}]"


def _comparable(step: Mapping[str, Any], left_over: set[str]) -> dict[str, Any]:
    """Without the tries of number 0, which Airflow keeps of tasks that never ran."""
    tries = {
        name: {number: state for number, state in found.items() if number != "0"}
        for name, found in step["history"].items()
    }
    return {
        **{name: step[name] for name in ("dag_run_state", "tasks", "try_number")},
        "xcoms": {task: xcoms for task, xcoms in step["xcoms"].items() if task not in left_over},
        "history": {name: found for name, found in tries.items() if found},
    }
