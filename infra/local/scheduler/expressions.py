"""Schedule expressions: `cron(…)`, `rate(…)` and `at(…)`, in a time zone; the moments they stand for.

Invariant: moments are in UTC and strictly increase. A local time that the clocks skip in spring has no moment; one that
they repeat in autumn has one, the first.

    >>> seoul = parse("cron(0 5 * * ? *)", "Asia/Seoul")
    >>> next_moment(seoul, datetime(2024, 1, 1, tzinfo=UTC), anchor=datetime(2024, 1, 1, tzinfo=UTC)).isoformat()
    '2024-01-01T20:00:00+00:00'
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra.local.scheduler.cron import Cron, next_after
from infra.local.scheduler.cron import parse as parse_cron_fields

UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


class InvalidExpressionError(ValueError):
    """Worded as AWS words it."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One of: a cron, an interval, a single local time."""

    zone: ZoneInfo
    cron: Cron | None = None
    rate: timedelta | None = None
    at: datetime | None = None

    @property
    def is_one_time(self) -> bool:
        return self.at is not None


def parse(expression: str, timezone: str | None) -> Expression:
    """Raises InvalidExpressionError for what AWS refuses."""
    try:
        zone = ZoneInfo(timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidExpressionError(f"Invalid Schedule Expression Timezone {timezone}.") from None
    match = re.fullmatch(r"(cron|rate|at)\((.*)\)", expression)
    if not match:
        raise _invalid(expression)
    kind, text = match.groups()
    try:
        return _PARSERS[kind](text, zone)
    except ValueError:
        raise _invalid(expression) from None


def next_moment(expression: Expression, after: datetime, *, anchor: datetime) -> datetime | None:
    """The first moment later than `after`, or None. `anchor` is where a rate starts counting, and itself a moment."""
    if expression.at is not None:
        moment = _moment_of(expression.at, expression.zone)
        return moment if moment and moment > after else None
    if expression.rate is not None:
        if anchor > after:
            return anchor
        return anchor + ((after - anchor) // expression.rate + 1) * expression.rate
    assert expression.cron is not None
    # An hour before: the wall clock may have been put back since `after`.
    local = (after.astimezone(expression.zone) - timedelta(hours=2)).replace(tzinfo=None)
    while found := next_after(expression.cron, local):
        moment = _moment_of(found, expression.zone)
        if moment and moment > after:
            return moment
        local = found
    return None


def _moment_of(local: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment at which the wall clock shows a time first; None if the clocks skip it."""
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == local else None


def _parse_cron(text: str, zone: ZoneInfo) -> Expression:
    return Expression(zone, cron=parse_cron_fields(text))


def _parse_rate(text: str, zone: ZoneInfo) -> Expression:
    match = re.fullmatch(r"(\d+) (minute|hour|day)s?", text)
    if not match or int(match[1]) < 1:
        raise ValueError(text)
    return Expression(zone, rate=int(match[1]) * UNITS[match[2]])


def _parse_at(text: str, zone: ZoneInfo) -> Expression:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text):
        raise ValueError(text)
    return Expression(zone, at=datetime.fromisoformat(text))


_PARSERS = {"cron": _parse_cron, "rate": _parse_rate, "at": _parse_at}


def _invalid(expression: str) -> InvalidExpressionError:
    return InvalidExpressionError(f"Invalid Schedule Expression {expression}.")
