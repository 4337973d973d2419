"""Edges: what `a >> b`, `a << [b, c]` and `[a, b] >> c` mean for everything that can stand in a dependency.

An operand is a task, a task group, a reference to a task's output (XComArg), a label, or a list or tuple of those. A
list inside a list is a chain, an extension of ours (Airflow raises): `start >> [t3, [t1, t2]] >> t4` is `start >> t3 >>
t4` and `start >> t1 >> t2 >> t4`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from dag_translator.authoring.loading import coded


class DependencyMixin:
    """Something that can stand in a dependency. `roots` start it and `leaves` end it: both are operators."""

    @property
    def roots(self) -> list[Any]:
        raise NotImplementedError

    @property
    def leaves(self) -> list[Any]:
        raise NotImplementedError

    def set_upstream(self, task_or_task_list: Any, edge_modifier: Any = None) -> None:
        raise NotImplementedError

    def set_downstream(self, task_or_task_list: Any, edge_modifier: Any = None) -> None:
        raise NotImplementedError

    def update_relative(self, other: Any, upstream: bool = True, edge_modifier: Any = None) -> None:
        """Told when an edge to `other` is made from the other side; groups and labels keep note."""

    def __rshift__(self, other: Any) -> Any:
        self.set_downstream(other)
        return other

    def __lshift__(self, other: Any) -> Any:
        self.set_upstream(other)
        return other

    def __rrshift__(self, other: Any) -> Any:
        self.set_upstream(other)
        return self

    def __rlshift__(self, other: Any) -> Any:
        self.set_downstream(other)
        return self


class Chain(DependencyMixin):
    """A list inside a list: its items follow each other.

    >>> Chain([])
    Traceback (most recent call last):
    AttributeError: an empty list inside a list has no place in a dependency
    """

    def __init__(self, items: Sequence[Any]) -> None:
        if not items:
            raise illegal_operand("an empty list inside a list has no place in a dependency")
        for item in items:
            if not isinstance(item, DependencyMixin):
                raise illegal_operand(
                    f"a list inside a list is a chain of tasks; it holds {_described(item)}, which is none"
                )
        self.items = list(items)
        for before, after in pairwise(self.items):
            before.set_downstream(after)

    @property
    def roots(self) -> list[Any]:
        return list(self.items[0].roots)

    @property
    def leaves(self) -> list[Any]:
        return list(self.items[-1].leaves)

    def update_relative(self, other: Any, upstream: bool = True, edge_modifier: Any = None) -> None:
        self.items[0 if upstream else -1].update_relative(other, upstream, edge_modifier)


class ResolveMixin:
    """A value that exists only in a run: a reference to an XCom, to a parameter, to a mapped argument."""

    def iter_references(self) -> Iterator[tuple[Any, str]]:
        """The (operator, XCom key) pairs that the value comes from."""
        raise NotImplementedError

    def resolve(self, context: Any) -> Any:
        """The value, in a run."""
        raise NotImplementedError


def operands(value: Any) -> list[DependencyMixin]:
    """The operands of one side of an edge; raises AttributeError, as Airflow does, for what cannot be one."""
    if isinstance(value, DependencyMixin):
        return [value]
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise illegal_operand(f"{_described(value)} cannot be part of a dependency")
    found: list[DependencyMixin] = []
    for item in value:
        if isinstance(item, DependencyMixin):
            found.append(item)
        elif isinstance(item, list | tuple):
            found.append(Chain(item))
        else:
            raise illegal_operand(f"{_described(item)} cannot be part of a dependency")
    return found


def illegal_operand(message: str) -> AttributeError:
    return coded(
        AttributeError(message),
        "illegal-edge",
        "`>>` and `<<` take tasks, task groups, labels, what a called @task function gives, and lists of them",
    )


def iter_xcom_references(value: Any) -> Iterator[tuple[Any, str]]:
    """Every (operator, key) that a value refers to, looking into collections and objects with `template_fields`."""
    if isinstance(value, ResolveMixin):
        yield from value.iter_references()
    elif isinstance(value, str | bytes | int | float | None):
        return
    elif isinstance(value, tuple | set | list | frozenset):
        for item in value:
            yield from iter_xcom_references(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from iter_xcom_references(item)
    elif isinstance(value, DependencyMixin) and hasattr(value, "template_fields"):
        for name in value.template_fields:
            yield from iter_xcom_references(getattr(value, name, None))


def apply_upstream_relationship(operator: DependencyMixin, value: Any) -> None:
    """Make every task that `value` refers to an upstream task of `operator`."""
    for upstream, _ in iter_xcom_references(value):
        operator.set_upstream(upstream)


def flatten(values: Iterable[Iterable[Any]]) -> list[Any]:
    return [item for inner in values for item in inner]


def _described(value: Any) -> str:
    kind = type(value).__name__
    if callable(value) and getattr(value, "_airflow_is_task_decorator", False):
        return f"the @task function {getattr(value, '__name__', '')!r} (which is not called)"
    return "None" if value is None else f"an object of type {kind}"
