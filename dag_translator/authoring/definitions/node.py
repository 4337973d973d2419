"""What tasks and task groups share as nodes of a DAG: ids, edges in both directions, walks along them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from dag_translator.authoring.definitions.mixins import DependencyMixin, flatten, operands
from dag_translator.authoring.loading import coded

KEY = re.compile(r"^[\w.-]+$")
GROUP_KEY = re.compile(r"^[\w-]+$")


def validate_key(key: Any, what: str = "key", longest: int = 250, pattern: re.Pattern[str] = KEY) -> str:
    """The id itself, or TypeError/ValueError as Airflow raises."""
    if not isinstance(key, str):
        raise coded(TypeError(f"The {what} has to be a string and is {type(key)}:{key}"), "invalid-id", "use a string")
    if len(key) > longest:
        raise coded(
            ValueError(f"The {what} has to be less than {longest} characters, not {len(key)}"),
            "invalid-id",
            "shorten it",
        )
    if not pattern.match(key):
        signs = "dashes, dots, and underscores" if pattern is KEY else "dashes, and underscores"
        raise coded(
            ValueError(f"The {what} {key!r} has to be made of alphanumeric characters, {signs} exclusively"),
            "invalid-id",
            "replace the other characters, e.g. by _",
        )
    return key


class DAGNode(DependencyMixin):
    """A task or a task group. Edges are kept as sets of task ids on both ends."""

    task_group: Any
    upstream_task_ids: set[str]
    downstream_task_ids: set[str]

    @property
    def node_id(self) -> Any:
        raise NotImplementedError

    def get_dag(self) -> Any:
        raise NotImplementedError

    def has_dag(self) -> bool:
        return self.get_dag() is not None

    @property
    def dag_id(self) -> str:
        return str(self.get_dag().dag_id) if self.has_dag() else "_in_memory_dag_"

    @property
    def log(self) -> logging.Logger:
        return logging.getLogger(f"airflow.task.operators.{type(self).__module__}.{type(self).__qualname__}")

    logger = log

    @property
    def label(self) -> str | None:
        group = self.task_group
        if group is not None and group.node_id and group.prefix_group_id:
            return str(self.node_id)[len(group.node_id) + 1 :]
        return str(self.node_id)

    def set_upstream(self, task_or_task_list: Any, edge_modifier: Any = None) -> None:
        self._set_relatives(task_or_task_list, upstream=True, edge_modifier=edge_modifier)

    def set_downstream(self, task_or_task_list: Any, edge_modifier: Any = None) -> None:
        self._set_relatives(task_or_task_list, upstream=False, edge_modifier=edge_modifier)

    def _set_relatives(self, others: Any, upstream: bool = False, edge_modifier: Any = None) -> None:
        tasks: list[Any] = []
        for other in operands(others):
            other.update_relative(self, not upstream, edge_modifier=edge_modifier)
            tasks += other.leaves if upstream else other.roots
        dag = self._common_dag(tasks)
        if not self.has_dag():
            dag.add_task(self)
        for task in tasks:
            if not task.has_dag():
                dag.add_task(task)
            before, after = (task, self) if upstream else (self, task)
            before.downstream_task_ids.add(after.node_id)
            after.upstream_task_ids.add(before.node_id)
            if edge_modifier is not None:
                edge_modifier.add_edge_info(dag, before.node_id, after.node_id)

    def _common_dag(self, tasks: list[Any]) -> Any:
        dags = {id(task.get_dag()): task.get_dag() for task in (*self.roots, *tasks) if task.has_dag()}
        if len(dags) > 1:
            names = sorted(str(dag.dag_id) for dag in dags.values())
            raise coded(
                RuntimeError(f"Tried to set relationships between tasks in more than one Dag: {names}"),
                "edge-between-dags",
                "an edge joins tasks of one DAG; to wait for another DAG use an asset or start it from a task",
            )
        if not dags:
            raise coded(
                ValueError(
                    "Tried to create relationships between tasks that don't have Dags yet. "
                    f"Set the Dag for at least one task and try again: {[self, *tasks]}"
                ),
                "task-without-dag",
                "make the tasks inside `with DAG(...)`, or pass dag=",
            )
        return next(iter(dags.values()))

    @property
    def upstream_list(self) -> list[Any]:
        return self.get_direct_relatives(upstream=True)

    @property
    def downstream_list(self) -> list[Any]:
        return self.get_direct_relatives(upstream=False)

    def get_direct_relative_ids(self, upstream: bool = False) -> set[str]:
        return self.upstream_task_ids if upstream else self.downstream_task_ids

    def get_direct_relatives(self, upstream: bool = False) -> list[Any]:
        if not self.has_dag():
            raise RuntimeError(f"Operator {self} has not been assigned to a Dag yet")
        dag = self.get_dag()
        return [dag.get_task(task_id) for task_id in sorted(self.get_direct_relative_ids(upstream))]

    def get_flat_relative_ids(self, upstream: bool = False, *, depth: int | None = None) -> set[str]:
        """Ids of all tasks above or below (at most `depth` levels away)."""
        dag = self.get_dag()
        found: set[str] = set()
        level = set(self.get_direct_relative_ids(upstream)) if dag is not None else set()
        while level and (depth is None or depth > 0):
            found |= level
            level = set(flatten(dag.task_dict[i].get_direct_relative_ids(upstream) for i in level)) - found
            depth = None if depth is None else depth - 1
        return found

    def get_flat_relatives(self, upstream: bool = False, depth: int | None = None) -> list[Any]:
        dag = self.get_dag()
        return [dag.task_dict[i] for i in sorted(self.get_flat_relative_ids(upstream, depth=depth))]

    def get_upstreams_only_setups(self) -> Iterator[Any]:
        """The setups above whose teardown is below, or that have no teardown."""
        below = {task.task_id for task in self.get_flat_relatives() if task.is_teardown}
        for task in self.get_flat_relatives(upstream=True):
            teardowns = any(other.is_teardown for other in task.downstream_list)
            if task.is_setup and (not teardowns or task.downstream_task_ids & below):
                yield task
