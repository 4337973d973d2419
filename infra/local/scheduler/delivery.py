"""Sends what a schedule is for to its target: templated targets, universal targets, retries, dead letters.

Invariant: each occurrence ends in a successful call, in the dead-letter queue, or (without one) in a line of our log.
"""

import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.clients import Clients
from infra.local.scheduler.schedules import Key, Record

log = logging.getLogger(__name__)

# What is worth another try; everything else goes to the dead-letter queue at once.
RETRIED_CODES = (
    "Throttl",
    "TooManyRequests",
    "InternalError",
    "ServiceUnavailable",
    "ServiceException",
    "LimitExceeded",
)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One moment at which a schedule is due."""

    key: Key
    record: Record
    moment: datetime

    @property
    def scheduled_time(self) -> str:
        return self.moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Delivery:
    """Calls targets; `sleep` waits between attempts."""

    def __init__(self, clients: Clients, sleep: Callable[[float], None] = time.sleep) -> None:
        self._clients = clients
        self._sleep = sleep

    def deliver(self, occurrence: Occurrence) -> None:
        """Blocks until the target has taken it or the retry policy is exhausted. Never raises."""
        policy = occurrence.record["Target"].get("RetryPolicy") or {}
        retries = int(policy.get("MaximumRetryAttempts", 185))
        give_up = time.time() + float(policy.get("MaximumEventAgeInSeconds", 86400))
        attempt = 1
        while True:
            execution_id = str(uuid4())
            payload = _payload(occurrence, execution_id, attempt)
            try:
                self._call(occurrence, payload)
            except Exception as error:
                code, text = _describe(error)
                exhausted = self._exhausted(error, attempt, retries, give_up)
                if exhausted is None:
                    self._sleep(min(2.0**attempt, 60.0))
                    attempt += 1
                    continue
                self._bury(occurrence, payload, execution_id, attempt, (code, text, exhausted))
            return

    def _exhausted(self, error: Exception, attempt: int, retries: int, give_up: float) -> str | None:
        """Why there is no further attempt; None if there is one."""
        code, _ = _describe(error)
        if isinstance(error, ClientError) and not any(word in code for word in RETRIED_CODES):
            return "NonRetryableError"
        if attempt > retries:
            return "MaximumRetryAttempts"
        return "MaximumEventAgeInSeconds" if time.time() >= give_up else None

    def _call(self, occurrence: Occurrence, payload: str) -> None:
        target = occurrence.record["Target"]
        arn = target["Arn"]
        if match := re.fullmatch(r"arn:aws[a-z-]*:scheduler:::aws-sdk:([\w-]+):(\w+)", arn):
            service, operation = match.groups()
            client = self._client(occurrence, SERVICE_NAMES.get(service, service))
            _operation(client, operation)(**json.loads(payload or "{}"))
            return
        service = arn.split(":")[2]
        if service not in TARGETS:
            raise ValueError(f"{arn}: the local Scheduler cannot call {service}")
        TARGETS[service](self._client(occurrence, SERVICE_NAMES.get(service, service)), target, payload)

    def _client(self, occurrence: Occurrence, service: str) -> Any:
        return self._clients.get(service, occurrence.key.account, occurrence.key.region)

    def _bury(
        self, occurrence: Occurrence, payload: str, execution_id: str, attempt: int, why: tuple[str, str, str]
    ) -> None:
        code, text, exhausted = why
        queue = (occurrence.record["Target"].get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            log.warning("schedule %s could not be delivered: %s: %s", occurrence.key.arn, code, text)
            return
        attributes = {
            "ERROR_CODE": code,
            "ERROR_MESSAGE": text or code,
            "EXECUTION_ID": execution_id,
            "EXHAUSTED_RETRY_CONDITION": exhausted,
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(attempt - 1),
            "SCHEDULED_TIME": occurrence.scheduled_time,
            "SCHEDULE_ARN": occurrence.key.arn,
            "TARGET_ARN": occurrence.record["Target"]["Arn"],
        }
        try:
            self._client(occurrence, "sqs").send_message(
                QueueUrl=_queue_url(self._client(occurrence, "sqs"), queue),
                MessageBody=payload or "{}",
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )
        except Exception:
            log.exception("the dead letter of schedule %s could not be delivered", occurrence.key.arn)


def _payload(occurrence: Occurrence, execution_id: str, attempt: int) -> str:
    """The target's input, with the context attributes filled in."""
    text: str | None = occurrence.record["Target"].get("Input")
    if text is None:
        return json.dumps(
            {
                "version": "0",
                "id": execution_id,
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": occurrence.key.account,
                "time": occurrence.scheduled_time,
                "region": occurrence.key.region,
                "resources": [occurrence.key.arn],
                "detail": "{}",
            }
        )
    values = {
        "schedule-arn": occurrence.key.arn,
        "scheduled-time": occurrence.scheduled_time,
        "execution-id": execution_id,
        "attempt-number": str(attempt),
    }
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _describe(error: Exception) -> tuple[str, str]:
    if isinstance(error, ClientError):
        found = error.response.get("Error", {})
        return str(found.get("Code", "Unknown")), str(found.get("Message", ""))
    if isinstance(error, BotoCoreError):
        return "ServiceUnavailable", str(error)
    return type(error).__name__, str(error)


def _operation(client: Any, name: str) -> Any:
    """boto3's method for an API operation in camel case."""
    for method, operation in client.meta.method_to_api_mapping.items():
        if operation.lower() == name.lower():
            return getattr(client, method)
    raise ValueError(f"{client.meta.service_model.service_name} has no operation {name}")


def _queue_url(client: Any, arn: str) -> str:
    account, name = arn.split(":")[4:6]
    url: str = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    return url


def _invoke_function(client: Any, target: Record, payload: str) -> None:
    client.invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=payload.encode())


def _start_execution(client: Any, target: Record, payload: str) -> None:
    client.start_execution(stateMachineArn=target["Arn"], input=payload)


def _send_message(client: Any, target: Record, payload: str) -> None:
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    options = {"MessageGroupId": group} if group else {}
    client.send_message(QueueUrl=_queue_url(client, target["Arn"]), MessageBody=payload, **options)


def _publish(client: Any, target: Record, payload: str) -> None:
    client.publish(TopicArn=target["Arn"], Message=payload)


def _put_event(client: Any, target: Record, payload: str) -> None:
    parameters = target.get("EventBridgeParameters") or {}
    entry = {
        "EventBusName": target["Arn"],
        "Source": parameters.get("Source", ""),
        "DetailType": parameters.get("DetailType", ""),
        "Detail": payload,
    }
    client.put_events(Entries=[entry])


def _put_record(client: Any, target: Record, payload: str) -> None:
    key = (target.get("KinesisParameters") or {}).get("PartitionKey", "")
    client.put_record(StreamARN=target["Arn"], Data=payload.encode(), PartitionKey=key)


# The service in the target's ARN -> the call that a templated target makes.
TARGETS: dict[str, Callable[[Any, Record, str], None]] = {
    "lambda": _invoke_function,
    "states": _start_execution,
    "sqs": _send_message,
    "sns": _publish,
    "events": _put_event,
    "kinesis": _put_record,
}
# Where boto3 calls a service something else.
SERVICE_NAMES = {"states": "stepfunctions", "sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}
