"""Airflow's cron in EventBridge Scheduler's dialect, or the verdict that Scheduler can't say it.

    Airflow (croniter)              Scheduler
    0 5 * * *                       cron(0 5 * * ? *)          one of day-of-month and day-of-week has to be `?`
    0 9 * * MON-FRI, 0 9 * * 7      cron(0 9 ? * 2-6 *), cron(0 9 ? * 1 *)         Sunday is 0 and 7 here, 1 there
    0 0 13 * 5                      cron(0 0 13 * ? *) and cron(0 0 ? * 6 *)       both days given means *or*
    0 0 * * 5#2                     cron(0 0 ? * 6#2 *)        one `#` an expression, so a list becomes several
    0 0 1,L * *                     cron(0 0 1 * ? *) and cron(0 0 L * ? *)
    */15 * * * * in New York        cron(0/15 * * * ? *) in UTC

The last line is the point about clock changes. Scheduler leaves out what falls into the hour that spring skips and
fires once in the hour that autumn repeats; Airflow moves the first and, for an expression of every hour, fires in
both. So an expression stays in its own zone only if none of its times ever falls into such an hour; one of every
hour of every day is the same in UTC; all others are left to one-time schedules.

>>> from_cron(Cron("0 0 13 * 5", "Asia/Seoul"))
(Native('cron(0 0 13 * ? *)', 'Asia/Seoul'), Native('cron(0 0 ? * 6 *)', 'Asia/Seoul'))
>>> from_cron(Cron("30 2 * * *", "America/New_York")) is None
True

Source: EventBridge Scheduler User Guide, "Schedule types" (fields, wildcards, time zones, daylight saving).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from lambdas.timetables.cron import Cron
from lambdas.timetables.instants import offset_at, transitions

# A schedule lives for years, and zones have rules: each change of the clock in this span is looked at.
_YEARS = range(2024, 2064)
_MINUTE = timedelta(minutes=1)
_LENGTH_LIMIT = 256  # of a ScheduleExpression
Field = list[Any]


@dataclass(frozen=True, slots=True)
class Native:
    """An expression that Scheduler evaluates itself, in a time zone."""

    expression: str
    timezone: str

    def __repr__(self) -> str:
        return f"Native({self.expression!r}, {self.timezone!r})"


def from_cron(cron: Cron) -> tuple[Native, ...] | None:
    """The expressions that together fire at exactly this cron's instants; None if there are none."""
    days = list(_days(cron))
    if not days or (len(cron.fields) > 5 and cron.fields[5] != [0]):
        return None
    minutes, hours, months = cron.fields[0], cron.fields[1], cron.fields[3]
    years = cron.fields[6] if len(cron.fields) > 6 else ["*"]
    changes = [moment for year in _YEARS for moment in transitions(cron.tz, year)]
    zone_name = scheduler_zone(cron.tz)
    if changes or zone_name is None:
        if cron.every_hour:
            shift = _shift_to_utc(cron, changes)
            if shift is None or days != [("*", "?")] or months != ["*"] or years != ["*"]:
                return None
            minutes, zone_name = _shifted(minutes, shift), "UTC"
        elif zone_name is None or any(_is_disturbed(cron, change) for change in changes):
            return None
    head = f"{field_text(minutes, 59)} {field_text(hours, 23)}"
    tail = f"{field_text(years, 2199)}"
    month = field_text(months, 12)
    found = tuple(Native(f"cron({head} {dom} {month} {dow} {tail})", zone_name) for dom, dow in days)
    return found if all(len(native.expression) <= _LENGTH_LIMIT for native in found) else None


def scheduler_zone(tz: tzinfo) -> str | None:
    """The IANA name of a zone; a fixed offset has one if it is of whole hours (whose signs are reversed:
    Etc/GMT-9).
    """
    if isinstance(tz, ZoneInfo):
        return tz.key
    offset = tz.utcoffset(None) or timedelta()
    hours, rest = divmod(int(offset.total_seconds()), 3600)
    if rest or not -12 <= hours <= 14:
        return None
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"


def _days(cron: Cron) -> Iterator[tuple[str, str]]:
    """Pairs of (day-of-month, day-of-week) fields that together are this cron's days; none if Scheduler can't say
    them.
    """
    dom, dow = cron.fields[2], cron.fields[4]
    weekday, ordinals = cron.nearest_weekday, cron.nth_weekdays
    if ordinals:
        if dom == ["*"] and not weekday and "*" not in ordinals:
            for day, nths in sorted(ordinals.items()):
                yield from (("?", f"{day + 1}L" if nth == "l" else f"{day + 1}#{nth}") for nth in sorted(nths, key=str))
        return
    if weekday:
        # Past the 28th croniter takes the month's last day for the missing one; Scheduler's documentation is silent.
        if dow == ["*"] and max(weekday) <= 28:
            yield from ((f"{day}W", "?") for day in sorted(weekday))
        return
    if dom == dow == ["*"]:
        yield "*", "?"
        return
    if dom != ["*"]:
        numbers = [day for day in dom if day != "l" and _exists(day, cron.fields[3])]
        if numbers:
            yield field_text(numbers, 31), "?"
        if "l" in dom:
            yield "L", "?"
    if dow != ["*"]:
        yield "?", field_text([day + 1 for day in dow], 7)


def _exists(day: int, months: Field) -> bool:
    longest = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
    return any(day <= longest.get(month, 31) for month in (range(1, 13) if months == ["*"] else months))


def _shift_to_utc(cron: Cron, changes: list[datetime]) -> int | None:
    """Minutes that the zone's clock is ahead of UTC within the hour; None if a change of the clock moves that."""
    seen = {offset_at(moment, cron.tz) for change in changes for moment in (change - _MINUTE, change)}
    if not changes:
        seen = {cron.tz.utcoffset(None) or timedelta()} if isinstance(cron.tz, timezone) else set()
    shifts = {int(offset.total_seconds()) % 3600 for offset in seen}
    return shifts.pop() // 60 if len(shifts) == 1 and not any(shift % 60 for shift in shifts) else None


def _shifted(minutes: Field, shift: int) -> Field:
    return minutes if minutes == ["*"] else sorted((minute - shift) % 60 for minute in minutes)


def _is_disturbed(cron: Cron, change: datetime) -> bool:
    """Whether the cron names a wall time that this change of the clock skips or repeats."""
    old, new = offset_at(change - _MINUTE, cron.tz), offset_at(change, cron.tz)
    first = (change + min(old, new)).replace(tzinfo=None)
    last = (change + max(old, new)).replace(tzinfo=None)
    hours = {(first + step * _MINUTE).hour for step in range(0, int((last - first).total_seconds() // 60) + 1, 15)}
    if not hours & set(cron.fields[1]):
        return False
    try:
        following: datetime = cron.wall_next(first - timedelta(seconds=1))
    except ValueError:
        return False  # no further date
    return following < last


def field_text(values: Field, highest: int) -> str:
    """A field: `*`, a number, `a-b`, `a/step` where it runs to the field's end, else a list.

    >>> field_text([0, 15, 30, 45], 59), field_text([2, 3, 4], 7), field_text([1, 5], 12)
    ('0/15', '2-4', '1,5')
    """
    if values == ["*"]:
        return "*"
    numbers = sorted(set(values))
    if len(numbers) < 3:
        return ",".join(map(str, numbers))
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    if steps == {1}:
        return f"{numbers[0]}-{numbers[-1]}"
    step = min(steps)
    if len(steps) == 1 and numbers[-1] + step > highest:
        return f"{numbers[0]}/{step}"
    return ",".join(map(str, numbers))
