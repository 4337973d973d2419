"""Who comes first, and who waits for the past: compared with what Airflow's scheduler and its dependency said."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dag_translator.authoring.definitions.dag import DAG
from dag_translator.authoring.operators.python import PythonOperator
from dag_translator.freeze import freeze
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import DagRun, RunKey, TaskRecord
from lambdas.storage.store import Put
from lambdas.waiting import admission, past, slots

MEASURED = json.loads((Path(__file__).parents[1] / "data" / "limits" / "airflow.3.3.2.json").read_text())


@pytest.mark.parametrize("case", MEASURED["order"], ids=["pool and run", "weight rules", "one task"])
def test_who_comes_first(case: dict[str, Any]) -> None:
    store, told = MemoryStore(), list[str]()
    claims = {
        f"{day}{task_id}": admission.claim_of({"run": run(day), "task_id": task_id, "limits": limits})
        for task_id, limits in limits_of(case).items()
        for day in case["days"]
    }
    for name, claim in claims.items():  # everybody waits before the first may go
        waiting = [Put(pk, sk, {"claim": [claim.run.pk, claim.sk]}) for pk, sk in claim.waits()]
        store.write([Put(claim.run.pk, claim.sk, claim.item("waiting", name)), *waiting])
    for pool, count in case["pools"].items():
        slots.set_pool(store, pool, count, "")
    held: list[str] = []
    for expected in case["queued"]:
        slots.serve(store, told.append, [gate for claim in claims.values() for gate in claim.gates])
        assert sorted(told) == expected
        held = sorted([*held, *told], key=lambda name: (name[0], name[1:]))
        told.clear()
        if held:
            slots.withdraw(store, claims[held.pop(0)])
    assert held == []


def limits_of(case: dict[str, Any]) -> dict[str, Any]:
    """The limits that the translator reads off such a DAG."""
    with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
        made = {
            name: PythonOperator(task_id=name, python_callable=int, **given) for name, given in case["tasks"].items()
        }
        for before, after in case.get("edges", ()):
            made[before] >> made[after]
    most = {"max_active_tasks": case["max_active_tasks"]} if "max_active_tasks" in case else {}
    return {task.task_id: {**task.limits, **most} for task in freeze(dag, Path("d.py"), None).tasks}


def run(day: int) -> dict[str, Any]:
    return {"dag_id": "d", "run_id": f"r{day}", "execution": f"e{day}", "logical_date": f"2024-01-0{day}"}


@pytest.mark.parametrize("case", MEASURED["past"], ids=lambda case: f"{case['dag']} {case['states']}")
def test_who_waits_for_the_past(case: dict[str, Any]) -> None:
    store, told = MemoryStore(), list[str]()
    days = {**{int(day): tasks for day, tasks in case["states"].items()}, case["day"]: {}}
    for day, tasks in days.items():
        kind = case["types"].get(str(day), "scheduled")
        # A run whose task instances are all there to stay is over, as far as anybody can tell from its records.
        state = "success" if "gone" in tasks.values() else "running"
        moment = f"2024-01-0{day}"
        store.create_run(DagRun("d", f"r{day}", kind, state, moment, moment, f"e{day}", logical_date=moment))
        records = (
            TaskRecord("d", f"r{day}", task_id, how, execution=f"e{day}")
            for task_id, how in tasks.items()
            if how not in (None, "gone")
        )
        store.save_tasks(records)
    event = {
        "run": run(case["day"]),
        "task_id": "a",
        "ignore_first": case["dag"] == "first",
        "downstream": ["b"] if case["dag"] == "whole" else [],
        "scheduled_only": case["dag"] == "past_catchup",
    }
    waits_for = past.await_past(store, told.append, event, "t")
    assert (waits_for is None, told) == (case["goes"], ["t"] if case["goes"] else [])
    assert waits_for in (None, RunKey("d", f"r{case['day'] - 1}"))
