"""retry_task: whether a native task that failed has a try left, and how long to wait for it.

    {"kind": "retry_task", "run": $run, "task_id": "a", "error": {"Error": …, "Cause": …}} -> {"wait": whole seconds}

Raises NoTryLeft otherwise; then `record_failure` ends the task. on_retry_callback runs here, unless the Lambda that
failed has run it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lambdas.opening import map_index_of
from lambdas.poke_sensor import retry_delay
from lambdas.record_failure import as_exception, described
from lambdas.records import TaskKey
from lambdas.runtime import RunInfo, Runtime
from lambdas.tries import conclude, may_try_again, task_environment


class NoTryLeft(RuntimeError):
    """The task has failed for good."""


def retry_task(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """Close the failed try, so that `prepare_task` opens the next one."""
    run = RunInfo.from_json(event["run"], runtime.store)
    task = runtime.dag.get_task(event["task_id"])
    name, message = described(event.get("error") or {})
    found = runtime.store.get_task(TaskKey(run.dag_id, run.run_id, task.task_id, map_index_of(event)))
    if found is None or found.execution != run.execution or found.is_final:
        raise NoTryLeft(f"{name}: {message}")
    if found.state != "up_for_retry":
        with task_environment(runtime, run, task, found) as ti:
            error = as_exception(name, message)
            if not may_try_again(ti, error):
                raise NoTryLeft(f"{name}: {message}")
            conclude(runtime, ti, "up_for_retry", error=error)
    return {"wait": max(1, math.ceil(retry_delay(task, found.try_number)))}
