"""ask_service: asks for the state of what a task has started, where Step Functions can't: with a connection's
credentials, in another region, or where an error means success.

    {"kind": "ask_service", "run": $run, "task_id": "a", "handle": {…}, "deadline": epoch milliseconds, "now": iso}
        -> {"state": "success" | "failed" | "up_for_reschedule", "error": {"Error": …, "Cause": …} if it failed}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.errors import message_of
from lambdas.runtime import RunInfo, Runtime, parse_time
from lambdas.storage.records import TaskKey
from lambdas.tasks.opening import map_index_of
from lambdas.tasks.tries import render, task_environment


def ask_service(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """One question. The try stays open."""
    run = RunInfo.from_json(event["run"], runtime.store)
    task = runtime.dag.get_task(event["task_id"])
    record = runtime.store.get_task(TaskKey(run.dag_id, run.run_id, task.task_id, map_index_of(event)))
    assert record is not None, "the task has been started"
    with task_environment(runtime, run, task, record) as ti:
        render(ti)
        state, told = ti.task.asked(event["handle"])
        if state == "failed":
            ti.task.abandon(event["handle"])
            error = ti.task.failure(told)
            return {"state": state, "error": {"Error": type(error).__name__, "Cause": message_of(error)}}
        if state == "running":
            late = parse_time(event["now"]).timestamp() * 1000 >= event["deadline"]
            if not late:
                return {"state": "up_for_reschedule"}
            ti.task.abandon(event["handle"])
            name, cause = ti.task.too_late()
            return {"state": "failed", "error": {"Error": name, "Cause": cause}}
        return {"state": state}
