"""Dates as Airflow takes them: naive ones are UTC, strings are ISO 8601. The results are aware standard datetimes in
UTC.

>>> to_utc(datetime(2024, 1, 1))
datetime.datetime(2024, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
"""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from typing import Any


def parse(value: str, timezone: tzinfo | None = None) -> datetime:
    """An ISO 8601 date or time; the time zone (default UTC) is added where the text has none."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        import pendulum

        parsed: Any = pendulum.parse(value, tz=timezone or "UTC", strict=False)
        if not isinstance(parsed, datetime):
            raise ValueError(f"{value!r} is not a date") from None
        return parsed
    return found if found.tzinfo else found.replace(tzinfo=timezone or UTC)


def to_utc(value: Any) -> datetime | None:
    """None, a date, a datetime or an ISO string → aware in UTC; a pendulum DateTime stays one."""
    if value is None:
        return None
    if isinstance(value, str):
        value = parse(value)
    if not isinstance(value, datetime):
        if not isinstance(value, date):
            raise TypeError(f"expected a datetime, got {type(value).__name__}: {value!r}")
        value = datetime(value.year, value.month, value.day)
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    moment: datetime = value.astimezone(UTC)
    return moment


def zone_name(zone: tzinfo | None) -> str:
    """The IANA name of a zoneinfo, pendulum or pytz zone; "UTC", or "+05:30" for a fixed offset."""
    if zone is None or zone is UTC:
        return "UTC"
    for attribute in ("key", "name", "zone"):  # zoneinfo, pendulum, pytz
        name = getattr(zone, attribute, None)
        if isinstance(name, str) and name:
            return name
    moment = datetime(2000, 1, 1, tzinfo=zone)
    offset = moment.strftime("%z")
    return "UTC" if offset == "+0000" else f"{offset[:3]}:{offset[3:5]}"
