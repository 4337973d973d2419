"""What an XCom keeps, and what it refuses."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import json
import math
import uuid
import zoneinfo
from typing import Any, NamedTuple

import pendulum
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.context.lazy import Lazy
from lambdas.storage.xcom_codec import XComEncodingError, decode, display, encode


@dataclasses.dataclass
class Point:
    x: int
    tags: tuple[str, ...] = ()


class Pair(NamedTuple):
    a: int
    b: int


class Colour(enum.StrEnum):
    RED = "red"


KEPT = [
    None, True, 0, -(10**30), 1.5, 1e300, "", "é\n", [], {}, [1, [2, (3, {4})]], {"a": {"b": None}},
    (), (1, (2,)), {1, 2}, frozenset({"x"}), dt.datetime(2024, 1, 2, 3, 4, 5, 6), dt.date(2024, 1, 2), dt.time(3, 4),
    dt.timedelta(days=-1, seconds=5, microseconds=7), uuid.UUID(int=5), Point(1, ("a",)), [Point(2)],
]  # fmt: skip


@pytest.mark.parametrize("value", KEPT, ids=repr)
def test_kept_as_it_is(value: Any) -> None:
    back = decode(encode(value))
    assert back == value
    assert type(back) is type(value)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    | st.dates() | st.timedeltas(),
    lambda children: st.lists(children) | st.lists(children).map(tuple)
    | st.dictionaries(st.text().filter(lambda key: key != "__type__"), children),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(json_like)
def test_any_mixture_comes_back(value: Any) -> None:
    assert decode(encode(value)) == value
    json.dumps(display(encode(value)))


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [
        (decimal.Decimal("1.10"), "1.1"),  # Airflow stores a float, so the zero is lost there too
        (decimal.Decimal("1.00"), "1.0"),
        (decimal.Decimal("100"), "100"),
        (decimal.Decimal("1E+2"), "100"),
        (decimal.Decimal("0.12345678901234567890123"), "0.12345678901234567890123"),  # exact, unlike Airflow's
    ],
)
def test_decimals(given_value: decimal.Decimal, kept: str) -> None:
    assert str(decode(encode(given_value))) == kept


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", 19800])
def test_datetimes_keep_their_zone(zone: str | int) -> None:
    tz = pendulum.timezone(zone)
    for value in (pendulum.datetime(2024, 10, 27, 1, 30, tz=tz), pendulum.datetime(2024, 1, 2, tz=tz)):
        back = decode(encode(value))
        assert back == value
        assert type(back) is pendulum.DateTime
        assert back.timezone_name == value.timezone_name
        plain = dt.datetime.fromtimestamp(value.timestamp(), tz=value.tzinfo)
        assert type(decode(encode(plain))) is dt.datetime
    hour_again = pendulum.datetime(2024, 10, 27, 2, 30, tz="Europe/Paris", fold=1)
    assert decode(encode(hour_again)).isoformat() == "2024-10-27T02:30:00+01:00"


@pytest.mark.parametrize(
    "value",
    [
        {"__type__": "tuple", "value": (1,)},
        [{"a": {"__type__": {"__type__": None}}}],
        pendulum.timezone("Europe/Berlin"),
        pendulum.timezone(7200),
        zoneinfo.ZoneInfo("Asia/Seoul"),
    ],
)
def test_dicts_that_look_like_tags_and_time_zones(value: Any) -> None:
    assert decode(encode(value)) == value
    assert type(decode(encode(value))) is type(value)


def test_such_a_dict_is_shown_as_it_is() -> None:
    assert display(encode({"__type__": "x", "more": [1]})) == {"__type__": "x", "more": [1]}


def test_changed_as_airflow_changes_it() -> None:
    assert decode(encode({1: "a", None: "b"})) == {"1": "a", "None": "b"}
    assert decode(encode(Pair(1, 2))) == (1, 2)
    assert decode(encode(Colour.RED)) == "red"
    assert decode(encode(Lazy(lambda: pendulum.datetime(2024, 1, 1)))) == pendulum.datetime(2024, 1, 1)


class Custom:
    def __repr__(self) -> str:
        return "<custom>"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, "task t: cannot store nan (float) as an XCom: JSON has no NaN"),
        ({"a": [1, math.inf]}, "task t: cannot store inf (float) at ['a'][1] as an XCom"),
        (b"ab", "task t: cannot store b'ab' (bytes) as an XCom: return plain values"),
        ((i for i in range(3)), "task t: cannot store <generator"),
        ([Custom()], "(tests.lambdas.test_xcom_codec.Custom) at [0]"),
        (dt.UTC, "return its name"),
        (decimal.Decimal("NaN"), "cannot store Decimal('NaN')"),
    ],
)
def test_refused(value: Any, message: str) -> None:
    with pytest.raises(XComEncodingError) as caught:
        encode(value, "task t")
    assert message in str(caught.value)


def test_a_value_that_contains_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(XComEncodingError, match="contains itself"):
        encode(value)


def test_an_instant_with_nanoseconds_is_refused_and_so_is_none() -> None:
    class Timestamp(dt.datetime):
        nanosecond = 5

    class Missing(dt.datetime):
        __hash__ = None  # type: ignore[assignment]

        def __ne__(self, other: object) -> bool:
            return True

    with pytest.raises(XComEncodingError, match="microseconds"):
        encode(Timestamp(2024, 1, 2))
    with pytest.raises(XComEncodingError, match="no such date"):
        encode(Missing(2024, 1, 2))


def test_a_class_that_is_gone() -> None:
    text = encode(Point(1)).replace(":Point", ":Gone")
    with pytest.raises(XComEncodingError, match="not defined here"):
        decode(text)
