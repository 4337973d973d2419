"""Timetables at run time, against what Airflow 3.3.2 answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from lambdas.timetables.instants import parse
from lambdas.timetables.timetable import Timetable, timetable_from_spec
from tests.schedule.airflow_data import at, cron_cases, cron_fields, other_cases, windows

NEW_YORK = "America/New_York"


def intervals(timetable: Timetable, after: datetime, count: int) -> list[tuple[datetime, datetime]]:
    return [(run.data_interval_start, run.data_interval_end) for run in islice(timetable.runs(after), count)]


def test_runs_and_intervals_of_crons_are_airflows() -> None:
    compared = 0
    for case in cron_cases():
        for start, after, expected in windows(case):
            spec = {"timetable": cron_fields(case), "start_date": start.isoformat()}
            found = intervals(timetable_from_spec(spec), after, len(expected))
            assert found == expected, (case["kind"], case["expression"], case["timezone"], start)
            compared += len(expected)
    assert compared > 12_000  # the data must not silently vanish


def test_manual_data_intervals_of_crons_are_airflows() -> None:
    for case in cron_cases():
        timetable = timetable_from_spec({"timetable": cron_fields(case)})
        for run_after, start, end in case["manual"]:
            assert timetable.infer_manual_data_interval(at(run_after)) == (at(start), at(end)), case["expression"]


def test_a_late_start_gives_the_same_runs_as_walking_from_the_start_date() -> None:
    """`runs` begins near `after`; a walk from the start date must not differ, clock changes included."""
    rare = ("0 * 1 1 *", "0 * * * 1", "*/20 0-3 * * 0,6", "30 1,2 * * *", "15 3 29 2 *")
    for expression in rare:
        fields = {"type": "cron_trigger", "expressions": [expression], "timezone": NEW_YORK}
        timetable = timetable_from_spec({"timetable": fields, "start_date": "2024-01-01T00:00:00"})
        walked = list(islice(timetable.runs(datetime(2023, 12, 31, tzinfo=UTC)), 300))
        for index in range(0, len(walked) - 3, 23):
            assert timetable.next_runs(walked[index].run_after, 2) == walked[index + 1 : index + 3], expression


@pytest.mark.parametrize(
    "case", other_cases("deltas"), ids=lambda case: f"{case['kind']}-{case['delta']}-{case['start']}"
)
def test_deltas_are_airflows(case: dict[str, Any]) -> None:
    fields = {"type": case["kind"], "delta": case["delta"], "interval": {"seconds": 3600}}
    spec = {"timetable": fields, "start_date": case["start"], "timezone": case["timezone"]}
    timetable = timetable_from_spec(spec)
    expected = [(at(start), at(end)) for start, end in case["runs"]]
    assert intervals(timetable, parse(case["start"]) - timedelta(seconds=1), len(expected)) == expected
    middle = expected[6][1]
    assert intervals(timetable, middle, 5) == expected[7:12]
    for run_after, start, end in case["manual"]:
        assert timetable.infer_manual_data_interval(at(run_after)) == (at(start), at(end))


@pytest.mark.parametrize("case", other_cases("multi"), ids=lambda case: " ".join(case["expressions"]))
def test_several_crons_are_airflows(case: dict[str, Any]) -> None:
    fields = {
        "type": "cron_trigger",
        "expressions": case["expressions"],
        "timezone": case["timezone"],
        "interval": {"seconds": case["interval"]},
    }
    for window in case["windows"]:
        timetable = timetable_from_spec({"timetable": fields, "start_date": at(window["earliest"]).isoformat()})
        expected = [(at(start), at(end)) for start, end in window["runs"]]
        assert intervals(timetable, at(window["earliest"] - 1), len(expected)) == expected


def spec(fields: dict[str, Any], **dates: str) -> Timetable:
    return timetable_from_spec({"timetable": fields, **dates})


DAILY = {"type": "cron_interval", "expression": "0 0 * * *", "timezone": "UTC"}


def test_run_for_is_the_run_of_an_instant_within_the_dates() -> None:
    timetable = spec(DAILY, start_date="2024-01-10T00:00:00+00:00", end_date="2024-01-12T00:00:00+00:00")

    def logical(day: int, hour: int = 0) -> str | None:
        run = timetable.run_for(datetime(2024, 1, day, hour, tzinfo=UTC))
        return run.logical_date.isoformat() if run else None

    assert logical(10) is None  # its interval begins before the start date
    assert logical(11) == "2024-01-10T00:00:00+00:00"
    assert logical(13) == "2024-01-12T00:00:00+00:00"  # the end date bounds the logical date
    assert logical(14) is None
    assert logical(12, 5) is None  # no run's instant


def test_run_id_and_json() -> None:
    run = spec(DAILY).run_for(datetime(2024, 1, 11, tzinfo=UTC))
    assert run is not None
    assert run.run_id == "scheduled__2024-01-11T00:00:00+00:00"
    assert run.to_json() == {
        "logical_date": "2024-01-10T00:00:00+00:00",
        "data_interval_start": "2024-01-10T00:00:00+00:00",
        "data_interval_end": "2024-01-11T00:00:00+00:00",
        "run_after": "2024-01-11T00:00:00+00:00",
    }


def test_runs_between_takes_both_ends() -> None:
    between = spec(DAILY, start_date="2030-01-01").runs_between(
        datetime(2024, 1, 1, 5, tzinfo=UTC), datetime(2024, 1, 4, tzinfo=UTC)
    )
    assert [run.logical_date.day for run in between] == [2, 3, 4]


def test_missed_runs() -> None:
    timetable = spec(DAILY, start_date="2024-01-01T00:00:00+00:00")
    now = datetime(2024, 1, 5, 12, tzinfo=UTC)
    assert [run.run_after.day for run in timetable.missed_runs(None, now, catchup=True)] == [2, 3, 4, 5]
    assert [run.run_after.day for run in timetable.missed_runs(None, now, catchup=False)] == [5]
    last = datetime(2024, 1, 4, tzinfo=UTC)
    assert [run.run_after.day for run in timetable.missed_runs(last, now, catchup=True)] == [5]
    assert list(timetable.missed_runs(datetime(2024, 1, 5, tzinfo=UTC), now, catchup=False)) == []
    assert list(spec(DAILY).missed_runs(None, now, catchup=True)) == []


def first_run(fields: dict[str, Any], now: datetime, last: datetime | None = None, **dates: str) -> datetime | None:
    """When the run is due that a DAG without catchup starts at `now`."""
    found = list(spec(fields, **dates).missed_runs(last, now, catchup=False))
    assert len(found) <= 1
    return found[0].run_after if found else None


HOURLY = {"type": "cron_trigger", "expressions": ["0 * * * *"], "timezone": "UTC"}


@pytest.mark.parametrize(
    ("immediately", "minute", "starts"),
    [
        (None, 5, True),
        (None, 6, True),
        (None, 7, False),
        (True, 59, True),
        (600, 10, True),
        (600, 11, False),
    ],
)
def test_the_first_run_of_a_trigger_without_start_date(immediately: Any, minute: int, starts: bool) -> None:
    """As Airflow 3.3.2's CronTriggerTimetable: a tenth of the way to the next run, at least five minutes."""
    fields = HOURLY if immediately is None else {**HOURLY, "run_immediately": immediately}
    now = datetime(2024, 1, 5, 12, minute, tzinfo=UTC)
    assert first_run(fields, now) == (datetime(2024, 1, 5, 12, tzinfo=UTC) if starts else None)
    assert first_run(fields, now, last=datetime(2024, 1, 5, 12, tzinfo=UTC)) is None


def test_the_first_run_of_an_interval_without_start_date_is_that_of_the_last_whole_one() -> None:
    now = datetime(2024, 1, 5, 12, tzinfo=UTC)
    assert first_run(DAILY, now) == datetime(2024, 1, 5, tzinfo=UTC)
    assert first_run({**DAILY, "expression": "0 0 29 2 *"}, now) == datetime(2020, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize("fields", [DAILY, {**HOURLY, "expressions": ["0 0 * * *"]}], ids=["interval", "trigger"])
def test_after_the_end_date_no_earlier_run_is_made_up_for(fields: dict[str, Any]) -> None:
    now, start = datetime(2024, 1, 9, 12, tzinfo=UTC), "2024-01-01T00:00:00+00:00"
    assert first_run(fields, now, start_date=start, end_date="2024-01-05T00:00:00+00:00") is None
    assert first_run(fields, now, start_date=start, end_date="2024-01-09T00:00:00+00:00") == now.replace(hour=0)


@pytest.mark.parametrize("fields", [DAILY, HOURLY, {"type": "delta_interval", "delta": {"seconds": 86400}}])
def test_a_start_date_at_the_beginning_of_time(fields: dict[str, Any]) -> None:
    now = datetime(2024, 1, 5, 0, 30, tzinfo=UTC)
    assert first_run(fields, now, start_date="0001-01-01T00:00:00+00:00") == datetime(2024, 1, 5, tzinfo=UTC)


def test_of_several_crons_each_has_its_own_last_instant() -> None:
    """So Airflow 3.3.2: one whose last instant lies after the end date does not stand in with the one before."""
    several = {**HOURLY, "expressions": ["0 0 * * *", "0 6 * * *"]}
    start, end = "2024-01-01T00:00:00+00:00", "2024-01-09T03:00:00+00:00"
    noon, later = datetime(2024, 1, 9, 12, tzinfo=UTC), datetime(2024, 1, 10, 3, tzinfo=UTC)
    assert first_run(several, noon, start_date=start, end_date=end) == datetime(2024, 1, 9, tzinfo=UTC)
    assert first_run(several, later, start_date=start, end_date=end) is None


def test_a_dag_without_schedule() -> None:
    timetable = timetable_from_spec(None)
    now = datetime(2024, 1, 5, 12, tzinfo=UTC)
    assert timetable.next_runs(now, 3) == []
    assert timetable.infer_manual_data_interval(now) == (now, now)


def test_events() -> None:
    dates = ["2024-03-01T00:00:00+00:00", "2024-01-01T00:00:00+00:00"]
    timetable = spec({"type": "events", "dates": dates, "restrict": True})
    first, second = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)
    assert [run.run_after for run in timetable.next_runs(first - timedelta(days=1), 5)] == [first, second]
    assert timetable.infer_manual_data_interval(datetime(2024, 2, 1, tzinfo=UTC)) == (first, first)
    assert timetable.infer_manual_data_interval(datetime(2023, 2, 1, tzinfo=UTC)) == (first, first)
