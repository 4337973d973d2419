"""XCom values as JSON text, with tags for what JSON lacks; what can't come back as it was is refused.

Kept: None, bool, int, float, str, list, dict (keys become strings, as in Airflow), tuple, set, frozenset, datetime
(also pendulum's), date, time, timedelta, time zones by name, Decimal, UUID, and what `xcom_types` knows: dataclasses,
attrs, pydantic, own `serialize`, NumPy, frames. A tagged value is `{"__type__": …, "value": …}`. Named tuples come back
as tuples, as in Airflow. Refused: NaN and infinities, bytes, generators, any other object.

>>> encode({"when": datetime.date(2024, 1, 2), "sizes": (1, 2)})
'{"when":{"__type__":"date","value":"2024-01-02"},"sizes":{"__type__":"tuple","value":[1,2]}}'
>>> decode(_)
{'when': datetime.date(2024, 1, 2), 'sizes': (1, 2)}
>>> encode([float("nan")])
Traceback (most recent call last):
    ...
lambdas.storage.xcom_codec.XComEncodingError: cannot store nan (float) at [0] as an XCom: ...
"""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambdas.context.lazy import unwrapped

TAG = "__type__"
PACKAGES = frozenset({"numpy", "pandas", "polars", "pyarrow"})  # whose values `xcom_frames` knows
FRAME_TAGS = frozenset({"numpy", "array", "frame"})
_MICROSECOND = datetime.timedelta(microseconds=1)  # a float of seconds would lose them after some centuries
HINT = "return plain values (numbers, strings, lists, dicts, dates), or write the data to S3 and return where it is"


class XComEncodingError(TypeError):
    """A value that cannot become an XCom; the message says where in the value, and its type."""


class Files(Protocol):
    """Where the frames in an XCom are kept, as files of their own."""

    def put(self, data: bytes, suffix: str) -> str:
        """Keep a file; the key under which it is found again."""
        ...

    def get(self, key: str) -> bytes: ...


def encode(value: Any, where: str = "", files: Files | None = None) -> str:
    """The JSON text of `value`; `where` names the XCom in the error ("key 'x' of task 't'").

    files: where frames go; without it they stand in the text.
    """
    try:
        return json.dumps(Encoder(files).plain(value, ""), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except XComEncodingError as error:
        raise XComEncodingError(f"{where}: {error}" if where else str(error)) from None
    except RecursionError:
        raise XComEncodingError(f"{where or 'XCom'}: the value contains itself or is nested too deeply") from None


def decode(text: str, files: Files | None = None) -> Any:
    """The value that `encode` was given; datetimes get pendulum time zones, as in Airflow.

    Raises XComEncodingError for a class that isn't there any more. Nothing is unpickled, and no class is called but
    those that `encode` takes.
    """
    return Decoder(files).value(json.loads(text))


def display(text: str) -> Any:
    """`text` as plain JSON for people and files: tags stay, but say only the type and the value."""
    return _short(json.loads(text))


# --- encoding ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Encoder:
    """Values to plain JSON. path: where in the XCom the value is, for the error."""

    files: Files | None = None

    def plain(self, value: Any, path: str) -> Any:
        value = unwrapped(value)
        kind = type(value)
        if value is None or kind in (bool, str, int):
            return value
        if kind.__module__.partition(".")[0] in PACKAGES and (made := self._of_a_package(value, path)) is not None:
            return made
        if isinstance(value, enum.Enum):
            if isinstance(value, str | int | float):
                return self.plain(value.value, path)
            raise refusal(value, path, f"use its `.value`; otherwise {HINT}")
        if isinstance(value, str | int):
            return str(value) if isinstance(value, str) else value
        if isinstance(value, float):
            if math.isfinite(value):
                return value
            raise refusal(value, path, "JSON has no NaN and no infinity; return None instead")
        if isinstance(value, list) or getattr(kind, "is_lazy_sequence", False):
            return self.items(value, path)
        if isinstance(value, Mapping):
            return self.mapping(value, path)
        for tagged, name, to_plain in _TAGGED:
            if isinstance(value, tagged):
                return {TAG: name, **to_plain(self, value, path)}
        if kind.__module__ == "uuid" and kind.__name__ == "UUID":
            return {TAG: "UUID", "value": str(value)}
        return self._object(value, path)

    def items(self, values: Any, path: str) -> list[Any]:
        return [self.plain(value, f"{path}[{index}]") for index, value in enumerate(values)]

    def mapping(self, value: Mapping[Any, Any], path: str) -> dict[str, Any]:
        plain = {str(key): self.plain(item, f"{path}[{str(key)!r}]") for key, item in value.items()}
        return {TAG: "dict", "value": plain} if TAG in plain else plain

    def _of_a_package(self, value: Any, path: str) -> dict[str, Any] | None:
        from lambdas.storage.xcom_frames import encoded

        return encoded(self, value, path)

    def _object(self, value: Any, path: str) -> dict[str, Any]:
        from lambdas.storage.xcom_types import encoded

        return encoded(self, value, path)


def refusal(value: Any, path: str, hint: str) -> XComEncodingError:
    """What to raise for a value that can't be kept."""
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return XComEncodingError(f"cannot store {shown} ({name}){f' at {path}' if path else ''} as an XCom: {hint}")


def _datetime(_: Encoder, value: datetime.datetime, path: str) -> dict[str, Any]:
    if value != value:  # pandas' NaT is a datetime
        raise refusal(value, path, "JSON has no such date; return None instead")
    if getattr(value, "nanosecond", 0):  # so is its Timestamp
        raise refusal(value, path, "a datetime has microseconds; return value.to_pydatetime()")
    plain: dict[str, Any] = {"value": value.isoformat()}
    zone = getattr(value.tzinfo, "key", None) or getattr(value.tzinfo, "name", None)
    if isinstance(zone, str):
        plain["tz"] = zone
    if type(value).__module__.startswith("pendulum"):
        plain["pendulum"] = True
    return plain


def _set(encoder: Encoder, value: Any, path: str) -> dict[str, Any]:
    items = encoder.items(value, path)
    try:
        return {"value": sorted(items)}
    except TypeError:
        return {"value": sorted(items, key=repr)}  # mixed types: any stable order will do


def _decimal(_: Encoder, value: decimal.Decimal, path: str) -> dict[str, Any]:
    if not value.is_finite():
        raise refusal(value, path, "JSON has no NaN and no infinity; return None instead")
    if value == value.to_integral_value():
        # Airflow stores integers when there is no fraction digit, floats otherwise: 1.00 comes back as 1.0.
        exponent = value.as_tuple().exponent
        return {"value": f"{int(value)}{'.0' if isinstance(exponent, int) and exponent < 0 else ''}"}
    return {"value": f"{value:f}".rstrip("0")}


def _timezone(_: Encoder, value: datetime.tzinfo, path: str) -> dict[str, Any]:
    """A time zone with a name, or pendulum's with an offset; as in Airflow not the standard library's `timezone`."""
    if isinstance(value, datetime.timezone):
        raise refusal(value, path, "return its name")
    is_pendulum = type(value).__module__.startswith("pendulum")
    name = getattr(value, "key", None) or getattr(value, "offset", None)
    if name is None:
        raise refusal(value, path, "return its name")
    return {"value": name, **({"pendulum": True} if is_pendulum else {})}


def _timedelta(value: datetime.timedelta) -> dict[str, Any]:
    return {"value": value.total_seconds(), "us": value // _MICROSECOND}


_TAGGED: tuple[tuple[type, str, Callable[[Encoder, Any, str], dict[str, Any]]], ...] = (
    (tuple, "tuple", lambda encoder, value, path: {"value": encoder.items(value, path)}),
    (frozenset, "frozenset", _set),
    (set, "set", _set),
    (datetime.datetime, "datetime", _datetime),
    (datetime.date, "date", lambda _, value, __: {"value": value.isoformat()}),
    (datetime.time, "time", lambda _, value, __: {"value": value.isoformat()}),
    (datetime.timedelta, "timedelta", lambda _, value, __: _timedelta(value)),
    (decimal.Decimal, "Decimal", _decimal),
    (datetime.tzinfo, "timezone", _timezone),
)

# --- decoding ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decoder:
    """Plain JSON to values."""

    files: Files | None = None

    def value(self, plain: Any) -> Any:
        if isinstance(plain, list):
            return [self.value(item) for item in plain]
        if not isinstance(plain, dict):
            return plain
        if TAG not in plain:
            return {key: self.value(item) for key, item in plain.items()}
        name = plain[TAG]
        if name in _UNTAGGED:
            return _UNTAGGED[name](self, plain)
        if name in FRAME_TAGS:
            from lambdas.storage.xcom_frames import decoded
        else:
            from lambdas.storage.xcom_types import decoded
        return decoded(self, plain)


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


def _untimezone(plain: dict[str, Any]) -> Any:
    if plain.get("pendulum"):
        import pendulum

        return pendulum.timezone(plain["value"])
    import zoneinfo

    return zoneinfo.ZoneInfo(plain["value"])


def _uuid(plain: dict[str, Any]) -> Any:
    import uuid

    return uuid.UUID(plain["value"])


_UNTAGGED: Mapping[str, Callable[[Decoder, dict[str, Any]], Any]] = {
    "tuple": lambda decoder, plain: tuple(decoder.value(plain["value"])),
    "set": lambda decoder, plain: set(decoder.value(plain["value"])),
    "frozenset": lambda decoder, plain: frozenset(decoder.value(plain["value"])),
    "datetime": lambda _, plain: _undatetime(plain),
    "date": lambda _, plain: datetime.date.fromisoformat(plain["value"]),
    "time": lambda _, plain: datetime.time.fromisoformat(plain["value"]),
    "timedelta": lambda _, plain: plain["us"] * _MICROSECOND,
    "Decimal": lambda _, plain: decimal.Decimal(plain["value"]),
    "UUID": lambda _, plain: _uuid(plain),
    "timezone": lambda _, plain: _untimezone(plain),
    "dict": lambda decoder, plain: {key: decoder.value(item) for key, item in plain["value"].items()},
}


def _short(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_short(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if plain.get(TAG) == "dict":  # one that has such a key of its own
        return {key: _short(value) for key, value in plain["value"].items()}
    if TAG in plain:
        return {TAG: plain[TAG], "value": _short(plain["value"])}
    return {key: _short(value) for key, value in plain.items()}
