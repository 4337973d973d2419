"""JSON as Step Functions counts and writes it.

>>> dumps({"a": 1, "ü": None})
'{"a":1,"ü":null}'
>>> too_large("x" * 262_145)
True
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

Json = Any
"""None, bool, int, float, str, list[Json] or dict[str, Json]; never changed in place once a state has seen it."""

PAYLOAD_LIMIT: Final = 262_144
"""Bytes of UTF-8 that an input, an output, a task's arguments or a variable may have."""


def dumps(value: Json) -> str:
    """Compact JSON text, as Step Functions shows inputs and outputs.

    Raises TypeError for what is not JSON and ValueError for NaN and infinities.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def too_large(text: str, limit: int = PAYLOAD_LIMIT) -> bool:
    """Whether the text has more than `limit` bytes in UTF-8."""
    if len(text) > limit:
        return True
    return len(text) * 4 > limit and len(text.encode()) > limit


def type_name(value: Json) -> str:
    """JSON's own name of a value's type: null, boolean, number, string, array or object."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, Sequence):
        return "array"
    if isinstance(value, Mapping):
        return "object"
    raise TypeError(f"not JSON: {type(value).__name__}")


def timestamp(moment: datetime) -> str:
    """The moment as the context object shows it: UTC with milliseconds.

    >>> timestamp(datetime(2024, 1, 15, 5, 0, 0, 250_000, tzinfo=UTC))
    '2024-01-15T05:00:00.250Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
