"""Both stores under one name, DAG files, and a clock that stands still."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dag_translator.load import load
from lambdas.runtime import Runtime
from lambdas.storage.dynamo_store import DynamoStore
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.store import Store

DAGS = Path(__file__).parents[1] / "dags"


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = datetime(2024, 1, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")  # not for the session: moto forgets nothing while any mock is active
def moto_clients() -> Iterator[Any]:
    """Clients of an AWS in this process, with the table and the bucket."""
    from moto import mock_aws

    from lambdas.aws import Clients

    before = dict(os.environ)
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
    with mock_aws():
        clients = Clients()
        clients.dynamodb.create_table(
            TableName="airstep",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        clients.s3.create_bucket(Bucket="airstep")
        yield clients
    os.environ.clear()
    os.environ.update(before)


def empty(clients: Any) -> None:
    items = clients.dynamodb.scan(TableName="airstep", ProjectionExpression="pk, sk")["Items"]
    for item in items:
        clients.dynamodb.delete_item(TableName="airstep", Key=item)


@pytest.fixture
def memory_store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def dynamo_store(moto_clients: Any) -> DynamoStore:
    empty(moto_clients)
    return DynamoStore(
        dynamodb=lambda: moto_clients.dynamodb,
        s3=lambda: moto_clients.s3,
        table="airstep",
        bucket="airstep",
        sleep=lambda _: None,
    )


@pytest.fixture(params=["memory", "dynamo"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def make_dag(tmp_path: Path) -> Callable[..., Any]:
    """Load the text of a DAG file and give its only DAG."""

    def make(text: str, name: str = "dag_file.py") -> Any:
        path = tmp_path / name
        path.write_text(text)
        loaded = load(path)
        assert not [str(problem) for problem in loaded.problems if problem.severity == "refused"]
        (dag,) = loaded.dags
        return dag

    return make


@pytest.fixture
def make_runtime(memory_store: MemoryStore, clock: Clock) -> Callable[..., Runtime]:
    """A runtime on the memory store, unless told otherwise."""

    def make(dag: Any, **replaced: Any) -> Runtime:
        arguments: dict[str, Any] = {"store": memory_store, "now": clock, "worker": "w1"}
        return Runtime(dag=dag, **{**arguments, **replaced})

    return make
