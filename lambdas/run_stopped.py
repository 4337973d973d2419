"""run_stopped: the DAG's `on_failure_callback` for a run whose machine never came to its last state: it timed out, was
stopped, or broke. `run_ended` has closed the records, and asks for this where the DAG has such a callback.

    {"kind": "run_stopped", "dag_id": "d", "run_id": "r", "execution": "r", "status": "TIMED_OUT"} -> {"called": true}

As in Airflow the context is that of the task that began last among those that were stopped, and `reason` is "timed_out"
for a timeout. It is called once, however often this is invoked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambdas.finish_run import call_back
from lambdas.records import RunKey
from lambdas.runtime import RunInfo, Runtime
from lambdas.writes import Condition, Put

REASONS: Mapping[str, str] = {"TIMED_OUT": "timed_out", "ABORTED": "stopped", "FAILED": "task_failure"}


def run_stopped(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """Call back, unless that was done before or a newer execution has taken the run over."""
    store, key = runtime.store, RunKey(event["dag_id"], event["run_id"])
    run = store.get_run(key)
    if run is None or run.execution != event["execution"]:
        return {"called": False}
    if not store.write([Put(key.pk, f"called/{run.execution}", store.expires(), Condition(absent=True))]):
        return {"called": False}
    stopped = [record for record in store.list_tasks(key) if record.error == event["status"]]
    records = stopped or [record for record in store.list_tasks(key) if record.task_id in runtime.dag.task_dict]
    records.sort(key=lambda record: record.start_date or "")
    call_back(runtime, RunInfo.of(run, json.loads(run.conf)), "failed", records, REASONS[event["status"]])
    return {"called": True}
