"""run_ended: what is left to do when an execution has ended: close the records of a run whose machine stopped
without its last state (timed out, aborted, or broken by Step Functions itself), wake who waits for the run in another
DAG, and start what waits for its place. An execution of the backfill machine that stopped has its backfill's summary
written.

EventBridge sends "Step Functions Execution Status Change" for every end; the DagRun and its unfinished
tasks get their final states here. As in Airflow, what runs is failed (by a timeout: skipped), what waits is
skipped. A run that finished by itself, or that a newer execution has taken over, is left alone. No DAG is loaded,
so no callbacks run. Source: Step Functions developer guide, "Automating Step Functions event delivery with
EventBridge".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.records import Fence, TaskRecord, changed
from lambdas.runtime import iso, utcnow
from lambdas.signal_function import Signals, wake
from lambdas.store import Store

ENDINGS: Mapping[str, str] = {
    "TIMED_OUT": "the run took longer than its dagrun_timeout",
    "ABORTED": "the execution was stopped",
    "FAILED": "the execution failed",
}


def run_ended(store: Store, event: Mapping[str, Any], now: str) -> dict[str, Any]:
    """Answers which DagRun was ended and which task instances, as {"run_id": None | …, "tasks": {…}}."""
    detail = event["detail"]
    nothing: dict[str, Any] = {"run_id": None, "tasks": {}}
    found = store.run_of_execution(detail["executionArn"])
    if detail["status"] not in ENDINGS or found is None:
        return nothing
    key, execution = found
    reason = ": ".join(filter(None, (ENDINGS[detail["status"]], detail.get("error"), detail.get("cause"))))
    if not store.end_run(key, execution, "failed", now, reason[:2000]):
        return nothing
    ended = {}
    for record in store.list_tasks(key):
        if record.execution == execution and not record.is_final:
            stopped = _stopped(record, detail["status"], reason, now)
            if store.save_task(stopped, expect=Fence.unchanged(record)):
                ended[record.task_id] = stopped.state
    return {"run_id": key.run_id, "tasks": ended}


def _stopped(record: TaskRecord, status: str, reason: str, now: str) -> TaskRecord:
    was_running = record.state == "running" and status != "TIMED_OUT"
    state = "failed" if was_running else "skipped"
    return changed(record, state=state, end_date=now, error=status, error_message=reason[:2000])


def wake_watchers(signals: Signals, event: Mapping[str, Any]) -> int:
    """Other DAGs that wait for the run look again; how many were waiting."""
    found = signals.store.run_of_execution(event["detail"]["executionArn"])
    run = signals.store.get_run(found[0]) if found is not None else None
    if run is None:
        return 0
    return int(wake(signals, {"dag_id": run.dag_id, "logical_date": run.logical_date})["woken"])


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """The Lambda's entry. Records first: a run counts as active while its record says so."""
    from lambdas import backfills
    from lambdas.aws import clients
    from lambdas.dispatcher import execution_ended, from_environment

    dispatcher = from_environment()
    now = iso(utcnow())
    closed = run_ended(dispatcher.store, event, now)
    backfill = backfills.execution_ended(dispatcher.store, event, now)
    woken = wake_watchers(Signals(dispatcher.store, clients().stepfunctions), event)
    started = execution_ended(dispatcher, event["detail"]["executionArn"])
    return {**closed, "backfill": backfill, "woken": woken, "started": started}
