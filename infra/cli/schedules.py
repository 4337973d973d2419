"""A deployed DAG's schedules: whether they run, and letting the dispatcher look for runs that were missed.

A schedule of EventBridge Scheduler carries, as its target's input, the event that the dispatcher gets; the same event
with `activate` tells the dispatcher to start what was missed while the DAG was paused or not deployed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dag_translator.errors import AirstepError
from dag_translator.names import shorten
from infra.cli.account import Account
from lambdas.dag_state import DagState

_NAME_LIMIT = 64
# What GetSchedule answers and UpdateSchedule takes again.
_KEPT = (
    *("Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "EndDate", "Description"),
    *("FlexibleTimeWindow", "Target", "KmsKeyArn", "ActionAfterCompletion"),
)


def is_paused(account: Account, dag_id: str) -> bool:
    """Whether the DAG's schedule starts no runs now: as somebody said, else as it was deployed."""
    item = account.store.read(f"dag/{dag_id}", "state")
    if item is not None and "is_paused" in item:
        return bool(item["is_paused"])
    return any(schedule["State"] == "DISABLED" for schedule in _schedules(account, dag_id))


def set_paused(account: Account, dag_id: str, paused: bool) -> list[str]:
    """Pause, or unpause and start what was missed; answers the runs that this started."""
    DagState(account.store, dag_id).set_paused(paused)
    if paused:
        return []
    scheduler = account.client("scheduler")
    for schedule in _schedules(account, dag_id):
        if schedule["State"] == "DISABLED":
            kept = {name: schedule[name] for name in _KEPT if name in schedule}
            scheduler.update_schedule(**kept, State="ENABLED")
    return activate(account, dag_id)


def activate(account: Account, dag_id: str) -> list[str]:
    """Let the dispatcher start what the DAG's schedule missed; the run ids. Nothing for a DAG without a schedule."""
    schedules = _schedules(account, dag_id)
    if not schedules:
        return []
    event = json.loads(schedules[0]["Target"]["Input"])
    event.pop("scheduled_time", None)
    answer = account.client("lambda").invoke(
        FunctionName=account.settings.function("dispatcher"), Payload=json.dumps({**event, "activate": True}).encode()
    )
    payload = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise AirstepError(f"{dag_id}: the dispatcher failed: {payload.get('errorMessage', payload)}")
    return list(payload["started"])


def _schedules(account: Account, dag_id: str) -> list[Mapping[str, Any]]:
    """The DAG's own schedules, by name; not the one-time ones that the dispatcher makes of them."""
    from dag_translator.names import machine_name

    scheduler, group = account.client("scheduler"), account.settings.prefix
    prefix = shorten(machine_name(dag_id), _NAME_LIMIT)[: _NAME_LIMIT - 4]
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group, NamePrefix=prefix)
    names = sorted(schedule["Name"] for page in pages for schedule in page["Schedules"])
    found = [scheduler.get_schedule(GroupName=group, Name=name) for name in names]
    return [schedule for schedule in found if _is_own(schedule, dag_id)]


def _is_own(schedule: Mapping[str, Any], dag_id: str) -> bool:
    try:
        event = json.loads(schedule["Target"].get("Input", ""))
    except ValueError:
        return False
    return isinstance(event, dict) and event.get("dag_id") == dag_id and not event.get("one_time")
