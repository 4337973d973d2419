"""Mapped tasks, deployed to the local AWS: the children of distributed maps on real Lambdas."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.cli.account import Account
from lambdas.storage import xcom_codec
from lambdas.storage.records import RunKey, TaskKey
from tests.end_to_end.conftest import run_once

pytestmark = pytest.mark.local_aws

EXPECTED = {
    ("numbers", -1): "success",
    ("invert", 0): "success",
    ("invert", 1): "failed",
    ("invert", 2): "success",
    ("negate", 0): "success",
    ("negate", 1): "success",
    ("literal", 0): "success",
    ("literal", 1): "success",
    ("sensed", 0): "success",
    ("sensed", 1): "success",
    ("collect", -1): "success",
}


@pytest.fixture(scope="module")
def account(deployed: Callable[[str], Account]) -> Account:
    return deployed("end_to_end/mapped.py")


def test_instances_end_as_in_airflow(account: Account) -> None:
    run = RunKey("mapped", "first")
    assert run_once(account, "mapped", "first") == "SUCCEEDED"
    records = {(record.task_id, record.map_index): record for record in account.store.list_tasks(run)}
    assert {key: record.state for key, record in records.items()} == EXPECTED
    assert [records["invert", index].try_number for index in range(3)] == [1, 2, 2]
    xcom = account.store.get_xcom(TaskKey("mapped", "first", "collect"), "return_value")
    assert xcom is not None
    assert xcom_codec.decode(xcom) == [1, -1]


def test_map_runs_are_there_to_look_at(account: Account) -> None:
    client = account.client("stepfunctions")
    (execution,) = client.list_executions(stateMachineArn=account.machine_arn("mapped"))["executions"]
    runs = client.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
    counts = sorted(client.describe_map_run(mapRunArn=each["mapRunArn"])["itemCounts"]["succeeded"] for each in runs)
    assert counts == [2, 2, 3], "negate, sensed, invert: what fails is caught inside"
