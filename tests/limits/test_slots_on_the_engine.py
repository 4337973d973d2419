"""Runs that compete for slots, on the engine: never more at a time than the limit, everybody's turn comes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lambdas.waiting import slots
from tests.limits.world import World, translations


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(request.param)
    for name, count in (("three", 3), ("one", 1)):
        slots.set_pool(made.store, name, count, "")
    yield made
    made.close()


def of(*dag_ids: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("world", [dag_ids], indirect=True, ids=["-".join(dag_ids)])


@of("pooled")
def test_a_pool_is_shared_by_runs(world: World) -> None:
    arns = [world.start("pooled", day) for day in range(1, 11)]
    assert world.finish(*arns) == ["SUCCEEDED"] * 10
    assert world.most["all"] == 3
    assert (world.used("pool/three"), world.left()) == (0, [])
    days = [run_id for run_id, _ in world.begun]
    assert days == sorted(days)  # the earliest logical date first


@of("narrow")
def test_max_active_tasks_binds_each_run_by_itself(world: World) -> None:
    arns = [world.start("narrow", day) for day in (1, 2, 3)]
    assert world.finish(*arns) == ["SUCCEEDED"] * 3
    assert [world.most[f"narrow/scheduled__2024-01-0{day}T00:00:00+00:00"] for day in (1, 2, 3)] == [2, 2, 2]
    assert world.most["all"] == 6
    first = [task_id for run_id, task_id in world.begun if "01-01" in run_id]
    assert first[2:] == ["e", "d", "c"][: len(first[2:])]  # whoever waits goes by weight; the first two found room
    assert world.left() == []


@of("alone")
def test_one_instance_at_a_time_over_all_runs(world: World) -> None:
    arns = [world.start("alone", day) for day in (3, 2, 1)]
    assert world.finish(*arns) == ["SUCCEEDED"] * 3
    assert world.most["all"] == 1
    assert [run_id[11:21] for run_id, _ in world.begun] == ["2024-01-03", "2024-01-01", "2024-01-02"]


@of("sensing")
def test_a_rescheduled_sensor_holds_no_slot_between_pokes(world: World) -> None:
    arn = world.start("sensing")
    assert world.finish(arn) == ["SUCCEEDED"]
    assert world.most["all"] == 1
    assert [task_id for _, task_id in world.begun[:3]] in (["s", "a", "s"], ["a", "s", "s"])
    assert (world.used("pool/one"), world.left()) == (0, [])


@of("spread")
def test_each_instance_of_a_mapped_task_takes_a_slot(world: World) -> None:
    assert world.finish(world.start("spread")) == ["SUCCEEDED"]
    assert world.most["all"] == 3
    assert (world.used("pool/three"), world.left()) == (0, [])


@of("pooled")
@pytest.mark.parametrize("outcome", ["fail", "skip"])
def test_every_way_out_gives_the_slots_back(world: World, outcome: str) -> None:
    arns = [world.start("pooled", day, conf={"a": outcome}) for day in (1, 2)]
    assert world.finish(*arns) == ["FAILED" if outcome == "fail" else "SUCCEEDED"] * 2
    assert (world.used("pool/three"), world.left()) == (0, [])


@of("pooled")
def test_a_run_that_is_stopped_gives_its_slots_back_and_forgets_what_it_waited_for(world: World) -> None:
    slots.set_pool(world.store, "three", 2, "")
    first, second = world.start("pooled", 1), world.start("pooled", 2)
    world.pass_time(0.5)
    assert (world.used("pool/three"), slots.occupancy(world.store, "pool/three")["waiting"]) == (2, 4)
    world.act("StopExecution", executionArn=first)
    assert world.finish(second) == ["SUCCEEDED"]
    assert (world.used("pool/three"), world.left()) == (0, [])


@of("pooled")
def test_tasks_of_a_pool_that_is_not_there_wait_until_somebody_makes_it(world: World) -> None:
    slots.delete_pool(world.store, "three")
    arn = world.start("pooled")
    world.pass_time(86400)
    assert (world.begun, world.armed) == ([], 1)
    slots.set_pool(world.store, "three", 2, "")
    world.wake(gates=["pool/three"])
    assert world.finish(arn) == ["SUCCEEDED"]
    assert world.most["all"] == 2


@of("chained")
def test_a_task_waits_for_itself_in_the_run_before(world: World) -> None:
    arns = [world.start("chained", day) for day in (1, 2, 3)]
    world.pass_time(2.5)  # a run's second task runs beside the next run's first
    began = [f"{run_id[19:21]}{task_id}" for run_id, task_id in world.begun]
    assert [sorted(began[:1]), sorted(began[1:3]), sorted(began[3:])] == [["01a"], ["01b", "02a"], ["02b", "03a"]]
    assert world.finish(*arns) == ["SUCCEEDED"] * 3
    assert world.left() == []


@of("chained")
def test_a_failed_past_holds_until_it_is_made_good(world: World) -> None:
    first = world.start("chained", 1, conf={"b": "fail once"})
    second = world.start("chained", 2)
    assert world.finish(first) == ["FAILED"]
    world.pass_time(10 * 86400)
    assert world.states("chained", 2) == {"a": "success"}  # b waits
    again = world.start("chained", 1, name="again", states={"a": "success"})
    assert world.finish(again, second) == ["SUCCEEDED", "SUCCEEDED"]
    assert world.left() == []


@of("chained")
def test_skipped_is_as_good_as_done(world: World) -> None:
    arns = [world.start("chained", 1, conf={"a": "skip"}), world.start("chained", 2)]
    assert world.finish(*arns) == ["SUCCEEDED"] * 2
    assert world.states("chained", 1) == {"a": "skipped", "b": "skipped"}


@of("skipping")
def test_a_task_that_is_skipped_waits_for_no_past_even_if_it_is_told_to(world: World) -> None:
    """Measured on Airflow 3.3.2: nothing reads `wait_for_past_depends_before_skipping`."""
    first = world.start("skipping", 1, conf={"b": "fail"})
    assert world.finish(first) == ["FAILED"]
    second = world.start("skipping", 2, conf={"a": "skip"})
    assert world.finish(second) == ["SUCCEEDED"]
    assert world.states("skipping", 2) == {"a": "skipped", "b": "skipped"}
    (problem,) = translations()["skipping"][0].problems
    assert (problem.code, problem.severity) == ("unsupported-wait-for-past-depends-before-skipping", "approximated")


@of("whole")
def test_wait_for_downstream_waits_for_the_tasks_below_too(world: World) -> None:
    arns = [world.start("whole", day) for day in (1, 2)]
    assert world.finish(*arns) == ["SUCCEEDED"] * 2
    assert [f"{run_id[19:21]}{task_id}" for run_id, task_id in world.begun] == ["01a", "01b", "02a", "02b"]
