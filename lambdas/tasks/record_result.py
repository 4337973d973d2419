"""record_result: what comes after an AWS service has done a task's work: XComs as the provider pushes them, and
the state.

    {"kind": "record_result", "run": $run, "task_id": "a", "result": the service's answer, "attempt": RetryCount}
        -> {"a": "success"}

`attempt` says how often Step Functions asked the service again; each was a try of the task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.errors import surfaced
from lambdas.runtime import RunInfo, Runtime
from lambdas.tasks.native import native_work
from lambdas.tasks.opening import Ended, map_index_of, open_task
from lambdas.tasks.prepare_task import unsuccessful
from lambdas.tasks.results import push_result
from lambdas.tasks.tries import answer_again, collect_asset_events, conclude, log, render, task_environment


def record_result(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """Close the try that `prepare_task` opened."""
    run = RunInfo.from_json(event["run"], runtime.store)
    task = runtime.dag.get_task(event["task_id"])
    opened = open_task(runtime, run, task, 0, map_index_of(event))
    if isinstance(opened, Ended):
        return answer_again(runtime, opened.record)
    with task_environment(runtime, run, task, opened.record) as ti:
        tried = min(opened.record.try_number + int(event.get("attempt") or 0), opened.record.max_tries + 1)
        try:
            render(ti)  # `record` and callbacks see the fields as the request was made from them
            result = native_work(ti.task).record(ti.task, event.get("result"), ti.get_template_context())
            push_result(ti, result)
            collect_asset_events(runtime, ti)
        except BaseException as error:
            skips = type(error).__name__ == "AirflowSkipException"
            if not skips:
                log.exception("Task failed with exception while its result was recorded")
            state, retry_in = ("skipped", None) if skips else unsuccessful(ti, error, event)
            conclude(runtime, ti, state, error=error, try_number=tried, retry_in=retry_in)
            raise surfaced(error) from None
        return conclude(runtime, ti, "success", states={task.task_id: "success"}, try_number=tried)
