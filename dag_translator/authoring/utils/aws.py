"""Airflow's `airflow.providers.amazon.aws.utils`: dates as AWS counts them, versions."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.utils.helpers import prune_dict


def trim_none_values(obj: dict[str, Any]) -> Any:
    return prune_dict(obj)


def datetime_to_epoch(date_time: datetime) -> int:
    """Seconds."""
    return int(date_time.timestamp())


def datetime_to_epoch_ms(date_time: datetime) -> int:
    """Milliseconds."""
    return int(date_time.timestamp() * 1_000)


def datetime_to_epoch_utc_ms(date_time: datetime) -> int:
    """Milliseconds of what the clock shows, taken as UTC."""
    return int(date_time.replace(tzinfo=UTC).timestamp() * 1_000)


def datetime_to_epoch_us(date_time: datetime) -> int:
    """Microseconds."""
    return int(date_time.timestamp() * 1_000_000)


def get_botocore_version() -> tuple[int, ...]:
    return tuple(int(part) for part in metadata.version("botocore").split(".")[:3])


def validate_execute_complete_event(event: dict[str, Any] | None = None) -> dict[str, Any]:
    if event is None:
        raise AirflowException("Trigger error: event is None")
    return event
