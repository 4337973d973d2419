"""What clearing asks of a deployed DAG: what it would mean, the run stopped if need be, its next execution started.

The DAG's own function decides, by the DAG as it is deployed now. A run of which tasks are kept is executed by the DAG's
second machine, which passes over them; a run that is cleared as a whole by the first. Executions of a run are called
`<run_id>__2`, `__3`, …; the DagRun stays the same.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from dag_translator.errors import AirstepError, UsageError
from dag_translator.names import execution_name, machine_name, rerun_name
from infra.cli.account import Account
from infra.cli.dates import as_instant
from lambdas.records import FINAL_RUN_STATES, DagRun, RunKey

Answer = Mapping[str, Any]

MOST_RUNS = 200  # of one command; they start all at once
_PATIENCE = 60.0  # seconds until the table must know of an execution's end
_LATER = 50  # further names to try where executions ended before their run began
_ENDED_UNSEEN = "the execution ended, and nobody said so"


def ask(account: Account, dag_id: str, run_id: str, request: Mapping[str, Any]) -> Answer:
    """The answer of `lambdas.clear_tasks`. Raises UsageError for what it refuses."""
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
    runs = list(_between(account, dag_id, first, last))[::-1]
    if len(runs) > MOST_RUNS:
        hint = (
            "narrow the dates; for many, `airstep dags backfill --reprocess-behavior completed` runs so many at a time"
        )
        raise UsageError(f"{len(runs)} runs are more than {MOST_RUNS}\n    → {hint}")
    return runs


def _between(account: Account, dag_id: str, first: datetime | None, last: datetime | None) -> Iterator[DagRun]:
    for run in account.store.list_runs(dag_id):
        date = as_instant(run.logical_date) if run.logical_date else None
        if date is None:
            lies_between = first is None and last is None
        else:
            lies_between = (first is None or first <= date) and (last is None or date <= last)
        if lies_between:
            yield run


def refuse_active(runs: list[DagRun]) -> None:
    """A run whose tasks are under way can't be cleared."""
    active = [run.run_id for run in runs if run.state not in FINAL_RUN_STATES]
    if active:
        shown = ", ".join(active[:5]) + (f" and {len(active) - 5} more" if len(active) > 5 else "")
        raise UsageError(f"still running: {shown}\n    → wait for the end, or stop what runs with --stop-running")


def stop(account: Account, run: DagRun, patience: float = _PATIENCE) -> bool:
    """Stop the run's execution, and wait until its records say so; False if it was over already."""
    if run.state in FINAL_RUN_STATES:
        return False
    states = account.client("stepfunctions")
    status = states.describe_execution(executionArn=run.execution_arn)["status"]
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


def start(account: Account, dag_id: str, answer: Answer) -> str:
    """Start the run's next execution; its ARN. Raises UsageError if another one runs or there is no machine for it."""
    run, given = answer["run"], answer["input"]
    kept = bool(given["states"] or given.get("instances") or given.get("left_out"))
    machine = account.machine_arn(dag_id)
    if kept:
        machine = machine.removesuffix(machine_name(dag_id)) + rerun_name(dag_id)
    states = account.client("stepfunctions")
    first = int(run["clear_number"]) + 2
    for number in range(first, first + _LATER):
        name = execution_name(f"{run['run_id']}__{number}")
        try:
            started = states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))
        except states.exceptions.StateMachineDoesNotExist:
            raise _no_machine(account, dag_id, kept) from None
        except states.exceptions.ExecutionAlreadyExists:
            _refuse_running(states, f"{machine.replace(':stateMachine:', ':execution:')}:{name}", run["run_id"])
            continue
        return str(started["executionArn"])
    raise AirstepError(f"{run['run_id']}: {_LATER} executions ended before they began their run; see the last one")


def _refuse_running(states: Any, execution_arn: str, run_id: str) -> None:
    if states.describe_execution(executionArn=execution_arn)["status"] == "RUNNING":
        raise UsageError(f"{run_id} has just been started again: {execution_arn}")


def _no_machine(account: Account, dag_id: str, kept: bool) -> UsageError:
    if not kept or dag_id not in dict(account.deployed()):
        return account.unknown_dag(dag_id)
    hint = (
        f"deploy it again; if it is too large for that, clear the whole run: `airstep dags clear {dag_id} --run-id …`"
    )
    return UsageError(f"DAG {dag_id} was deployed without the machine that runs a part of a run again\n    → {hint}")


def wait_for_start(account: Account, key: RunKey, execution_arn: str, patience: float = _PATIENCE) -> None:
    """Until the DagRun is the new execution's: before that its state is still the old one's."""
    give_up = time.monotonic() + patience
    states = account.client("stepfunctions")
    while time.monotonic() < give_up:
        run = account.store.get_run(key)
        if run is not None and run.execution_arn == execution_arn:
            return
        if states.describe_execution(executionArn=execution_arn)["status"] != "RUNNING":
            raise AirstepError(f"{key.run_id}: its execution ended before it began the run: {execution_arn}")
        time.sleep(0.3)
    raise AirstepError(f"{key.run_id}: its execution does not begin: {execution_arn}")
