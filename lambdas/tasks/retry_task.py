"""retry_task: what comes after a try that failed, of a task whose retries are not Step Functions' own: a service's
with callbacks or mails at a retry, or one with a retry policy.

    {"kind": "retry_task", "run": $run, "task_id": "a", "error": {"Error": …, "Cause": …}, "service": bool}
        -> {"wait": whole seconds until the next try}

A try of Python code has recorded what comes next by itself; what a service did, and a worker that was lost, is recorded
here. Raises NoRetryLeft when the task has failed for good; `record_failure` is next then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import TaskKey, TaskRecord
from lambdas.tasks.opening import map_index_of
from lambdas.tasks.record_failure import as_exception, begun, described
from lambdas.tasks.retries import ending, next_try, retry_delay
from lambdas.tasks.tries import conclude, task_environment


class NoRetryLeft(RuntimeError):
    """The task has no try left, or its error is not to be tried again."""


def retry_task(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """When the next try begins."""
    run = RunInfo.from_json(event["run"], runtime.store)
    task = runtime.dag.get_task(event["task_id"])
    key = TaskKey(run.dag_id, run.run_id, task.task_id, map_index_of(event))
    found = runtime.store.get_task(key)
    if found is not None and found.execution == run.execution and found.state != "running":
        return _recorded(found)
    record = begun(runtime, run, task, key, found)
    if found is None or found.execution != run.execution:
        runtime.store.save_task(record, expect=None)
    error = as_exception(*described(event.get("error") or {}))
    with task_environment(runtime, run, task, record) as ti:
        # As in Airflow, a policy is not asked about a worker that was lost: its exception is not known.
        asked = event.get("service", False)
        lost = retry_delay(task, ti.try_number) if ti.try_number <= ti.max_tries else None
        wait = next_try(ti, error) if asked else lost
        if wait is None:
            raise NoRetryLeft(f"{task.task_id} has failed in try {ti.try_number}")
        state, retry_in = ending(wait)
        conclude(runtime, ti, state, error=error, retry_in=retry_in)
        return {"wait": retry_in}


def _recorded(record: TaskRecord) -> dict[str, Any]:
    """What the record of a try that has ended says; a task that has its outcome answers with it when asked again."""
    if record.state == "failed":
        raise NoRetryLeft(f"{record.task_id} has failed in try {record.try_number}")
    return {"wait": record.retry_in or 1}
