"""task_outcome: what a task that ran in a container ended with.

    {"kind": "task_outcome", "run": $run, "task_id": "a"} -> {"a": "success", "x": "skipped", …}

Raises AirflowSkipException when the task is skipped, AirflowFailException when it failed, as `run_task` does, and
NoOutcome if the container ended well and wrote nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import TaskKey
from lambdas.tasks.opening import map_index_of
from lambdas.tasks.tries import answer_again


class NoOutcome(RuntimeError):
    """The task instance has no outcome of this execution."""


def task_outcome(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """The states of this task and of those that it skips."""
    run = RunInfo.from_json(event["run"], runtime.store)
    key = TaskKey(run.dag_id, run.run_id, event["task_id"], map_index_of(event))
    record = runtime.store.get_task(key)
    if record is None or record.execution != run.execution or not record.is_final:
        raise NoOutcome(f"the container of {event['task_id']} wrote no outcome")
    return answer_again(runtime, record)
