"""Dates as people type them and as the runtime stores them.

>>> as_instant("2024-01-15").isoformat()
'2024-01-15T00:00:00+00:00'
>>> print(as_instant("manual__2024"))
None
"""

from __future__ import annotations

from datetime import UTC, datetime


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
