"""Labels on edges, and the functions that make many edges at once.

>>> Label("yes").label
'yes'
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from dag_translator.authoring.definitions.mixins import DependencyMixin, flatten, operands
from dag_translator.authoring.definitions.node import DAGNode
from dag_translator.authoring.loading import coded


class EdgeModifier(DependencyMixin):
    """A label that waits until both sides are known: `a >> Label("yes") >> b`.

    When the sides lie in different task groups, a task stands for its whole group, as in Airflow:
    `g.a >> Label("x") >> b` makes all leaves of g upstream of b.
    """

    def __init__(self, label: str | None = None) -> None:
        self.label = label
        self._upstream: list[Any] = []
        self._downstream: list[Any] = []

    @property
    def roots(self) -> list[Any]:
        return flatten(node.roots for node in self._downstream)

    @property
    def leaves(self) -> list[Any]:
        return flatten(node.leaves for node in self._upstream)

    def set_upstream(self, task_or_task_list: Any, edge_modifier: Any = None) -> None:  # noqa: ARG002
        self._upstream += operands(task_or_task_list)
        self._widen_to_groups()
        for node in self._downstream:
            node.set_upstream(task_or_task_list, edge_modifier=self)

    def set_downstream(self, task_or_task_list: Any, edge_modifier: Any = None) -> None:  # noqa: ARG002
        self._downstream += operands(task_or_task_list)
        self._widen_to_groups()
        for node in self._upstream:
            node.set_downstream(task_or_task_list, edge_modifier=self)

    def _widen_to_groups(self) -> None:
        if self._upstream and self._downstream:
            groups = {_group_of(node) for node in (*self._upstream, *self._downstream)}
            if len(groups - {None}) != 1:
                self._upstream = [_widened(node) for node in self._upstream]
                self._downstream = [_widened(node) for node in self._downstream]

    def update_relative(self, other: Any, upstream: bool = True, edge_modifier: Any = None) -> None:  # noqa: ARG002
        if upstream:
            self.set_upstream(other)
        else:
            self.set_downstream(other)

    def add_edge_info(self, dag: Any, upstream_id: str, downstream_id: str) -> None:
        dag.set_edge_info(upstream_id, downstream_id, {"label": self.label})


def Label(label: str) -> EdgeModifier:  # noqa: N802 - Airflow's name
    """A label for the edges that go through it."""
    return EdgeModifier(label=label)


def chain(*tasks: Any) -> None:
    """`chain(a, [b, c], [d, e], f)`: each element before the next; two lists pairwise, so of equal length."""
    for before, after in pairwise(tasks):
        if isinstance(before, DependencyMixin):
            before.set_downstream(after)
        elif isinstance(after, DependencyMixin):
            after.set_upstream(before)
        elif not isinstance(before, Sequence) or not isinstance(after, Sequence):
            raise coded(
                TypeError(f"Chain not supported between instances of {type(before)} and {type(after)}"),
                "illegal-edge",
                "chain() takes tasks, task groups, and lists of them",
            )
        elif len(before) != len(after):
            raise coded(
                ValueError(f"Chain not supported for different length Iterable. Got {len(before)} and {len(after)}."),
                "illegal-edge",
                "give both lists the same length, or use chain_linear() for every task with every task",
            )
        else:
            for one, other in zip(before, after, strict=True):
                one.set_downstream(other)


def cross_downstream(from_tasks: Sequence[Any], to_tasks: Any) -> None:
    """Every task of the first list before every task of the second."""
    for task in from_tasks:
        task.set_downstream(to_tasks)


def chain_linear(*elements: Any) -> None:
    """`chain_linear(a, [b, c], [d, e, f], g)`: each element, or all of a list, before all of the next."""
    if not elements:
        raise ValueError("No tasks provided; nothing to do.")
    for element in elements:
        if isinstance(element, EdgeModifier):
            raise ValueError("Labels are not supported by chain_linear")
    made = False
    for before, after in pairwise(elements):
        for task in [before] if isinstance(before, DependencyMixin) else before:
            task.set_downstream(after)
            made = True
    if not made:
        raise ValueError("No dependencies were set. Did you forget to expand with `*`?")


def _group_of(node: Any) -> str | None:
    """The id of the group that a label's side lies in, "" for the root group; a group lies in its parent."""
    group = getattr(getattr(node, "operator", node), "task_group", None)
    return None if group is None else str(group.group_id or "")


def _widened(node: Any) -> Any:
    group = node.task_group if isinstance(node, DAGNode) else None
    return node if group is None or group.is_root else group
