"""Runs that updates of assets start: Airflow's rule, deliveries that repeat, and a dispatcher that is killed."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from lambdas.dispatcher import dispatch
from lambdas.scheduling.asset_events import asset_pk, read_history
from lambdas.scheduling.dag_state import DagState
from lambdas.scheduling.dispatch_assets import taken_events
from tests.schedule.world import DAILY, MACHINE, Killed, World

A, B, C = ({"asset": {"name": name, "uri": f"s3://{name}"}} for name in "abc")
ALIAS = {"alias": {"name": "x"}}
_IDS = count(1)


def update(
    condition: dict[str, Any], name: str, *, event_id: str | None = None, aliases: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    """What the rule hands over."""
    detail = {
        "id": event_id or f"e{next(_IDS)}",
        "asset": {"name": name, "uri": f"s3://{name}"},
        "extra": {"n": name},
        "timestamp": "2024-01-20T00:00:00+00:00",
        "aliases": list(aliases),
        "source": {"dag_id": "p", "task_id": "t", "run_id": "r", "map_index": -1},
    }
    return {
        "timetable": {"type": "assets"},
        "catchup": False,
        "max_active_runs": 16,
        "assets": condition,
        "dag_id": "etl",
        "state_machine_arn": MACHINE,
        "asset_event": detail,
        "event_id": "bus-1",
        "event_time": "2024-01-20T00:00:00Z",
        **more,
    }


def tell(world: World, condition: dict[str, Any], *names: str, **more: Any) -> list[str]:
    """Updates one second apart; the runs that they start."""
    started = []
    for name in names:
        world.now += timedelta(seconds=1)
        started += dispatch(world.dispatcher, update(condition, name, **more))["started"]
    return started


def got(world: World, run_id: str) -> str:
    """The names of the assets of the run's events, in order."""
    (name,) = (each for each in world.machines.running if json.loads(world.machines.running[each])["run_id"] == run_id)
    span = json.loads(world.machines.running[name])["asset_events"]
    return "".join(each["asset"]["name"] for each in taken_events(world.store, "etl", span))


def test_one_asset() -> None:
    world = World()
    (run_id,) = tell(world, {"all": [A]}, "a")
    assert run_id.startswith("asset_triggered__2024-01-20T00:00:01+00:00_")
    assert len(run_id.rpartition("_")[2]) == 8
    given = json.loads(next(iter(world.machines.running.values())))
    assert given == {
        "run_id": run_id,
        "run_type": "asset_triggered",
        "logical_date": None,
        "run_after": "2024-01-20T00:00:01+00:00",
        "asset_events": "1-1",
    }
    assert len(tell(world, {"all": [A]}, "a")) == 1


def test_all_of_several_collects_what_comes_meanwhile() -> None:
    world = World()
    assert tell(world, {"all": [A, B]}, "a", "a", "a") == []
    (run_id,) = tell(world, {"all": [A, B]}, "b")
    assert got(world, run_id) == "aaab"
    assert tell(world, {"all": [A, B]}, "b") == []  # the queue is empty after a run
    assert len(tell(world, {"all": [A, B]}, "a")) == 1


def test_nested_conditions() -> None:
    condition = {"any": [{"all": [A, B]}, C]}
    world = World()
    assert tell(world, condition, "a") == []
    (run_id,) = tell(world, condition, "c")
    assert got(world, run_id) == "ac"  # what was queued is gone, as in Airflow
    assert tell(world, condition, "b") == []


def test_a_reference_and_an_alias() -> None:
    world = World()
    assert len(tell(world, {"all": [{"asset_ref": {"name": "a"}}]}, "a")) == 1
    world = World()
    assert tell(world, {"all": [ALIAS, A]}, "c", aliases=("x",)) == []
    (run_id,) = tell(world, {"all": [ALIAS, A]}, "a")
    assert got(world, run_id) == "ca"
    # Neither the alias's asset without the alias, nor another alias.
    answer = dispatch(world.dispatcher, update({"all": [ALIAS, A]}, "c"))
    assert (answer["started"], answer["dropped"]) == ([], "none of the DAG's assets")
    assert tell(world, {"all": [ALIAS, A]}, "c", aliases=("y",)) == []


def test_an_alias_stands_for_every_asset_that_ever_came_by_it() -> None:
    condition = {"all": [ALIAS, A]}
    world = World()
    assert len(tell(world, condition, "a", aliases=("x",))) == 1
    assert len(tell(world, condition, "a")) == 1  # `a` itself is one of the alias's assets by now


def test_an_event_that_comes_again_changes_nothing() -> None:
    world = World()
    event = update({"all": [A, B]}, "a")
    for _ in range(3):
        dispatch(world.dispatcher, event)
    last = update({"all": [A, B]}, "b")
    (run_id,) = (run for _ in range(3) for run in dispatch(world.dispatcher, last)["started"])
    assert got(world, run_id) == "ab"
    world.end(next(iter(world.machines.running)))
    assert dispatch(world.dispatcher, last)["started"] == []
    assert len(world.machines.started) == 1


def test_somebody_elses_event_needs_a_uri_only() -> None:
    world = World()
    event = update({"all": [A]}, "a", event_id="ignored")
    event["asset_event"] = {"asset": {"uri": "s3://a"}}
    (run_id,) = dispatch(world.dispatcher, event)["started"]
    assert got(world, run_id) == "a"  # the name follows
    assert dispatch(world.dispatcher, event)["started"] == []  # told apart by EventBridge's id
    (kept,) = read_history(world.store, asset_pk("s3://a"))
    assert (kept["id"], kept["timestamp"], kept["extra"]) == ("bus-1", "2024-01-20T00:00:00Z", {})
    event["asset_event"] = {"asset": {"name": "a"}}
    with pytest.raises(ValueError, match=r"asset\.uri"):
        dispatch(world.dispatcher, event)


def test_a_paused_dag_does_not_queue_but_its_next_run_gets_the_events() -> None:
    world = World()
    DagState(world.store, "etl").set_paused(True)
    assert tell(world, {"all": [A]}, "a", "a") == []
    DagState(world.store, "etl").set_paused(False)
    activated = {**update({"all": [A]}, "a"), "activate": True}
    del activated["asset_event"]
    assert dispatch(world.dispatcher, activated)["started"] == []  # nothing was queued meanwhile
    (run_id,) = tell(world, {"all": [A]}, "a")
    assert got(world, run_id) == "aaa"


def test_a_dag_that_is_paused_at_first() -> None:
    world = World()
    assert tell(world, {"all": [A]}, "a", is_paused_upon_creation=True) == []


def test_what_waits_while_paused_starts_with_the_unpause() -> None:
    world = World()
    (first,) = tell(world, {"all": [A]}, "a", max_active_runs=1)
    assert tell(world, {"all": [A]}, "a", max_active_runs=1) == []
    DagState(world.store, "etl").set_paused(True)
    assert world.end(next(iter(world.machines.running))) == []
    DagState(world.store, "etl").set_paused(False)
    activated = {**update({"all": [A]}, "a", max_active_runs=1), "activate": True}
    del activated["asset_event"]
    (second,) = dispatch(world.dispatcher, activated)["started"]
    assert second != first


def test_max_active_runs_collects_and_the_end_of_a_run_starts_the_next() -> None:
    world = World()
    assert len(tell(world, {"all": [A]}, "a", max_active_runs=1)) == 1
    assert tell(world, {"all": [A]}, "a", "a", "a", max_active_runs=1) == []
    (run_id,) = world.end(next(iter(world.machines.running)))
    # As Airflow: up to the first update since the last run; the others are the next run's.
    assert got(world, run_id) == "a"
    assert world.end(next(iter(world.machines.running))) == []
    (third,) = tell(world, {"all": [A]}, "a", max_active_runs=1)
    assert got(world, third) == "aaa"
    assert world.machines.most_at_once == 1


def test_a_lost_end_is_noticed_by_the_next_update() -> None:
    world = World()
    tell(world, {"all": [A]}, "a", max_active_runs=1)
    world.end(next(iter(world.machines.running)), report=False)
    assert len(tell(world, {"all": [A]}, "a", max_active_runs=1)) == 1


def test_assets_or_time() -> None:
    world = World()
    timed: dict[str, Any] = {"timetable": DAILY, "start_date": "2024-01-01T00:00:00+00:00", "timezone": "UTC"}
    (by_asset,) = tell(world, {"all": [A]}, "a", **timed)
    assert by_asset.startswith("asset_triggered__")
    event = update({"all": [A]}, "a", **timed)
    del event["asset_event"]
    answer = dispatch(world.dispatcher, {**event, "scheduled_time": "2024-01-20T00:00:00Z"})
    assert answer["started"] == ["scheduled__2024-01-20T00:00:00+00:00"]


def test_assets_or_time_wait_for_the_same_places() -> None:
    world = World()
    timed: dict[str, Any] = {
        "timetable": DAILY,
        "start_date": "2024-01-01T00:00:00+00:00",
        "timezone": "UTC",
        "max_active_runs": 1,
    }
    event = update({"all": [A]}, "a", **timed)
    del event["asset_event"]
    dispatch(world.dispatcher, {**event, "scheduled_time": "2024-01-20T00:00:00Z"})
    assert tell(world, {"all": [A]}, "a", **timed) == []
    (run_id,) = world.end(next(iter(world.machines.running)))
    assert run_id.startswith("asset_triggered__")


@pytest.mark.parametrize("kill_after", range(8))
def test_a_dispatcher_that_is_killed_between_any_two_writes(kill_after: int) -> None:
    """Lambda asks again: every event counts once, and the run starts once."""
    world = World()
    tell(world, {"all": [A, B]}, "a")
    event = update({"all": [A, B]}, "b")
    world.store.kill_after = kill_after
    try:
        dispatch(world.dispatcher, event)
    except Killed:
        world.store.kill_after = None
        dispatch(world.dispatcher, event)
    world.store.kill_after = None
    (name,) = world.machines.started
    given = json.loads(world.machines.running[name])
    assert [each["asset"]["name"] for each in taken_events(world.store, "etl", given["asset_events"])] == ["a", "b"]
    world.end(name)
    dispatch(world.dispatcher, event)
    assert len(world.machines.started) == 1


def test_the_events_of_a_run_among_many() -> None:
    world = World()
    tell(world, {"all": [A, B]}, *("a" * 98))
    (run_id,) = tell(world, {"all": [A, B]}, "b")
    assert got(world, run_id) == "a" * 98 + "b"
    tell(world, {"all": [A, B]}, *("a" * 9))
    (run_id,) = tell(world, {"all": [A, B]}, "b")
    assert got(world, run_id) == "a" * 9 + "b"
