"""`airstep assets` on a deployed environment, which moto plays."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from infra.cli import schedules
from infra.cli.account import connect
from lambdas.storage.store import Store
from tests.cli.conftest import Airstep
from tests.cli.test_account_commands import dispatching, store

__all__ = ["store"]  # a fixture

TOLD: dict[str, list[dict[str, Any]]] = {
    "second": [
        {"role": "outlets", "task_id": "write", "name": "orders", "uri": "s3://lake/orders", "group": "g"},
        {"role": "outlets", "task_id": "write", "alias": "x"},
        {"role": "outlets", "task_id": "write", "name": "shared", "uri": "shared", "group": "asset"},
    ],
    "reader": [
        {"role": "inlets", "task_id": "read", "name": "orders", "uri": "s3://lake/orders", "group": "asset"},
        {"role": "schedule", "name": "orders"},
        {"role": "schedule", "alias": "x"},
    ],
    "third": [
        {"role": "schedule", "name": "orders", "uri": "s3://lake/orders"},
        {"role": "outlets", "task_id": "t", "name": "shared", "uri": "shared", "group": "asset"},
    ],
}


@pytest.fixture
def assets(store: Store) -> Store:
    ssm = boto3.client("ssm")
    for dag_id, rows in TOLD.items():
        for number, row in enumerate(rows, 1):
            value = json.dumps({"dag_id": dag_id, "assets": [row]})
            ssm.put_parameter(Name=f"/airstep/assets/{dag_id}/{number}", Value=value, Type="String")
    return store


@pytest.mark.usefixtures("assets")
def test_list_and_details(airstep: Airstep) -> None:
    orders, shared = airstep("assets", "list", "-o", "json").json
    assert orders == {
        "name": "orders",
        "uri": "s3://lake/orders",
        "group": "asset",
        "producing_tasks": ["second.write"],
        "consuming_tasks": ["reader.read"],
        "scheduled_dags": ["third", "reader"],
    }
    assert shared["producing_tasks"] == ["second.write", "third.t"]
    assert airstep("assets", "list", "--alias", "-o", "json").json == [{"name": "x"}]
    told = airstep("assets", "details", "--uri", "s3://lake/orders")
    assert "producing_tasks: second.write\n" in told.stdout
    assert "last_event: None\n" in told.stdout


@pytest.mark.usefixtures("assets")
def test_trigger_is_an_event_that_stays(airstep: Airstep) -> None:
    (made,) = airstep("assets", "trigger", "--name", "orders", "--extra", '{"n": 1}', "-o", "json").json
    (event,) = airstep("assets", "events", "--name", "orders", "-o", "json").json
    assert (event["id"], event["source"], event["extra"]) == (made["id"], "external", {"n": 1})
    assert airstep("assets", "trigger", "--uri", "s3://nobody/knows").code == 0
    assert len(airstep("assets", "events", "--uri", "s3://nobody/knows", "-o", "json").json) == 1


@pytest.mark.usefixtures("assets")
def test_materialize_starts_the_one_dag_that_makes_it(airstep: Airstep, monkeypatch: pytest.MonkeyPatch) -> None:
    account = dispatching()
    monkeypatch.setattr("infra.cli.account.connect", lambda local: account)
    (started,) = airstep("assets", "materialize", "--name", "orders", "-o", "json").json
    assert (started["dag_id"], started["state"]) == ("second", "running")
    several = airstep("assets", "materialize", "--name", "shared")
    assert several.code == 2
    assert "second, third" in several.stderr


@pytest.mark.usefixtures("assets")
def test_what_cannot_be_found(airstep: Airstep) -> None:
    assert "--name or --uri" in airstep("assets", "details").stderr
    assert "did you mean orders?" in airstep("assets", "details", "--name", "order").stderr
    assert airstep("assets", "trigger", "--name", "unknown").code == 2


@pytest.mark.usefixtures("assets")
def test_a_dag_that_only_assets_start_can_be_paused_at_first() -> None:
    account = connect(local=False)
    assert not schedules.is_paused(account, "reader")
    assert schedules.activate(account, "reader") == []
    events = boto3.client("events")
    events.put_rule(Name="airstep-asset-reader-1", EventPattern='{"source": ["airstep"]}')
    template = '{"dag_id": "reader", "is_paused_upon_creation": true, "asset_event": <detail>, "event_id": <id>}'
    transformer = {"InputPathsMap": {"detail": "$.detail", "id": "$.id"}, "InputTemplate": template}
    target = {"Id": "d", "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:d", "InputTransformer": transformer}
    events.put_targets(Rule="airstep-asset-reader-1", Targets=[target])
    assert schedules.is_paused(account, "reader")
