"""A kill in the middle of everything, and what is there after the next start."""

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from infra.local import server
from infra.local.server import LocalAws
from tests.local.conftest import ROLE, Client, make_function

pytestmark = pytest.mark.local_aws

MACHINE = {
    "QueryLanguage": "JSONata",
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "Seconds": 2, "Next": "Token"},
        "Token": {"Type": "Pass", "Output": {"done": True}, "End": True},
    },
}


def kill(aws: LocalAws) -> None:
    os.kill(aws.pid, signal.SIGKILL)
    os.waitpid(aws.pid, 0)


def put_until_dead(client: Any, acknowledged: list[str], name: str) -> None:
    for number in range(100_000):
        key = f"{name}-{number}"
        try:
            client.put_item(TableName="items", Item={"pk": {"S": key}})
            client.update_item(
                TableName="items",
                Key={"pk": {"S": "counter"}},
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )
        except (BotoCoreError, ClientError):
            return
        acknowledged.append(key)


def make_things(client: Client) -> None:
    client("dynamodb").create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client("s3").create_bucket(Bucket="kept")
    client("s3").put_object(Bucket="kept", Key="a/b.txt", Body=b"text")
    client("ssm").put_parameter(Name="/kept", Value="1", Type="String")
    client("secretsmanager").create_secret(Name="kept", SecretString="s")
    client("logs").create_log_group(logGroupName="kept")
    client("logs").create_log_stream(logGroupName="kept", logStreamName="one")
    client("logs").put_log_events(
        logGroupName="kept",
        logStreamName="one",
        logEvents=[{"timestamp": int(time.time() * 1000), "message": "hello"}],
    )
    client("iam").create_role(RoleName="kept", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"}))
    client("scheduler").create_schedule(
        Name="kept",
        ScheduleExpression="rate(1 hour)",
        StartDate=time.time() + 3600,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": ROLE, "RoleArn": ROLE},
    )
    make_function(client, "kept", "def handler(event, context): return 'old'")
    client("lambda").publish_version(FunctionName="kept")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, dict[str, Any]]]:
    """A server that was killed while it was written to, started again; and what had been acknowledged."""
    state_dir = tmp_path_factory.mktemp("state")
    first = server.start(state_dir=state_dir)
    client = Client(first)
    make_things(client)
    machine = client("stepfunctions").create_state_machine(name="kept", definition=json.dumps(MACHINE), roleArn=ROLE)[
        "stateMachineArn"
    ]
    execution = client("stepfunctions").start_execution(stateMachineArn=machine, name="running", input="{}")
    acknowledged: list[str] = []
    writers = [
        threading.Thread(target=put_until_dead, args=(Client(first)("dynamodb"), acknowledged, name)) for name in "abc"
    ]
    for writer in writers:
        writer.start()
    give_up = time.monotonic() + 60
    while len(acknowledged) < 60 and time.monotonic() < give_up:
        time.sleep(0.05)
    kill(first)
    for writer in writers:
        writer.join()
    assert len(acknowledged) >= 60
    second = server.start(state_dir=state_dir)
    yield Client(second), {"items": acknowledged, "execution": execution["executionArn"], "machine": machine}
    second.stop()


def test_every_acknowledged_write_is_there(killed: tuple[Client, dict[str, Any]]) -> None:
    client, before = killed
    pages = client("dynamodb").get_paginator("scan").paginate(TableName="items")
    found = {item["pk"]["S"]: item for page in pages for item in page["Items"]}
    assert set(before["items"]) <= found.keys()
    # Repeated exactly once: a write that was under way may be there without having been acknowledged.
    assert len(before["items"]) <= int(found["counter"]["n"]["N"]) <= len(before["items"]) + 3


def test_an_execution_goes_on(killed: tuple[Client, dict[str, Any]], wait_for: Any) -> None:
    client, before = killed
    describe = client("stepfunctions").describe_execution
    wait_for(lambda: describe(executionArn=before["execution"])["status"] != "RUNNING")
    ended = describe(executionArn=before["execution"])
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"done": True})


def test_what_was_made_is_there(killed: tuple[Client, dict[str, Any]]) -> None:
    client, before = killed
    assert client("s3").get_object(Bucket="kept", Key="a/b.txt")["Body"].read() == b"text"
    assert client("ssm").get_parameter(Name="/kept")["Parameter"]["Value"] == "1"
    assert client("secretsmanager").get_secret_value(SecretId="kept")["SecretString"] == "s"
    events = client("logs").get_log_events(logGroupName="kept", logStreamName="one")["events"]
    assert [event["message"] for event in events] == ["hello"]
    assert client("iam").get_role(RoleName="kept")["Role"]["RoleName"] == "kept"
    assert client("scheduler").get_schedule(Name="kept")["ScheduleExpression"] == "rate(1 hour)"
    assert client("stepfunctions").describe_state_machine(stateMachineArn=before["machine"])["status"] == "ACTIVE"
    answer = client("lambda").invoke(FunctionName="kept", Qualifier="1")
    assert json.loads(answer["Payload"].read()) == "old"


def test_nothing_is_left_of_a_killed_server(tmp_path: Path) -> None:
    aws = server.start(state_dir=tmp_path)
    client = Client(aws)
    make_function(client, "busy", "import os, time\ndef handler(e, c):\n    print(os.getpid())\n    time.sleep(e)")
    with contextlib.suppress(BotoCoreError, ClientError):
        client("lambda").invoke(FunctionName="busy", Payload=b"0")
    workers = _children(aws.pid)
    assert workers
    kill(aws)
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "a Lambda worker outlived its server"
        time.sleep(0.02)
    assert server.status(tmp_path) is None


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def test_an_interrupted_deployment_ends_and_can_be_repeated(tmp_path: Path, wait_for: Any) -> None:
    target = {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "RoleArn": ROLE}
    schedule = {
        "ScheduleExpression": "cron(0 5 * * ? 2190)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
    }
    resources = {f"S{n}": {"Type": "AWS::Scheduler::Schedule", "Properties": schedule} for n in range(60)}
    template = json.dumps({"Resources": resources})
    first = server.start(state_dir=tmp_path)
    client = Client(first)
    client("cloudformation").create_stack(StackName="long", TemplateBody=template)
    wait_for(lambda: client("scheduler").list_schedules()["Schedules"])
    kill(first)

    second = server.start(state_dir=tmp_path)
    try:
        client = Client(second)
        cloudformation = client("cloudformation")
        status = cloudformation.describe_stacks(StackName="long")["Stacks"][0]["StackStatus"]
        assert status == "ROLLBACK_COMPLETE"
        cloudformation.delete_stack(StackName="long")
        wait_for(lambda: not cloudformation.list_stacks(StackStatusFilter=["ROLLBACK_COMPLETE"])["StackSummaries"])
        cloudformation.create_stack(StackName="long", TemplateBody=template)

        def status_now() -> str:
            return str(cloudformation.describe_stacks(StackName="long")["Stacks"][0]["StackStatus"])

        wait_for(lambda: status_now() != "CREATE_IN_PROGRESS", 30)
        assert status_now() == "CREATE_COMPLETE"
    finally:
        second.stop()
