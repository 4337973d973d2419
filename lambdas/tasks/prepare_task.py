"""prepare_task: what comes before an AWS service does a task's work. It opens the try and answers the service's
request.

    {"kind": "prepare_task", "run": $run, "task_id": "a"} -> the request, usable as the integration's `Arguments`
        of what is polled: {"arguments": what is asked with, …, "deadline": epoch milliseconds}

The try stays open: `record_result` or `record_failure` closes it. A failure here (a template, a callback) ends the
task, or, if the payload says {"retries": true} and there is a try left, the try.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from lambdas.context.task_instance import TaskInstance
from lambdas.errors import keep_secrets, surfaced
from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import Fence, changed
from lambdas.tasks.native import native_work
from lambdas.tasks.opening import Ended, map_index_of, open_task
from lambdas.tasks.retries import ending, next_try
from lambdas.tasks.tries import answer_again, begin, conclude, log, render, task_environment


class AlreadyDone(RuntimeError):
    """The task has succeeded before: there is nothing to prepare."""


def prepare_task(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """The service's request."""
    run = RunInfo.from_json(event["run"], runtime.store)
    task = runtime.dag.get_task(event["task_id"])
    opened = open_task(runtime, run, task, 0, map_index_of(event))
    if isinstance(opened, Ended):
        answer_again(runtime, opened.record)
        raise AlreadyDone(f"{task.task_id} is {opened.record.state} already")
    with task_environment(runtime, run, task, opened.record) as ti:
        try:
            render(ti)
            begin(ti)
            work = native_work(ti.task)
            request = work.prepare(ti.task, ti.get_template_context())
            keep_secrets(ti.task_id, request)
        except BaseException as error:
            skips = type(error).__name__ == "AirflowSkipException"
            if not skips:
                log.exception("Task failed with exception while its request was made")
            state, retry_in = ("skipped", None) if skips else unsuccessful(ti, error, event)
            conclude(runtime, ti, state, error=error, retry_in=retry_in)
            raise surfaced(error) from None
        _keep_open(runtime, ti)
        seconds = work.waits(ti.task)
        return request if seconds is None else _for_polling(runtime, request, seconds)


def unsuccessful(ti: TaskInstance, error: BaseException, event: Mapping[str, Any]) -> tuple[str, int | None]:
    """The state of a try that ends with this error, and whole seconds until the next one."""
    return ending(next_try(ti, error) if event.get("retries") else None)


def _keep_open(runtime: Runtime, ti: TaskInstance) -> None:
    """Store the rendered fields, and what was pushed on the way."""
    record = changed(ti.record, rendered=ti.rendered)
    runtime.store.save_task(record, expect=Fence.unchanged(ti.record), xcoms=ti.pushed)
    ti.moved_to(record)


def _for_polling(runtime: Runtime, request: dict[str, Any], seconds: float) -> dict[str, Any]:
    deadline = runtime.now() + timedelta(seconds=seconds)
    return {**request, "deadline": int(deadline.timestamp() * 1000)}
