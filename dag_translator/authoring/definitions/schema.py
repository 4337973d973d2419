"""The part of JSON Schema that Params use, checked without a library: Lambdas should not carry one for this.

>>> mismatch(2, {"type": "integer", "minimum": 3})
'2 is less than the minimum of 3'
>>> mismatch("2024-01-31", {"type": ["string", "null"], "format": "date"}) is None
True
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and float(value).is_integer(),
    "number": lambda value: _is_number(value),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list | tuple),
    "object": lambda value: isinstance(value, Mapping),
    "null": lambda value: value is None,
}

_FORMATS: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "date-time": lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")),
    "time": lambda text: time.fromisoformat(text.replace("Z", "+00:00")),
    "email": lambda text: _demand("@" in text),
    "idn-email": lambda text: _demand("@" in text),
    "regex": re.compile,
    "ipv4": lambda text: _demand(re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", text)),
    "uuid": lambda text: _demand(re.fullmatch(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)),
}


def mismatch(value: Any, schema: Any) -> str | None:
    """Why the value does not fit the schema (first reason), None if it does. Unknown keywords say nothing."""
    if isinstance(schema, bool):
        return None if schema else f"{value!r} is not allowed"
    for keyword, expected in schema.items():
        check = _KEYWORDS.get(keyword)
        reason = check(value, expected, schema) if check is not None else None
        if reason:
            return reason
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _demand(found: Any) -> None:
    if not found:
        raise ValueError


def _type(value: Any, expected: Any, _: Any) -> str | None:
    kinds = [expected] if isinstance(expected, str) else expected
    if any(kind in _TYPES and _TYPES[kind](value) for kind in kinds):
        return None
    return f"{value!r} is not of type {', '.join(repr(kind) for kind in kinds)}"


def _enum(value: Any, expected: Any, _: Any) -> str | None:
    return None if value in expected else f"{value!r} is not one of {list(expected)!r}"


def _const(value: Any, expected: Any, _: Any) -> str | None:
    return None if value == expected else f"{expected!r} was expected"


def _format(value: Any, expected: str, _: Any) -> str | None:
    if isinstance(value, str) and expected in _FORMATS:
        try:
            _FORMATS[expected](value)
        except (ValueError, re.error):
            return f"{value!r} is not a {expected!r}"
    return None


def _pattern(value: Any, expected: str, _: Any) -> str | None:
    if isinstance(value, str) and not re.search(expected, value):
        return f"{value!r} does not match {expected!r}"
    return None


def _bound(fits: Callable[[Any, Any], bool], complaint: str) -> Callable[[Any, Any, Any], str | None]:
    def check(value: Any, expected: Any, _: Any) -> str | None:
        if not _is_number(value) or fits(value, expected):
            return None
        return f"{value!r} is {complaint} of {expected!r}"

    return check


def _multiple(value: Any, expected: Any, _: Any) -> str | None:
    if _is_number(value) and not float(value / expected).is_integer():
        return f"{value!r} is not a multiple of {expected!r}"
    return None


def _length(kinds: tuple[Any, ...], longest: bool) -> Callable[[Any, Any, Any], str | None]:
    def check(value: Any, expected: int, _: Any) -> str | None:
        if not isinstance(value, kinds) or (len(value) <= expected if longest else len(value) >= expected):
            return None
        return f"{value!r} is too {'long' if longest else 'short'}"

    return check


def _unique(value: Any, expected: bool, _: Any) -> str | None:
    if expected and isinstance(value, list) and any(item in value[:i] for i, item in enumerate(value)):
        return f"{value!r} has non-unique elements"
    return None


def _items(value: Any, expected: Any, _: Any) -> str | None:
    if not isinstance(value, list | tuple):
        return None
    return next((reason for item in value if (reason := mismatch(item, expected))), None)


def _properties(value: Any, expected: Any, _: Any) -> str | None:
    if not isinstance(value, Mapping):
        return None
    present = [(value[name], schema) for name, schema in expected.items() if name in value]
    return next((reason for item, schema in present if (reason := mismatch(item, schema))), None)


def _additional(value: Any, expected: Any, schema: Any) -> str | None:
    if not isinstance(value, Mapping):
        return None
    known = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    for name, item in value.items():
        if name in known or any(re.search(pattern, name) for pattern in patterns):
            continue
        if expected is False:
            return f"Additional properties are not allowed ({name!r} was unexpected)"
        reason = mismatch(item, expected)
        if reason:
            return reason
    return None


def _required(value: Any, expected: Any, _: Any) -> str | None:
    if not isinstance(value, Mapping):
        return None
    return next((f"{name!r} is a required property" for name in expected if name not in value), None)


def _all_of(value: Any, expected: Any, _: Any) -> str | None:
    return next((reason for schema in expected if (reason := mismatch(value, schema))), None)


def _any_of(value: Any, expected: Any, _: Any) -> str | None:
    if any(mismatch(value, schema) is None for schema in expected):
        return None
    return f"{value!r} is not valid under any of the given schemas"


def _one_of(value: Any, expected: Any, _: Any) -> str | None:
    fitting = sum(mismatch(value, schema) is None for schema in expected)
    return None if fitting == 1 else f"{value!r} is valid under {fitting} of the given schemas, not one"


def _not(value: Any, expected: Any, _: Any) -> str | None:
    return f"{value!r} should not be valid under {expected!r}" if mismatch(value, expected) is None else None


_KEYWORDS: dict[str, Callable[[Any, Any, Any], str | None]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "format": _format,
    "pattern": _pattern,
    "minimum": _bound(lambda value, least: value >= least, "less than the minimum"),
    "maximum": _bound(lambda value, most: value <= most, "greater than the maximum"),
    "exclusiveMinimum": _bound(lambda value, least: value > least, "less than or equal to the minimum"),
    "exclusiveMaximum": _bound(lambda value, most: value < most, "greater than or equal to the maximum"),
    "multipleOf": _multiple,
    "minLength": _length((str,), longest=False),
    "maxLength": _length((str,), longest=True),
    "minItems": _length((list, tuple), longest=False),
    "maxItems": _length((list, tuple), longest=True),
    "uniqueItems": _unique,
    "items": _items,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
}
