"""Slots and the past on both stores: whatever is repeated, and whoever comes in between."""

from __future__ import annotations

from typing import Any

from lambdas.signal_function import Signals, handle
from lambdas.storage.records import DagRun, RunKey, TaskRecord
from lambdas.storage.store import Store
from lambdas.waiting import past, slots
from lambdas.waiting.slots import Claim, Gate
from tests.lambdas.test_signal_function import Tokens

LIMITS = {"pool": "db", "pool_slots": 2, "max_active_tis_per_dag": 5, "max_active_tasks": 9, "priority_weight": 1}


def run(day: int = 1) -> dict[str, Any]:
    return {"dag_id": "d", "run_id": f"r{day}", "execution": f"e{day}", "logical_date": f"2024-01-0{day}"}


def admit(task_id: str, token: str, **limits: Any) -> dict[str, Any]:
    limits = {**LIMITS, **limits}
    return {"kind": "admit", "run": run(), "task_id": task_id, "limits": limits, "token": token}


def release(task_id: str, **limits: Any) -> dict[str, Any]:
    return {"kind": "release", "run": run(), "task_id": task_id, "limits": {**LIMITS, **limits}}


def test_everything_twice_is_as_good_as_once(store: Store) -> None:
    slots.set_pool(store, "db", 3, "")
    tokens = Tokens()
    signals = Signals(store, tokens)
    assert handle(signals, admit("a", "a1")) == {"admitted": True}
    assert handle(signals, admit("a", "a2")) == {"admitted": True}
    assert handle(signals, admit("b", "b1")) == {"admitted": False}
    assert handle(signals, admit("b", "b2")) == {"admitted": False}
    assert handle(signals, admit("small", "s", pool_slots=1)) == {"admitted": True}  # it fits beside those that wait
    assert set(tokens.outputs) == {"a1", "a2", "s"}
    for _ in range(2):
        handle(signals, release("a"))
    assert set(tokens.outputs) == {"a1", "a2", "s", "b2"}
    assert slots.occupancy(store, "pool/db") == {"used": 3, "running": 2, "waiting": 0}
    for task_id in ("b", "small"):
        handle(signals, release(task_id, pool_slots=1))
    assert slots.occupancy(store, "pool/db") == {"used": 0, "running": 0, "waiting": 0}
    assert slots.occupancy(store, "task/d/a")["used"] == 0


def test_a_wait_that_is_given_up_leaves_nothing(store: Store) -> None:
    signals = Signals(store, Tokens())
    handle(signals, admit("a", "t"))  # there is no such pool
    assert slots.occupancy(store, "pool/db") == {"used": 0, "running": 0, "waiting": 1}
    assert slots.withdraw_all(store, RunKey("d", "r1"), "e1") != []
    assert slots.occupancy(store, "pool/db") == {"used": 0, "running": 0, "waiting": 0}


def test_a_pool_may_shrink_below_what_is_held(store: Store) -> None:
    told: list[str] = []
    slots.set_pool(store, "db", 2, "")
    claims = [
        Claim(RunKey("d", "r"), "e", each, -1, slots.order_of(1, each, -1), (Gate("pool/db", 1),)) for each in "abc"
    ]
    for claim in claims:
        slots.admit(store, told.append, claim, claim.task_id)
    slots.set_pool(store, "db", 1, "")
    slots.release(store, told.append, claims[0])
    assert told == ["a", "b"]
    slots.release(store, told.append, claims[1])
    assert told == ["a", "b", "c"]
    slots.set_pool(store, "db", -1, "")  # any number
    slots.admit(store, told.append, claims[0], "again")
    assert told == ["a", "b", "c", "again"]


def made(store: Store, day: int, state: str = "running", **tasks: str) -> None:
    moment = f"2024-01-0{day}"
    store.create_run(DagRun("d", f"r{day}", "scheduled", state, moment, moment, f"e{day}", logical_date=moment))
    store.save_tasks(TaskRecord("d", f"r{day}", each, how, execution=f"e{day}") for each, how in tasks.items())


def asks(day: int, **also: Any) -> dict[str, Any]:
    rule = {"ignore_first": False, "downstream": [], "scheduled_only": False}
    return {"kind": "await_past", "run": run(day), "task_id": "a", **rule, "token": f"t{day}", **also}


def waits_for(store: Store, day: int, **also: Any) -> str | None:
    found: str | None = handle(Signals(store, Tokens()), asks(day, **also))["waits_for"]
    return found


def test_the_run_before_is_the_one_with_the_next_smaller_date(store: Store) -> None:
    made(store, 4)
    assert waits_for(store, 4) is None  # the first run of the DAG
    made(store, 2, "success", a="success")
    made(store, 1, "failed", a="failed")
    assert waits_for(store, 4) is None
    assert waits_for(store, 2) == "r1"
    store.write([past.announce("d", "r3", "2024-01-03")])
    assert waits_for(store, 4) == "r3"  # it has no DagRun yet
    past.forget(store, "d", {"r3"})
    assert waits_for(store, 4) is None


def test_a_task_that_is_new_waits_unless_its_first_time_is_ignored(store: Store) -> None:
    made(store, 1, "success", other="success")
    made(store, 2)
    assert waits_for(store, 2) == "r1"
    assert waits_for(store, 2, ignore_first=True) is None
    made(store, 1, a="success")
    made(store, 3, "success")
    made(store, 4)
    assert waits_for(store, 4, ignore_first=True) == "r3"


def test_records_of_an_earlier_execution_count_only_when_the_run_is_over(store: Store) -> None:
    made(store, 1, "success", a="success")
    store.create_run(DagRun("d", "r1", "scheduled", "running", "2024-01-01", "now", "again", logical_date="2024-01-01"))
    made(store, 2)
    tokens = Tokens()
    signals = Signals(store, tokens)
    assert handle(signals, asks(2))["waits_for"] == "r1"
    handle(signals, {"kind": "tell_next", "run": {**run(1), "execution": "again"}, "task_id": "b"})
    assert tokens.outputs == {}
    handle(signals, {"kind": "tell_next", "run": {**run(1), "execution": "again"}, "task_id": "a", "state": ["failed"]})
    assert tokens.outputs == {}
    handle(signals, {"kind": "tell_next", "run": {**run(1), "execution": "again"}, "task_id": "a"})
    assert set(tokens.outputs) == {"t2"}
