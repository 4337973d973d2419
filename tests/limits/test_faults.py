"""Functions that die between any two writes, events that come three times or never, executions that are stopped: every
run ends once, in the right state, and there are never more at a time than the limits say.
"""

from __future__ import annotations

import random
from itertools import count
from typing import Any

import pytest

from lambdas.scheduling.dag_state import DagState
from lambdas.storage.records import FINAL_RUN_STATES, RunKey
from lambdas.waiting import slots
from tests.limits.world import World

RUNS = 50


def compete(world: World, runs: int, conf: Any = None, times: int = 1) -> None:
    for day in range(1, runs + 1):
        world.request("pooled", day, conf(day) if conf else None, times)
        world.pass_time(0.2)


def settle(world: World, runs: int) -> None:
    """Time passes and sweeps run until everything is over."""
    for _ in range(400):
        world.pass_time(60)
        world.sweep()
        if sum(world.ends.values()) >= runs and not list(DagState(world.store, "pooled").queue()):
            break
    world.sweep()


def run_states(world: World, runs: int) -> list[str]:
    found = [world.store.get_run(RunKey("pooled", world.input(day)["run_id"])) for day in range(1, runs + 1)]
    return [run.state if run is not None else "none" for run in found]


def assert_nothing_left(world: World) -> None:
    assert (world.used("pool/three"), world.left()) == (0, [])
    state = DagState(world.store, "pooled")
    assert list(state.queue()) == []
    for run_id in state.active():  # the end of a last run may be lost: the next one that wants its place finds out
        assert world.store.get_run(RunKey("pooled", run_id)).state in FINAL_RUN_STATES  # type: ignore[union-attr]
    assert list(world.store.query("waiting", "")) == []  # no sweep comes again


def outcome(day: int) -> dict[str, str]:
    return {"a": "fail"} if day % 7 == 0 else {"b": "skip"} if day % 5 == 0 else {}


def expected(runs: int) -> list[str]:
    return ["failed" if day % 7 == 0 else "success" for day in range(1, runs + 1)]


def test_fifty_runs_compete_for_four_places_and_three_slots() -> None:
    world = World(("pooled",), max_active_runs=4)
    slots.set_pool(world.store, "three", 3, "")
    compete(world, RUNS, outcome, times=3)
    settle(world, RUNS)
    assert run_states(world, RUNS) == expected(RUNS)
    assert set(world.ends.values()) == {1}
    assert len(world.ends) == RUNS
    assert (world.most["executions"], world.most["all"]) == (4, 3)
    assert_nothing_left(world)
    world.close()


@pytest.mark.parametrize("seed", range(6))
def test_the_same_while_functions_die_and_events_get_lost(seed: int) -> None:
    chance = random.Random(seed)
    world = World(
        ("pooled",),
        seed,
        seconds=lambda: chance.uniform(0.1, 5),
        lost=lambda _: chance.random() < 0.2,
        max_active_runs=4,
    )
    slots.set_pool(world.store, "three", 3, "")
    world.store.kill = lambda: chance.random() < 0.04
    compete(world, RUNS, outcome, times=chance.randint(1, 3))
    for day in range(1, RUNS + 1):  # the last request for a run must have got through
        world.store.kill = lambda: False
        world.request("pooled", day, outcome(day))
        world.store.kill = lambda: chance.random() < 0.04
    settle(world, RUNS)
    world.store.kill = lambda: False
    for _ in range(3):
        world.pass_time(900)
        world.sweep()
    assert world.kills > 0
    assert run_states(world, RUNS) == expected(RUNS)
    assert set(world.ends.values()) == {1}
    assert world.most["executions"] <= 4
    assert world.most["all"] <= 3
    assert_nothing_left(world)
    world.close()


def test_the_platforms_functions_die_before_every_single_write() -> None:
    for kill_at in count(0):
        world = World(("pooled",), max_active_runs=2)
        slots.set_pool(world.store, "three", 2, "")
        writes = count(0)
        world.store.kill = lambda at=kill_at, writes=writes: next(writes) == at  # type: ignore[misc]
        for day in (1, 2, 3):
            world.request("pooled", day, times=2)
        settle(world, 3)
        assert run_states(world, 3) == ["success"] * 3, kill_at
        assert set(world.ends.values()) == {1}
        assert (world.most["executions"], world.most["all"]) == (2, 2)
        assert_nothing_left(world)
        world.close()
        if next(writes) <= kill_at:
            assert kill_at > 60  # so many places to die at
            return


@pytest.mark.parametrize("told", [True, False])
def test_executions_that_are_stopped_leave_right_records_and_make_room(told: bool) -> None:
    world = World(("pooled",), max_active_runs=1, lost=lambda _: not told)
    slots.set_pool(world.store, "three", 1, "")
    for day in (1, 2):
        world.request("pooled", day)
    world.pass_time(0.5)
    world.act("StopExecution", executionArn=next(iter(world.service.registry.executions)))
    settle(world, 2)
    assert run_states(world, 2) == ["failed", "success"]
    assert "running" not in world.states("pooled", 1).values()
    assert_nothing_left(world)
    world.close()


def test_a_wait_for_the_past_survives_a_death_before_every_write() -> None:
    for kill_at in count(0):
        world = World(("chained",))
        writes = count(0)
        world.store.kill = lambda at=kill_at, writes=writes: next(writes) == at  # type: ignore[misc]
        arns = [world.start("chained", day, conf={"b": "skip"} if day == 2 else {}) for day in (1, 2, 3)]
        assert world.finish(*arns) == ["SUCCEEDED"] * 3, kill_at
        began = [f"{run_id[19:21]}{task_id}" for run_id, task_id in world.begun]
        assert sorted(began, key=lambda each: each[2] + each[:2]) == [
            f"0{day}{each}" for each in "ab" for day in (1, 2, 3)
        ]
        assert all(began.index(f"0{day}{each}") < began.index(f"0{day + 1}{each}") for each in "ab" for day in (1, 2))
        assert world.left() == []
        world.close()
        if next(writes) <= kill_at:
            assert kill_at > 15
            return


def test_an_end_that_nobody_told_of_holds_up_nobody_for_long() -> None:
    world = World(("pooled",), lost=lambda _: True, max_active_runs=1)
    slots.set_pool(world.store, "three", 3, "")
    for day in (1, 2, 3):
        world.request("pooled", day)
    assert world.armed >= 1
    settle(world, 3)
    assert run_states(world, 3) == ["success"] * 3
    assert_nothing_left(world)
    world.close()


@pytest.mark.parametrize("done", [True, False], ids=["its answer got lost", "it never began"])
def test_finish_run_is_lost(done: bool) -> None:
    world = World(("pooled",), max_active_runs=1)
    slots.set_pool(world.store, "three", 3, "")
    world.lose_finish(times=2, done=done)
    for day in (1, 2):
        world.request("pooled", day)
    settle(world, 2)
    assert run_states(world, 2) == ["success"] * 2
    assert set(world.ends.values()) == {1}
    assert_nothing_left(world)
    world.close()


def test_finish_run_never_works() -> None:
    world = World(("pooled",), max_active_runs=1)
    slots.set_pool(world.store, "three", 3, "")
    world.lose_finish(times=7, done=False)  # with all of its retries
    for day in (1, 2):
        world.request("pooled", day)
    settle(world, 2)
    assert run_states(world, 2) == ["failed", "success"]
    assert world.states("pooled", 1) == dict.fromkeys("abc", "success")
    assert_nothing_left(world)
    world.close()
