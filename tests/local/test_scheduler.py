"""Schedules in the running server: API, targets, context attributes, dead letters."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import ROLE, Client

pytestmark = pytest.mark.local_aws


def soon(seconds: float = 1.0) -> tuple[str, str]:
    """An expression for a moment just ahead, and the moment as schedules write it."""
    moment = (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)
    return f"at({moment:%Y-%m-%dT%H:%M:%S})", f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def queue(client: Client, name: str) -> tuple[str, str]:
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, arn


def receive(client: Client, url: str) -> Any:
    return client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages")


def test_context_attributes_are_filled_in(client: Client, wait_for: Callable[..., Any]) -> None:
    url, arn = queue(client, "schedule-target")
    expression, moment = soon()
    given = {"at": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>",
             "id": "<aws.scheduler.execution-id>", "attempt": "<aws.scheduler.attempt-number>"}  # fmt: skip
    schedule = client("scheduler").create_schedule(
        Name="fills-in",
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={"Arn": arn, "RoleArn": ROLE, "Input": json.dumps(given)},
    )["ScheduleArn"]
    message = json.loads(wait_for(lambda: receive(client, url))[0]["Body"])
    assert (message["at"], message["by"], message["attempt"]) == (moment, schedule, "1")
    assert len(message["id"]) == 36
    with pytest.raises(ClientError, match="does not exist"):
        client("scheduler").get_schedule(Name="fills-in")


def test_a_universal_target_calls_the_named_operation(client: Client, wait_for: Callable[..., Any]) -> None:
    client("scheduler").create_schedule(
        Name="universal",
        ScheduleExpression=soon()[0],
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": "arn:aws:scheduler:::aws-sdk:ssm:putParameter",
            "RoleArn": ROLE,
            "Input": json.dumps({"Name": "by-schedule", "Value": "1", "Type": "String"}),
        },
    )
    found = wait_for(lambda: client("ssm").get_parameters(Names=["by-schedule"])["Parameters"])
    assert found[0]["Value"] == "1"


def test_a_target_that_is_not_there_ends_in_the_dead_letter_queue(client: Client, wait_for: Callable[..., Any]) -> None:
    url, arn = queue(client, "dead-letters")
    target = "arn:aws:states:us-east-1:000000000000:stateMachine:nobody"
    expression, moment = soon()
    client("scheduler").create_schedule(
        Name="to-nobody",
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": target, "RoleArn": ROLE, "Input": '{"a": 1}', "DeadLetterConfig": {"Arn": arn}},
    )
    letter = wait_for(lambda: receive(client, url))[0]
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert letter["Body"] == '{"a": 1}'
    assert attributes["ERROR_CODE"] == "StateMachineDoesNotExist"
    assert (attributes["TARGET_ARN"], attributes["SCHEDULED_TIME"]) == (target, moment)


def test_schedules_are_listed_by_group_and_updated_as_a_whole(client: Client) -> None:
    scheduler = client("scheduler")
    scheduler.create_schedule_group(Name="mine")
    request = {
        "Name": "one",
        "GroupName": "mine",
        "ScheduleExpression": "cron(0 5 * * ? *)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": ROLE, "RoleArn": ROLE},
    }
    scheduler.create_schedule(**request, ScheduleExpressionTimezone="Asia/Seoul", State="DISABLED")
    assert [s["Name"] for s in scheduler.list_schedules(GroupName="mine")["Schedules"]] == ["one"]
    assert scheduler.get_schedule(Name="one", GroupName="mine")["ScheduleExpressionTimezone"] == "Asia/Seoul"
    scheduler.update_schedule(**request)
    updated = scheduler.get_schedule(Name="one", GroupName="mine")
    assert (updated["State"], updated["ScheduleExpressionTimezone"]) == ("ENABLED", "UTC")
    with pytest.raises(scheduler.exceptions.ConflictException):
        scheduler.create_schedule(**request)
    scheduler.delete_schedule_group(Name="mine")
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name="one", GroupName="mine")


def test_a_start_date_of_a_client_is_kept(client: Client) -> None:
    start = datetime.fromtimestamp(int(time.time()) + 3600, UTC)
    client("scheduler").create_schedule(
        Name="later",
        ScheduleExpression="rate(1 minute)",
        StartDate=start,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": ROLE, "RoleArn": ROLE},
    )
    assert client("scheduler").get_schedule(Name="later")["StartDate"] == start
