"""One-time schedules of EventBridge Scheduler that start the dispatcher and delete themselves.

Scheduler tries for a day, then leaves the event in the dead-letter queue, as it does for the DAGs' own schedules.
Source: EventBridge Scheduler user guide, "Schedule types", "Deletion after schedule completion", "Dead-letter queue".
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any


def target_on_aws() -> dict[str, str]:
    """What `create` aims at, as the environment of the platform's functions says."""
    return {
        "Arn": os.environ["AIRSTEP_DISPATCHER_ARN"],
        "RoleArn": os.environ["AIRSTEP_SCHEDULER_ROLE_ARN"],
        "GroupName": os.environ["AIRSTEP_SCHEDULE_GROUP"],
        "DeadLetterArn": os.environ["AIRSTEP_DEAD_LETTERS_ARN"],
    }


def create(scheduler: Any, name: str, expression: str, payload: Mapping[str, Any], target: Mapping[str, str]) -> bool:
    """Make the schedule; False if there is one of this name. expression: `at(…)`, in UTC.

    target: `Arn` (the dispatcher), `RoleArn`, `GroupName`, `DeadLetterArn`.
    """
    try:
        scheduler.create_schedule(
            Name=name,
            GroupName=target["GroupName"],
            ScheduleExpression=expression,
            ScheduleExpressionTimezone="UTC",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={
                "Arn": target["Arn"],
                "RoleArn": target["RoleArn"],
                "Input": json.dumps(payload),
                "DeadLetterConfig": {"Arn": target["DeadLetterArn"]},
            },
        )
    except scheduler.exceptions.ConflictException:
        return False
    return True
