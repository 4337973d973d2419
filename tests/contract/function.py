"""The one Lambda function of the checks: `op` in its event says what it does. Without `op` it answers its event."""

import os
import time
from typing import Any

import boto3


class MyErr(Exception):
    """What the function raises."""


def handler(event: Any, _context: object) -> Any:
    operation = event.get("op", "echo") if isinstance(event, dict) else "echo"
    return OPERATIONS[operation](event)


def echo(event: Any) -> Any:
    return event


def constant(event: dict[str, Any]) -> Any:
    return event["value"]


def sleep(event: dict[str, Any]) -> Any:
    time.sleep(event["seconds"])
    return {"slept": event["seconds"]}


def fail(event: dict[str, Any]) -> Any:
    raise MyErr(event.get("message", "boom"))


def fail_until(event: dict[str, Any]) -> Any:
    """Fails until it was called `count` times with this key; the table counts."""
    answer = boto3.client("dynamodb").update_item(
        TableName=event["table"],
        Key={"pk": {"S": event["key"]}},
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="ALL_NEW",
    )
    calls = int(answer["Attributes"]["n"]["N"])
    if calls < event["count"]:
        raise MyErr(f"attempt {calls}")
    return {"attempts": calls}


def answer_token(event: dict[str, Any]) -> Any:
    """Answers its task's token from inside the function."""
    time.sleep(event.get("delay", 0))
    client = boto3.client("stepfunctions", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
    if event.get("failing"):
        client.send_task_failure(taskToken=event["token"], error="CbErr", cause="cb cause")
    else:
        client.send_task_success(taskToken=event["token"], output=f'{{"cb":{event.get("value", 1)}}}')
    return "ignored"


def big(event: dict[str, Any]) -> Any:
    return "x" * event["size"]


OPERATIONS = {
    "echo": echo,
    "constant": constant,
    "sleep": sleep,
    "fail": fail,
    "fail_until": fail_until,
    "answer_token": answer_token,
    "big": big,
}
