"""The same conditional writes on DynamoDB."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.scheduling.dag_state import DagState, Queued
from lambdas.storage.dynamo_store import DynamoStore


@pytest.fixture
def store() -> Iterator[DynamoStore]:
    from moto import mock_aws

    from lambdas.aws import Clients

    before = dict(os.environ)
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
    with mock_aws():
        clients = Clients()
        keys: Any = [("pk", "HASH"), ("sk", "RANGE")]
        clients.dynamodb.create_table(
            TableName="airstep",
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        yield DynamoStore(dynamodb=lambda: clients.dynamodb, s3=lambda: clients.s3, table="airstep", bucket="airstep")
    os.environ.clear()
    os.environ.update(before)


def test_queue_places_pause_and_schedule(store: DynamoStore) -> None:
    state = DagState(store, "etl")
    runs = [Queued(f"r{day}", f"2024-01-0{day}T00:00:00+00:00", {"conf": {"day": day}}) for day in (1, 2, 3)]
    assert [state.enqueue(run) for run in (*reversed(runs), runs[0])] == [True, True, True, False]
    assert state.claim(limit=2) == runs[:2]
    assert set(state.active()) == {"r1", "r2"}
    state.dequeue(runs[0])
    assert state.claim(limit=2) == runs[1:2]  # claimed, but not known to have started
    state.release("r1", "r1")
    assert state.claim(limit=2) == runs[1:]
    pauses = [state.is_paused]
    for paused in (True, False):
        state.set_paused(paused)
        pauses.append(state.is_paused)
    assert pauses == [False, True, False]
    assert state.save_schedule(None, {"event": "{}", "cursor": None})
    before = state.schedule()
    assert state.save_schedule(before, {"event": "{}", "cursor": "2024"})
    assert not state.save_schedule(before, {"event": "{}", "cursor": "late"})
