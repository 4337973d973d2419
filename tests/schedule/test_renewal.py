"""One-time schedules for what Scheduler can't say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from lambdas.dispatcher import dispatch
from lambdas.scheduling.renewal import AHEAD, one_time_schedules, schedule_name
from tests.schedule.world import World, event

ODD = {"type": "cron_trigger", "expressions": ["30 2 * * *"], "timezone": "America/New_York"}
SPRING = datetime(2024, 3, 10, tzinfo=UTC)


def test_a_renewal_makes_the_schedules_of_the_hours_ahead_once() -> None:
    world = World(now=SPRING)
    answer = dispatch(world.dispatcher, event(ODD, SPRING))
    assert answer == {"started": [], "dropped": None, "renewed": 1}
    world.now += timedelta(hours=6)
    assert dispatch(world.dispatcher, event(ODD, world.now))["renewed"] == 0
    ((name, request),) = world.scheduler.made.items()
    assert name == schedule_name("etl", datetime(2024, 3, 10, 7, 30, tzinfo=UTC))
    assert (request["ScheduleExpression"], request["ScheduleExpressionTimezone"]) == ("at(2024-03-10T07:30:00)", "UTC")
    assert request["ActionAfterCompletion"] == "DELETE"
    assert request["Target"]["DeadLetterConfig"] == {"Arn": "arn:lost"}
    assert world.machines.started == []


def test_what_it_makes_starts_the_run() -> None:
    world = World(now=SPRING)
    dispatch(world.dispatcher, event(ODD, SPRING))
    (request,) = world.scheduler.made.values()
    answer = dispatch(world.dispatcher, json.loads(request["Target"]["Input"]))
    assert answer["started"] == ["scheduled__2024-03-10T07:30:00+00:00"]


def test_an_unpause_renews_too_and_its_one_time_schedules_are_plain_ones() -> None:
    world = World(now=SPRING)
    answer = dispatch(world.dispatcher, event(ODD, None))
    assert answer["started"] == ["scheduled__2024-03-09T07:30:00+00:00"]  # the latest missed one
    (request,) = world.scheduler.made.values()
    made = json.loads(request["Target"]["Input"])
    assert "activate" not in made
    assert dispatch(world.dispatcher, made)["started"] == ["scheduled__2024-03-10T07:30:00+00:00"]


def test_a_late_renewal_moves_what_is_about_to_pass_but_keeps_its_instant() -> None:
    spec = {"timetable": {"type": "delta_trigger", "delta": {"seconds": 420}}, "start_date": "2024-03-10T00:00:00"}
    late = SPRING + timedelta(minutes=8)
    made = list(one_time_schedules(spec, SPRING, late))
    assert [one.scheduled_time for one in made[:3]] == [SPRING + timedelta(minutes=minutes) for minutes in (0, 7, 14)]
    assert [one.expression for one in made[:3]] == [
        "at(2024-03-10T00:09:30)",
        "at(2024-03-10T00:09:30)",
        "at(2024-03-10T00:14:00)",
    ]
    assert made[-1].scheduled_time <= SPRING + AHEAD


def test_names_are_distinct_and_fit() -> None:
    long = "a_very_long_dag_id_" * 6
    names = {schedule_name(long, SPRING + timedelta(minutes=minute)) for minute in range(100)}
    names |= {schedule_name(f"{long}2", SPRING)}
    assert len(names) == 101
    assert all(len(name) <= 64 for name in names)
