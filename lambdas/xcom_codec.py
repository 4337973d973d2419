"""XCom values as JSON text, with tags for what JSON lacks; what can't come back as it was is refused.

Kept: None, bool, int, float, str, list, dict (keys become strings, as in Airflow), tuple, set, frozenset, datetime
(also pendulum's), date, time, timedelta, Decimal, UUID, dataclasses. A tagged value is `{"__type__": …, "value": …}`.
Refused, as in Airflow: NaN and infinities, bytes, generators, any other object.

>>> encode({"when": datetime.date(2024, 1, 2), "sizes": (1, 2)})
'{"when":{"__type__":"date","value":"2024-01-02"},"sizes":{"__type__":"tuple","value":[1,2]}}'
>>> decode(_)
{'when': datetime.date(2024, 1, 2), 'sizes': (1, 2)}
>>> encode([float("nan")])
Traceback (most recent call last):
    ...
lambdas.xcom_codec.XComEncodingError: cannot store nan (float) at [0] as an XCom: ...
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

from lambdas.lazy import unwrapped

TAG = "__type__"
_MICROSECOND = datetime.timedelta(microseconds=1)  # a float of seconds would lose them after some centuries
_HINT = "return plain values (numbers, strings, lists, dicts, dates), or write the data to S3 and return where it is"


class XComEncodingError(TypeError):
    """A value that cannot become an XCom; the message says where in the value, and its type."""


def encode(value: Any, where: str = "") -> str:
    """The JSON text of `value`; `where` names the XCom in the error ("key 'x' of task 't'")."""
    try:
        return json.dumps(_plain(value, ""), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except XComEncodingError as error:
        raise XComEncodingError(f"{where}: {error}" if where else str(error)) from None
    except RecursionError:
        raise XComEncodingError(f"{where or 'XCom'}: the value contains itself or is nested too deeply") from None


def decode(text: str) -> Any:
    """The value that `encode` was given; datetimes get pendulum time zones, as in Airflow."""
    return _value(json.loads(text))


def display(text: str) -> Any:
    """`text` as plain JSON for people and files: tags stay, but say only the type and the value."""
    return _short(json.loads(text))


# --- encoding ------------------------------------------------------------------------------------------------------


def _plain(value: Any, path: str) -> Any:
    value = unwrapped(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        if isinstance(value, str | int | float):
            return _plain(value.value, path)
        raise _refusal(value, path, f"use its `.value`; otherwise {_HINT}")
    if isinstance(value, str | int):
        return value.__str__() if type(value) is not str and isinstance(value, str) else value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise _refusal(value, path, "JSON has no NaN and no infinity; return None instead")
    if isinstance(value, list):
        return _items(value, path)
    if isinstance(value, Mapping):
        return _mapping(value, path)
    if getattr(type(value), "is_lazy_sequence", False):
        return _items(list(value), path)
    for kind, name, to_plain in _TAGGED:
        if isinstance(value, kind):
            return {TAG: name, **to_plain(value, path)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
        kind = type(value)
        return {TAG: "dataclass", "class": f"{kind.__module__}:{kind.__qualname__}", "value": _mapping(parts, path)}
    if type(value).__module__ == "uuid" and type(value).__name__ == "UUID":
        return {TAG: "UUID", "value": str(value)}
    raise _refusal(value, path, _HINT)


def _items(values: Any, path: str) -> list[Any]:
    return [_plain(value, f"{path}[{index}]") for index, value in enumerate(values)]


def _mapping(value: Mapping[Any, Any], path: str) -> dict[str, Any]:
    if TAG in value:
        raise _refusal(value, path, f"{TAG!r} is reserved as a key")
    return {str(key): _plain(item, f"{path}[{str(key)!r}]") for key, item in value.items()}


def _refusal(value: Any, path: str, hint: str) -> XComEncodingError:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return XComEncodingError(f"cannot store {shown} ({name}){f' at {path}' if path else ''} as an XCom: {hint}")


def _datetime(value: datetime.datetime, _: str) -> dict[str, Any]:
    plain: dict[str, Any] = {"value": value.isoformat()}
    zone = getattr(value.tzinfo, "key", None) or getattr(value.tzinfo, "name", None)
    if isinstance(zone, str):
        plain["tz"] = zone
    if type(value).__module__.startswith("pendulum"):
        plain["pendulum"] = True
    return plain


def _set(value: Any, path: str) -> dict[str, Any]:
    items = _items(value, path)
    try:
        return {"value": sorted(items)}
    except TypeError:
        return {"value": sorted(items, key=repr)}  # mixed types: any stable order will do


def _decimal(value: decimal.Decimal, path: str) -> dict[str, Any]:
    if not value.is_finite():
        raise _refusal(value, path, "JSON has no NaN and no infinity; return None instead")
    if value == value.to_integral_value():
        # Airflow stores integers when there is no fraction digit, floats otherwise: 1.00 comes back as 1.0.
        exponent = value.as_tuple().exponent
        return {"value": f"{int(value)}{'.0' if isinstance(exponent, int) and exponent < 0 else ''}"}
    return {"value": f"{value:f}".rstrip("0")}


_TAGGED: tuple[tuple[type, str, Callable[[Any, str], dict[str, Any]]], ...] = (
    (tuple, "tuple", lambda value, path: {"value": _items(value, path)}),
    (frozenset, "frozenset", _set),
    (set, "set", _set),
    (datetime.datetime, "datetime", _datetime),
    (datetime.date, "date", lambda value, _: {"value": value.isoformat()}),
    (datetime.time, "time", lambda value, _: {"value": value.isoformat()}),
    (datetime.timedelta, "timedelta", lambda value, _: {"value": value.total_seconds(), "us": value // _MICROSECOND}),
    (decimal.Decimal, "Decimal", _decimal),
)

# --- decoding ------------------------------------------------------------------------------------------------------


def _value(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_value(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if TAG not in plain:
        return {key: _value(item) for key, item in plain.items()}
    return _UNTAGGED[plain[TAG]](plain)


def _undatetime(plain: dict[str, Any]) -> datetime.datetime:
    value = datetime.datetime.fromisoformat(plain["value"])
    if "tz" not in plain and not plain.get("pendulum") and value.tzinfo is None:
        return value
    import pendulum

    offset = value.utcoffset()
    if value.tzinfo is not None and offset is not None:
        name = plain.get("tz", "UTC" if not offset else "")
        is_named = name and not name.startswith(("+", "-"))
        zone = pendulum.timezone(name if is_named else int(offset.total_seconds()))
        value = value.astimezone(zone)
    return pendulum.instance(value, tz=value.tzinfo) if plain.get("pendulum") else value


def _undataclass(plain: dict[str, Any]) -> Any:
    module, _, qualname = plain["class"].partition(":")
    kind: Any = sys.modules.get(module)
    for part in qualname.split("."):
        kind = getattr(kind, part, None)
    if kind is None:
        raise XComEncodingError(
            f"this XCom holds a {plain['class']}, which is not defined here: define the class at the top level of the "
            "DAG file or of a module that it imports"
        )
    return kind(**_value(plain["value"]))


def _uuid(plain: dict[str, Any]) -> Any:
    import uuid

    return uuid.UUID(plain["value"])


_UNTAGGED: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "tuple": lambda plain: tuple(_value(plain["value"])),
    "set": lambda plain: set(_value(plain["value"])),
    "frozenset": lambda plain: frozenset(_value(plain["value"])),
    "datetime": _undatetime,
    "date": lambda plain: datetime.date.fromisoformat(plain["value"]),
    "time": lambda plain: datetime.time.fromisoformat(plain["value"]),
    "timedelta": lambda plain: plain["us"] * _MICROSECOND,
    "Decimal": lambda plain: decimal.Decimal(plain["value"]),
    "dataclass": _undataclass,
    "UUID": _uuid,
}


def _short(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_short(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if TAG in plain:
        return {TAG: plain[TAG], "value": _short(plain["value"])}
    return {key: _short(value) for key, value in plain.items()}
