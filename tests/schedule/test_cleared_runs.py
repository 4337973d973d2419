"""Runs that were cleared wait for a place like any others: oldest first, never more at once than `max_active_runs`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lambdas.dispatcher import Dispatcher, dispatch, execution_ended
from lambdas.run_ended import run_ended, sweeper
from lambdas.scheduling.dag_state import DagState, Queued
from lambdas.storage.records import DagRun, RunKey
from lambdas.waiting.sweep import sweep
from tests.schedule.world import MACHINE, AwsError, Killed, World, arn

AGAIN = "etl-again"
WAITING = {"dag_id": "etl", "state_machine_arn": MACHINE, "max_active_runs": 2, "waiting": True}


def clear(world: World, days: Sequence[int]) -> None:
    """Runs of these days have ended, and are cleared in this order."""
    for day in days:
        at = f"2024-01-{day:02}T00:00:00+00:00"
        run = DagRun("etl", f"r{day}", "scheduled", "failed", at, at, f"r{day}", arn(f"r{day}"), logical_date=at)
        world.store.create_run(run)
        given = {"run_id": run.run_id, "run_type": "scheduled", "run_after": at, "logical_date": at, "states": {}}
        queued = Queued(run.run_id, at, given, f"r{day}__2", AGAIN)
        assert DagState(world.store, "etl").enqueue_again(run, queued, again(day))


def again(day: int) -> str:
    return f"{arn('x').removesuffix(':etl:x')}:{AGAIN}:r{day}__2"


def states(world: World) -> dict[str, str]:
    return {run.run_id: run.state for run in world.store.list_runs("etl")}


def test_so_many_at_once_and_the_oldest_first() -> None:
    world = World()
    clear(world, [5, 1, 3, 2, 4])
    assert set(states(world).values()) == {"queued"}
    assert dispatch(world.dispatcher, WAITING)["started"] == ["r1", "r2"]
    assert dispatch(world.dispatcher, WAITING)["started"] == []
    while world.machines.running:
        world.end(min(world.machines.running))
    assert world.machines.started == [f"r{day}__2" for day in (1, 2, 3, 4, 5)]
    assert world.machines.most_at_once == 2
    assert set(states(world).values()) == {"success"}


def test_a_cleared_run_waits_while_its_dag_is_paused() -> None:
    world = World()
    clear(world, [1])
    DagState(world.store, "etl").set_paused(True)
    assert dispatch(world.dispatcher, WAITING)["started"] == []
    DagState(world.store, "etl").set_paused(False)
    assert dispatch(world.dispatcher, WAITING)["started"] == ["r1"]


def test_what_comes_late_of_the_first_execution_changes_nothing() -> None:
    world = World()
    clear(world, [1, 2, 3])
    dispatch(world.dispatcher, WAITING)
    event = {"detail": {"executionArn": arn("r1"), "status": "FAILED"}}
    assert run_ended(world.store, event, world.now.isoformat())["run_id"] is None
    assert execution_ended(world.dispatcher, arn("r1")) == [], "its place is the second execution's by now"
    sweep(sweeper(world.dispatcher))
    assert states(world) == {"r1": "queued", "r2": "queued", "r3": "queued"}
    for name in ("r1__2", "r2__2"):
        world.begin(name)
        world.begin(name)
    assert {run.clear_number for run in world.store.list_runs("etl") if run.state == "running"} == {1}


def test_a_dispatcher_that_dies_before_any_write_loses_none() -> None:
    for kills in range(40):
        world = World()
        clear(world, [1, 2, 3])
        world.store.kill_after = kills
        survived = True
        try:
            dispatch(world.dispatcher, WAITING)
        except Killed:
            survived = False
        world.store.kill_after = None
        dispatch(world.dispatcher, WAITING)
        while world.machines.running:
            world.end(min(world.machines.running))
        assert world.machines.started == ["r1__2", "r2__2", "r3__2"]
        assert world.machines.most_at_once <= 2
        if survived:
            assert kills > 4
            return
    pytest.fail("it never got through")


class Gone:
    """The machine for re-runs was taken away by a deployment."""

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:
        raise AwsError("StateMachineDoesNotExist")


def test_a_machine_that_is_gone_holds_up_nobody() -> None:
    world = World()
    clear(world, [1])
    dispatch(Dispatcher(world.store, Gone(), lambda: world.now, lambda *_: 0), WAITING)
    run = world.store.get_run(RunKey("etl", "r1"))
    assert run is not None
    assert (run.state, run.error) == ("failed", "the state machine etl-again is gone: deploy the DAG again")
    assert dict(DagState(world.store, "etl").active()) == {}
    assert list(DagState(world.store, "etl").queue()) == []
