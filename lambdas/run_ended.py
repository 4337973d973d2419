"""run_ended: what is left to do when an execution has ended: close the records of a run whose machine stopped
without its last state (timed out, aborted, or broken by Step Functions itself), wake who waits for the run in another
DAG, and start what waits for its place. An execution of the backfill machine that stopped has its backfill's summary
written.

EventBridge sends "Step Functions Execution Status Change" for every end; the DagRun and its unfinished
tasks get their final states here. As in Airflow, what runs or pokes is failed (by a timeout: skipped), what waits is
skipped. A run that finished by itself, or that a newer execution has taken over, is left alone. No DAG is loaded here:
its own function is asked for the records of the tasks that never had a turn, and for its callback (`run_stopped`).
Source: Step Functions
developer guide, "Automating Step Functions event delivery with EventBridge".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from lambdas.runtime import iso, utcnow
from lambdas.storage.records import CLEARED, Fence, TaskRecord, changed
from lambdas.storage.store import Store
from lambdas.waiting.external import wake_all

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
        if not record.is_final and (record.execution == execution or record.state == CLEARED):
            stopped = _stopped(record, detail["status"], reason, now)
            if store.save_task(stopped, expect=Fence.unchanged(record)):
                ended[record.task_id] = stopped.state
    return {"run_id": key.run_id, "tasks": ended}


def _stopped(record: TaskRecord, status: str, reason: str, now: str) -> TaskRecord:
    was_running = record.state in ("running", "up_for_reschedule") and status != "TIMED_OUT"
    state = "failed" if was_running else "skipped"
    return changed(record, state=state, end_date=now, error=status, error_message=reason[:2000])


def wake_watchers(store: Store, tell: Callable[[str], object], event: Mapping[str, Any]) -> int:
    """Other DAGs that wait for the run look again; how many were waiting."""
    found = store.run_of_execution(event["detail"]["executionArn"])
    run = store.get_run(found[0]) if found is not None else None
    return 0 if run is None else wake_all(store, tell, run.dag_id, run.logical_date)


def close(dispatcher: Any, event: Mapping[str, Any], now: str) -> dict[str, Any]:
    """All that the end of an execution means. Records first: a run counts as active while its record says so."""
    from lambdas.aws import clients
    from lambdas.dispatcher import execution_ended
    from lambdas.scheduling import backfills
    from lambdas.waiting import admission

    closed = run_ended(dispatcher.store, event, now)
    if closed["run_id"] is not None:
        call_back(dispatcher.store, event, lambda: clients().client("lambda"))
    backfill = backfills.execution_ended(dispatcher.store, event, now)
    woken = wake_watchers(dispatcher.store, dispatcher.tell, event)
    admission.execution_over(dispatcher.waiting, event["detail"]["executionArn"])
    started = execution_ended(dispatcher, event["detail"]["executionArn"])
    return {**closed, "backfill": backfill, "woken": woken, "started": started}


def callback_due(store: Store, event: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The DAG's function (name:version) and its payload about a run that was closed here; None if it is not known."""
    found = store.run_of_execution(event["detail"]["executionArn"])
    run = store.get_run(found[0]) if found else None
    if run is None or run.function is None:
        return None
    payload = {"kind": "run_stopped", "dag_id": run.dag_id, "run_id": run.run_id, "execution": run.execution}
    return run.function, {**payload, "status": event["detail"]["status"]}


def call_back(store: Store, event: Mapping[str, Any], client: Callable[[], Any]) -> None:
    """Ask the DAG's function for the rest, without waiting. client: makes a client of Lambda."""
    due = callback_due(store, event)
    if due is not None:
        name, _, version = due[0].partition(":")
        request = {"FunctionName": name, "Qualifier": version, "InvocationType": "Event"}
        client().invoke(**request, Payload=json.dumps(due[1]).encode())


def sweeper(dispatcher: Any) -> Any:
    """What a sweep works with: an end that nobody has told of is closed as if it had just been told."""
    from lambdas.dispatcher import resume
    from lambdas.scheduling.dag_state import DagState
    from lambdas.waiting import sweep

    def close_unnoticed(execution_arn: str, status: str) -> None:
        cause = "found by a sweep: its status event was lost"
        detail = {"executionArn": execution_arn, "status": status, "cause": cause}
        close(dispatcher, {"detail": detail}, iso(dispatcher.now()))

    def start(dag_id: str) -> bool:
        resume(dispatcher, dag_id)
        return next(DagState(dispatcher.store, dag_id).queue(), None) is not None

    return sweep.Sweeper(dispatcher.store, dispatcher.tell, dispatcher.arm, dispatcher.status, close_unnoticed, start)


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """The Lambda's entry."""
    from lambdas.dispatcher import from_environment

    return close(from_environment(), event, iso(utcnow()))
