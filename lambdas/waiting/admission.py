"""Waiting for slots and for the DagRun before, as the signal function's events say it. The meaning is in `slots` and
`past`; what waits is written down for the sweep (`sweep`).

>>> [gate.name for gate in gates_of({"dag_id": "etl", "run_id": "r", "execution": "e"}, "load", {"pool": "db"})]
['pool/db']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.storage.records import RunKey
from lambdas.storage.store import Store
from lambdas.waiting import past, slots, sweep
from lambdas.waiting.slots import Claim, Gate, Tell
from lambdas.waiting.sweep import Arm


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waiting works with: who is told, and how a sweep is made sure of (`sweep.enter`)."""

    store: Store
    tell: Tell
    arm: Arm


Work = Callable[[Waiting, Mapping[str, Any]], dict[str, Any]]


def gates_of(run: Mapping[str, Any], task_id: str, limits: Mapping[str, Any]) -> tuple[Gate, ...]:
    """The gates that a task has to pass. limits: as in the definition, in Airflow's words."""
    gates = []
    if "pool" in limits:
        gates.append(Gate(f"pool/{limits['pool']}", int(limits.get("pool_slots", 1))))
    if "max_active_tis_per_dag" in limits:
        gates.append(Gate(f"task/{run['dag_id']}/{task_id}", 1, int(limits["max_active_tis_per_dag"])))
    if "max_active_tasks" in limits:
        # Of a run, as in Airflow 3.
        own = f"run/{run['dag_id']}/{run['run_id']}/{run['execution']}"
        gates.append(Gate(own, 1, int(limits["max_active_tasks"])))
    return tuple(gates)


def claim_of(event: Mapping[str, Any]) -> Claim:
    """The claim that an event is about."""
    run, limits = event["run"], event["limits"]
    map_index = int(event.get("map_index", -1))
    date = str(run.get("logical_date") or run.get("run_after") or "")
    return Claim(
        RunKey(run["dag_id"], run["run_id"]),
        run["execution"],
        event["task_id"],
        map_index,
        slots.order_of(int(limits.get("priority_weight", 1)), date, map_index),
        gates_of(run, event["task_id"], limits),
    )


def admit(waiting: Waiting, event: Mapping[str, Any]) -> dict[str, Any]:
    """Claim the task's slots."""
    claim = claim_of(event)
    slots.admit(waiting.store, waiting.tell, claim, event["token"])
    waits = waiting.store.read(claim.run.pk, claim.sk)
    if waits is None or waits["state"] == "held":
        return {"admitted": True}
    for gate in claim.gates:
        sweep.enter(waiting.store, waiting.arm, "gate", gate.name)
    return {"admitted": False}


def release(waiting: Waiting, event: Mapping[str, Any]) -> dict[str, Any]:
    """Give the task's slots back; the next DagRun may be told as well."""
    slots.release(waiting.store, waiting.tell, claim_of(event))
    return tell_next(waiting, event) if event.get("tells_next") else {}


def await_past(waiting: Waiting, event: Mapping[str, Any]) -> dict[str, Any]:
    """Wait for the DagRun before."""
    before = past.await_past(waiting.store, waiting.tell, event, event["token"])
    if before is not None:
        sweep.enter(waiting.store, waiting.arm, "past", before.dag_id, before.run_id)
    return {"waits_for": before.run_id if before is not None else None}


def tell_next(waiting: Waiting, event: Mapping[str, Any]) -> dict[str, Any]:
    """The task is done: who waits for it in the next DagRun may go on. state: of a mapped task, its distinct ones."""
    state = event.get("state", "success")
    if {"success", "skipped"}.issuperset(state if isinstance(state, list) else [state]):
        past.tell_next(waiting.store, waiting.tell, event["run"], event["task_id"])
    return {}


def wake(waiting: Waiting, event: Mapping[str, Any]) -> dict[str, Any]:
    """Something was changed by hand, a pool or the record of a run's tasks: see who may go on now."""
    slots.serve(waiting.store, waiting.tell, [Gate(name, 0) for name in event.get("gates", ())])
    run = event.get("run")
    return {"waiting": past.wake(waiting.store, waiting.tell, RunKey(run["dag_id"], run["run_id"])) if run else 0}


def execution_over(waiting: Waiting, execution_arn: str) -> None:
    """An execution has ended, however: what it held is free, and who waits for its run may look again."""
    found = waiting.store.run_of_execution(execution_arn)
    if found is None:
        return
    run, execution = found
    past.forget(waiting.store, run.dag_id, {run.run_id})
    slots.serve(waiting.store, waiting.tell, slots.withdraw_all(waiting.store, run, execution))
    past.wake(waiting.store, waiting.tell, run)


KINDS: Mapping[str, Work] = {
    "admit": admit,
    "release": release,
    "await_past": await_past,
    "tell_next": tell_next,
    "wake": wake,
}
