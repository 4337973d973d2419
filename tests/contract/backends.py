"""Where the checks run: our service in this process (`in_process`), or an endpoint (`endpoint`).

A backend gives boto3 clients, lets time pass, and holds what every check needs: a role, a function, a table, a bucket.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from infra.local.engine.json_values import Json

Client = Any


class Backend(Protocol):
    """See the module. real_account: whether what is made costs money."""

    role: str
    function: str
    table: str
    bucket: str
    account: str
    region: str
    in_process: bool
    real_account: bool

    def client(self, service: str) -> Client: ...

    def sleep(self, seconds: float) -> None: ...

    def wait(self, execution_arn: str, timeout: float) -> None: ...

    def expect_athena_result(self, column: str, value: str) -> None:
        """The next query's result, for backends that don't run SQL."""
        ...

    def make_batch_queue(self) -> None:
        """A Batch job queue and a job definition that succeeds, both called "contract"."""
        ...

    def close(self) -> None: ...


def make_batch_queue(batch: Client) -> None:
    role = "arn:aws:iam::123456789012:role/contract"
    batch.create_compute_environment(
        computeEnvironmentName="contract", type="UNMANAGED", state="ENABLED", serviceRole=role
    )
    order = [{"order": 1, "computeEnvironment": "contract"}]
    batch.create_job_queue(jobQueueName="contract", priority=1, state="ENABLED", computeEnvironmentOrder=order)
    container = {"image": "busybox", "vcpus": 1, "memory": 64, "command": ["true"]}
    batch.register_job_definition(jobDefinitionName="contract", type="container", containerProperties=container)


def make_table(dynamodb: Client, name: str) -> None:
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name)


def policy(statement: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
