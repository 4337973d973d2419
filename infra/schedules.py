"""A DAG's schedules on EventBridge Scheduler: each of the manifest's expressions starts the dispatcher.

The dispatcher gets the manifest's `schedule.spec` with `dag_id`, `state_machine_arn` and `scheduled_time` beside its
keys, and decides which run that is and whether it starts. Scheduler delivers at least once, tries again for a day, and
leaves what it could not deliver in the dead-letter queue.

Invariant: Scheduler accepts what is written here: no start in the past, nothing that is over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from dag_translator.names import shorten
from infra.permissions import arn
from infra.platform_stack import DISPATCHER, scheduler_role_arn
from infra.settings import Settings

_NAME_LIMIT = 64
_DAY = 24 * 3600
# What the command has to know to start a run by hand.
_ABOUT_RUNS = ("max_active_runs", "max_consecutive_failed_dag_runs", "is_paused_upon_creation")
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"


def add_schedules(
    scope: Construct, manifest: Mapping[str, Any], machine_arn: str, settings: Settings, now: datetime
) -> list[scheduler.CfnSchedule]:
    """Add a schedule for each expression of the manifest that is not over at `now`."""
    plan = manifest["schedule"]
    if plan is None:
        return []
    target = _target(manifest, machine_arn, settings)
    added = []
    for number, expression in enumerate(plan["expressions"], 1):
        end = _time(expression.get("end"))
        if end is not None and end <= now:
            continue
        start = _time(expression.get("start"))
        suffix = f"-{number}" if len(plan["expressions"]) > 1 else ""
        added.append(
            scheduler.CfnSchedule(
                scope,
                f"Schedule{number}",
                name=shorten(f"{manifest['machine_name']}{suffix}", _NAME_LIMIT),
                group_name=settings.prefix,
                description=f"Starts runs of the DAG {manifest['dag_id']}",
                schedule_expression=expression["expression"],
                schedule_expression_timezone=expression["timezone"],
                # A start in the past is refused ("cannot be earlier than 5 minutes ago"), and means nothing.
                start_date=_text(start) if start is not None and start > now else None,
                end_date=_text(end),
                flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
                # Pausing is the dispatcher's business: a state that somebody changes outside the stack would come
                # back with the stack's next update.
                state="ENABLED",
                target=target,
            )
        )
    return added


def timetable_text(manifest: Mapping[str, Any], settings: Settings, *, in_part: bool = True) -> str:
    """The DAG's timetable, and how many runs there may be, as JSON: what backfills and the command need.

    in_part: whether there is a machine for runs of a part of the DAG (a backfill's task_regex).
    """
    spec = deployed_spec(manifest, settings) if manifest["schedule"] else None
    if spec is not None and in_part:
        spec["part_function"] = settings.function(manifest["machine_name"])  # who knows which tasks the regex means
    runs = {name: manifest[name] for name in _ABOUT_RUNS if manifest.get(name)}
    return json.dumps({"dag_id": manifest["dag_id"], "spec": spec, "runs": runs})


def deployed_spec(manifest: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The spec of the manifest's schedule. For a timetable that is user code it says which function to ask."""
    spec = dict(manifest["schedule"]["spec"])
    if spec.get("timetable", {}).get("type") == "custom":
        spec["task_function"] = settings.function(manifest["machine_name"])
    return spec


def _target(manifest: Mapping[str, Any], machine_arn: str, settings: Settings) -> scheduler.CfnSchedule.TargetProperty:
    payload = {
        **deployed_spec(manifest, settings),
        "dag_id": manifest["dag_id"],
        "state_machine_arn": machine_arn,
        "scheduled_time": SCHEDULED_TIME,
        **({"is_paused_upon_creation": True} if manifest["is_paused_upon_creation"] else {}),
    }
    properties = scheduler.CfnSchedule
    return properties.TargetProperty(
        arn=arn("lambda", f"function:{settings.function(DISPATCHER.part)}"),
        role_arn=scheduler_role_arn(settings),
        input=json.dumps(payload, ensure_ascii=False, sort_keys=True),
        retry_policy=properties.RetryPolicyProperty(maximum_event_age_in_seconds=_DAY, maximum_retry_attempts=185),
        dead_letter_config=properties.DeadLetterConfigProperty(arn=arn("sqs", settings.dead_letters)),
    )


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _text(time: datetime | None) -> str | None:
    """As Scheduler wants it: UTC, whole seconds."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time is not None else None
