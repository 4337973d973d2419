"""XComs of users' own classes and of data packages, which are fakes here: what they do is only call the packages."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from types import ModuleType
from typing import Any

import attrs
import pydantic
import pytest

from lambdas.context.xcom_access import XComFiles
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.xcom_codec import XComEncodingError, decode, display, encode


class Item(pydantic.BaseModel):
    name: str
    price: float = 1.5


class Order(pydantic.BaseModel):
    items: list[Item]


@attrs.define
class Size:
    width: int
    _depth: int = 2
    area: int = attrs.field(init=False, default=0)


@dataclasses.dataclass(frozen=True)
class Parcel:
    size: Size
    order: Order
    weight: float = dataclasses.field(default=0.0, init=False)


class Money:
    __version__ = 2

    def __init__(self, cents: int) -> None:
        self.cents = cents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and other.cents == self.cents

    __hash__ = None  # type: ignore[assignment]

    def serialize(self) -> dict[str, int]:
        return {"cents": self.cents}

    @staticmethod
    def deserialize(data: dict[str, int], version: int) -> Money:
        assert version == 2
        return Money(data["cents"])


class OneWay:
    def serialize(self) -> int:
        return 1


ORDER = Order(items=[Item(name="a"), Item(name="b", price=2)])


@pytest.mark.parametrize(
    "value",
    [ORDER, Size(1, 3), Money(5), Parcel(Size(1), ORDER), {"all": [Money(1), (Size(2), ORDER)]}],
    ids=lambda value: type(value).__name__,
)
def test_the_same_type_comes_back_at_any_depth(value: Any) -> None:
    back = decode(encode(value))
    assert back == value
    assert type(back) is type(value)


def test_how_it_is_shown() -> None:
    assert display(encode(Money(5))) == {"__type__": "object", "value": {"cents": 5}}


def test_what_could_not_be_read_again_is_refused() -> None:
    with pytest.raises(XComEncodingError, match=r"give its class serialize\(\) and a static deserialize"):
        encode(OneWay())


@pytest.mark.parametrize(
    "name", ["subprocess:Popen", "builtins:eval", "os:system", "no_such_module:X", "lambdas.storage.xcom_types:_KINDS"]
)
@pytest.mark.parametrize("kind", ["object", "dataclass", "attrs", "pydantic"])
def test_only_classes_of_the_kind_that_was_written_are_made(kind: str, name: str) -> None:
    with pytest.raises(XComEncodingError, match="not defined here"):
        decode(f'{{"__type__": "{kind}", "class": "{name}", "value": {{"args": ["true"]}}}}')


def test_a_newer_version_of_a_class_is_refused() -> None:
    newer = encode(Money(5)).replace('"version":2', '"version":3')
    with pytest.raises(XComEncodingError, match="of version 3, the class here is 2"):
        decode(newer)


def test_a_class_of_a_module_that_is_not_loaded_yet_is_imported(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shapes_of_users.py").write_text("import dataclasses\n@dataclasses.dataclass\nclass Dot:\n    x: int\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    back = decode('{"__type__":"dataclass","class":"shapes_of_users:Dot","value":{"x":3}}')
    assert (type(back).__module__, back.x) == ("shapes_of_users", 3)
    monkeypatch.delitem(sys.modules, "shapes_of_users")


def test_a_class_of_the_dag_file_is_found_wherever_the_file_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("unusual_prefix_0123abcd_etl")
    module.Money = Money  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    text = encode(Money(7)).replace(f"{Money.__module__}:", "unusual_prefix_ffff9999_etl:")
    assert decode(text) == Money(7)


def test_no_package_of_the_user_is_loaded_for_plain_values() -> None:
    code = (
        "import sys\n"
        "from lambdas.storage.xcom_codec import decode, encode\n"
        "decode(encode({'a': [1, 'x', 2.5, (1,)]}))\n"
        "print(*(name for name in sys.modules if name.startswith('lambdas.storage.xcom_')))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["lambdas.storage.xcom_codec"]


# --- frames, with packages that are not there -------------------------------------------------------------------------


class Frame:
    """polars' DataFrame, as far as it is asked."""

    __module__ = "polars.dataframe.frame"

    def __init__(self, rows: bytes) -> None:
        self.rows = rows

    def write_parquet(self, file: Any) -> None:
        file.write(b"PAR1" + self.rows)


class Table:
    """pandas' DataFrame, whose writing needs pyarrow."""

    __module__ = "pandas.core.frame"


@pytest.fixture
def _packages(monkeypatch: pytest.MonkeyPatch) -> None:
    polars, pandas = ModuleType("polars"), ModuleType("pandas")
    polars.DataFrame = Frame  # type: ignore[attr-defined]
    polars.read_parquet = lambda file: Frame(file.read().removeprefix(b"PAR1"))  # type: ignore[attr-defined]
    pandas.DataFrame = Table  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "polars", polars)
    monkeypatch.setitem(sys.modules, "pandas", pandas)


@pytest.mark.usefixtures("_packages")
def test_a_frame_is_a_parquet_file_of_its_own() -> None:
    store = MemoryStore()
    files = XComFiles(store, "xcom/d/r/t/-1/return_value/1-")
    text = encode({"frame": Frame(b"rows")}, files=files)
    ((key, data),) = store.files.items()
    assert key.startswith("xcom/d/r/t/-1/return_value/1-")
    assert (key[-8:], data) == (".parquet", b"PAR1rows")
    assert display(text) == {"frame": {"__type__": "frame", "value": key}}
    back = decode(text, files)["frame"]
    assert (type(back), back.rows) == (Frame, b"rows")
    assert decode(encode(Frame(b"x"))).rows == b"x"  # without a bucket it stands in the text


@pytest.mark.usefixtures("_packages")
def test_the_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(XComEncodingError, match=r"add pyarrow to requirements\.txt"):
        encode(Table())
    text = encode(Frame(b"x"))
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(XComEncodingError, match=r"add polars to requirements\.txt"):
        decode(text)
