"""The evaluator of EventBridge Scheduler's expressions, by the examples and rules of AWS's documentation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from dag_translator.schedule.fires import expression_fires, fire_times

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


def fires(
    expression: str, timezone: str = "UTC", after: datetime = NEW_YEAR, count: int = 3, **bounds: str
) -> list[str]:
    entry = {"expression": expression, "timezone": timezone, **bounds}
    return [f"{moment:%Y-%m-%dT%H:%M}" for moment in islice(expression_fires(entry, after), count)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 10 * * ? *)", ["2024-01-01T10:00", "2024-01-02T10:00", "2024-01-03T10:00"]),
        ("cron(15 10 ? * 6L 2024-2025)", ["2024-01-26T10:15", "2024-02-23T10:15", "2024-03-29T10:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2024-01-01T18:00", "2024-01-02T18:00", "2024-01-03T18:00"]),
        ("cron(0/15 * * * ? *)", ["2024-01-01T00:15", "2024-01-01T00:30", "2024-01-01T00:45"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["2024-01-01T08:00", "2024-01-01T08:05", "2024-01-01T08:10"]),
        ("cron(0 0 ? * 3#2 *)", ["2024-01-09T00:00", "2024-02-13T00:00", "2024-03-12T00:00"]),  # second Tuesday
        ("cron(0 0 3W * ? *)", ["2024-01-03T00:00", "2024-02-02T00:00", "2024-03-04T00:00"]),
        ("cron(0 0 L FEB ? *)", ["2024-02-29T00:00", "2025-02-28T00:00", "2026-02-28T00:00"]),
        ("cron(0 0 ? * 1 *)", ["2024-01-07T00:00", "2024-01-14T00:00", "2024-01-21T00:00"]),  # 1 is Sunday
        ("cron(0 0 ? * 2#5 *)", ["2024-01-29T00:00", "2024-04-29T00:00", "2024-07-29T00:00"]),
        ("cron(0 0 1 1 ? 2025)", ["2025-01-01T00:00"]),
        ("at(2024-02-01T05:00:00)", ["2024-02-01T05:00"]),
        ("at(2023-02-01T05:00:00)", []),
    ],
)
def test_documented_expressions(expression: str, expected: list[str]) -> None:
    assert fires(expression) == expected


def test_a_skipped_hour_is_left_out_and_a_repeated_one_fires_once() -> None:
    before_spring = datetime(2024, 3, 9, tzinfo=UTC)
    assert fires("cron(30 2 * * ? *)", "America/New_York", before_spring) == [
        "2024-03-09T07:30",
        "2024-03-11T06:30",
        "2024-03-12T06:30",
    ]
    before_autumn = datetime(2024, 11, 3, tzinfo=UTC)
    assert fires("cron(30 1 * * ? *)", "America/New_York", before_autumn, 2) == ["2024-11-03T05:30", "2024-11-04T06:30"]


def test_a_rate_counts_from_its_start_in_absolute_time() -> None:
    start = "2024-03-09T12:00:00+00:00"
    assert fires("rate(1 day)", "America/New_York", start=start) == [
        "2024-03-09T12:00",
        "2024-03-10T12:00",
        "2024-03-11T12:00",
    ]
    late = datetime(2024, 3, 9, 20, 1, tzinfo=UTC)
    assert fires("rate(5 hours)", after=late, count=2, start=start) == ["2024-03-09T22:00", "2024-03-10T03:00"]
    assert fires("rate(5 hours)", count=1) == ["2024-01-01T00:00"]  # at once


def test_bounds() -> None:
    found = fires("cron(0 0 * * ? *)", start="2024-01-03T00:00:00+00:00", end="2024-01-04T00:00:00+00:00")
    assert found == ["2024-01-03T00:00", "2024-01-04T00:00"]


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(0 10 * * ?)",
        "cron(60 10 * * ? *)",
        "cron(0 10 ? * 0 *)",
        "cron(0 10 10-5 * ? *)",
        "rate(0 minutes)",
        "0 5 * * *",
    ],
)
def test_what_scheduler_refuses(expression: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        fires(expression)


def test_an_instant_of_two_expressions_is_one() -> None:
    entries = [{"expression": text, "timezone": "UTC"} for text in ("cron(0 0 1 * ? *)", "cron(0 0 ? * 2 *)")]
    found = islice(fire_times({"kind": "cron", "expressions": entries}, NEW_YEAR - timedelta(days=1)), 3)
    assert [moment.day for moment in found] == [1, 8, 15]  # 1 January 2024 is a Monday


def test_no_schedule_never_fires() -> None:
    assert list(fire_times(None, NEW_YEAR)) == []
