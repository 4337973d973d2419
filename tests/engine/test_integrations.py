"""Service integrations: spelling of members, error names, JSON in text, missing actions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local.engine import Execution, run
from infra.local.engine.json_values import Json
from infra.local.integrations import AwsIntegrations
from tests.contract.asl import machine, task


@pytest.fixture(autouse=True)
def services() -> Iterator[None]:
    with mock_aws():
        yield


def client(service: str) -> Any:
    return boto3.client(service, "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def _run(resource: str, arguments: Json, **more: Json) -> Execution:
    definition = machine({"A": task(resource, arguments, **more)})
    return run(definition, integrations=AwsIntegrations(client, threads=0))


def test_members_are_in_pascal_case_both_ways() -> None:
    assert _run("aws-sdk:ecs:createCluster", {"ClusterName": "c"}).output["Cluster"]["ClusterName"] == "c"
    tags = [{"Key": "camelCase", "Value": "v"}]
    made = _run("aws-sdk:ecs:createCluster", {"ClusterName": "d", "Tags": tags}).output
    assert made["Cluster"]["Tags"] == tags


def test_keys_of_maps_are_kept() -> None:
    client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"pk": {"S": "k"}, "mixedCase": {"M": {"lower": {"S": "x"}}}}
    assert _run("dynamodb:putItem", {"TableName": "t", "Item": item}).status == "SUCCEEDED"
    assert _run("aws-sdk:dynamodb:getItem", {"TableName": "t", "Key": {"pk": {"S": "k"}}}).output["Item"] == item


NO_TABLE = {"TableName": "no", "Key": {"pk": {"S": "k"}}}


@pytest.mark.parametrize(
    ("resource", "arguments", "error"),
    [
        (
            "aws-sdk:dynamodb:getItem",
            NO_TABLE,
            "DynamoDb.ResourceNotFoundException",
        ),
        ("dynamodb:getItem", NO_TABLE, "DynamoDB.ResourceNotFoundException"),
        ("aws-sdk:s3:getObject", {"Bucket": "no", "Key": "k"}, "S3.S3Exception"),
        ("aws-sdk:ssm:getParameter", {"Name": "no"}, "Ssm.ParameterNotFoundException"),
    ],
)
def test_error_names(resource: str, arguments: Json, error: str) -> None:
    assert _run(resource, arguments).error == error


@pytest.mark.parametrize("resource", ["aws-sdk:s3:fly", "emr:runJobFlow", "glue:fly.sync", "eks:call"])
def test_what_is_not_supported_says_so(resource: str) -> None:
    done = _run(resource, {})
    assert (done.status, done.error) == ("FAILED", "States.Runtime")
    assert done.cause


def test_wrong_arguments() -> None:
    done = _run("aws-sdk:sqs:createQueue", {"QueueName": "q", "Nonsense": 1})
    assert (done.status, done.error) == ("FAILED", "States.Runtime")
    assert "Nonsense" in (done.cause or "")


def test_json_where_text_is_wanted() -> None:
    queue = client("sqs").create_queue(QueueName="q")["QueueUrl"]
    _run("sqs:sendMessage", {"QueueUrl": queue, "MessageBody": {"a": None}})
    assert client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == '{"a":null}'
