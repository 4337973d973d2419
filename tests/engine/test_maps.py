"""Distributed Maps beyond what the contract checks: batches, listings, CSV, tolerance, result files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.local.engine import Execution, TaskCall, run
from infra.local.engine.json_values import Json
from tests.contract.asl import DISTRIBUTED, State, branch, choice, fail, machine, map_, pass_
from tests.engine.fakes import World


def distributed(states: State) -> State:
    return {**DISTRIBUTED, **branch(states)}


def _run(state: State, world: World | None = None, given: Json = None) -> Execution:
    return run(machine({"M": state}), given, integrations=world or World())


def test_objects_are_key_value_items() -> None:
    assert _run(map_("{% {'a': 1} %}", distributed({"A": pass_()}))).output == [{"Key": "a", "Value": 1}]


def test_batches() -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"k": "{% $states.input.k %}"}}
    state = map_("{% [1..3] %}", distributed({"A": pass_()}), ItemBatcher=batcher)
    assert _run(state, given={"k": 9}).output == [
        {"BatchInput": {"k": 9}, "Items": [1, 2]},
        {"BatchInput": {"k": 9}, "Items": [3]},
    ]


def test_csv_and_max_items() -> None:
    def get(arguments: Json, _: TaskCall) -> Json:
        assert arguments == {"Bucket": "b", "Key": "k"}
        return {"Body": "id,name\n1,one\n2,two\n"}

    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 1},
        "Arguments": {"Bucket": "b", "Key": "k"},
    }
    world = World(resources={"aws-sdk:s3:getObject": get})
    assert _run(map_(..., distributed({"A": pass_()}), ItemReader=reader), world).output == [{"id": "1", "name": "one"}]


def test_listing_of_several_pages() -> None:
    def listing(arguments: Json, _: TaskCall) -> Json:
        if "ContinuationToken" in arguments:
            return {"Contents": [{"Key": "b"}]}
        return {"Contents": [{"Key": "a"}], "NextContinuationToken": "more"}

    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Arguments": {"Bucket": "b"}}
    world = World(resources={"aws-sdk:s3:listObjectsV2": listing})
    output = _run(map_(..., distributed({"A": pass_()}), ItemReader=reader), world).output
    assert output == [{"Key": "a"}, {"Key": "b"}]


def test_result_files() -> None:
    written: dict[str, Any] = {}

    def put(arguments: Json, _: TaskCall) -> Json:
        written[arguments["Key"].rsplit("/", 1)[1]] = json.loads(arguments["Body"])
        return {}

    states = {"C": choice("{% $states.input = 1 %}", "F", "S"), "F": fail("X", "y"), "S": {"Type": "Succeed"}}
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Arguments": {"Bucket": "b", "Prefix": "p/"}}
    state = map_([1, 2], distributed(states), ResultWriter=writer, ToleratedFailureCount=1)
    done = _run(state, World(resources={"aws-sdk:s3:putObject": put}))
    assert done.output["ResultWriterDetails"]["Bucket"] == "b"
    assert set(written) == {"SUCCEEDED_0.json", "FAILED_0.json", "manifest.json"}
    assert [record["Output"] for record in written["SUCCEEDED_0.json"]] == ["2"]
    assert [(record["Error"], record["Cause"]) for record in written["FAILED_0.json"]] == [("X", "y")]


@pytest.mark.parametrize(
    ("tolerance", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailureCount": 1}, "SUCCEEDED"),
        ({"ToleratedFailureCount": 0}, "FAILED"),
        ({"ToleratedFailurePercentage": 25}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 24}, "FAILED"),
        ({"ToleratedFailurePercentage": 100, "ToleratedFailureCount": 0}, "FAILED"),
    ],
)
def test_tolerance(tolerance: State, status: str) -> None:
    states = {"C": choice("{% $states.input = 1 %}", "F", "S"), "F": fail("X"), "S": {"Type": "Succeed"}}
    done = _run(map_("{% [1..4] %}", distributed(states), **tolerance))
    assert (done.status, done.error) == (
        status,
        None if status == "SUCCEEDED" else "States.ExceedToleratedFailureThreshold",
    )


def test_the_history_of_children_is_their_own() -> None:
    done = _run(map_("{% [1..50] %}", distributed({"A": pass_()})))
    assert [event["type"] for event in done.events].count("PassStateEntered") == 0
    assert len(done.events) == 8
