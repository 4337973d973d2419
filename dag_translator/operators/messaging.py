"""Operators that send or await a message, or an item: Python in Lambda, a call or two; here is what its role needs.

Source: Service Authorization Reference, the pages of Amazon SNS, Amazon SQS, Amazon EventBridge and
Amazon DynamoDB.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dag_translator.model import Task
from dag_translator.operators import polling, python, sensor
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


def _received(operator: Any) -> Mapping[str, Any]:
    return {**polling.settings(operator), "resources": [queue_arn(getattr(operator, "sqs_queue", None))]}


def _reception(task: Task) -> tuple[Permission, ...]:
    actions = ("sqs:ReceiveMessage", "sqs:DeleteMessage")
    return (Permission(actions, tuple(task.settings["resources"]), f"messages of task {task.task_id}"),)


def _item_watched(operator: Any) -> Mapping[str, Any]:
    table = literal(getattr(operator, "table_name", None)) or "*"
    resource = table if table.startswith("arn:") else f"{ARN}:dynamodb:{HERE}:table/{table}"
    return {**polling.settings(operator), "resources": [resource]}


def _reading(task: Task) -> tuple[Permission, ...]:
    return (Permission(("dynamodb:GetItem",), tuple(task.settings["resources"]), f"item of task {task.task_id}"),)


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
    "SqsSensor": Lowering(sensor.lower, _received, polling.permissions, _reception, sensor=True),
    "DynamoDBValueSensor": Lowering(sensor.lower, _item_watched, polling.permissions, _reading, sensor=True),
    "SnsPublishOperator": Lowering(python.lower, _topic, task_permissions=_grants),
    "SqsPublishOperator": Lowering(python.lower, _queue, task_permissions=_grants),
    "EventBridgePutEventsOperator": Lowering(python.lower, _buses, task_permissions=_grants),
}
