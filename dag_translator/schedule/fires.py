"""When EventBridge Scheduler fires: an evaluator of its expressions, written from its documentation alone.

It shares nothing with the translation, so that the two can prove each other (`tests/schedule`). What the
documentation says: cron fields are minutes, hours, day-of-month, month, day-of-week (1-7, Sunday is 1), year; `*`,
`,`, `-`, `/`, `L`, `W`, `#`; exactly one of the days is `?`; a wall time that spring skips is left out, one that
autumn repeats fires once (taken to be the first time); a rate fires at its start date and then each period of
absolute time; `at` fires once.

>>> from itertools import islice
>>> entry = {"expression": "cron(30 2 ? * 1 *)", "timezone": "America/New_York", "start": None, "end": None}
>>> [moment.isoformat() for moment in islice(expression_fires(entry, datetime(2024, 3, 1, tzinfo=UTC)), 2)]
['2024-03-03T07:30:00+00:00', '2024-03-17T06:30:00+00:00']
"""

from __future__ import annotations

import calendar
import heapq
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_LAST_YEAR = 2199


def fire_times(schedule: Mapping[str, Any] | None, after: datetime, ask: Any = None) -> Iterator[datetime]:
    """The instants (UTC, ascending, each once) later than `after` at which a manifest's schedule may start a run.

    For kind `renewed` these are the instants of the one-time schedules that the dispatcher makes at each renewal.
    ask: who answers for a timetable that is user code.
    """
    if schedule is None:
        return iter(())
    if schedule["kind"] == "renewed":
        from dag_translator.schedule.upcoming import renewed_fires

        return renewed_fires(schedule, after, ask)
    merged = _distinct(heapq.merge(*(expression_fires(entry, after) for entry in schedule["expressions"])))
    if schedule["kind"] not in ("once", "continuous"):
        return merged
    # Only the first event starts a run by itself; without a start date it comes with the deployment.
    starts = [_time(entry["start"]) for entry in schedule["expressions"]]
    return (moment for moment in islice(merged, 1) if starts == [None] or moment in starts)


def _distinct(moments: Iterator[datetime]) -> Iterator[datetime]:
    previous = None
    for moment in moments:
        if moment != previous:
            yield moment
        previous = moment


def expression_fires(entry: Mapping[str, Any], after: datetime) -> Iterator[datetime]:
    """The instants of one expression with its time zone, start and end. ValueError if Scheduler would refuse it."""
    match = re.fullmatch(r"(cron|rate|at)\((.*)\)", entry["expression"])
    if match is None:
        raise ValueError(f"not a schedule expression: {entry['expression']!r}")
    kind, inside = match.groups()
    zone = ZoneInfo(entry["timezone"])
    start, end = _time(entry.get("start")), _time(entry.get("end"))
    if kind == "at":
        moment = datetime.strptime(inside, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone).astimezone(UTC)
        return iter((moment,) if moment > after else ())
    begin = after if start is None else max(after, start - _SECOND)
    found = _cron(inside, zone, begin) if kind == "cron" else _rate(inside, start or after + _SECOND, begin)
    return found if end is None else _until(found, end)


def _until(moments: Iterator[datetime], end: datetime) -> Iterator[datetime]:
    for moment in moments:
        if moment > end:
            return
        yield moment


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _rate(inside: str, start: datetime, after: datetime) -> Iterator[datetime]:
    value, unit = inside.split()
    period = timedelta(seconds=int(value) * _UNITS[unit.removesuffix("s")])
    if not period:
        raise ValueError(f"rate({inside}): the value must be positive")
    moment = start if start > after else start + ((after - start) // period + 1) * period
    while True:
        yield moment
        moment += period


def _cron(inside: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    fields = inside.split()
    if len(fields) != 6 or (fields[2] == "?") == (fields[4] == "?"):
        raise ValueError(f"cron({inside}): six fields, of which exactly one of the days is `?`")
    minutes, hours = _numbers(fields[0], 0, 59), _numbers(fields[1], 0, 23)
    months, years = _numbers(fields[3], 1, 12, _MONTHS), _numbers(fields[5], 1970, _LAST_YEAR)
    times = [time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)]
    day = after.astimezone(zone).date() - _DAY
    while day.year <= min(max(years), _LAST_YEAR):
        if day.year in years and day.month in months:
            for number in sorted(_days(fields[2], fields[4], day.year, day.month)):
                if number >= day.day:
                    today = date(day.year, day.month, number)
                    yield from (moment for moment in _instants(today, times, zone) if moment > after)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _instants(day: date, times: list[time], zone: ZoneInfo) -> list[datetime]:
    """The instants of a day's wall times: without those that don't exist, in the order in which they pass."""
    found = []
    for at in times:
        local = datetime.combine(day, at, tzinfo=zone)
        instant = local.astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            found.append(instant)
    return sorted(found)


def _days(dom: str, dow: str, year: int, month: int) -> set[int]:
    """The days of a month that the two day fields name."""
    length = calendar.monthrange(year, month)[1]
    if dow == "?":
        if dom == "L":
            return {length}
        if dom.endswith("W"):
            return _nearest_weekday(int(dom[:-1]), year, month, length)
        return {day for day in _numbers(dom, 1, 31) if day <= length}
    weekdays: dict[int, list[int]] = {}
    for day in range(1, length + 1):
        weekdays.setdefault(date(year, month, day).isoweekday() % 7 + 1, []).append(day)
    if "#" in dow:
        weekday, nth = (int(part) for part in dow.split("#"))
        return set(weekdays[weekday][nth - 1 : nth])
    if dow.endswith("L") and len(dow) > 1:
        return {weekdays[int(dow[:-1])][-1]}
    return {day for weekday in _numbers(dow, 1, 7, _WEEKDAYS) for day in weekdays[weekday]}


def _nearest_weekday(wanted: int, year: int, month: int, length: int) -> set[int]:
    if wanted > length:
        return set()
    weekday = date(year, month, wanted).weekday()
    if weekday == 5:
        return {wanted - 1 if wanted > 1 else wanted + 2}
    if weekday == 6:
        return {wanted + 1 if wanted < length else wanted - 2}
    return {wanted}


def _numbers(field: str, low: int, high: int, names: list[str] | None = None) -> set[int]:
    """`*`, `a`, `a-b`, `a/step`, `*/step`, and lists of them. ValueError for anything else."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        begin = low if first in ("*", "?") else _number(first, low, names)
        end = _number(last, low, names) if dash else (high if step or first in ("*", "?") else begin)
        if not low <= begin <= end <= high:
            raise ValueError(f"{part!r} is not within {low}-{high}")
        found.update(range(begin, end + 1, int(step or 1)))
    return found


def _number(text: str, low: int, names: list[str] | None) -> int:
    return names.index(text.upper()) + low if names and text.upper() in names else int(text)
