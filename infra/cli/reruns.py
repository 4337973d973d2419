"""What clearing asks of a deployed DAG: what it would mean, the run stopped if need be, its next execution queued.

The DAG's own function decides, by the DAG as it is deployed now. A run of which tasks are kept is executed by the DAG's
second machine, which passes over them; a run that is cleared as a whole by the first. Executions of a run are called
`<run_id>__2`, `__3`, …; the DagRun stays the same. As in Airflow it is `queued` until there is a place for it among the
DAG's `max_active_runs`, and while the DAG is paused.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dag_translator.errors import AirstepError, UsageError
from dag_translator.names import execution_name, machine_name, rerun_name
from infra.cli.account import Account
from infra.cli.dates import between
from infra.cli.triggers import start_waiting
from infra.cli.watch import status_of as _status
from lambdas.scheduling.dag_state import DagState, Queued
from lambdas.storage.records import FINAL_RUN_STATES, QUEUED, DagRun, RunKey

Answer = Mapping[str, Any]

MOST_RUNS = 1_000  # of one command
_PATIENCE = 60.0  # seconds until the table must know of an execution's end
_LATER = 50  # further names to try where executions ended before their run began
_ENDED_UNSEEN = "the execution ended, and nobody said so"


def ask(account: Account, dag_id: str, run_id: str, request: Mapping[str, Any]) -> Answer:
    """The answer of `lambdas.runs.clear_tasks`. Raises UsageError for what it refuses."""
    lambda_ = account.client("lambda")
    event = {"kind": "clear_tasks", "run_id": run_id, **request}
    try:
        answer = lambda_.invoke(
            FunctionName=account.settings.function(machine_name(dag_id)), Payload=json.dumps(event).encode()
        )
    except lambda_.exceptions.ResourceNotFoundException:
        raise account.unknown_dag(dag_id) from None
    payload: Answer = json.loads(answer["Payload"].read())
    if not answer.get("FunctionError"):
        return payload
    if payload.get("errorType") == "NothingToClear":
        raise UsageError(str(payload["errorMessage"]))
    raise AirstepError(f"the function of DAG {dag_id} failed: {payload.get('errorMessage', payload)}")


def chosen_runs(
    account: Account, dag_id: str, run_id: str | None, first: datetime | None, last: datetime | None
) -> list[DagRun]:
    """The run of this id or date; or those whose logical dates lie between the two, oldest first; or all."""
    if run_id is not None:
        return [account.find_run(dag_id, run_id)]
    runs = list(between(account.store.list_runs(dag_id), first, last))[::-1]
    if len(runs) > MOST_RUNS:
        hint = (
            "narrow the dates; for many, `airstep dags backfill --reprocess-behavior completed` runs so many at a time"
        )
        raise UsageError(f"{len(runs)} runs are more than {MOST_RUNS}\n    → {hint}")
    return runs


def refuse_active(runs: list[DagRun]) -> None:
    """A run whose tasks are under way can't be cleared."""
    active = [run.run_id for run in runs if run.state not in FINAL_RUN_STATES]
    if active:
        shown = ", ".join(active[:5]) + (f" and {len(active) - 5} more" if len(active) > 5 else "")
        hint = "wait for the end, or stop what runs with --stop-running"
        raise UsageError(f"still running, or waiting to: {shown}\n    → {hint}")


def stop(account: Account, run: DagRun, patience: float = _PATIENCE) -> bool:
    """Stop the run's execution, and wait until its records say so; False if it was over already.

    One that waits for its execution is taken off the queue.
    """
    if run.state in FINAL_RUN_STATES:
        return False
    states = account.client("stepfunctions")
    status = _status(states, run.execution_arn)
    if status is None and run.state == QUEUED:
        state = DagState(account.store, run.dag_id)
        for waiting in [each for each in state.queue() if each.run_id == run.run_id]:
            state.dequeue(waiting)
        state.release(run.run_id, run.execution)
        return True
    if status == "RUNNING":
        states.stop_execution(executionArn=run.execution_arn, cause="to clear tasks of the run")
    give_up = time.monotonic() + patience
    while True:
        found = account.store.get_run(run.key)
        if found is None or found.state in FINAL_RUN_STATES:
            return True
        if time.monotonic() > give_up:
            break
        time.sleep(0.5)
    if status == "RUNNING":
        hint = "look whether the events of Step Functions reach the run-ended function, and try again"
        raise AirstepError(f"{run.run_id} was stopped, but its records don't say so\n    → {hint}")
    now = datetime.now().astimezone().isoformat()
    account.store.end_run(run.key, run.execution, "failed", now, _ENDED_UNSEEN)
    return True


def queue(account: Account, dag_id: str, answer: Answer) -> str:
    """Let the run wait for its next execution, among the DAG's runs that wait; the ARN that it will have.

    Raises UsageError if the run has changed meanwhile or there is no machine for it.
    """
    told, given = answer["run"], answer["input"]
    kept = bool(given["states"] or given.get("instances") or given.get("left_out"))
    name = rerun_name(dag_id) if kept else machine_name(dag_id)
    machine = account.machine_arn(dag_id).removesuffix(machine_name(dag_id)) + name
    states, store = account.client("stepfunctions"), account.store
    try:
        states.describe_state_machine(stateMachineArn=machine)
    except states.exceptions.StateMachineDoesNotExist:
        raise _no_machine(account, dag_id, kept) from None
    executions = machine.replace(":stateMachine:", ":execution:")
    execution = _free_name(states, executions, told)
    arn, run = f"{executions}:{execution}", store.get_run(RunKey(dag_id, told["run_id"]))
    if run is not None and (run.execution, run.state) == (told["execution"], told["state"]):
        waiting = Queued(run.run_id, run.run_after, given, execution, name)
        if DagState(store, dag_id).enqueue_again(run, waiting, arn):
            return arn
    raise UsageError(f"{told['run_id']} has just been started again, or cleared by somebody else")


def _free_name(states: Any, executions: str, run: Mapping[str, Any]) -> str:
    """The next execution's name; those that ended before they began their run have used up theirs."""
    first = int(run["clear_number"]) + 2
    for number in range(first, first + _LATER):
        name = execution_name(f"{run['run_id']}__{number}")
        try:
            states.describe_execution(executionArn=f"{executions}:{name}")
        except states.exceptions.ExecutionDoesNotExist:
            return name
    raise AirstepError(f"{run['run_id']}: {_LATER} executions ended before they began their run; see the last one")


def start(account: Account, dag_id: str) -> frozenset[str]:
    """Start as many of the runs that wait as `max_active_runs` lets, oldest first; the ids of those that still wait."""
    start_waiting(account, dag_id)
    return frozenset(each.run_id for each in DagState(account.store, dag_id).queue())


def _no_machine(account: Account, dag_id: str, kept: bool) -> UsageError:
    if not kept or dag_id not in dict(account.deployed()):
        return account.unknown_dag(dag_id)
    hint = (
        f"deploy it again; if it is too large for that, clear the whole run: `airstep dags clear {dag_id} --run-id …`"
    )
    return UsageError(f"DAG {dag_id} was deployed without the machine that runs a part of a run again\n    → {hint}")
