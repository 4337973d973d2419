"""XComs of NumPy, pandas, polars and pyarrow: numbers as JSON, arrays as `.npy`, frames as Parquet files in the bucket.

The packages are the user's, never ours: loaded are only those that the value comes from. pandas and pyarrow frames need
pyarrow. Invariant: nothing is pickled, so arrays and frames of Python objects that Parquet can't say are refused.

    numpy.int64(5)       {"__type__": "numpy", "class": "int64", "value": 5}
    numpy.array([1.5])   {"__type__": "array", "class": "float64", "value": base64 of the .npy file}
    pandas.DataFrame     {"__type__": "frame", "class": "pandas", "value": "xcom/…/1-ab12.parquet"}
"""

from __future__ import annotations

import base64
import importlib
import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lambdas.storage.xcom_codec import TAG, XComEncodingError, refusal

if TYPE_CHECKING:
    from lambdas.storage.xcom_codec import Decoder, Encoder

_INLINE = "base64:"
_NEEDS = "add {} to requirements.txt: it writes and reads the Parquet file that the XCom is kept in"


def encoded(encoder: Encoder, value: Any, path: str) -> dict[str, Any] | None:
    """The tagged form of such a package's value; None if it is to be treated like any other object."""
    package = type(value).__module__.partition(".")[0]
    if package == "numpy":
        return _number_or_array(encoder, value, path)
    for name, (type_name, write, _) in _FRAMES.items():
        if package == name and isinstance(value, getattr(importlib.import_module(name), type_name)):
            return _frame(encoder, name, _written(write, value, path))
    return None


def decoded(decoder: Decoder, plain: Mapping[str, Any]) -> Any:
    """The value of a tagged form. Raises XComEncodingError if its package is not installed here."""
    package = "numpy" if plain[TAG] in ("numpy", "array") else plain["class"]
    try:
        if plain[TAG] == "numpy":
            return _numpy().dtype(plain["class"]).type(plain["value"])
        if plain[TAG] == "array":
            array = _numpy().load(io.BytesIO(base64.b64decode(plain["value"])), allow_pickle=False)
            return array[()] if plain.get("scalar") else array
        return _FRAMES[package][2](io.BytesIO(_content(decoder, plain["value"])))
    except ImportError as error:
        raise XComEncodingError(f"this XCom holds a value of {package}: add {error.name} to requirements.txt") from None


# --- NumPy ---------------------------------------------------------------------------------------------------------


def _numpy() -> Any:
    return importlib.import_module("numpy")


def _number_or_array(encoder: Encoder, value: Any, path: str) -> dict[str, Any] | None:
    numpy = _numpy()
    if isinstance(value, str | bytes):  # numpy.str_ and numpy.bytes_
        return None
    if isinstance(value, numpy.generic):
        item = value.item()
        if type(item) in (bool, int) or (type(item) is float and value.dtype.itemsize <= 8):
            return {TAG: "numpy", "class": value.dtype.name, "value": encoder.plain(item, path)}
        return {**_array(numpy, numpy.asarray(value), path), "scalar": True}
    return _array(numpy, value, path) if type(value) is numpy.ndarray else None


def _array(numpy: Any, value: Any, path: str) -> dict[str, Any]:
    data = io.BytesIO()
    try:
        numpy.save(data, value, allow_pickle=False)
    except ValueError:
        raise refusal(value, path, "an array of Python objects; give it a dtype, or return value.tolist()") from None
    return {TAG: "array", "class": value.dtype.name, "value": base64.b64encode(data.getvalue()).decode()}


# --- frames --------------------------------------------------------------------------------------------------------


def _parquet() -> Any:
    return importlib.import_module("pyarrow.parquet")


def _write_pandas(value: Any, file: io.BytesIO) -> None:
    table = importlib.import_module("pyarrow").Table.from_pandas(value)
    _parquet().write_table(table, file, compression="snappy")


# package → the class, how it is written, how it is read.
_FRAMES: Mapping[str, tuple[str, Callable[[Any, io.BytesIO], None], Callable[[io.BytesIO], Any]]] = {
    "pandas": ("DataFrame", _write_pandas, lambda file: _parquet().read_table(file).to_pandas()),
    "pyarrow": (
        "Table",
        lambda value, file: _parquet().write_table(value, file),
        lambda file: _parquet().read_table(file),
    ),
    "polars": (
        "DataFrame",
        lambda value, file: value.write_parquet(file),
        lambda file: importlib.import_module("polars").read_parquet(file),
    ),
}


def _written(write: Callable[[Any, io.BytesIO], None], value: Any, path: str) -> bytes:
    file = io.BytesIO()
    try:
        write(value, file)
    except ImportError as error:
        raise refusal(value, path, _NEEDS.format((error.name or "pyarrow").partition(".")[0])) from None
    except Exception as error:
        raise refusal(value, path, f"Parquet can't hold it ({error}); convert its columns") from error
    return file.getvalue()


def _frame(encoder: Encoder, package: str, data: bytes) -> dict[str, Any]:
    if encoder.files is None:
        return {TAG: "frame", "class": package, "value": _INLINE + base64.b64encode(data).decode()}
    return {TAG: "frame", "class": package, "value": encoder.files.put(data, "parquet"), "bytes": len(data)}


def _content(decoder: Decoder, value: str) -> bytes:
    if value.startswith(_INLINE):
        return base64.b64decode(value.removeprefix(_INLINE))
    if decoder.files is None:
        raise XComEncodingError(f"this XCom's frame is the file {value} in the bucket")
    return decoder.files.get(value)
