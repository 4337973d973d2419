"""`with setup >> teardown: …` and `with teardown: …`: the work made inside stands between setup and teardown.

When the context closes, setups become upstream of the inside tasks that have no upstream, and the tasks without
downstream become upstream of the teardowns. A context inside another runs within the outer one's setup and teardown.
Mapped tasks are not part of it, as in Airflow 3.3.2 (its `MappedOperator` never tells the context): they stand between
setup and teardown only where an edge or `add_task` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any


class Scope:
    """One open context: the setups before and the teardowns after it, and the work made in it so far."""

    def __init__(self, setups: list[Any], teardowns: list[Any]) -> None:
        self.setups = setups
        self.teardowns = teardowns
        self.work: list[Any] = []


_SCOPES: ContextVar[tuple[Scope, ...]] = ContextVar("airstep_setup_teardown", default=())


class SetupTeardownContext:
    """The open contexts; `with ... as scope: scope.add_task(task)` adds a task that was made outside."""

    @staticmethod
    def open(tasks: list[Any]) -> type[SetupTeardownContext]:
        """Open a context managed by setups, or by teardowns."""
        if not tasks or not all(task.is_setup or task.is_teardown for task in tasks):
            raise RuntimeError("Only setup/teardown tasks can be used as context managers.")
        if any(task.is_setup != tasks[0].is_setup for task in tasks):
            raise ValueError("All tasks in the list must be either setup or teardown tasks")
        if tasks[0].is_setup:
            scope = Scope(tasks, _partners(tasks, upstream=False))
        else:
            scope = Scope(_partners(tasks, upstream=True), tasks)
        _SCOPES.set((*_SCOPES.get(), scope))
        return SetupTeardownContext

    @staticmethod
    def close() -> None:
        *outer, scope = _SCOPES.get()
        _SCOPES.set(tuple(outer))
        work = [task for task in scope.work if not task.is_setup and not task.is_teardown]
        if work:
            for task in [task for task in work if not task.upstream_task_ids] or work[:1]:
                _link(scope.setups, [task])
            for task in [task for task in work if not task.downstream_task_ids] or work[-1:]:
                _link([task], scope.teardowns)
        if outer:
            _link(outer[-1].setups, scope.setups)
            _link(scope.teardowns, outer[-1].teardowns)

    @staticmethod
    def made(task: Any) -> None:
        """A task was made; note it when a context is open."""
        if _SCOPES.get():
            _SCOPES.get()[-1].work.append(task)

    @staticmethod
    def add_task(task: Any) -> None:
        if not _SCOPES.get():
            raise RuntimeError("Cannot add task to context outside the context manager.")
        SetupTeardownContext.made(getattr(task, "operator", task))


class ContextWrapper(list[Any]):
    """`with context_wrapper([setup1, setup2]): …`"""

    def __enter__(self) -> type[SetupTeardownContext]:
        return SetupTeardownContext.open([getattr(task, "operator", task) for task in self])

    def __exit__(self, *_: object) -> None:
        SetupTeardownContext.close()


def _link(before: list[Any], after: list[Any]) -> None:
    for task in after:
        task.set_upstream(before)


def _partners(tasks: list[Any], upstream: bool) -> list[Any]:
    """The nearest setups above (or teardowns below) the given tasks."""
    for level in _levels(tasks[0], upstream):
        found = [task for task in level if (task.is_setup if upstream else task.is_teardown)]
        if found:
            return found
    return []


def _levels(task: Any, upstream: bool) -> Iterator[list[Any]]:
    seen = {task.task_id}
    level = task.get_direct_relatives(upstream)
    while level:
        yield level
        seen |= {other.task_id for other in level}
        following = {t.task_id: t for other in level for t in other.get_direct_relatives(upstream)}
        level = [other for task_id, other in following.items() if task_id not in seen]
