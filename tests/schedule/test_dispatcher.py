"""The dispatcher: which run an event means, places and the queue, and what happens when it is stopped anywhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.dispatcher import dispatch, execution_ended
from lambdas.scheduling.dag_state import DagState
from tests.schedule.world import DAILY, DAY, HOURLY, AwsError, FakeMachines, Killed, World, arn, event

MIDNIGHT = datetime(2024, 1, 20, tzinfo=UTC)


def name(day: int, month: int = 1, hour: int = 0) -> str:
    return f"scheduled__2024-{month:02}-{day:02}T{hour:02}-00-00+00-00"


def test_an_event_starts_the_run_of_its_instant() -> None:
    world = World()
    answer = dispatch(world.dispatcher, event(DAILY, MIDNIGHT))
    assert answer == {"started": ["scheduled__2024-01-20T00:00:00+00:00"], "dropped": None, "renewed": 0}
    ((execution, text),) = world.machines.running.items()
    assert execution == name(20)
    assert json.loads(text) == {
        "run_id": "scheduled__2024-01-20T00:00:00+00:00",
        "run_type": "scheduled",
        "logical_date": "2024-01-19T00:00:00+00:00",
        "data_interval_start": "2024-01-19T00:00:00+00:00",
        "data_interval_end": "2024-01-20T00:00:00+00:00",
        "run_after": "2024-01-20T00:00:00+00:00",
    }
    assert list(DagState(world.store, "etl").queue()) == []


def test_seconds_of_the_scheduled_time_make_no_other_instant() -> None:
    world = World()
    answer = dispatch(world.dispatcher, event(DAILY, MIDNIGHT + timedelta(seconds=43)))
    assert answer["started"] == ["scheduled__2024-01-20T00:00:00+00:00"]


@pytest.mark.parametrize("meanwhile", ["nothing", "begun", "ended"])
def test_the_same_event_again_starts_nothing(meanwhile: str) -> None:
    world = World()
    dispatch(world.dispatcher, event(DAILY, MIDNIGHT))
    if meanwhile == "begun":
        world.begin(name(20))
    if meanwhile == "ended":
        world.end(name(20))
    for _ in range(3):
        dispatch(world.dispatcher, event(DAILY, MIDNIGHT))
    assert world.machines.started == [name(20)]
    active = DagState(world.store, "etl").active()
    assert len(active) == (0 if meanwhile == "ended" else 1)


@pytest.mark.parametrize(
    ("spec", "at"),
    [
        ({"start_date": "2024-01-20T00:00:00+00:00"}, MIDNIGHT),  # its interval begins before
        ({"end_date": "2024-01-18T12:00:00+00:00"}, MIDNIGHT),
        ({}, MIDNIGHT + timedelta(hours=1)),
    ],
)
def test_an_instant_that_is_no_runs_is_dropped(spec: dict[str, Any], at: datetime) -> None:
    world = World()
    answer = dispatch(world.dispatcher, event(DAILY, at, **spec))
    assert answer == {"started": [], "dropped": "no run at this instant", "renewed": 0}


def test_pause_and_unpause() -> None:
    world = World()
    state = DagState(world.store, "etl")
    dispatch(world.dispatcher, event(DAILY, MIDNIGHT - 3 * DAY))
    state.set_paused(True)
    for days in (2, 1):
        assert dispatch(world.dispatcher, event(DAILY, MIDNIGHT - days * DAY))["dropped"] == "paused"
    state.set_paused(False)
    world.now = MIDNIGHT - timedelta(hours=2)
    dispatch(world.dispatcher, event(DAILY, None))  # what the command sends after unpausing
    # Without catchup only the latest of the missed ones.
    assert world.machines.started == [name(17), name(19)]


def test_a_dag_that_is_paused_upon_creation_waits_for_somebody_to_unpause_it() -> None:
    world = World()
    paused = {**event(DAILY, MIDNIGHT), "is_paused_upon_creation": True}
    assert dispatch(world.dispatcher, paused)["dropped"] == "paused"
    DagState(world.store, "etl").set_paused(False)
    assert dispatch(world.dispatcher, paused)["dropped"] is None
    assert len(world.machines.started) == 1


def test_catchup_runs_everything_since_the_start_date_in_order() -> None:
    world = World()
    spec = {"catchup": True, "max_active_runs": 2, "start_date": "2024-01-10T00:00:00+00:00"}
    dispatch(world.dispatcher, event(DAILY, MIDNIGHT, **spec))
    while world.machines.running:
        world.end(next(iter(world.machines.running)))
    assert world.machines.started == [name(day) for day in range(11, 21)]
    assert world.machines.most_at_once == 2


def test_runs_wait_for_a_place_in_order_without_catchup_too() -> None:
    world = World()
    for hours in range(6):
        world.now = MIDNIGHT + timedelta(hours=hours)
        dispatch(world.dispatcher, event(HOURLY, world.now, max_active_runs=1))
    assert world.machines.started == [name(20)]
    for _ in range(5):
        world.end(world.machines.started[-1])
    assert world.machines.started == [name(20, hour=hour) for hour in range(6)]
    assert world.machines.most_at_once == 1


def test_a_lost_end_does_not_block_for_ever() -> None:
    world = World()
    dispatch(world.dispatcher, event(DAILY, MIDNIGHT - DAY, max_active_runs=1))
    world.end(name(19), report=False)
    dispatch(world.dispatcher, event(DAILY, MIDNIGHT, max_active_runs=1))
    assert world.machines.started == [name(19), name(20)]


def test_an_execution_that_never_made_a_dag_run_frees_its_place() -> None:
    world = World()
    dispatch(world.dispatcher, event(DAILY, MIDNIGHT - DAY, max_active_runs=1))
    dispatch(world.dispatcher, event(DAILY, MIDNIGHT, max_active_runs=1))
    del world.machines.running[name(19)]
    assert execution_ended(world.dispatcher, arn(name(19))) == ["scheduled__2024-01-20T00:00:00+00:00"]


def test_an_execution_of_somebody_else_frees_nothing() -> None:
    world = World()
    assert execution_ended(world.dispatcher, arn("by-hand")) == []


def test_once() -> None:
    world = World()
    for at in (MIDNIGHT, MIDNIGHT + timedelta(minutes=1), MIDNIGHT + 365 * DAY):
        dispatch(world.dispatcher, event({"type": "once"}, at))
        if world.machines.running:
            world.end(world.machines.started[-1])
    assert world.machines.started == [name(1)]  # the run of its start date


def test_once_without_a_start_date_is_the_run_of_its_first_event() -> None:
    world = World()
    answer = dispatch(world.dispatcher, event({"type": "once"}, MIDNIGHT, start_date=None))
    assert answer["started"] == ["scheduled__2024-01-20T00:00:00+00:00"]
    again = dispatch(world.dispatcher, event({"type": "once"}, MIDNIGHT + DAY, start_date=None))
    assert (again["started"], again["dropped"]) == ([], "it has run already")


def test_once_before_its_start_date() -> None:
    world = World()
    answer = dispatch(world.dispatcher, event({"type": "once"}, datetime(2023, 12, 31, tzinfo=UTC)))
    assert answer["dropped"] == "outside start_date and end_date"


def test_continuous_starts_again_when_the_last_run_has_ended() -> None:
    world = World()
    first = event({"type": "continuous"}, MIDNIGHT)
    dispatch(world.dispatcher, first)
    assert dispatch(world.dispatcher, first)["dropped"] == "a run is active"
    world.now = MIDNIGHT + timedelta(hours=3)
    assert world.end(world.machines.started[0]) == ["scheduled__2024-01-20T03:00:00+00:00"]
    second = json.loads(world.machines.running[world.machines.started[1]])
    assert second["data_interval_start"] == "2024-01-20T00:00:00+00:00"
    assert second["data_interval_end"] == "2024-01-20T03:00:00+00:00"
    assert world.machines.most_at_once == 1


def test_the_watchdog_takes_up_a_continuous_dag_whose_end_was_lost() -> None:
    world = World()
    dispatch(world.dispatcher, event({"type": "continuous"}, MIDNIGHT))
    world.end(world.machines.started[0], report=False)
    world.now = MIDNIGHT + timedelta(hours=1)
    answer = dispatch(world.dispatcher, event({"type": "continuous"}, world.now))
    assert answer["started"] == ["scheduled__2024-01-20T01:00:00+00:00"]


def test_a_refused_start_is_an_error_and_the_next_delivery_goes_on() -> None:
    class Throttled(FakeMachines):
        refusals = 1

        def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:
            if self.refusals:
                self.refusals -= 1
                raise AwsError("ThrottlingException")
            super().start_execution(stateMachineArn=stateMachineArn, name=name, input=input)

    world = World(machines=Throttled())
    with pytest.raises(AwsError):
        dispatch(world.dispatcher, event(DAILY, MIDNIGHT))
    assert dispatch(world.dispatcher, event(DAILY, MIDNIGHT))["started"] == ["scheduled__2024-01-20T00:00:00+00:00"]
    assert world.machines.started == [name(20)]


@pytest.mark.parametrize("catchup", [False, True])
def test_stopped_between_any_two_writes_every_run_still_runs_once(catchup: bool) -> None:
    spec = {"catchup": catchup, "max_active_runs": 2, "start_date": "2024-01-16T00:00:00+00:00"}
    days = [17, 18, 19, 20]
    for kills in count(0):
        world = World()
        survived = True
        for day in days:
            world.now = datetime(2024, 1, day, tzinfo=UTC)
            world.store.kill_after = kills if day == 18 else None
            try:
                dispatch(world.dispatcher, event(DAILY, world.now, **spec))
            except Killed:
                survived = False
                world.store.kill_after = None
                dispatch(world.dispatcher, event(DAILY, world.now, **spec))  # Scheduler delivers it again
        world.store.kill_after = None
        while world.machines.running:
            world.end(next(iter(world.machines.running)))
        assert world.machines.started == [name(day) for day in days], kills
        assert world.machines.most_at_once <= 2
        assert dict(DagState(world.store, "etl").active()) == {}
        if survived:
            assert kills > 4  # every write was a place to stop at
            return


def test_a_run_that_ended_before_it_left_the_queue_takes_no_place() -> None:
    world = World()
    writes_before_the_last = 0
    while not world.machines.started:  # find the stop right after StartExecution
        world = World()
        world.store.kill_after = writes_before_the_last
        writes_before_the_last += 1
        with pytest.raises(Killed):
            dispatch(world.dispatcher, event(DAILY, MIDNIGHT))
    world.store.kill_after = None
    assert [queued.run_id for queued in DagState(world.store, "etl").queue()] == [
        "scheduled__2024-01-20T00:00:00+00:00"
    ]
    world.end(name(20))
    assert dict(DagState(world.store, "etl").active()) == {}
    assert list(DagState(world.store, "etl").queue()) == []
    assert world.machines.started == [name(20)]


@settings(max_examples=6, deadline=None)
@given(st.data())
def test_fifty_runs_compete_for_four_places(data: st.DataObject) -> None:
    """Events come up to three times and late, ends get lost, executions end in any order."""
    world = World()
    deliveries = [MIDNIGHT + timedelta(hours=hour) for hour in range(50) for _ in range(data.draw(st.integers(1, 3)))]
    for at in deliveries:
        world.now = at
        dispatch(world.dispatcher, event(HOURLY, at, max_active_runs=4))
        one_ends: bool = data.draw(st.booleans())
        if one_ends and world.machines.running:
            ending = data.draw(st.sampled_from(sorted(world.machines.running)))
            world.end(ending, report=data.draw(st.integers(0, 4)) > 0)
    while world.machines.running or list(DagState(world.store, "etl").queue()):
        if world.machines.running:
            world.end(sorted(world.machines.running)[-1])
        else:  # every end was lost: the next event finds out
            dispatch(world.dispatcher, event(HOURLY, world.now, max_active_runs=4))
    expected = [MIDNIGHT + timedelta(hours=hour) for hour in range(50)]
    assert world.machines.started == [name(at.day, hour=at.hour) for at in expected]
    assert world.machines.most_at_once <= 4


def test_a_dag_whose_last_runs_failed_is_paused_and_its_queue_waits() -> None:
    world = World()
    spec = {"max_consecutive_failed_dag_runs": 2, "max_active_runs": 1}
    for hours in range(5):
        world.now = MIDNIGHT + timedelta(hours=hours)
        dispatch(world.dispatcher, {**event(HOURLY, world.now), **spec})
    for state in ("failed", "success", "failed", "failed"):
        assert not DagState(world.store, "etl").is_paused
        world.end(world.machines.started[-1], state=state)
    assert DagState(world.store, "etl").is_paused
    assert len(world.machines.started) == 4
    assert len(list(DagState(world.store, "etl").queue())) == 1
    DagState(world.store, "etl").set_paused(False)
    dispatch(world.dispatcher, {**event(HOURLY, None), **spec})
    assert len(world.machines.started) == 5


def test_a_run_that_somebody_started_elsewhere_takes_a_place() -> None:
    world = World()
    state = DagState(world.store, "etl")
    state.occupy("manual__1", "by-hand")
    dispatch(world.dispatcher, event(DAILY, MIDNIGHT, max_active_runs=1))
    assert world.machines.started == []
    assert world.store.read("waiting", "dag/etl") is not None  # the sweep looks after it
    state.release("manual__1", "by-hand")
    dispatch(world.dispatcher, event(DAILY, MIDNIGHT, max_active_runs=1))
    assert world.machines.started == [name(20)]


def test_runs_whose_tasks_depend_on_the_past_are_announced() -> None:
    world = World()
    dispatch(world.dispatcher, {**event(DAILY, MIDNIGHT), "depends_on_past": True})
    assert [item["sk"] for item in world.store.query("dag/etl", "due/")] == [
        "due/2024-01-19T00:00:00+00:00/scheduled__2024-01-20T00:00:00+00:00"
    ]
