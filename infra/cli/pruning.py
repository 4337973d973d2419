"""DAGs that are deployed although no DAG file defines them any more: found by their stacks' tags, deleted on demand.

A stack takes its schedules, rules, functions, roles and logs along. What the dispatcher made goes with it here: the
one-time schedules. The runs' records and XComs stay for as long as any run's; layers of tasks' own packages and task
definitions of containers stay too, as runs that were under way could still need them.

Invariant: no run is lost: a DAG with a run under way, or with one that waits, is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dag_translator.names import machine_name, rerun_name, shorten
from infra.cli.account import DAG_TAG, ENVIRONMENT_TAG, Account
from infra.cli.output import note
from infra.cli.schedules import event_of
from lambdas.scheduling.dag_state import DagState
from lambdas.storage.records import Item
from lambdas.storage.store import Delete

_NAME_LIMIT = 64
_POLL = {"Delay": 2, "MaxAttempts": 900}


@dataclass(frozen=True, slots=True)
class Leftover:
    """A DAG's stack that the deployment knows nothing of."""

    dag_id: str
    stack: str


def stacks_of(assembly: Path) -> set[str]:
    """The names of the stacks in a cloud assembly."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    return {
        each.get("properties", {}).get("stackName", name)
        for name, each in artifacts.items()
        if each["type"] == "aws:cloudformation:stack"
    }


def leftovers(account: Account, kept: Collection[str]) -> list[Leftover]:
    """The DAGs of this environment whose stacks are not among the `kept`, by dag_id."""
    found = []
    for page in account.client("cloudformation").get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", ())}
            ours = tags.get(ENVIRONMENT_TAG) == account.settings.prefix and DAG_TAG in tags
            if ours and stack["StackName"] not in kept and not stack["StackStatus"].startswith("DELETE_COMPLETE"):
                found.append(Leftover(tags[DAG_TAG], stack["StackName"]))
    return sorted(found, key=lambda each: each.dag_id)


def prune(account: Account, leftover: Leftover) -> bool:
    """Delete the DAG's stack and its one-time schedules, and wait until it is gone; False if runs stand in the way."""
    state = DagState(account.store, leftover.dag_id)
    before = account.store.read(state.pk, "state")
    state.set_paused(True)  # so that nothing starts any more
    try:
        if busy := _runs(account, state):
            note(f"{leftover.dag_id}: left, {busy} of its runs are under way or wait: let them end, or stop them")
            return False
        cloudformation = account.client("cloudformation")
        cloudformation.delete_stack(StackName=leftover.stack)
        for name in _one_time_schedules(account, leftover.dag_id):
            account.client("scheduler").delete_schedule(GroupName=account.settings.prefix, Name=name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=leftover.stack, WaiterConfig=_POLL)
    finally:
        _as_before(state, before)
    note(f"{leftover.dag_id}: deleted")
    return True


def _as_before(state: DagState, before: Item | None) -> None:
    """A DAG of this id that comes again is paused if somebody has said so, or if its file does."""
    if before is None or "is_paused" not in before:
        state.store.write_many([Delete(state.pk, "state")])
    else:
        state.set_paused(bool(before["is_paused"]))


def _runs(account: Account, state: DagState) -> int:
    """How many runs are under way, as far as one page tells, or wait."""
    states, ours = account.client("stepfunctions"), account.machine_arn(state.dag_id)
    running = 0
    for arn in (ours, f"{ours.removesuffix(machine_name(state.dag_id))}{rerun_name(state.dag_id)}"):
        try:
            running += len(states.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"])
        except states.exceptions.StateMachineDoesNotExist:
            continue
    return running + sum(1 for _ in state.queue())


def _one_time_schedules(account: Account, dag_id: str) -> Iterator[str]:
    """Names of what the dispatcher made for the DAG's runs of the hours ahead."""
    scheduler, group = account.client("scheduler"), account.settings.prefix
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group)
    ending = shorten(machine_name(dag_id), _NAME_LIMIT)[:20]  # long names are cut, and end in a hash
    for name in [each["Name"] for page in pages for each in page["Schedules"] if ending in each["Name"]]:
        try:
            event: dict[str, Any] = event_of(scheduler.get_schedule(GroupName=group, Name=name))
        except scheduler.exceptions.ResourceNotFoundException:
            continue  # the stack's own, which is being deleted, or one that has fired
        if event.get("dag_id") == dag_id and event.get("one_time"):
            yield name
