"""EventBridge Scheduler's cron fields: minutes, hours, day of month, month, day of week, year.

Invariant: a parsed `Cron` is valid and answers, for any local time, the next local time it stands for; it knows nothing
of time zones. Sunday is 1; exactly one of the two day fields is `?`; `L`, `W` and `#` are understood.

    >>> next_after(parse("30 9 ? * MON-FRI *"), datetime(2024, 3, 1, 9, 30))
    datetime.datetime(2024, 3, 4, 9, 30)
    >>> next_after(parse("0 0 L * ? *"), datetime(2024, 2, 1))
    datetime.datetime(2024, 2, 29, 0, 0)
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
FIRST_YEAR, LAST_YEAR = 1970, 2199


@dataclass(frozen=True, slots=True)
class Cron:
    """`days` is (kind, text) of the field that is not `?`: kind "month" or "week"."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    days: tuple[str, str]


def parse(text: str) -> Cron:
    """The six fields. Raises ValueError that names the field."""
    fields = text.split()
    if len(fields) != 6:
        raise ValueError(f"a cron expression has six fields, not {len(fields)}")
    minutes, hours, month_days, months, week_days, years = (field.upper() for field in fields)
    if (month_days == "?") == (week_days == "?"):
        raise ValueError("exactly one of day-of-month and day-of-week must be ?")
    cron = Cron(
        minutes=_values("minutes", minutes, 0, 59),
        hours=_values("hours", hours, 0, 23),
        months=_values("month", _named(months, MONTHS), 1, 12),
        years=_values("year", years, FIRST_YEAR, LAST_YEAR),
        days=("month", month_days) if week_days == "?" else ("week", _named(week_days, DAYS)),
    )
    _matching_days(cron, 2024, 1)  # refuses a malformed day field
    return cron


def next_after(cron: Cron, after: datetime) -> datetime | None:
    """The first matching minute later than `after` (both without time zone); None if there is none any more."""
    start = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    times = [(hour, minute) for hour in sorted(cron.hours) for minute in sorted(cron.minutes)]
    for year in sorted(year for year in cron.years if year >= start.year):
        for month in sorted(cron.months):
            if (year, month) < (start.year, start.month):
                continue
            for day in _matching_days(cron, year, month):
                midnight = datetime(year, month, day)
                if midnight.date() < start.date():
                    continue
                for hour, minute in times:
                    moment = midnight.replace(hour=hour, minute=minute)
                    if moment >= start:
                        return moment
    return None


def _values(name: str, field: str, low: int, high: int) -> frozenset[int]:
    """Numbers, ranges, lists and steps: `*`, `5`, `1-4`, `0/15`, `1-10/3`, `1,2,5-7`."""
    found: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(\*|(\d+)(?:-(\d+))?)(?:/(\d+))?", part)
        if not match:
            raise ValueError(f"{name}: {part!r} is not understood")
        first = low if match[1] == "*" else int(match[2])
        step = int(match[4] or 1)
        # A single number with a step counts on to the end of the range.
        last = int(match[3]) if match[3] else high if match[1] == "*" or match[4] else first
        if not (low <= first <= last <= high) or step < 1:
            raise ValueError(f"{name}: {part!r} is not within {low}-{high}")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _matching_days(cron: Cron, year: int, month: int) -> list[int]:
    kind, field = cron.days
    length = monthrange(year, month)[1]
    days: set[int] = set()
    for part in field.split(","):
        days |= _month_days(part, year, month, length) if kind == "month" else _week_days(part, year, month, length)
    return sorted(days)


def _month_days(part: str, year: int, month: int, length: int) -> set[int]:
    if part == "L":
        return {length}
    if match := re.fullmatch(r"L-(\d+)", part):
        return {length - int(match[1])} if int(match[1]) < length else set()
    if part == "LW":
        return {_nearest_weekday(year, month, length, length)}
    if match := re.fullmatch(r"(\d+)W", part):
        day = int(match[1])
        if not 1 <= day <= 31:
            raise ValueError(f"day-of-month: {part!r} is not within 1-31")
        return {_nearest_weekday(year, month, day, length)} if day <= length else set()
    return {day for day in _values("day-of-month", part, 1, 31) if day <= length}


def _week_days(part: str, year: int, month: int, length: int) -> set[int]:
    if part == "L":
        part = "7"
    if match := re.fullmatch(r"([1-7])L", part):
        return {_days_on(int(match[1]), year, month, length)[-1]}
    if match := re.fullmatch(r"([1-7])#([1-5])", part):
        days = _days_on(int(match[1]), year, month, length)
        return set(days[int(match[2]) - 1 : int(match[2])])
    wanted = _values("day-of-week", part, 1, 7)
    return {day for number in wanted for day in _days_on(number, year, month, length)}


def _days_on(week_day: int, year: int, month: int, length: int) -> list[int]:
    """The days of the month that fall on a week day; 1 is Sunday."""
    return [day for day in range(1, length + 1) if date(year, month, day).isoweekday() % 7 + 1 == week_day]


def _nearest_weekday(year: int, month: int, day: int, length: int) -> int:
    """Monday to Friday nearest to a day, within its month."""
    week_day = date(year, month, day).isoweekday()
    if week_day == 6:
        return day - 1 if day > 1 else day + 2
    if week_day == 7:
        return day + 1 if day < length else day - 2
    return day


def _named(field: str, names: tuple[str, ...]) -> str:
    """Replace names of months or days by their numbers."""
    return re.sub(r"[A-Z]{3}", lambda match: str(names.index(match[0]) + 1) if match[0] in names else match[0], field)
