"""References to what tasks push: known while the DAG file loads, resolved while a task runs.

`op.output`, `op.output["key"]`, the result of a called `@task` function; `.map(f)`, `.zip(other)`, `.concat(other)`
on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dag_translator.authoring.definitions.mixins import (
    DependencyMixin,
    ResolveMixin,
    apply_upstream_relationship,
    flatten,
    iter_xcom_references,
)
from dag_translator.authoring.definitions.setup_teardown import SetupTeardownContext
from dag_translator.authoring.exceptions import XComNotFound
from dag_translator.authoring.types import NOTSET

XCOM_RETURN_KEY = "return_value"


class XComArg(ResolveMixin, DependencyMixin):
    """A reference to XComs. `XComArg(op)` and `XComArg(op, "key")` give the plain kind."""

    def __new__(cls, *args: Any, **kwargs: Any) -> XComArg:  # noqa: ARG004
        return super().__new__(PlainXComArg if cls is XComArg else cls)

    @staticmethod
    def iter_xcom_references(arg: Any) -> Iterator[tuple[Any, str]]:
        return iter_xcom_references(arg)

    @staticmethod
    def apply_upstream_relationship(op: Any, arg: Any) -> None:
        apply_upstream_relationship(op, arg)

    @property
    def roots(self) -> list[Any]:
        return [operator for operator, _ in self.iter_references()]

    @property
    def leaves(self) -> list[Any]:
        return [operator for operator, _ in self.iter_references()]

    def set_upstream(self, task_or_task_list: Any, edge_modifier: Any = None) -> None:
        for operator, _ in self.iter_references():
            operator.set_upstream(task_or_task_list, edge_modifier)

    def set_downstream(self, task_or_task_list: Any, edge_modifier: Any = None) -> None:
        for operator, _ in self.iter_references():
            operator.set_downstream(task_or_task_list, edge_modifier)

    def map(self, f: Callable[[Any], Any]) -> MapXComArg:
        return MapXComArg(self, [f])

    def zip(self, *others: XComArg, fillvalue: Any = NOTSET) -> ZipXComArg:
        return ZipXComArg([self, *others], fillvalue=fillvalue)

    def concat(self, *others: XComArg) -> ConcatXComArg:
        return ConcatXComArg([self, *others])


class PlainXComArg(XComArg):
    """One XCom of one task."""

    def __init__(self, operator: Any, key: str = XCOM_RETURN_KEY) -> None:
        self.operator = operator
        self.key = key

    def __getitem__(self, item: str) -> PlainXComArg:
        if not isinstance(item, str):
            raise ValueError(f"XComArg only supports str lookup, received {type(item).__name__}")
        return PlainXComArg(self.operator, item)

    def __iter__(self) -> Any:
        raise TypeError("'XComArg' object is not iterable")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PlainXComArg):
            return NotImplemented
        return self.operator is other.operator and self.key == other.key

    def __hash__(self) -> int:
        return hash((id(self.operator), self.key))

    def __str__(self) -> str:
        """A template, so that f"… {op.output}" works in a templated field."""
        task_id, dag_id = self.operator.task_id, self.operator.dag_id
        return f"{{{{ task_instance.xcom_pull(task_ids='{task_id}', dag_id='{dag_id}', key='{self.key}') }}}}"

    def __repr__(self) -> str:
        key = "" if self.key == XCOM_RETURN_KEY else f", {self.key!r}"
        return f"XComArg({self.operator!r}{key})"

    @property
    def is_setup(self) -> bool:
        return bool(self.operator.is_setup)

    @is_setup.setter
    def is_setup(self, value: bool) -> None:
        self.operator.is_setup = value

    @property
    def is_teardown(self) -> bool:
        return bool(self.operator.is_teardown)

    @is_teardown.setter
    def is_teardown(self, value: bool) -> None:
        self.operator.is_teardown = value

    @property
    def on_failure_fail_dagrun(self) -> bool:
        return bool(self.operator.on_failure_fail_dagrun)

    @on_failure_fail_dagrun.setter
    def on_failure_fail_dagrun(self, value: bool) -> None:
        self.operator.on_failure_fail_dagrun = value

    def as_setup(self) -> PlainXComArg:
        self.operator.as_setup()
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: bool | None = None) -> PlainXComArg:
        self.operator.as_teardown(setups=setups, on_failure_fail_dagrun=on_failure_fail_dagrun)
        return self

    def __enter__(self) -> type[SetupTeardownContext]:
        return SetupTeardownContext.open([self.operator])

    def __exit__(self, *_: object) -> None:
        SetupTeardownContext.close()

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        yield self.operator, self.key

    def map(self, f: Callable[[Any], Any]) -> MapXComArg:
        self._demand_return_value("map against")
        return super().map(f)

    def zip(self, *others: XComArg, fillvalue: Any = NOTSET) -> ZipXComArg:
        self._demand_return_value("map against")
        return super().zip(*others, fillvalue=fillvalue)

    def concat(self, *others: XComArg) -> ConcatXComArg:
        self._demand_return_value("concatenate")
        return super().concat(*others)

    def _demand_return_value(self, what: str) -> None:
        if self.key != XCOM_RETURN_KEY:
            raise ValueError(f"cannot {what} non-return XCom")

    def resolve(self, context: Any) -> Any:
        """The XCom's value; of a mapped task, the values of all its instances.

        Inside a mapped task group it is the value of the same index, outside the list of all.
        """
        ti = context["ti"]
        if self.operator.is_mapped:
            return ti.xcom_sequence(self.operator.task_id, self.key)
        group = self.operator.get_closest_mapped_task_group()
        inside = group is not None and ti.task.get_closest_mapped_task_group() is group
        index = ti.map_index if inside else NOTSET
        value = ti.xcom_pull(task_ids=self.operator.task_id, key=self.key, default=NOTSET, map_indexes=index)
        if value is not NOTSET:
            return value
        if self.key == XCOM_RETURN_KEY or getattr(self.operator, "multiple_outputs", False):
            return None
        raise XComNotFound(context["ti"].dag_id, self.operator.task_id, self.key)


class MapXComArg(XComArg):
    """`arg.map(f)`: f applied to each item, when the item is read."""

    def __init__(self, arg: XComArg, callables: Sequence[Callable[[Any], Any]]) -> None:
        if any(getattr(function, "_airflow_is_task_decorator", False) for function in callables):
            raise ValueError("map() argument must be a plain function, not a @task operator")
        self.arg = arg
        self.callables = list(callables)

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        yield from self.arg.iter_references()

    def map(self, f: Callable[[Any], Any]) -> MapXComArg:
        return MapXComArg(self.arg, [*self.callables, f])

    def resolve(self, context: Any) -> Any:
        return _Mapped(_items(self.arg.resolve(context), "map"), self.callables)


class ZipXComArg(XComArg):
    """`a.zip(b, c)`: tuples, as many as the shortest has items; as the longest, given a fillvalue."""

    def __init__(self, args: Sequence[XComArg], *, fillvalue: Any = NOTSET) -> None:
        self.args = list(args)
        self.fillvalue = fillvalue

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        yield from flatten(arg.iter_references() for arg in self.args)

    def resolve(self, context: Any) -> Any:
        values = [_items(arg.resolve(context), "zip") for arg in self.args]
        return _Zipped(values, self.fillvalue)


class ConcatXComArg(XComArg):
    """`a.concat(b)`: the items of one after those of the other."""

    def __init__(self, args: Sequence[XComArg]) -> None:
        self.args = list(args)

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        yield from flatten(arg.iter_references() for arg in self.args)

    def concat(self, *others: XComArg) -> ConcatXComArg:
        return ConcatXComArg([*self.args, *others])

    def resolve(self, context: Any) -> Any:
        return _Concatenated([_items(arg.resolve(context), "concat") for arg in self.args])


class _Zipped(Sequence[Any]):
    """Tuples of the items at the same place; nothing is read before it is asked for."""

    is_lazy_sequence = True

    def __init__(self, parts: list[Sequence[Any]], fillvalue: Any) -> None:
        self._parts = parts
        self._fillvalue = fillvalue
        self._lengths = [len(part) for part in parts]

    def __len__(self) -> int:
        return min(self._lengths) if self._fillvalue is NOTSET else max(self._lengths)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        return tuple(
            part[at] if at < length and isinstance(part, Sequence) else self._fillvalue
            for part, length in zip(self._parts, self._lengths, strict=True)
        )

    def __repr__(self) -> str:
        return f"_ZipResult(values={self._parts!r}, fillvalue={self._fillvalue!r})"


class _Concatenated(Sequence[Any]):
    """The items of several sequences, one after the other; nothing is read before it is asked for."""

    is_lazy_sequence = True

    def __init__(self, parts: list[Sequence[Any]]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        for part in self._parts:
            if at < len(part):
                return part[at] if isinstance(part, Sequence) else list(part)[at]
            at -= len(part)
        raise IndexError(index)

    def __repr__(self) -> str:
        return f"_ConcatResult(values={self._parts!r})"


class _Mapped(Sequence[Any]):
    """Items that pass through functions when read, so that one that raises AirflowSkipException skips its
    index only.
    """

    is_lazy_sequence = True

    def __init__(self, items: Sequence[Any], callables: list[Callable[[Any], Any]]) -> None:
        self._items = items
        self._callables = callables

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        value = self._items[index]
        for function in self._callables:
            value = function(value)
        return value

    def __repr__(self) -> str:
        return f"_MapResult(value={self._items!r}, callables={self._callables!r})"


def _items(value: Any, what: str) -> Any:
    """What has items. A dict stays one, and Airflow 3.3.2 asks it for its item 0: `.map()` then fails with KeyError,
    `.zip()` takes its fillvalue, `.concat()` gives the keys. Only `expand` makes (key, value) pairs of it."""
    if not isinstance(value, Sequence | dict):
        raise ValueError(f"XCom {what} expects sequence or dict, not {type(value).__name__}")
    return value
