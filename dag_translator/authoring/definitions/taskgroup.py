"""Task groups: a prefix for ids, default arguments, and one operand for edges to and from all that is inside.

>>> from dag_translator.authoring.definitions.dag import DAG
>>> from dag_translator.authoring.operators.empty import EmptyOperator
>>> with DAG("d") as dag:
...     with TaskGroup("g") as g:
...         a = EmptyOperator(task_id="a")
...     b = g >> EmptyOperator(task_id="b")
>>> a.task_id, sorted(b.upstream_task_ids)
('g.a', ['g.a'])
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Self

from dag_translator.authoring import loading
from dag_translator.authoring.definitions.contexts import DagContext, TaskGroupContext
from dag_translator.authoring.definitions.mixins import flatten, operands
from dag_translator.authoring.definitions.node import GROUP_KEY, DAGNode, validate_key
from dag_translator.authoring.exceptions import DuplicateTaskIdFound, NodeNotFound, TaskAlreadyInTaskGroup
from dag_translator.authoring.loading import report
from dag_translator.authoring.states import TriggerRule
from dag_translator.authoring.types import NOTSET, ArgNotSet


class TaskGroup(DAGNode):
    """A group of tasks and groups; the DAG's root group has group_id None.

    `tooltip`, `ui_color`, `ui_fgcolor`, `group_display_name` and `doc_md` are for display only.
    """

    is_setup = False
    is_teardown = False

    def __init__(
        self,
        group_id: str | None,
        prefix_group_id: bool = True,
        parent_group: Any = NOTSET,
        dag: Any = None,
        default_args: dict[str, Any] | None = None,
        tooltip: str = "",
        ui_color: str = "CornflowerBlue",
        ui_fgcolor: str = "#000",
        add_suffix_on_collision: bool = False,
        group_display_name: str = "",
        doc_md: str | None = None,
    ) -> None:
        self._airstep_line = loading.line_in_file()
        if group_id is not None:
            validate_key(group_id, "group_id", 200, GROUP_KEY)
            if isinstance(parent_group, ArgNotSet):  # an explicit None means the DAG's root group
                parent_group = TaskGroupContext.get_current(dag)
            dag = dag or (parent_group.dag if parent_group is not None else DagContext.get_current())
        elif isinstance(parent_group, ArgNotSet):
            parent_group = None
        if dag is None:
            raise loading.coded(
                RuntimeError("TaskGroup can only be used inside a dag"),
                "task-without-dag",
                "make the group inside `with DAG(...)`, or pass dag=",
            )
        self.dag: Any = dag
        self.parent_group: TaskGroup | None = parent_group if group_id is None else parent_group or dag.task_group
        self.prefix_group_id = prefix_group_id
        self.children: dict[str, Any] = {}
        self.used_group_ids: set[str] = self.parent_group.used_group_ids if self.parent_group else set()
        self._group_id = group_id
        self.default_args = dict(default_args or {})
        self.tooltip, self.doc_md, self.group_display_name = tooltip, doc_md, group_display_name
        self.ui_color, self.ui_fgcolor = ui_color, ui_fgcolor
        self.upstream_task_ids: set[str] = set()
        self.downstream_task_ids: set[str] = set()
        self.upstream_group_ids: set[str | None] = set()
        self.downstream_group_ids: set[str | None] = set()
        if self.parent_group is not None and group_id is not None:
            self._group_id = self._free_id(group_id, add_suffix_on_collision)
            self.parent_group.children[str(self.group_id)] = self
            self.default_args = {**self.parent_group.default_args, **self.default_args}
            self.used_group_ids |= {str(self.group_id), self.upstream_join_id, self.downstream_join_id}

    def _free_id(self, group_id: str, add_suffix: bool) -> str:
        """`g`, or the next of `g__1`, `g__2`… when the id is taken."""
        if self.group_id not in self.used_group_ids:
            return group_id
        message = f"group_id '{group_id}' has already been added to the DAG"
        if not add_suffix:
            report(
                "duplicate-task-id",
                message,
                "rename one of them, or pass add_suffix_on_collision=True",
                dag_id=self.dag.dag_id,
                error=DuplicateTaskIdFound(message),
            )
        base = re.sub(r"__\d+$", "", group_id)
        prefix = re.escape(self.parent_group.child_id(base) if self.parent_group else base)
        numbers = [
            int(match.group(1)) for used in self.used_group_ids if (match := re.match(rf"^{prefix}__(\d+)$", used))
        ]
        return f"{base}__{max(numbers, default=0) + 1}"

    @classmethod
    def create_root(cls, dag: Any) -> TaskGroup:
        return TaskGroup(group_id=None, dag=dag)

    @property
    def group_id(self) -> str | None:
        """The id with its parents' prefixes."""
        parent = self.parent_group
        if self._group_id and parent is not None and parent.prefix_group_id and parent._group_id:
            return parent.child_id(self._group_id)
        return self._group_id

    @property
    def node_id(self) -> str | None:
        return self.group_id

    @property
    def is_root(self) -> bool:
        return not self._group_id

    @property
    def label(self) -> str | None:
        return self.group_display_name or self._group_id

    @property
    def task_group(self) -> TaskGroup | None:
        return self.parent_group

    def get_dag(self) -> Any:
        return self.dag

    @property
    def upstream_join_id(self) -> str:
        return f"{self.group_id}.upstream_join_id"

    @property
    def downstream_join_id(self) -> str:
        return f"{self.group_id}.downstream_join_id"

    def child_id(self, label: str) -> str:
        """The id that a child of this name gets."""
        return f"{self.group_id}.{label}" if self.prefix_group_id and self.group_id else label

    def add(self, task: Any) -> Any:
        """Add a task whose id carries the prefix already."""
        existing = task.task_group
        if existing is not None and existing is not self:
            raise TaskAlreadyInTaskGroup(task.node_id, existing.node_id, self.node_id)
        task.task_group = self
        self.children.setdefault(task.node_id, task)  # a second one is the DAG's to refuse
        return task

    def __iter__(self) -> Iterator[Any]:
        """Every task inside, nested groups included."""
        for child in self.children.values():
            if isinstance(child, TaskGroup):
                yield from child
            else:
                yield child

    iter_tasks = __iter__

    def __enter__(self) -> Self:
        TaskGroupContext.push(self)
        return self

    def __exit__(self, *_: object) -> None:
        TaskGroupContext.pop()

    def update_relative(self, other: Any, upstream: bool = True, edge_modifier: Any = None) -> None:
        """Note an edge between this group and another node."""
        groups, tasks = (
            (self.upstream_group_ids, self.upstream_task_ids)
            if upstream
            else (self.downstream_group_ids, self.downstream_task_ids)
        )
        if isinstance(other, TaskGroup):
            groups.add(other.group_id)
            (other.downstream_group_ids if upstream else other.upstream_group_ids).add(self.group_id)
            ids = [other.downstream_join_id if upstream else other.upstream_join_id]
        else:
            ids = [str(task.node_id) for task in other.roots if task is not self]
            tasks.update(ids)
        for other_id in ids if edge_modifier is not None else ():
            if upstream:
                edge_modifier.add_edge_info(self.dag, other_id, self.upstream_join_id)
            else:
                edge_modifier.add_edge_info(self.dag, self.downstream_join_id, other_id)

    def _set_relatives(self, others: Any, upstream: bool = False, edge_modifier: Any = None) -> None:
        """Edges from the group's leaves, or to its roots; an empty group passes its upstream tasks on."""
        others = operands(others)
        own = self.roots if upstream else self._leaves_or_upstream()
        for other in others:
            self.update_relative(other, upstream, edge_modifier=edge_modifier)
        for task in own:
            (task.set_upstream if upstream else task.set_downstream)(others)

    def _leaves_or_upstream(self) -> list[Any]:
        group: TaskGroup | None = self
        while group is not None:
            if group.leaves:
                return group.leaves
            if group.upstream_task_ids:
                return [self.dag.get_task(task_id) for task_id in sorted(group.upstream_task_ids)]
            group = group.parent_group
        return []

    @property
    def roots(self) -> list[Any]:
        """The tasks that have no upstream task inside the group."""
        tasks = list(self)
        ids = {task.task_id for task in tasks}
        return [task for task in tasks if task.upstream_task_ids.isdisjoint(ids)]

    @property
    def leaves(self) -> list[Any]:
        """The tasks without downstream task inside; in place of a teardown, the work before it."""
        tasks = {task.task_id: task for task in self}
        last = [task for task in tasks.values() if task.downstream_task_ids.isdisjoint(tasks)]
        return flatten([task] if not task.is_teardown else self._before(task, tasks) for task in last)

    def _before(self, teardown: Any, inside: dict[str, Any]) -> Iterator[Any]:
        for task in teardown.upstream_list:
            if task.task_id not in inside or (teardown.is_teardown and task.is_setup):
                continue
            if task.is_teardown:
                yield from self._before(task, inside)
            elif not any(
                not inside[i].is_teardown for i in task.downstream_task_ids if i in inside and i != teardown.task_id
            ):
                yield task

    def get_roots(self) -> Iterator[Any]:
        return iter(self.roots)

    def get_leaves(self) -> Iterator[Any]:
        return iter(self.leaves)

    def has_task(self, task: Any) -> bool:
        return any(inside is task for inside in self)

    def get_task_group_dict(self) -> dict[str | None, TaskGroup]:
        """group_id → group, for this group and all inside."""
        found: dict[str | None, TaskGroup] = {self.group_id: self}
        for child in self.children.values():
            if isinstance(child, TaskGroup):
                found |= child.get_task_group_dict()
        return found

    def get_child_by_label(self, label: str) -> Any:
        return self.children[self.child_id(label)]

    def __getitem__(self, label: str) -> Any:
        try:
            return self.get_child_by_label(label)
        except KeyError:
            raise NodeNotFound(f"Task {label!r} not found") from None

    def iter_mapped_task_groups(self) -> Iterator[MappedTaskGroup]:
        """The mapped groups around and including this one, innermost first."""
        group: TaskGroup | None = self
        while group is not None:
            if isinstance(group, MappedTaskGroup):
                yield group
            group = group.parent_group

    def __repr__(self) -> str:
        return f"<TaskGroup: {self.group_id}>"


class MappedTaskGroup(TaskGroup):
    """A group that runs once per item of `expand_input`."""

    def __init__(self, *args: Any, expand_input: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expand_input = expand_input

    def __iter__(self) -> Iterator[Any]:
        for child in self.children.values():
            if getattr(child, "trigger_rule", None) == TriggerRule.ALWAYS:
                message = "Task-generated mapping within a mapped task group is not allowed with trigger rule 'always'"
                raise loading.coded(
                    ValueError(message), "unsupported-mapping", "use all_done; Airflow refuses this too"
                )
        yield from super().__iter__()

    def __exit__(self, *error: object) -> None:
        for operator, _ in self.expand_input.iter_references():
            self.set_upstream(operator)
        super().__exit__(*error)

    def iter_mapped_dependencies(self) -> Iterator[Any]:
        """The tasks whose output the group is mapped over."""
        for operator, _ in self.expand_input.iter_references():
            yield operator
