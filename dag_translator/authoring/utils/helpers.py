"""`airflow.utils.helpers`, as far as DAG files use it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from itertools import filterfalse, tee
from typing import Any


def chunks(items: list[Any], chunk_size: int) -> Generator[list[Any], None, None]:
    """The list in parts of chunk_size."""
    if chunk_size <= 0:
        raise ValueError("Chunk size must be a positive integer")
    for i in range(0, len(items), chunk_size):
        yield items[i : i + chunk_size]


def partition(pred: Callable[[Any], bool], iterable: Iterable[Any]) -> tuple[Iterable[Any], Iterable[Any]]:
    """The items that fail the test, and those that pass."""
    first, second = tee(iterable)
    return filterfalse(pred, first), filter(pred, second)


def merge_dicts(dict1: dict[Any, Any], dict2: dict[Any, Any]) -> dict[Any, Any]:
    """Deeply, the second winning."""
    merged = dict(dict1)
    for key, value in dict2.items():
        both = isinstance(merged.get(key), dict) and isinstance(value, dict)
        merged[key] = merge_dicts(merged[key], value) if both else value
    return merged


def prune_dict(val: Any, mode: str = "strict") -> Any:
    """Without None (strict) or falsy (truthy) items, deeply."""
    if mode not in ("strict", "truthy"):
        raise ValueError("allowable values for `mode` include 'truthy' and 'strict'")

    def empty(value: Any) -> bool:
        return value is None if mode == "strict" else not value

    if isinstance(val, dict):
        found = {key: prune_dict(value, mode) for key, value in val.items() if not empty(value)}
        return {key: value for key, value in found.items() if not empty(value)}
    if isinstance(val, list):
        return [item for value in val if not empty(value) for item in [prune_dict(value, mode)] if not empty(item)]
    return val


def exactly_one(*args: Any) -> bool:
    """Whether exactly one argument is true."""
    return sum(map(bool, args)) == 1


def at_most_one(*args: Any) -> bool:
    """Whether no more than one argument is true."""
    return sum(map(bool, args)) <= 1


def is_container(obj: Any) -> bool:
    """Whether it is a collection; a text counts as one value."""
    return hasattr(obj, "__iter__") and not isinstance(obj, str)


def as_flattened_list(iterable: Iterable[Iterable[Any]]) -> list[Any]:
    return [item for items in iterable for item in items]
