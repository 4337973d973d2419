"""next_executions reads the emitted expressions, and finds the run of each instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dag_translator.schedule import next_executions, schedule_of
from tests.schedule.live import FakeDag

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


def upcoming(schedule: Any, n: int = 2, after: datetime = NEW_YEAR, **arguments: Any) -> list[dict[str, str]]:
    return next_executions({"schedule": schedule_of(FakeDag(schedule, **arguments))[0]}, n, after)


def test_a_daily_dag() -> None:
    assert upcoming("@daily", n=1) == [
        {
            "fires_at": "2024-01-02T00:00:00+00:00",
            "logical_date": "2024-01-01T00:00:00+00:00",
            "data_interval_start": "2024-01-01T00:00:00+00:00",
            "data_interval_end": "2024-01-02T00:00:00+00:00",
        }
    ]


def test_it_reads_the_expressions_and_not_the_cron() -> None:
    schedule, _ = schedule_of(FakeDag("@daily"))
    assert schedule is not None
    (entry,) = schedule["expressions"]
    weekly = {**schedule, "expressions": [{**entry, "expression": "cron(0 0 ? * 4 *)"}]}
    found = next_executions({"schedule": weekly}, 2, NEW_YEAR)
    assert [run["fires_at"][:10] for run in found] == ["2024-01-03", "2024-01-10"]


def test_a_renewed_schedule() -> None:
    found = upcoming(timedelta(days=40), n=3, after=datetime(2024, 5, 1, tzinfo=UTC), catchup=True)
    assert [run["fires_at"][:10] for run in found] == ["2024-06-09", "2024-07-19", "2024-08-28"]
    assert found[0]["logical_date"] == "2024-04-30T00:00:00+00:00"


def test_none_for_a_dag_without_schedule_and_few_when_it_ends() -> None:
    assert upcoming(None) == []
    assert len(upcoming("@daily", n=9, end_date=datetime(2024, 1, 3, tzinfo=UTC))) == 3
    ended = datetime(2024, 3, 1, tzinfo=UTC)
    assert upcoming(timedelta(days=40), n=9, end_date=datetime(2024, 1, 3, tzinfo=UTC), after=ended) == []


def test_once() -> None:
    (only,) = upcoming("@once", n=3, after=datetime(2023, 1, 1, tzinfo=UTC))
    assert only["fires_at"] == only["logical_date"] == "2024-01-01T00:00:00+00:00"
