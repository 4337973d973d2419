"""DAG, and the decorator that makes one from a function.

>>> with DAG("hello", schedule="@daily", tags=["x"]) as dag:
...     pass
>>> dag.dag_id, dag.schedule, dag.tasks
('hello', '@daily', [])
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Self

from dag_translator.authoring import loading, runtime
from dag_translator.authoring.dates import to_utc
from dag_translator.authoring.definitions.contexts import DagContext, TaskGroupContext
from dag_translator.authoring.definitions.dag_arguments import BY_NAME, SIGNATURE
from dag_translator.authoring.definitions.dag_init import check_schedule, run_types, settled, timezone_of
from dag_translator.authoring.definitions.node import validate_key
from dag_translator.authoring.definitions.param import DagParam, ParamsDict
from dag_translator.authoring.definitions.taskgroup import TaskGroup
from dag_translator.authoring.exceptions import DuplicateTaskIdFound, NodeNotFound, TaskNotFound
from dag_translator.authoring.loading import report
from dag_translator.authoring.states import TriggerRule
from dag_translator.authoring.types import NOTSET


class DAG:
    """A DAG. The arguments are the rows of `dag_arguments.DAG_ARGUMENTS`; old spellings are accepted.

    `schedule` is kept as given (None, cron text, preset, timedelta, timetable, assets); `zone` is the tzinfo of
    start_date, else UTC; start_date and end_date are aware and in UTC.
    """

    dag_id: str
    description: str | None
    schedule: Any
    start_date: datetime | None
    end_date: datetime | None
    default_args: dict[str, Any]
    template_searchpath: Any
    template_undefined: Any
    user_defined_macros: dict[str, Any] | None
    user_defined_filters: dict[str, Any] | None
    max_active_tasks: int
    max_active_runs: int
    dagrun_timeout: timedelta | None
    catchup: bool
    on_success_callback: Any
    on_failure_callback: Any
    doc_md: str | None
    params: ParamsDict
    is_paused_upon_creation: bool | None
    jinja_environment_kwargs: dict[str, Any] | None
    render_template_as_native_obj: bool
    tags: set[str]
    owner_links: dict[str, str] | None
    auto_register: bool
    is_subdag = False
    fail_fast: bool
    allowed_run_types: frozenset[str] | None
    dag_display_name: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._airstep_line = loading.line_in_file()
        self.fileloc: str = loading.file_under_way()
        given = settled(args, kwargs)
        self.dag_id = validate_key(given["dag_id"], "dag_id")
        defaults = dict(given["default_args"] or {})
        self.params = ParamsDict({**(given["params"] or {}), **(defaults.pop("params", None) or {})})
        for name in BY_NAME:
            if name not in ("dag_id", "params", "default_args", "start_date", "end_date", "tags"):
                setattr(self, name, given[name])
        self.zone: tzinfo = timezone_of(given["start_date"] or defaults.get("start_date")) or UTC
        for name in ("start_date", "end_date"):
            if defaults.get(name) is not None:
                defaults[name] = to_utc(defaults[name])
            setattr(self, name, to_utc(given[name]))
        self.start_date = self.start_date or defaults.get("start_date")
        self.default_args = defaults
        self.tags = set(given["tags"] or ())
        self.allowed_run_types = run_types(given["allowed_run_types"])
        if self.doc_md and self.doc_md.endswith(".md") and os.path.exists(self.doc_md):
            with open(self.doc_md, encoding="utf-8") as file:
                self.doc_md = file.read()
        if isinstance(self.template_searchpath, str):
            self.template_searchpath = [self.template_searchpath]
        self.dag_display_name = given["dag_display_name"] or self.dag_id
        self.task_dict: dict[str, Any] = {}
        self.edge_info: dict[str, dict[str, Any]] = {}
        self.task_group = TaskGroup.create_root(self)
        check_schedule(self)

    __init__.__signature__ = SIGNATURE  # type: ignore[attr-defined]

    def __enter__(self) -> Self:
        DagContext.push(self)
        return self

    def __exit__(self, *_: object) -> None:
        DagContext.pop()

    def __repr__(self) -> str:
        return f"<DAG: {self.dag_id}>"

    @property
    def schedule_interval(self) -> Any:
        return self.schedule

    @property
    def timetable(self) -> Any:
        """The schedule as a timetable object."""
        from dag_translator.authoring.timetables import timetable_of

        return timetable_of(self.schedule, self.zone)

    @property
    def timezone(self) -> Any:
        """`zone` as pendulum's, with a `name` and `convert`."""
        from dag_translator.authoring.utils.timezone import pendulum_zone

        return pendulum_zone(self.zone)

    @property
    def has_on_success_callback(self) -> bool:
        return bool(self.on_success_callback)

    @property
    def has_on_failure_callback(self) -> bool:
        return bool(self.on_failure_callback)

    @property
    def tasks(self) -> list[Any]:
        return list(self.task_dict.values())

    @property
    def task_ids(self) -> list[str]:
        return list(self.task_dict)

    @property
    def roots(self) -> list[Any]:
        return [task for task in self.tasks if not task.upstream_task_ids]

    @property
    def leaves(self) -> list[Any]:
        return [task for task in self.tasks if not task.downstream_task_ids]

    @property
    def teardowns(self) -> list[Any]:
        return [task for task in self.tasks if task.is_teardown]

    @property
    def folder(self) -> str:
        return os.path.dirname(self.fileloc)

    @property
    def filepath(self) -> str:
        return self.fileloc

    @property
    def owner(self) -> str:
        return ", ".join(sorted({str(task.owner) for task in self.tasks}))

    @property
    def task_group_dict(self) -> dict[str, TaskGroup]:
        return {str(key): group for key, group in self.task_group.get_task_group_dict().items() if key}

    @property
    def task(self) -> Any:
        """`@dag.task`: the task decorator, bound to this DAG."""
        from dag_translator.authoring.definitions.task_decorators import task

        return functools.partial(task, dag=self)

    def has_task(self, task_id: str) -> bool:
        return task_id in self.task_dict

    def has_task_group(self, task_group_id: str) -> bool:
        return task_group_id in self.task_group_dict

    def get_task(self, task_id: str, include_subdags: bool = False) -> Any:  # noqa: ARG002
        if task_id not in self.task_dict:
            raise TaskNotFound(f"Task {task_id} not found")
        return self.task_dict[task_id]

    def __getitem__(self, node_id: str) -> Any:
        node = self.task_dict.get(node_id) or self.task_group_dict.get(node_id)
        if node is None:
            raise NodeNotFound(f"Task or group {node_id!r} not found")
        return node

    def add_task(self, task: Any) -> None:
        """Take a task in; one whose id is taken already is a problem, and stays outside."""
        if self.start_date is not None:
            task.start_date = max(task.start_date or self.start_date, self.start_date)
        if self.end_date is not None:
            task.end_date = min(task.end_date or self.end_date, self.end_date)
        if task.task_group is None:
            group = TaskGroupContext.get_current(self)
            task.task_id = group.child_id(task.task_id)
            group.add(task)
        known = self.task_dict.get(task.task_id)
        if known is task:
            return
        if known is not None or task.task_id in self.task_group.used_group_ids:
            other = f"the one in line {known._airstep_line}" if known is not None else "a task group"
            message = f"Task id '{task.task_id}' has already been added to the DAG"
            report(
                "duplicate-task-id",
                message,
                f"rename it, or {other}",
                dag_id=self.dag_id,
                task_id=task.task_id,
                error=DuplicateTaskIdFound(message),
            )
            task._dag = self
            return
        self.task_dict[task.task_id] = task
        self.task_group.used_group_ids.add(task.task_id)
        task.dag = self
        if self.fail_fast and task.trigger_rule not in (
            TriggerRule.ALL_SUCCESS,
            TriggerRule.ALL_DONE_SETUP_SUCCESS,
        ):
            report(
                "invalid-trigger-rule",
                f"a fail_fast DAG can only have all_success tasks, {task.task_id!r} has {task.trigger_rule}",
                "remove fail_fast=True, or the trigger rule",
                dag_id=self.dag_id,
                task_id=task.task_id,
            )

    def add_tasks(self, tasks: Any) -> None:
        for task in tasks:
            self.add_task(task)

    def set_dependency(self, upstream_task_id: str, downstream_task_id: str) -> None:
        self.get_task(upstream_task_id).set_downstream(self.get_task(downstream_task_id))

    def set_edge_info(self, upstream_task_id: str, downstream_task_id: str, info: dict[str, Any]) -> None:
        self.edge_info.setdefault(upstream_task_id, {})[downstream_task_id] = info

    def get_edge_info(self, upstream_task_id: str, downstream_task_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.edge_info.get(upstream_task_id, {}).get(downstream_task_id, {})
        return found

    def param(self, name: str, default: Any = NOTSET) -> DagParam:
        return DagParam(current_dag=self, name=name, default=default)

    def add_result(self, xcom_arg: Any) -> Any:
        """Mark a task as the one that gives the DAG's result."""
        xcom_arg.operator.returns_dag_result = True
        return xcom_arg

    def topological_sort(self) -> tuple[Any, ...]:
        """Every task after its upstream tasks; ties in the order of making."""
        done: dict[str, Any] = {}
        left = dict(self.task_dict)
        while left:
            ready = [task for task in left.values() if task.upstream_task_ids <= done.keys()]
            if not ready:
                raise ValueError(f"A cyclic dependency occurred in dag: {self.dag_id}")
            for task in ready:
                done[task.task_id] = left.pop(task.task_id)
        return tuple(done.values())

    def get_template_env(self, **_: Any) -> Any:
        return runtime.current().get_template_env(None, self)

    def walk_groups(self) -> Iterator[TaskGroup]:
        """Every task group, the root first."""
        yield from self.task_group.get_task_group_dict().values()


def dag(dag_id_or_func: Any = None, **arguments: Any) -> Any:
    """`@dag` or `@dag("id", schedule=…)`: calling the function makes the DAG, its arguments become params."""

    def decorator(function: Callable[..., Any]) -> Callable[..., DAG]:
        named = dag_id_or_func if isinstance(dag_id_or_func, str) and dag_id_or_func.strip() else None
        dag_id = arguments.get("dag_id") or named or function.__name__

        @functools.wraps(function)
        def factory(*args: Any, **kwargs: Any) -> DAG:
            bound = inspect.signature(function).bind(*args, **kwargs)
            bound.apply_defaults()
            with DAG(**{**arguments, "dag_id": dag_id}) as made:
                if function.__doc__ and not made.doc_md:
                    made.doc_md = function.__doc__
                result = function(**{name: made.param(name, value) for name, value in bound.arguments.items()})
                if getattr(result, "key", None) == "return_value" and hasattr(result, "operator"):
                    made.add_result(result)
            under_way = loading.current()
            if under_way is not None:
                under_way.register(made)
            return made

        return factory

    return decorator(dag_id_or_func) if callable(dag_id_or_func) else decorator
