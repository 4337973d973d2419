"""Operators of Amazon EventBridge's rules."""

from __future__ import annotations

import json
from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask
from dag_translator.authoring.aws.rows import grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields

# On the default bus, on another.
_RULE = ("events:{here}:rule/{name}", "events:{here}:rule/*/{name}")


class EventBridgePutRuleOperator(ServiceTask):
    """Makes or changes a rule; the XCom is {"RuleArn"}. event_pattern: JSON."""

    template_fields: Any = aws_template_fields(
        *("name", "description", "event_bus_name", "event_pattern", "role_arn", "schedule_expression", "state", "tags")
    )
    service, action = "events", "PutRule"
    starts = (
        grant("events:PutRule", *_RULE),
        grant("events:TagResource", *_RULE, given="tags"),
        grant("iam:PassRole", "iam::{account}:role/*", given="role_arn"),
    )
    returns = "*"
    __init__ = takes(
        *("name",),
        description=None,
        event_bus_name=None,
        event_pattern=None,
        role_arn=None,
        schedule_expression=None,
        state=None,
        tags=None,
    )

    def request(self) -> dict[str, Any]:
        if not (self.event_pattern or self.schedule_expression):
            raise ValueError(
                "One of `event_pattern` or `schedule_expression` are required in order to put or update your rule."
            )
        if self.state and self.state not in ("ENABLED", "DISABLED"):
            raise ValueError("`state` must be specified as ENABLED or DISABLED.")
        if self.event_pattern:
            try:
                json.loads(self.event_pattern)
            except ValueError:
                raise ValueError("`event_pattern` must be a valid JSON string.") from None
        return {
            "Name": self.name,
            "Description": self.description,
            "EventBusName": self.event_bus_name,
            "EventPattern": self.event_pattern,
            "RoleArn": self.role_arn,
            "ScheduleExpression": self.schedule_expression,
            "State": self.state,
            "Tags": self.tags,
        }


class EventBridgeEnableRuleOperator(ServiceTask):
    """Enables a rule."""

    template_fields: Any = aws_template_fields("name", "event_bus_name")
    service, action = "events", "EnableRule"
    starts = (grant("events:EnableRule", *_RULE),)
    __init__ = takes("name", event_bus_name=None)

    def request(self) -> dict[str, Any]:
        return {"Name": self.name, "EventBusName": self.event_bus_name}


class EventBridgeDisableRuleOperator(EventBridgeEnableRuleOperator):
    """Disables a rule."""

    action = "DisableRule"
    starts = (grant("events:DisableRule", *_RULE),)
