"""Operators that send a message: Python in Lambda, one call each; here is what the Lambda's role needs for them.

Source: Service Authorization Reference, the pages of Amazon SNS, Amazon SQS and Amazon EventBridge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dag_translator.model import Task
from dag_translator.operators import python
from dag_translator.operators.lowering import Lowering, Permission
from dag_translator.operators.service import ARN, HERE, literal


def topic_arn(target: Any) -> str:
    """A topic's or an endpoint's ARN; any of them where a template names it."""
    # To publish to an endpoint of a mobile platform the resource is the endpoint; SNS names both `sns:…`.
    return literal(target) or f"{ARN}:sns:{HERE}:*"


def _topic(operator: Any) -> Mapping[str, Any]:
    return {"action": "sns:Publish", "resources": [topic_arn(getattr(operator, "target_arn", None))]}


def queue_arn(url: Any) -> str:
    """The ARN of a queue's URL; any queue's where a template names it."""
    parts = urlsplit(literal(url) or "")
    place = parts.path.strip("/").split("/")
    region = parts.netloc.split(".")[1] if parts.netloc.startswith("sqs.") else "${AWS::Region}"
    return f"{ARN}:sqs:{region}:{place[0]}:{place[1]}" if len(place) == 2 else f"{ARN}:sqs:{HERE}:*"


def _queue(operator: Any) -> Mapping[str, Any]:
    return {"action": "sqs:SendMessage", "resources": [queue_arn(getattr(operator, "sqs_queue", None))]}


def _buses(operator: Any) -> Mapping[str, Any]:
    given = getattr(operator, "entries", None)
    entries = given if isinstance(given, list) else [None]
    buses = {_bus(each) for each in entries}
    return {"action": "events:PutEvents", "resources": sorted(buses)}


def _bus(entry: Any) -> str:
    if not isinstance(entry, dict):
        return f"{ARN}:events:{HERE}:event-bus/*"
    name = literal(entry.get("EventBusName", "default"))
    return name if name and name.startswith("arn:") else f"{ARN}:events:{HERE}:event-bus/{name or '*'}"


def _grants(task: Task) -> tuple[Permission, ...]:
    settings = task.settings
    return (Permission((settings["action"],), tuple(settings["resources"]), f"messages of task {task.task_id}"),)


LOWERINGS: Mapping[str, Lowering] = {
    "SnsPublishOperator": Lowering(python.lower, _topic, task_permissions=_grants),
    "SqsPublishOperator": Lowering(python.lower, _queue, task_permissions=_grants),
    "EventBridgePutEventsOperator": Lowering(python.lower, _buses, task_permissions=_grants),
}
