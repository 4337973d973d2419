"""A fixed length of time in EventBridge Scheduler's dialect, counted from an anchor.

Scheduler has `rate(…)`, but a rate counts from its start date, which may not lie in the past, so it would lose the
anchor with each deployment. A length that divides a day, a week or a year's months is a cron in UTC instead;
anything else (40 days, 7 minutes) is left to one-time schedules.

>>> from datetime import UTC
>>> from_delta(Delta(5400.0), datetime(2024, 1, 1, 0, 30, tzinfo=UTC))      # every 90 minutes
('cron(0 2/3 * * ? *)', 'cron(30 0/3 * * ? *)')
>>> from_delta(Delta(None, {"months": 3}), datetime(2024, 2, 5, tzinfo=UTC))
('cron(0 0 5 2,5,8,11 ? *)',)
>>> from_delta(Delta(40 * 86400.0), datetime(2024, 1, 1, tzinfo=UTC)) is None
True
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from dag_translator.schedule.cron_dialect import field_text
from lambdas.timetables.delta import Delta

_DAY = 24 * 60  # minutes
_MOST_EXPRESSIONS = 6


def from_delta(delta: Delta, anchor: datetime) -> tuple[str, ...] | None:
    """Expressions in UTC that fire at `anchor` and every `delta` before and after it; None if there are none."""
    if anchor.second or anchor.microsecond:
        return None
    seconds = delta.fixed_seconds
    if seconds is None:
        return _monthly(delta, anchor)
    minutes, rest = divmod(seconds, 60)
    if rest:
        return None
    if minutes == 7 * _DAY:
        # 1 is Sunday.
        return (f"cron({anchor.minute} {anchor.hour} ? * {anchor.isoweekday() % 7 + 1} *)",)
    return _within_a_day(int(minutes), anchor) if _DAY % minutes == 0 else None


def _within_a_day(step: int, anchor: datetime) -> tuple[str, ...] | None:
    hours_of: dict[int, set[int]] = defaultdict(set)
    for time in range((anchor.hour * 60 + anchor.minute) % step, _DAY, step):
        hours_of[time % 60].add(time // 60)
    minutes_of: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for minute, hours in sorted(hours_of.items()):
        minutes_of[tuple(sorted(hours))].append(minute)
    if len(minutes_of) > _MOST_EXPRESSIONS:
        return None
    return tuple(
        f"cron({_all_or(minutes, 60)} {_all_or(list(hours), 24)} * * ? *)" for hours, minutes in minutes_of.items()
    )


def _all_or(values: list[int], count: int) -> str:
    return "*" if len(values) == count else field_text(values, count - 1)


def _monthly(delta: Delta, anchor: datetime) -> tuple[str, ...] | None:
    if not set(delta.parts) <= {"years", "months"} or anchor.day > 28:
        return None
    step = delta.parts.get("years", 0) * 12 + delta.parts.get("months", 0)
    if 12 % step:
        return None
    months = sorted((anchor.month - 1 + step * turn) % 12 + 1 for turn in range(12 // step))
    return (f"cron({anchor.minute} {anchor.hour} {anchor.day} {_all_or_months(months)} ? *)",)


def _all_or_months(months: list[int]) -> str:
    return "*" if len(months) == 12 else ",".join(map(str, months))
