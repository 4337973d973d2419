"""Sensors on S3, SQS and DynamoDB: from the DAG file to the outcome, on an AWS in this process and a virtual clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.cli.inprocess import run_dag
from infra.cli.run_result import RunResult
from tests.operators.conftest import LOGICAL_DATE, Lender, Project

# What happens beside the sensor: at the n-th hour `then_n` is called.
TEXT = """
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor, S3KeysUnchangedSensor
from airflow.sensors.s3_prefix_sensor import S3PrefixSensor
from airflow.providers.amazon.aws.sensors.sqs import SqsSensor
from airflow.providers.amazon.aws.sensors.dynamodb import DynamoDBValueSensor
from airflow.providers.standard.sensors.filesystem import FileSensor
from airflow.providers.standard.sensors.time_delta import WaitSensor
with dag:
    for hour in (1, 2):
        (WaitSensor(task_id=f"hour_{hour}", time_to_wait=timedelta(hours=hour))
         >> PythonOperator(task_id=f"then_{hour}", python_callable=lambda: None))
    SENSOR
"""
Sense = Callable[..., RunResult]


@pytest.fixture
def sense(project: Project, aws: Lender) -> Sense:
    """Run one sensor (task s, every ten minutes, five hours long) while then[n] happens at the n-th hour."""

    def make(sensor: str, *then: Callable[[], Any], arguments: str = "poke_interval=600, timeout=18000") -> RunResult:
        made = sensor.replace("(", f"(task_id='s', {arguments}, ", 1)
        dag, translated = project.load(TEXT.replace("SENSOR", made))
        for hour, happens in enumerate(then, 1):
            # Nothing that a service answers is an XCom.
            dag.get_task(f"then_{hour}").python_callable = lambda happens=happens: happens() and None
        return run_dag(translated, dag, LOGICAL_DATE, lender=aws)

    return make


@pytest.fixture
def bucket(aws: Lender) -> Callable[[str], Any]:
    """Puts an object."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="inbox", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return lambda key: s3.put_object(Bucket="inbox", Key=key, Body=b"x")


def hours(result: RunResult) -> float:
    return round(result.spans["s"].seconds / 3600, 2)


def outcome(result: RunResult) -> tuple[str, float]:
    return result.tasks["s"], hours(result)


@pytest.mark.parametrize(
    "sensor",
    [
        "S3KeySensor(bucket_key='s3://inbox/in/a.csv')",
        "S3KeySensor(bucket_name='inbox', bucket_key=['in/a.csv'])",
        "S3KeySensor(bucket_name='inbox', bucket_key='in/*.csv', wildcard_match=True, deferrable=True)",
        "S3KeySensor(bucket_name='inbox', bucket_key='in/[a-c].csv', use_regex=True)",
        "S3KeySensor(bucket_key='s3://inbox/in/a.csv', check_fn=lambda files: files[0]['Size'] == 1)",
        "S3PrefixSensor(bucket_name='inbox', prefix='in/')",
        "S3PrefixSensor(bucket_name='inbox', prefix=['in/', 'in'])",
        "FileSensor(filepath='s3://inbox/in/a.csv')",
        "FileSensor(filepath='s3://inbox/in')",
        "FileSensor(filepath='s3://inbox/i*/?.csv')",
        "FileSensor(filepath='s3://inbox/**/*.csv', recursive=True, deferrable=True)",
    ],
)
def test_an_object_is_waited_for(sense: Sense, bucket: Any, sensor: str) -> None:
    result = sense(sensor, lambda: bucket("other"), lambda: bucket("in/a.csv"))
    assert result.tasks["s"] == "success"
    assert 2 <= hours(result) <= 2.2


@pytest.mark.parametrize(
    "sensor",
    [
        "S3KeySensor(bucket_key=['s3://inbox/in/a.csv', 's3://inbox/in/b.csv'])",
        "S3KeySensor(bucket_key='s3://inbox/in/a.csv', check_fn=lambda files, **context: files[0]['Size'] > 1)",
        "FileSensor(filepath='s3://inbox/*.csv')",
    ],
)
def test_an_object_that_is_not_enough(sense: Sense, bucket: Any, sensor: str) -> None:
    assert sense(sensor, lambda: bucket("in/a.csv")).tasks["s"] == "failed"


def test_a_connection_names_the_folder(
    sense: Sense, bucket: Any, monkeypatch: pytest.MonkeyPatch, project: Project
) -> None:
    bucket("in/a.csv")
    monkeypatch.setenv("AIRFLOW_CONN_FS_DEFAULT", json.dumps({"conn_type": "fs", "extra": {"path": "s3://inbox/in/"}}))
    assert outcome(sense("FileSensor(filepath='a.csv')")) == ("success", 0)
    monkeypatch.setenv("AIRFLOW_CONN_FS_DEFAULT", json.dumps({"conn_type": "fs", "extra": {"path": "/data"}}))
    assert sense("FileSensor(filepath='a.csv')").tasks["s"] == "failed"
    ((code, message),) = project.refused(TEXT.replace("SENSOR", "FileSensor(task_id='s', filepath='/data/a.csv')"))
    assert (code, "/data/a.csv" in message) == ("unsupported-argument", True)


UNCHANGED = "S3KeysUnchangedSensor(bucket_name='inbox', prefix='in/', inactivity_period=3600"


def test_keys_that_no_longer_change(sense: Sense, bucket: Any) -> None:
    """Its memory outlasts the Lambda that made it: the second object begins the hour anew."""
    result = sense(f"{UNCHANGED})", lambda: bucket("in/a"), lambda: bucket("in/b"))
    assert result.tasks["s"] == "success"
    assert 3 <= hours(result) <= 3.4


def test_keys_that_are_too_few(sense: Sense, bucket: Any) -> None:
    bucket("in/a")
    assert sense(f"{UNCHANGED}, min_objects=2)").tasks["s"] == "failed"


@pytest.mark.parametrize(("allowed", "state"), [(True, "success"), (False, "failed")])
def test_keys_that_are_deleted(sense: Sense, bucket: Any, aws: Lender, allowed: bool, state: str) -> None:
    bucket("in/a"), bucket("in/b")
    gone = lambda: aws.client("s3").delete_object(Bucket="inbox", Key="in/a")  # noqa: E731
    result = sense(f"{UNCHANGED.replace('3600', '7000')}, allow_delete={allowed})", gone)
    assert result.tasks["s"] == state
    if not allowed:
        assert 1 <= hours(result) <= 1.2


@pytest.fixture
def queue(aws: Lender) -> str:
    return str(aws.client("sqs").create_queue(QueueName="q", Attributes={"VisibilityTimeout": "0"})["QueueUrl"])


def bodies(result: RunResult) -> list[str]:
    return sorted(message["Body"] for message in result.xcoms["s"]["messages"])


def test_messages_are_waited_for_taken_and_handed_on(sense: Sense, queue: str, aws: Lender) -> None:
    sqs = aws.client("sqs")

    def send() -> None:
        for body in "abc":
            sqs.send_message(QueueUrl=queue, MessageBody=body)

    sensor = f"SqsSensor(sqs_queue={queue!r}, wait_time_seconds=0, num_batches=3, max_messages=2)"
    result = sense(sensor, send)
    assert (result.tasks["s"], bodies(result)) == ("success", ["a", "b", "c"])
    assert 1 <= hours(result) <= 1.2
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def test_messages_that_do_not_pass_stay(sense: Sense, queue: str, aws: Lender) -> None:
    sqs = aws.client("sqs")
    for body in ("go", "no"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    literal = "wait_time_seconds=0, message_filtering='literal', message_filtering_match_values=['go']"
    result = sense(f"SqsSensor(sqs_queue={queue!r}, {literal})")
    assert bodies(result) == ["go"]
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=queue)["Messages"]] == ["no"]
    kept = f"SqsSensor(sqs_queue={queue!r}, wait_time_seconds=0, delete_message_on_reception=False)"
    assert bodies(sense(kept)) == ["no"]
    assert sqs.receive_message(QueueUrl=queue)["Messages"]


def test_a_filter_without_values(project: Project) -> None:
    sensor = "SqsSensor(task_id='s', sqs_queue='q', message_filtering='literal')"
    ((_, message),) = project.refused(TEXT.replace("SENSOR", sensor))
    assert "must be specified for literal matching" in message


def test_an_item_is_waited_for(sense: Sense, aws: Lender) -> None:
    table = aws.client("dynamodb")
    names = [("pk", "HASH"), ("sk", "RANGE")]
    schema = [{"AttributeName": name, "KeyType": kind} for name, kind in names]
    types = [{"AttributeName": name, "AttributeType": "S"} for name, _ in names]
    create = {"KeySchema": schema, "AttributeDefinitions": types, "BillingMode": "PAY_PER_REQUEST"}

    def put(state: str) -> Any:
        return table.put_item(TableName="t", Item={"pk": {"S": "a"}, "sk": {"S": "b"}, "state": {"S": state}})

    sensor = (
        "DynamoDBValueSensor(table_name='t', partition_key_name='pk', partition_key_value='a', sort_key_name='sk',"
        " sort_key_value='b', attribute_name='state', attribute_value=['done', 'over'])"
    )

    def make() -> None:  # a table that does not exist counts as "not yet"
        table.create_table(TableName="t", **create)
        put("running")

    result = sense(sensor, make, lambda: put("over"))
    assert result.tasks["s"] == "success"
    assert 2 <= hours(result) <= 2.2


def test_what_the_roles_may_do(project: Project, actions: Any) -> None:
    def of(sensor: str) -> dict[str, list[str]]:
        text = TEXT.replace("SENSOR", sensor.replace("(", "(task_id='s', ", 1))
        found: dict[str, list[str]] = actions(project.translate(text).manifest["task_permissions"])
        return {name: rows for name, rows in found.items() if name.startswith(("s3:", "sqs:", "dynamodb:"))}

    partition = "arn:${AWS::Partition}"
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/q"
    arn = f"{partition}:sqs:eu-west-1:123456789012:q"
    assert of(f"SqsSensor(sqs_queue='{url}')") == {"sqs:ReceiveMessage": [arn], "sqs:DeleteMessage": [arn]}
    item = "DynamoDBValueSensor(table_name='t', partition_key_name='pk', partition_key_value='a', {})"
    item = item.format("attribute_name='state', attribute_value='x'")
    here = "${AWS::Region}:${AWS::AccountId}"
    assert of(item) == {"dynamodb:GetItem": [f"{partition}:dynamodb:{here}:table/t"]}
    for listing in (f"{UNCHANGED})", "FileSensor(filepath='s3://inbox/a')"):
        assert of(listing) == {"s3:ListBucket": [f"{partition}:s3:::inbox"]}
    assert of("FileSensor(filepath='a')") == {"s3:ListBucket": [f"{partition}:s3:::*"]}
