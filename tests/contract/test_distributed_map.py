"""The distributed Map: child executions, item readers, result writers, tolerance."""

from __future__ import annotations

from tests.contract.asl import DISTRIBUTED, State, branch, choice, fail, machine, map_, pass_, wait
from tests.contract.cloud import Cloud

FAIL_AT_ONE = {"C": choice("{% $states.input = 1 %}", "F", "S"), "F": fail("X"), "S": {"Type": "Succeed"}}


def distributed(states: State) -> State:
    return {**DISTRIBUTED, **branch(states)}


def test_items(cloud: Cloud) -> None:
    state = map_("{% [1..5] %}", distributed({"A": pass_("{% $states.input * 2 %}")}))
    assert cloud.output(machine({"M": state})) == [2, 4, 6, 8, 10]


def test_item_selector_and_output(cloud: Cloud) -> None:
    selector = {"v": "{% $states.context.Map.Item.Value %}"}
    state = map_(
        "{% $states.input.l %}",
        distributed({"A": pass_()}),
        ItemSelector=selector,
        Output="{% $count($states.result) %}",
    )
    assert cloud.output(machine({"M": state}), {"l": [1, 2]}) == 2


def _reader(cloud: Cloud, kind: str, key: str) -> State:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": kind},
        "Arguments": {"Bucket": cloud.backend.bucket, "Key": key},
    }


def test_item_reader_of_json(cloud: Cloud) -> None:
    cloud.client("s3").put_object(Bucket=cloud.backend.bucket, Key="in.json", Body=b'[{"a":1},{"a":2}]')
    inner = distributed({"A": pass_("{% $states.input.a %}")})
    state = map_(..., inner, ItemReader=_reader(cloud, "JSON", "{% $states.input.k %}"))
    assert cloud.output(machine({"M": state}), {"k": "in.json"}) == [1, 2]


def test_item_reader_of_json_lines(cloud: Cloud) -> None:
    cloud.client("s3").put_object(Bucket=cloud.backend.bucket, Key="in.jsonl", Body=b'{"a":1}\n{"a":2}\n')
    inner = distributed({"A": pass_("{% $states.input.a %}")})
    state = map_(..., inner, ItemReader=_reader(cloud, "JSONL", "in.jsonl"))
    assert cloud.output(machine({"M": state})) == [1, 2]


def test_result_writer(cloud: Cloud) -> None:
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Arguments": {"Bucket": cloud.backend.bucket, "Prefix": "results"},
    }
    written = cloud.output(machine({"M": map_("{% [1..3] %}", distributed({"A": pass_()}), ResultWriter=writer)}))
    assert "MapRunArn" in written
    listed = cloud.client("s3").list_objects_v2(Bucket=cloud.backend.bucket, Prefix="results")["Contents"]
    assert any(item["Key"].endswith("manifest.json") for item in listed)


def test_tolerated_failures(cloud: Cloud) -> None:
    state = map_("{% [1..4] %}", distributed(FAIL_AT_ONE), ToleratedFailurePercentage=50)
    assert cloud.run(machine({"M": state})).status == "SUCCEEDED"


def test_too_many_failures(cloud: Cloud) -> None:
    state = map_("{% [1..4] %}", distributed({"F": fail("X")}), ToleratedFailurePercentage=50)
    ended = cloud.run(machine({"M": state}))
    assert (ended.status, ended.error) == ("FAILED", "States.ExceedToleratedFailureThreshold")


def test_max_concurrency(cloud: Cloud) -> None:
    ended = cloud.run(machine({"M": map_("{% [1..6] %}", distributed({"W": wait(1)}), MaxConcurrency=2)}))
    assert ended.status == "SUCCEEDED"
    assert 2.8 < ended.seconds < (30 if cloud.backend.real_account else 4.5)


def test_children_are_executions_of_a_map_run(cloud: Cloud) -> None:
    ended = cloud.run(machine({"M": map_("{% [1..3] %}", distributed({"A": pass_()}))}))
    runs = cloud.states.list_map_runs(executionArn=ended.arn)["mapRuns"]
    run = cloud.states.describe_map_run(mapRunArn=runs[0]["mapRunArn"])
    children = cloud.states.list_executions(mapRunArn=runs[0]["mapRunArn"])["executions"]
    assert len(children) == 3
    assert run["itemCounts"]["succeeded"] == 3
    assert cloud.event_types(children[0]["executionArn"])[:2] == ["ExecutionStarted", "PassStateEntered"]
