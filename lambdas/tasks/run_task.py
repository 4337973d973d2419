"""run_task: one try of a task whose work is Python.

    {"kind": "run_task", "run": $run, "task_id": "a", "attempt": RetryCount} -> {"a": "success", "x": "skipped", …}

Raises AirflowSkipException when the task is skipped, otherwise what the user's code raised: Step Functions' `Retry` and
`Catch` go by the name. The record says whether a retry is left; `AirflowFailException` ends the task at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.runtime import RunInfo, Runtime
from lambdas.tasks.opening import Ended, map_index_of, open_task
from lambdas.tasks.tries import answer_again, run_try, task_environment


def run_task(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """The states of this task and of those that it skips."""
    run = RunInfo.from_json(event["run"], runtime.store)
    task = runtime.dag.get_task(event["task_id"])
    opened = open_task(runtime, run, task, int(event.get("attempt") or 0), map_index_of(event))
    if isinstance(opened, Ended):
        return answer_again(runtime, opened.record)
    with task_environment(runtime, run, task, opened.record) as ti:
        from dag_translator.authoring.definitions.deferral import execute

        return run_try(runtime, ti, execute)
