"""The part of JSON Schema that Params use, checked without a library: Lambdas should not carry one for this.

>>> mismatch(2, {"type": "integer", "minimum": 3})
'2 is less than the minimum of 3'
>>> mismatch("2024-01-31", {"type": ["string", "null"], "format": "date"}) is None
True
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
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
    "time": lambda text: _demand(re.fullmatch(r"\d\d?(:\d\d?){2}", text) and datetime.strptime(text, "%H:%M:%S")),
    "email": lambda text: _demand("@" in text),
    "idn-email": lambda text: _demand("@" in text),
    "regex": re.compile,
    "ipv4": lambda text: _address(text, 4),
    "ipv6": lambda text: _address(text, 6),
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


def _address(text: str, version: int) -> None:
    import ipaddress

    _demand(ipaddress.ip_address(text).version == version)


def dereferenced(schema: Any, root: Any = None, through: tuple[str, ...] = ()) -> Any:
    """The schema with what its `$ref`s point to (`#/$defs/…`) in their places. ValueError where that can't be done, and
    for keywords that would not be checked.

    >>> dereferenced({"$ref": "#/$defs/x", "$defs": {"x": {"type": "string"}}})["type"]
    'string'
    """
    root = schema if root is None else root
    if isinstance(schema, list | tuple):
        return [dereferenced(each, root, through) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    unchecked = [keyword for keyword in _UNCHECKED if keyword in schema]
    if unchecked:
        raise ValueError(f"the schema's keyword {unchecked[0]!r} is not supported")
    pointer = schema.get("$ref")
    if not isinstance(pointer, str):
        return {key: dereferenced(each, root, through) for key, each in schema.items()}
    if pointer in through or not pointer.startswith("#/"):
        raise ValueError(f"the schema's $ref {pointer!r} is not supported: it refers to itself or to something outside")
    target = root
    for part in pointer[2:].split("/"):
        if not isinstance(target, Mapping) or part not in target:
            raise ValueError(f"the schema's $ref {pointer!r} points to nothing")
        target = target[part]
    others = {key: each for key, each in schema.items() if key not in ("$ref", "$defs", "definitions")}
    return dereferenced({**target, **others}, root, (*through, pointer))


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


def _items(value: Any, expected: Any, schema: Any) -> str | None:
    if not isinstance(value, list | tuple):
        return None
    rest = value[len(schema.get("prefixItems", ())) :]
    return next((reason for item in rest if (reason := mismatch(item, expected))), None)


def _prefix(value: Any, expected: Any, _: Any) -> str | None:
    if not isinstance(value, list | tuple):
        return None
    pairs = zip(value, expected, strict=False)
    return next((reason for item, schema in pairs if (reason := mismatch(item, schema))), None)


def _contains(value: Any, expected: Any, schema: Any) -> str | None:
    if not isinstance(value, list | tuple):
        return None
    fitting = sum(mismatch(item, expected) is None for item in value)
    if fitting < schema.get("minContains", 1):
        return f"{value!r} does not contain enough items that match the given schema"
    if fitting > schema.get("maxContains", fitting):
        return f"{value!r} contains too many items that match the given schema"
    return None


def _properties(value: Any, expected: Any, _: Any) -> str | None:
    if not isinstance(value, Mapping):
        return None
    present = [(value[name], schema) for name, schema in expected.items() if name in value]
    return next((reason for item, schema in present if (reason := mismatch(item, schema))), None)


def _additional(value: Any, expected: Any, schema: Any) -> str | None:
    if not isinstance(value, Mapping):
        return None
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
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


def _patterns(value: Any, expected: Any, _: Any) -> str | None:
    if not isinstance(value, Mapping):
        return None
    named = (
        (item, schema) for pattern, schema in expected.items() for n, item in value.items() if re.search(pattern, n)
    )
    return next((reason for item, schema in named if (reason := mismatch(item, schema))), None)


def _names(value: Any, expected: Any, _: Any) -> str | None:
    names = value if isinstance(value, Mapping) else ()
    return next((reason for name in names if (reason := mismatch(name, expected))), None)


def _dependent_required(value: Any, expected: Any, _: Any) -> str | None:
    present = [names for name, names in expected.items() if isinstance(value, Mapping) and name in value]
    return next((reason for names in present if (reason := _required(value, names, None))), None)


def _dependent_schemas(value: Any, expected: Any, _: Any) -> str | None:
    present = [schema for name, schema in expected.items() if isinstance(value, Mapping) and name in value]
    return _all_of(value, present, None)


def _if(value: Any, expected: Any, schema: Any) -> str | None:
    return mismatch(value, schema.get("then" if mismatch(value, expected) is None else "else", True))


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
    "minProperties": _length((Mapping,), longest=False),
    "maxProperties": _length((Mapping,), longest=True),
    "minItems": _length((list, tuple), longest=False),
    "maxItems": _length((list, tuple), longest=True),
    "uniqueItems": _unique,
    "items": _items,
    "prefixItems": _prefix,
    "contains": _contains,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "patternProperties": _patterns,
    "propertyNames": _names,
    "dependentRequired": _dependent_required,
    "dependentSchemas": _dependent_schemas,
    "if": _if,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
}

# What says something about values that is not looked at.
_UNCHECKED = ("$dynamicRef", "unevaluatedItems", "unevaluatedProperties")
