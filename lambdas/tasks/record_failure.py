"""record_failure: the end of a task that failed, also where its Lambda could not say so (a crash, a timeout, a
service).

    {"kind": "record_failure", "run": $run, "task_id": "a", "error": {"Error": …, "Cause": …}} -> {"a": "failed"}

A try that recorded its own failure has run its callbacks already; then there is nothing to do. Calling it again changes
nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import Fence, TaskKey, TaskRecord, changed
from lambdas.tasks.opening import map_index_of
from lambdas.tasks.tries import after_outcome, task_environment, wake_watchers


def record_failure(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """Mark the task failed, and run its failure callbacks unless they ran."""
    run = RunInfo.from_json(event["run"], runtime.store)
    task = runtime.dag.get_task(event["task_id"])
    name, message = described(event.get("error") or {})
    key = TaskKey(run.dag_id, run.run_id, task.task_id, map_index_of(event))
    while True:
        found = runtime.store.get_task(key)
        if found is not None and found.execution == run.execution and found.state == "failed":
            return {task.task_id: "failed"}
        record = _failed(runtime, begun(runtime, run, task, key, found), name, message)
        if runtime.store.save_task(record, expect=None if found is None else Fence.unchanged(found)):
            break
    wake_watchers(runtime, run.logical_date, record)
    with task_environment(runtime, run, task, record) as ti:
        after_outcome(runtime, ti, "failed", as_exception(name, message))
    return {task.task_id: "failed"}


def described(error: Mapping[str, Any]) -> tuple[str, str]:
    """(name, message) of a Step Functions error; a Lambda's cause is JSON, a service's may be."""
    name = str(error.get("Error") or "Unknown")
    cause = error.get("Cause")
    try:
        parsed = json.loads(cause) if isinstance(cause, str) else cause
    except ValueError:
        return name, str(cause)
    if not isinstance(parsed, Mapping):
        return name, str(cause or "")
    for path in (("errorMessage",), ("QueryExecution", "Status", "StateChangeReason"), ("Error", "Message")):
        found: Any = parsed
        for part in path:
            found = found.get(part) if isinstance(found, Mapping) else None
        if found:
            return name, str(found)
    return name, str(cause)


def begun(runtime: Runtime, run: RunInfo, task: Any, key: TaskKey, found: TaskRecord | None) -> TaskRecord:
    """The record of the try that is over now, also where it never got as far as opening. found: what is stored."""
    if found is not None and found.execution == run.execution:
        return found
    tries, watched = (found.try_number, found.watched) if found is not None else (0, False)
    return TaskRecord(
        run.dag_id,
        run.run_id,
        task.task_id,
        "running",
        key.map_index,
        try_number=tries + 1,
        max_tries=tries + task.retries,
        execution=run.execution,
        operator=task.task_type,
        start_date=runtime.timestamp(),
        watched=watched,
    )


def _failed(runtime: Runtime, begun: TaskRecord, name: str, message: str) -> TaskRecord:
    keeps = begun.state in ("up_for_retry", "failed") and begun.error is not None
    return changed(
        begun,
        state="failed",
        end_date=runtime.timestamp(),
        worker=runtime.worker,
        states={},
        error=begun.error if keeps else name,
        error_message=begun.error_message if keeps else message[:2000],
    )


def as_exception(name: str, message: str) -> Exception:
    """What callbacks find as context["exception"]: Airflow's exception of that name, or one made after it."""
    from dag_translator.authoring import exceptions

    known = getattr(exceptions, name, None)
    if isinstance(known, type) and issubclass(known, Exception):
        return known(message)
    safe = "".join(char if char.isalnum() else "_" for char in name) or "Unknown"
    return type(safe, (exceptions.AirflowException,), {})(message)  # type: ignore[no-any-return]
