"""Which DAG and task group a new task belongs to: the innermost open `with DAG(...)` and `with TaskGroup(...)`."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from dag_translator.authoring import loading

_DAGS: ContextVar[tuple[Any, ...]] = ContextVar("airstep_dags", default=())
_GROUPS: ContextVar[tuple[Any, ...]] = ContextVar("airstep_groups", default=())


class DagContext:
    """The open DAGs, innermost last."""

    @staticmethod
    def push(dag: Any) -> None:
        _DAGS.set((*_DAGS.get(), dag))

    @staticmethod
    def pop() -> Any:
        *rest, dag = _DAGS.get()
        _DAGS.set(tuple(rest))
        under_way = loading.current()
        if under_way is not None and dag is not None and dag.auto_register:
            under_way.register(dag)
        return dag

    @staticmethod
    def get_current() -> Any:
        return _DAGS.get()[-1] if _DAGS.get() else None

    get_current_dag = get_current


class TaskGroupContext:
    """The open task groups, innermost last."""

    @staticmethod
    def push(group: Any) -> None:
        _GROUPS.set((*_GROUPS.get(), group))

    @staticmethod
    def pop() -> Any:
        *rest, group = _GROUPS.get()
        _GROUPS.set(tuple(rest))
        return group

    @staticmethod
    def get_current(dag: Any) -> Any:
        """The innermost open group of this DAG, else the DAG's root group, None without a DAG."""
        for group in reversed(_GROUPS.get()):
            if dag is None or group.dag is dag:
                return group
        dag = dag if dag is not None else DagContext.get_current()
        return dag.task_group if dag is not None else None

    get_current_task_group = get_current


def outside() -> tuple[Any, Any]:
    """Leave every open DAG and group (a new file is about to load); hand the tokens to `inside_again`."""
    return _DAGS.set(()), _GROUPS.set(())


def inside_again(tokens: tuple[Any, Any]) -> None:
    _DAGS.reset(tokens[0])
    _GROUPS.reset(tokens[1])
