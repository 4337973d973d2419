"""run_stopped: what only the DAG's own function can do about a run whose machine never came to its last state: it timed
out, was stopped, or broke. `run_ended` has closed the records, and asks for this.

    {"kind": "run_stopped", "dag_id": "d", "run_id": "r", "execution": "r", "status": "TIMED_OUT"} -> {"called": true}

Tasks that never had a turn are skipped, as in Airflow; then the DAG's `on_failure_callback` is called, with the context
of the task that began last among those that were stopped, and `reason` "timed_out" for a timeout. All this is done
once, however often this is invoked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambdas.runs import partial_run
from lambdas.runs.finish_run import call_back
from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import Fence, RunKey, changed
from lambdas.storage.writes import Condition, Put
from lambdas.tasks.groups import instances_without_running, without_running
from lambdas.tasks.task_dates import not_in_run

REASONS: Mapping[str, str] = {"TIMED_OUT": "timed_out", "ABORTED": "stopped", "FAILED": "task_failure"}


def run_stopped(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """Call back, unless that was done before or a newer execution has taken the run over."""
    store, key = runtime.store, RunKey(event["dag_id"], event["run_id"])
    run = store.get_run(key)
    if run is None or run.execution != event["execution"]:
        return {"called": False}
    if not store.write([Put(key.pk, f"called/{run.execution}", store.expires(), Condition(absent=True))]):
        return {"called": False}
    info = RunInfo.of(run, json.loads(run.conf))
    _record_the_rest(runtime, info, event["status"], run.error)
    stopped = [record for record in store.list_tasks(key) if record.error == event["status"]]
    records = stopped or [record for record in store.list_tasks(key) if record.task_id in runtime.dag.task_dict]
    records.sort(key=lambda record: record.start_date or "")
    call_back(runtime, info, "failed", records, REASONS[event["status"]])
    return {"called": True}


def _record_the_rest(runtime: Runtime, run: RunInfo, status: str, error: str | None) -> None:
    """Tasks of the run without any record: their machine was gone before their turn."""
    known = {record.task_id for record in runtime.store.list_tasks(run.key) if record.execution}
    absent = partial_run.read(runtime.store, run.key).absent | not_in_run(runtime.dag, run).keys()
    for task in runtime.dag.tasks:
        if task.task_id in known | absent:
            continue
        of_literals = list(instances_without_running(runtime, run, task, "skipped", ()))
        for record in of_literals or [without_running(runtime, run, task, "skipped")]:
            stopped = changed(record, error=status, error_message=error)
            found = runtime.store.get_task(record.key)  # another DAG may watch it
            runtime.store.save_task(
                changed(stopped, watched=bool(found and found.watched)),
                expect=None if found is None else Fence.unchanged(found),
            )
