"""Instants and wall clocks: the little of time zones that timetables need, with Airflow's choices around a clock
change.

Every instant that leaves a timetable is an aware `datetime` in UTC; a *wall* time is naive, as the clock on the
wall of the DAG's time zone shows it. Airflow takes the second of two equal wall times in autumn, and moves a wall
time that spring skips forward by the size of the gap:

>>> in_utc(datetime(2024, 3, 10, 2, 30), zone("America/New_York")).isoformat()
'2024-03-10T07:30:00+00:00'
>>> in_utc(datetime(2024, 11, 3, 1, 30), zone("America/New_York")).isoformat()
'2024-11-03T06:30:00+00:00'
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?")
_DAY = timedelta(days=1)


@cache
def zone(name: str) -> tzinfo:
    """The time zone of an IANA name ("Asia/Seoul") or a fixed offset ("+09:00").

    Raises `zoneinfo.ZoneInfoNotFoundError` (a KeyError) or ValueError for anything else.
    """
    if name in ("UTC", "Etc/UTC", "Z"):
        return UTC
    if match := _OFFSET.fullmatch(name):
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(-offset if sign == "-" else offset)
    return ZoneInfo(name)


def parse(text: str) -> datetime:
    """The instant that an ISO 8601 text means (UTC when it names no offset)."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def wall(instant: datetime, tz: tzinfo) -> datetime:
    """What the clock in `tz` shows at `instant`: naive, both of two equal hours look the same."""
    return instant.astimezone(tz).replace(tzinfo=None, fold=0)


def in_utc(wall_time: datetime, tz: tzinfo) -> datetime:
    """The instant of a naive `wall_time` in `tz`: the later of two; a skipped one moves forward by the gap."""
    before = wall_time.replace(tzinfo=tz, fold=0).utcoffset() or timedelta()
    after = wall_time.replace(tzinfo=tz, fold=1).utcoffset() or timedelta()
    if after > before:  # a gap: fold=0 tells the offset before it, fold=1 the one after it
        return (wall_time - before).replace(tzinfo=UTC)
    return (wall_time - after).replace(tzinfo=UTC)


def offset_at(instant: datetime, tz: tzinfo) -> timedelta:
    return instant.astimezone(tz).utcoffset() or timedelta()


@cache
def transitions(tz: tzinfo, year: int) -> tuple[datetime, ...]:
    """The instants in `year` (UTC) at which the offset of `tz` changes, to the second, ascending."""
    if not isinstance(tz, ZoneInfo):
        return ()
    found = []
    low = datetime(year, 1, 1, tzinfo=UTC)
    last = datetime(year + 1, 1, 1, tzinfo=UTC)
    while low < last:
        high = low + _DAY
        if offset_at(low, tz) != offset_at(high, tz):
            found.append(_change_between(low, high, tz))
        low = high
    return tuple(found)


def _change_between(low: datetime, high: datetime, tz: tzinfo) -> datetime:
    old = offset_at(low, tz)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if offset_at(middle, tz) == old:
            low = middle
        else:
            high = middle
    return high


def last_transition(tz: tzinfo, before: datetime) -> datetime | None:
    """The last change of offset at or before `before`; None if there was none in that year or the five before."""
    for year in range(before.year, before.year - 6, -1):
        for moment in reversed(transitions(tz, year)):
            if moment <= before:
                return moment
    return None
