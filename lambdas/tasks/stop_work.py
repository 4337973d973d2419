"""What Airflow calls `on_kill`, for work that Step Functions only polls: a query, a cluster. It goes on when nobody
asks any more, so it is stopped by the handle that the record of the try keeps while it runs. What a `.sync` state
runs, Step Functions stops.

Once for a try: by `run_stopped` if its run was stopped (or where the run begins anew, should that be earlier), by
`fail_fast` if another task stops it, where the try ends if its execution_timeout is over.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable

from lambdas.context.task_instance import TaskInstance
from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import Fence, TaskRecord, changed
from lambdas.tasks.opening import own_copy

log = logging.getLogger("airflow.task")

TIMEOUT = "AirflowTaskTimeout"  # of an error: the execution_timeout is over


def stop_work(runtime: Runtime, run: RunInfo, record: TaskRecord) -> None:
    """Stop what the try has started, if it says so. Runs in the environment of a task (`tries.task_environment`).

    An error is logged: the task's outcome stands whatever happens here.
    """
    from dag_translator.authoring import runtime as authoring
    from lambdas.tasks.tries import render

    if record.started is None:
        return
    try:
        ti = TaskInstance(runtime, run, own_copy(runtime.dag.get_task(record.task_id)), record)
        with authoring.running(ti.get_template_context()):
            render(ti)
            ti.task._started = json.loads(record.started)
            log.info("Stopping what task %s has started: %s", record.task_id, record.started)
            ti.task.on_kill()
    except BaseException:  # also a user's own on_kill that exits
        log.exception("What task %s has started could not be stopped: %s", record.task_id, record.started)


def stop_left_open(runtime: Runtime, run: RunInfo, records: Iterable[TaskRecord]) -> None:
    """Stop the work of those tries that say so. records: of an execution that has ended, as they are stored."""
    from lambdas.tasks.tries import task_environment

    for record in records:
        task = runtime.dag.task_dict.get(record.task_id)
        if record.started is None or task is None:
            continue
        with task_environment(runtime, run, task, record):
            stop_work(runtime, run, record)
        runtime.store.save_task(changed(record, started=None), expect=Fence.unchanged(record))


def stop_if_late(runtime: Runtime, run: RunInfo, record: TaskRecord, error: str) -> None:
    """As `stop_work`, if it is this error that ends the try."""
    if error == TIMEOUT:
        stop_work(runtime, run, record)
