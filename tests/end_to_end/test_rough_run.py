"""A run in which everything goes wrong, deployed to the local AWS and run there on real Lambdas in real time.

Translate, package, synthesise, deploy, start, wait: the parts that the other tests look at one by one. A failing task,
crashing workers, a timeout, a skip, a query that is waited for, and an edge that crosses branches each end in Airflow's
state, and nothing is left hanging.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from infra.cli.account import Account
from lambdas.storage import xcom_codec
from lambdas.storage.records import RunKey, TaskKey
from tests.end_to_end.conftest import run_once

pytestmark = pytest.mark.local_aws

EXPECTED = {
    "fails": "failed",
    "crashes": "success",
    "crashes_for_good": "failed",
    "hangs": "failed",
    "skips": "skipped",
    "asks_athena": "success",
    "watches": "success",
    "after_all": "success",
    "needs_two": "success",
}


@pytest.fixture(scope="module")
def account(deployed: Callable[[str], Account]) -> Account:
    account = deployed("end_to_end/rough.py")
    account.client("s3").create_bucket(Bucket="end-to-end")
    return account


def test_every_task_ends_as_in_airflow(account: Account) -> None:
    run = RunKey("rough", "first")
    assert run_once(account, "rough", "first") == "SUCCEEDED"
    records = {record.task_id: record for record in account.store.list_tasks(run)}
    assert {task_id: record.state for task_id, record in records.items()} == EXPECTED
    assert records["crashes"].try_number == 2
    stored = account.store.get_run(run)
    assert stored is not None
    assert stored.state == "success"
    xcom = account.store.get_xcom(TaskKey("rough", "first", "after_all"), "return_value")
    assert xcom is not None
    assert xcom_codec.decode(xcom) == 2


def test_the_sensor_waited_in_states(account: Account) -> None:
    """Its query was polled by Step Functions itself, with a Wait between; no Lambda was there meanwhile."""
    client = account.client("stepfunctions")
    (execution,) = client.list_executions(stateMachineArn=account.machine_arn("rough"))["executions"]
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution["executionArn"])
    events = [event for page in pages for event in page["events"]]
    scheduled = [event["taskScheduledEventDetails"] for event in events if event["type"] == "TaskScheduled"]
    polls = [each for each in scheduled if each["resourceType"] == "aws-sdk:athena"]
    waits = [event["stateEnteredEventDetails"]["name"] for event in events if event["type"] == "WaitStateEntered"]
    assert len(polls) > 1
    assert all("QueryExecutionId" in json.loads(each["parameters"]) for each in polls)
    assert waits == ["watches · wait"] * (len(polls) - 1)


def test_the_failed_tasks_log_is_there(account: Account) -> None:
    def said() -> list[dict[str, Any]]:
        events = account.client("logs").filter_log_events(logGroupName=account.task_log_group("rough"))["events"]
        return [event for event in events if "no good" in event["message"]]

    give_up = time.monotonic() + 10
    while not (found := said()) and time.monotonic() < give_up:
        time.sleep(0.2)
    assert found
    assert json.loads(found[0]["message"])["task_id"] == "fails"
