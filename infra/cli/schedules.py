"""A deployed DAG's schedules: whether they run, and letting the dispatcher look for runs that were missed.

A schedule of EventBridge Scheduler carries, as its target's input, the event that the dispatcher gets; the same event
with `activate` tells the dispatcher to start what was missed while the DAG was paused or not deployed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from dag_translator.names import shorten
from infra.cli.account import Account
from infra.cli.dispatching import invoke_dispatcher
from infra.cli.triggers import start_waiting
from lambdas.scheduling.dag_state import DagState

_NAME_LIMIT = 64


def is_paused(account: Account, dag_id: str) -> bool:
    """Whether the DAG's schedule starts no runs now: as somebody said, else as its is_paused_upon_creation says."""
    at_first = bool((_dispatchers_event(account, dag_id) or {}).get("is_paused_upon_creation"))
    return DagState(account.store, dag_id).paused(at_first=at_first)


def set_paused(account: Account, dag_id: str, paused: bool) -> list[str]:
    """Pause, or unpause and start what was missed; answers the runs that this started."""
    DagState(account.store, dag_id).set_paused(paused)
    return [] if paused else activate(account, dag_id)


def activate(account: Account, dag_id: str) -> list[str]:
    """Let the dispatcher start what the DAG's schedule or assets call for, and what waits; the run ids."""
    event = _dispatchers_event(account, dag_id)
    if event is None:
        return start_waiting(account, dag_id) if next(DagState(account.store, dag_id).queue(), None) else []
    return invoke_dispatcher(account, {**event, "activate": True})


def schedules_of(account: Account, dag_id: str) -> list[Mapping[str, Any]]:
    """The DAG's own schedules, by name; not the one-time ones that the dispatcher makes of them."""
    from dag_translator.names import machine_name

    scheduler, group = account.client("scheduler"), account.settings.prefix
    prefix = shorten(machine_name(dag_id), _NAME_LIMIT)[: _NAME_LIMIT - 4]
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group, NamePrefix=prefix)
    names = sorted(schedule["Name"] for page in pages for schedule in page["Schedules"])
    found = [scheduler.get_schedule(GroupName=group, Name=name) for name in names]
    return [schedule for schedule in found if _is_own(schedule, dag_id)]


def _is_own(schedule: Mapping[str, Any], dag_id: str) -> bool:
    event = event_of(schedule)
    return event.get("dag_id") == dag_id and not event.get("one_time")


def _dispatchers_event(account: Account, dag_id: str) -> dict[str, Any] | None:
    """What the dispatcher is told of the DAG by its schedules, or by its rules about assets; None without either."""
    schedules = schedules_of(account, dag_id)
    event = event_of(schedules[0]) if schedules else _event_of_rule(account, dag_id)
    for name in ("scheduled_time", "asset_event", "event_id", "event_time"):
        event.pop(name, None)
    return event or None


def _event_of_rule(account: Account, dag_id: str) -> dict[str, Any]:
    from dag_translator.names import machine_name

    events = account.client("events")
    rule = shorten(f"{account.settings.asset_rules}{machine_name(dag_id)}-1", _NAME_LIMIT)
    try:
        targets = events.list_targets_by_rule(Rule=rule)["Targets"]
    except events.exceptions.ResourceNotFoundException:
        return {}
    template = targets[0]["InputTransformer"]["InputTemplate"] if targets else "{}"
    event: dict[str, Any] = json.loads(re.sub(r"<\w+>", "null", template))
    return event if event.get("dag_id") == dag_id else {}


def event_of(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """What the schedule gives the dispatcher; nothing for a schedule that is none of ours."""
    try:
        event = json.loads(schedule["Target"].get("Input", ""))
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
