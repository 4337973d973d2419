"""`airflow.utils.timezone` and `airflow.sdk.timezone`. What makes dates gives pendulum's, as Airflow does."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dag_translator.authoring import dates

utc = dt.UTC
TIMEZONE = dt.UTC


def _pendulum(moment: dt.datetime) -> Any:
    import pendulum

    return pendulum.instance(moment)


def utcnow() -> Any:
    return _pendulum(dt.datetime.now(dt.UTC))


def utc_epoch() -> Any:
    return _pendulum(dt.datetime(1970, 1, 1, tzinfo=dt.UTC))


def datetime(*args: Any, **kwargs: Any) -> Any:
    """A datetime in UTC, unless tzinfo says otherwise."""
    return _pendulum(dt.datetime(*args, **{"tzinfo": dt.UTC, **kwargs}))


def parse(string: str, timezone: Any = None, *, strict: bool = False) -> Any:  # noqa: ARG001
    return _pendulum(dates.parse(string, parse_timezone(timezone) if timezone else None))


def is_localized(value: dt.datetime) -> bool:
    return value.utcoffset() is not None


def is_naive(value: dt.datetime) -> bool:
    return value.utcoffset() is None


def make_aware(value: dt.datetime | None, timezone: Any = None) -> Any:
    """Put a naive datetime into a time zone (default UTC); ValueError for one that is aware."""
    if value is None:
        return None
    if is_localized(value):
        raise ValueError(f"make_aware expects a naive datetime, got {value}")
    return _pendulum(value.replace(tzinfo=parse_timezone(timezone) if timezone else dt.UTC))


def make_naive(value: dt.datetime, timezone: Any = None) -> dt.datetime:
    """The wall time of an aware datetime in a time zone (default UTC)."""
    if is_naive(value):
        raise ValueError("make_naive() cannot be applied to a naive datetime")
    return value.astimezone(parse_timezone(timezone) if timezone else dt.UTC).replace(tzinfo=None)


def convert_to_utc(value: dt.datetime | None) -> Any:
    moment = dates.to_utc(value)
    return None if moment is None else _pendulum(moment)


def coerce_datetime(value: dt.datetime | None, tz: Any = None) -> Any:
    if value is None:
        return None
    aware = value if is_localized(value) else make_aware(value)
    return _pendulum(aware if tz is None else aware.astimezone(parse_timezone(tz)))


def parse_timezone(name: Any) -> Any:
    """A pendulum time zone by name or offset in seconds; a tzinfo as it is."""
    if isinstance(name, dt.tzinfo):
        return name
    import pendulum.tz

    return pendulum.tz.Timezone(name) if isinstance(name, str) else pendulum.tz.fixed_timezone(name)


def pendulum_zone(zone: dt.tzinfo) -> Any:
    """The same time zone as pendulum's."""
    import pendulum.tz

    if isinstance(zone, pendulum.tz.Timezone | pendulum.tz.FixedTimezone):
        return zone
    offset = zone.utcoffset(None)  # None: it depends on the date, so the zone has a name
    if offset is None:
        return pendulum.tz.Timezone(str(zone))
    return pendulum.tz.UTC if not offset else pendulum.tz.fixed_timezone(int(offset.total_seconds()))


def local_timezone() -> Any:
    import pendulum.tz

    return pendulum.tz.local_timezone()


def from_timestamp(timestamp: float, tz: Any = None) -> Any:
    import pendulum

    return pendulum.from_timestamp(timestamp, tz=parse_timezone(tz) if tz else "UTC")


def initialize(default_timezone: str) -> None:
    """Airflow's start-up hook; the default time zone is UTC here."""
