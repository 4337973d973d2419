"""Airflow's schedules as EventBridge Scheduler expressions: the exact text, and that they fire at Airflow's
instants.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from dag_translator.schedule import fire_times
from dag_translator.schedule.emit import RENEWAL, emit
from lambdas.timetables.instants import transitions, zone
from lambdas.timetables.timetable import timetable_from_spec
from tests.schedule.airflow_data import cron_cases, cron_fields, other_cases, windows

ZONES = [
    "UTC",
    "Asia/Seoul",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",  # half an hour of daylight saving
    "America/Santiago",  # changes at midnight
    "Africa/Casablanca",  # changes four times a year in some years
    "Asia/Kolkata",
    "Pacific/Chatham",
    "+05:30",
    "-03:00",
]


def cron(expression: str, timezone: str = "UTC", **more: Any) -> dict[str, Any]:
    return emit({"timetable": {"type": "cron_interval", "expression": expression, "timezone": timezone}, **more})


def expressions(schedule: dict[str, Any]) -> list[str]:
    return [f"{entry['expression']} {entry['timezone']}" for entry in schedule["expressions"]]


@pytest.mark.parametrize(
    ("given_cron", "timezone", "expected"),
    [
        ("0 5 * * *", "Asia/Seoul", ["cron(0 5 * * ? *) Asia/Seoul"]),
        ("0 5 * * *", "America/New_York", ["cron(0 5 * * ? *) America/New_York"]),
        ("*/15 * * * *", "America/New_York", ["cron(0/15 * * * ? *) UTC"]),
        ("*/15 * * * *", "Asia/Kolkata", ["cron(0/15 * * * ? *) Asia/Kolkata"]),
        ("5 * * * *", "+05:30", ["cron(35 * * * ? *) UTC"]),
        ("0 9 * * *", "+09:00", ["cron(0 9 * * ? *) Etc/GMT-9"]),
        ("0 9 * * MON-FRI", "UTC", ["cron(0 9 ? * 2-6 *) UTC"]),
        ("0 0 * * 0", "UTC", ["cron(0 0 ? * 1 *) UTC"]),
        ("0 0 * * 7", "UTC", ["cron(0 0 ? * 1 *) UTC"]),
        ("0 0 * * 5,7", "UTC", ["cron(0 0 ? * 1,6 *) UTC"]),
        ("0 0 13 * 5", "UTC", ["cron(0 0 13 * ? *) UTC", "cron(0 0 ? * 6 *) UTC"]),
        ("0 0 L * *", "UTC", ["cron(0 0 L * ? *) UTC"]),
        ("0 0 1,L * *", "UTC", ["cron(0 0 1 * ? *) UTC", "cron(0 0 L * ? *) UTC"]),
        ("0 0 15W * *", "UTC", ["cron(0 0 15W * ? *) UTC"]),
        ("0 0 * * 5#2", "UTC", ["cron(0 0 ? * 6#2 *) UTC"]),
        ("0 0 * * 1#1,3#3", "UTC", ["cron(0 0 ? * 2#1 *) UTC", "cron(0 0 ? * 4#3 *) UTC"]),
        ("0 0 * * L5", "UTC", ["cron(0 0 ? * 6L *) UTC"]),
        ("0 0 */7 * *", "UTC", ["cron(0 0 1/7 * ? *) UTC"]),
        ("0 6 1 JAN,apr,7,10 *", "UTC", ["cron(0 6 1 1/3 ? *) UTC"]),
        ("0 22-2 * * *", "UTC", ["cron(0 0,1,2,22,23 * * ? *) UTC"]),
        ("0 5 * * * 0", "UTC", ["cron(0 5 * * ? *) UTC"]),
        ("@quarterly", "UTC", ["cron(0 0 1 1/3 ? *) UTC"]),
        # Never in February: that half is left out.
        ("0 0 31 2 1", "UTC", ["cron(0 0 ? 2 2 *) UTC"]),
    ],
)
def test_cron(given_cron: str, timezone: str, expected: list[str]) -> None:
    schedule = cron(given_cron, timezone)
    assert schedule["kind"] == "cron"
    assert expressions(schedule) == expected


@pytest.mark.parametrize(
    ("given_cron", "timezone"),
    [
        ("30 2 * * *", "America/New_York"),  # skipped in spring: Airflow runs at 03:30, Scheduler not at all
        ("30 1 * * *", "America/New_York"),  # repeated in autumn: Airflow takes the second one
        ("*/15 * * * 1-5", "America/New_York"),  # every hour, but not every day
        ("0 * * * *", "Australia/Lord_Howe"),
        ("0 9 * * *", "+05:30"),  # no such zone has a name
        ("0 0 31W * *", "UTC"),  # the nearest weekday to a day that most months lack
        ("0 0 1 * 2#1", "UTC"),  # croniter's reading of both at once
        ("0 5 * * * 30", "UTC"),  # half a minute past
    ],
)
def test_what_scheduler_cannot_say_is_renewed(given_cron: str, timezone: str) -> None:
    schedule = cron(given_cron, timezone)
    assert schedule["kind"] == "renewed"
    assert expressions(schedule) == [f"{RENEWAL} UTC"]
    assert schedule["spec"]["renewed"] is True


@pytest.mark.parametrize(
    ("delta", "start", "expected"),
    [
        ({"seconds": 86400}, "2024-01-01T15:00:00", ["cron(0 15 * * ? *) UTC"]),
        ({"seconds": 6 * 3600}, "2024-01-01T00:30:00", ["cron(30 0/6 * * ? *) UTC"]),
        ({"seconds": 60}, "2024-01-01T00:00:00", ["cron(* * * * ? *) UTC"]),
        ({"seconds": 1800}, "2024-01-01T00:05:00", ["cron(5,35 * * * ? *) UTC"]),
        ({"seconds": 5400}, "2024-01-01T00:00:00", ["cron(0 0/3 * * ? *) UTC", "cron(30 1/3 * * ? *) UTC"]),
        ({"seconds": 7 * 86400}, "2024-01-07T03:00:00", ["cron(0 3 ? * 1 *) UTC"]),
        ({"relative": {"months": 1}}, "2024-01-05T00:00:00", ["cron(0 0 5 * ? *) UTC"]),
        ({"relative": {"years": 1}}, "2024-02-05T06:00:00", ["cron(0 6 5 2 ? *) UTC"]),
        ({"relative": {"days": 1}}, "2024-02-05T06:00:00", ["cron(0 6 * * ? *) UTC"]),
    ],
)
def test_delta(delta: dict[str, Any], start: str, expected: list[str]) -> None:
    assert expressions(emit({"timetable": {"type": "delta_interval", "delta": delta}, "start_date": start})) == expected


@pytest.mark.parametrize(
    "delta",
    [
        {"seconds": 40 * 86400},
        {"seconds": 5 * 3600},
        {"seconds": 7 * 60},
        {"seconds": 450},
        {"relative": {"months": 5}},
        {"relative": {"months": 1, "day": 31}},
    ],
)
def test_odd_deltas_are_renewed_and_exact(delta: dict[str, Any]) -> None:
    spec = {"timetable": {"type": "delta_trigger", "delta": delta}, "start_date": "2024-01-01T00:00:00"}
    schedule = emit(spec)
    assert schedule["kind"] == "renewed"
    assert_fires_as_the_timetable(spec, datetime(2024, 3, 1, 7, 3, tzinfo=UTC), 40)


def assert_fires_as_the_timetable(spec: dict[str, Any], after: datetime, count: int) -> int:
    """Expected and found instants are the same, from `after` on; how many were compared."""
    timetable = timetable_from_spec(spec)
    until = after + timedelta(days=1200)
    expected = [run.run_after for run in islice(timetable.runs(after), count) if run.run_after < until]
    found = list(islice(fire_times(emit(spec), after), len(expected)))
    assert found == expected, (spec, after)
    return len(expected)


def test_emitted_expressions_fire_at_the_instants_that_airflow_gave() -> None:
    compared = 0
    for case in cron_cases():
        if case["kind"] != "cron_trigger":
            continue
        for start, after, expected in windows(case):
            schedule = emit({"timetable": cron_fields(case), "start_date": start.isoformat()})
            found = list(islice(fire_times(schedule, after), len(expected)))
            assert found == [end for _, end in expected], (case["expression"], case["timezone"], start)
            compared += len(expected)
    assert compared > 4_000


def test_several_crons_fire_at_the_instants_that_airflow_gave() -> None:
    for case in other_cases("multi"):
        fields = {"type": "cron_trigger", "expressions": case["expressions"], "timezone": case["timezone"]}
        for window in case["windows"]:
            start = datetime.fromtimestamp(window["earliest"], UTC)
            schedule = emit({"timetable": fields, "start_date": start.isoformat()})
            expected = [end for _, end in window["runs"]]
            found = islice(fire_times(schedule, start - timedelta(seconds=1)), len(expected))
            assert [int(moment.timestamp()) for moment in found] == expected


def field(low: int, high: int, star: int) -> st.SearchStrategy[str]:
    """One cron field between low and high; `star` of ten are `*`."""
    number = st.integers(low, high)
    pair = st.tuples(number, number).map(sorted)
    others = st.one_of(
        number.map(str),
        st.integers(2, max(2, (high - low) // 2)).map(lambda step: f"*/{step}"),
        pair.map(lambda ends: f"{ends[0]}-{ends[1]}"),
        st.tuples(pair, st.integers(2, 5)).map(lambda both: f"{both[0][0]}-{both[0][1]}/{both[1]}"),
        st.lists(number, min_size=2, max_size=3, unique=True).map(lambda some: ",".join(map(str, some))),
    )
    return st.integers(0, 9).flatmap(lambda dice: st.just("*") if dice < star else others)


DAY = st.one_of(field(1, 31, 6), field(1, 31, 6), st.just("L"), st.integers(1, 31).map(lambda day: f"{day}W"))
WEEKDAY = st.one_of(
    field(0, 7, 6),
    field(0, 7, 6),
    st.tuples(st.integers(0, 6), st.integers(1, 5)).map(lambda both: f"{both[0]}#{both[1]}"),
    st.integers(0, 6).map(lambda day: f"L{day}"),
)
CRONS = st.tuples(field(0, 59, 1), field(0, 23, 4), DAY, field(1, 12, 8), WEEKDAY).map(" ".join)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(CRONS, st.sampled_from(ZONES), st.integers(2024, 2038), st.integers(0, 366 * 24 * 60))
def test_random_crons_fire_at_exactly_airflows_instants(expression: str, timezone: str, year: int, minute: int) -> None:
    """Over years: a stretch from a random instant, and one over each change of the clock in a random year."""
    spec = {"timetable": {"type": "cron_trigger", "expressions": [expression], "timezone": timezone}}
    try:
        timetable_from_spec(spec).next_runs(datetime(year, 1, 1, tzinfo=UTC), 1)
    except ValueError:
        assume(False)  # it names no date
    event(emit(spec)["kind"])
    starts = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)]
    starts += [change - timedelta(hours=30) for change in transitions(zone(timezone), year)]
    for after in starts:
        assert_fires_as_the_timetable(spec, after, 60)


def test_bounds_let_through_the_first_and_the_last_run_only() -> None:
    schedule = cron("0 0 * * *", start_date="2024-01-10T12:00:00+00:00", end_date="2024-01-13T00:00:00+00:00")
    (entry,) = schedule["expressions"]
    assert (entry["start"], entry["end"]) == ("2024-01-11T23:59:30+00:00", "2024-01-14T00:00:30+00:00")
    found = list(fire_times(schedule, datetime(2023, 1, 1, tzinfo=UTC)))
    assert [moment.day for moment in found] == [12, 13, 14]


def test_a_dag_that_ends_before_its_first_run_has_no_expression() -> None:
    schedule = cron("0 0 1 * *", start_date="2024-01-10T00:00:00+00:00", end_date="2024-01-13T00:00:00+00:00")
    assert schedule["expressions"] == []
    assert list(fire_times(schedule, datetime(2023, 1, 1, tzinfo=UTC))) == []


def test_once_and_continuous_fire_at_the_start_date_or_at_deployment() -> None:
    start = "2030-01-01T00:00:00+00:00"
    once = emit({"timetable": {"type": "once"}, "start_date": start})
    assert (once["kind"], once["expressions"][0]["expression"]) == ("once", "rate(365 days)")
    assert list(fire_times(once, datetime(2024, 1, 1, tzinfo=UTC))) == [datetime(2030, 1, 1, tzinfo=UTC)]
    assert list(fire_times(once, datetime(2030, 1, 1, tzinfo=UTC))) == []
    assert emit({"timetable": {"type": "once"}})["expressions"][0]["start"] is None
    assert emit({"timetable": {"type": "continuous"}})["expressions"][0]["expression"] == "rate(1 hour)"


def test_events_are_one_time_schedules_that_say_when_they_are_over() -> None:
    dates = ["2024-01-01T05:00:00+00:00", "2024-03-01T00:00:00+00:00"]
    schedule = emit({"timetable": {"type": "events", "dates": dates}})
    assert [entry["expression"] for entry in schedule["expressions"]] == [
        "at(2024-01-01T05:00:00)",
        "at(2024-03-01T00:00:00)",
    ]
    assert schedule["expressions"][0]["end"] == "2024-01-01T05:00:30+00:00"
    many = [f"2024-01-01T{hour:02}:{minute:02}:00+00:00" for hour in range(3) for minute in range(30)]
    assert emit({"timetable": {"type": "events", "dates": many}})["kind"] == "renewed"
