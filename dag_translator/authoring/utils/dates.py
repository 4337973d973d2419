"""`airflow.utils.dates`, which Airflow 3 removed and many files still use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dag_translator.authoring.dates import parse


def days_ago(n: int, hour: int = 0, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime:
    """Midnight (or the given time) UTC, n days ago."""
    today = datetime.now(UTC).replace(hour=hour, minute=minute, second=second, microsecond=microsecond)
    return today - timedelta(days=n)


def round_time(dt: datetime, delta: timedelta, start_date: datetime | None = None) -> datetime:
    """The multiple of delta, counted from start_date, that is nearest to dt."""
    start = start_date or datetime(1970, 1, 1, tzinfo=dt.tzinfo)
    return start + round((dt - start) / delta) * delta


def date_range(
    start_date: datetime, end_date: datetime | None = None, num: int | None = None, delta: Any = None
) -> list[datetime]:
    """Dates from start_date to end_date, or num of them, delta (a timedelta) apart."""
    if not isinstance(delta, timedelta):
        raise TypeError("date_range takes a timedelta; for cron use croniter")
    found: list[datetime] = []
    moment = start_date
    while (end_date is None or moment <= end_date) and (num is None or len(found) < abs(num)):
        found.append(moment)
        moment += delta
        if end_date is None and num is None:
            break
    return found


def parse_execution_date(execution_date_str: str) -> datetime:
    return parse(execution_date_str)
