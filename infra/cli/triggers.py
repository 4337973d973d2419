"""Starting a DagRun by hand: it takes a place among the DAG's `max_active_runs`, or waits for one like any other run.

The run goes into the DAG's queue, and the dispatcher function is asked to start what there is room for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dag_translator.errors import UsageError
from dag_translator.names import execution_name, machine_name
from infra.cli.account import Account
from infra.cli.dispatching import invoke_dispatcher
from lambdas.scheduling.dag_state import DagState, Queued


@dataclass(frozen=True, slots=True)
class Triggered:
    """A run that was asked for: whether it has started, and the ARN that its execution has or will have."""

    run_id: str
    execution_arn: str
    is_started: bool

    def row(self, dag_id: str) -> dict[str, Any]:
        """What commands print of it."""
        state = "running" if self.is_started else "queued"
        return {"dag_id": dag_id, "run_id": self.run_id, "state": state, "execution": self.execution_arn}


def trigger(
    account: Account, dag_id: str, run_id: str | None, logical_date: datetime | None, conf: Mapping[str, Any]
) -> Triggered:
    """Start a DagRun, or let it wait. As in Airflow 3 it may run from now on (`run_after`), whatever its logical date.

    Raises UsageError if the DAG is not deployed or the run exists already.
    """
    told = _told(account, dag_id)
    now = datetime.now(UTC)
    moment = (logical_date or now).astimezone(UTC)
    chosen = run_id or f"manual__{moment.isoformat()}"
    given = {
        "run_id": chosen,
        "run_type": "manual",
        "logical_date": moment.isoformat(),
        "run_after": now.isoformat(),
        "conf": dict(conf),
    }
    state = DagState(account.store, dag_id)
    known = chosen in state.active() or any(each.run_id == chosen for each in state.queue())
    if known or not state.enqueue(Queued(chosen, now.isoformat(), given)):
        raise UsageError(f"{dag_id}: there is a run {chosen} already; choose another --run-id or date")
    machine_arn = account.machine_arn(dag_id)
    invoke_dispatcher(account, {**told, "dag_id": dag_id, "state_machine_arn": machine_arn, "waiting": True})
    execution_arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{execution_name(chosen)}"
    waits = any(each.run_id == chosen for each in state.queue())
    return Triggered(chosen, execution_arn, not waits)


def start_waiting(account: Account, dag_id: str) -> list[str]:
    """Let the dispatcher start what waits in the DAG's queue; the run ids."""
    event = {**_told(account, dag_id), "dag_id": dag_id, "state_machine_arn": account.machine_arn(dag_id)}
    return invoke_dispatcher(account, {**event, "waiting": True})


def _told(account: Account, dag_id: str) -> dict[str, Any]:
    """What the DAG's stack says of its runs. Raises UsageError for a DAG that is not deployed."""
    ssm = account.client("ssm")
    try:
        answer = ssm.get_parameter(Name=account.settings.dag_parameter(machine_name(dag_id)))
    except ssm.exceptions.ParameterNotFound:
        raise account.unknown_dag(dag_id) from None
    found = json.loads(answer["Parameter"]["Value"])
    spec = found["spec"] or {}
    about = {name: spec[name] for name in ("max_active_runs", "depends_on_past") if name in spec}
    return {**found["runs"], **about}
