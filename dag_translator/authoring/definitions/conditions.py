"""`@task.run_if` and `@task.skip_if`: a condition on the context, checked right before the task runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dag_translator.authoring.definitions.decorated import TaskDecorator
from dag_translator.authoring.exceptions import AirflowSkipException


def run_if(condition: Callable[[Any], Any], skip_message: str | None = None) -> Callable[[Any], Any]:
    """Skip the task unless condition(context) is true; it may return (bool, message)."""
    return _conditional("run_if", condition, skip_message, skips_on=False)


def skip_if(condition: Callable[[Any], Any], skip_message: str | None = None) -> Callable[[Any], Any]:
    """Skip the task if condition(context) is true; it may return (bool, message)."""
    return _conditional("skip_if", condition, skip_message, skips_on=True)


def _conditional(
    name: str, condition: Callable[[Any], Any], message: str | None, skips_on: bool
) -> Callable[[Any], Any]:
    def decorate(task: Any) -> Any:
        if not isinstance(task, TaskDecorator):
            raise TypeError(f"{name} can only be used with task. decorate with @task before @{name}.")
        earlier = task.kwargs.get("pre_execute")

        def pre_execute(context: Any) -> None:
            if earlier is not None:
                earlier(context)
            answer = condition(context)
            holds, own_message = answer if isinstance(answer, tuple) else (answer, None)
            if bool(holds) is skips_on:
                raise AirflowSkipException(own_message or message or "Task was skipped due to condition.")

        task.kwargs["pre_execute"] = pre_execute
        return task

    return decorate
