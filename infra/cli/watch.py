"""Wait for a run, telling what happens meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from infra.cli.account import Account
from infra.cli.output import note
from lambdas.storage.records import FINAL_RUN_STATES, RunKey

Told = Callable[[str, str], None]


def wait_for(
    account: Account, dag_id: str, run_id: str, execution_arn: str, told: Told | None = None, pause: float = 0.5
) -> str:
    """The run's final state. told: called with (task, state) for each change; says it on standard error if None.

    pause: seconds between two looks.

    A run whose execution ended without its last state having run (a machine timeout, a stop in the console) has failed.
    """
    say = told or (lambda task, state: note(f"{task}: {state}"))
    seen: dict[str, str] = {}
    while True:
        run = account.store.get_run(RunKey(dag_id, run_id))
        tell_changes(account, RunKey(dag_id, run_id), seen, say)
        if run is not None and run.state in FINAL_RUN_STATES:
            return run.state
        status = status_of(account.client("stepfunctions"), execution_arn)
        if status not in ("RUNNING", "PENDING_REDRIVE", None):
            run = account.store.get_run(RunKey(dag_id, run_id))
            return run.state if run is not None and run.state in FINAL_RUN_STATES else "failed"
        time.sleep(pause)


def status_of(states: Any, execution_arn: str) -> str | None:
    """The execution's; None while the run waits for its turn and has none."""
    from lambdas.aws import error_code

    try:
        return str(states.describe_execution(executionArn=execution_arn)["status"])
    except Exception as error:
        if error_code(error) == "ExecutionDoesNotExist":
            return None
        raise


def tell_changes(account: Account, run: RunKey, seen: dict[str, str], say: Told) -> Mapping[str, Any]:
    """Tell what changed among the run's tasks since `seen`, and note it there. Answers the records by name."""
    records = {}
    for record in account.store.list_tasks(run):
        name = record.task_id if record.map_index < 0 else f"{record.task_id}[{record.map_index}]"
        records[name] = record
        if seen.get(name) != record.state:
            seen[name] = record.state
            say(name, record.state)
    return records
