"""Callbacks: a task's `on_*_callback` and a DAG's, with the context. What they raise is logged and has no effect.

A callback is a function of the context, or a notifier (an object called with it). `exception` and `reason` are in the
context where there are any.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any, Literal

log = logging.getLogger("airflow.task")

TaskCallback = Literal[
    "on_execute_callback",
    "on_success_callback",
    "on_failure_callback",
    "on_retry_callback",
    "on_skipped_callback",
]
DagCallback = Literal["on_success_callback", "on_failure_callback"]

# Which callback belongs to the state that a try ended in.
FOR_STATE: dict[str, TaskCallback] = {
    "success": "on_success_callback",
    "failed": "on_failure_callback",
    "up_for_retry": "on_retry_callback",
    "skipped": "on_skipped_callback",
}


def run_task_callbacks(task: Any, kind: TaskCallback, context: MutableMapping[str, Any]) -> None:
    """Each callback of that kind, in order."""
    _run(getattr(task, kind, None), context, f"{kind} of task {task.task_id!r}")


def run_dag_callbacks(dag: Any, kind: DagCallback, context: MutableMapping[str, Any]) -> None:
    """Each callback of that kind, in order."""
    _run(getattr(dag, kind, None), context, f"{kind} of DAG {dag.dag_id!r}")


def has_callbacks(owner: Any, kind: str) -> bool:
    return bool(getattr(owner, kind, None))


def _run(callbacks: Any, context: MutableMapping[str, Any], what: str) -> None:
    for callback in callbacks if isinstance(callbacks, list | tuple) else [callbacks] if callbacks else []:
        try:
            callback(context)
        except BaseException:
            log.exception("%s failed: %r", what, callback)
