"""Dates as people type them and as the runtime stores them.

>>> as_instant("2024-01-15").isoformat()
'2024-01-15T00:00:00+00:00'
>>> print(as_instant("manual__2024"))
None
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdas.storage.records import DagRun


def as_instant(text: str) -> datetime | None:
    """An ISO 8601 date or time, in UTC unless it says otherwise; None for anything else."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def seconds_between(start: str | None, end: str | None) -> float | None:
    """Seconds between two stored times; None if either is missing."""
    first, last = (as_instant(text) if text else None for text in (start, end))
    return (last - first).total_seconds() if first is not None and last is not None else None


def between(runs: Iterable[DagRun], first: datetime | None, last: datetime | None) -> Iterator[DagRun]:
    """The runs whose logical dates lie between the two, both inclusive; one without a date if neither is given."""
    for run in runs:
        date = as_instant(run.logical_date) if run.logical_date else None
        if date is None:
            lies_between = first is None and last is None
        else:
            lies_between = (first is None or first <= date) and (last is None or date <= last)
        if lies_between:
            yield run
