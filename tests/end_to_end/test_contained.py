"""Long Python on the local AWS: the task definition's own command, as a process of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.cli.account import Account
from lambdas.storage import xcom_codec
from lambdas.storage.records import RunKey, TaskKey
from tests.end_to_end.conftest import run_once, wait_until

pytestmark = pytest.mark.local_aws


@pytest.fixture(scope="module")
def account(deployed: Callable[[str], Account]) -> Account:
    return deployed("end_to_end/contained.py")


def test_a_container_runs_the_task_and_tries_again(account: Account) -> None:
    assert run_once(account, "contained", "r1") == "SUCCEEDED"
    tasks = {each.task_id: each for each in account.store.list_tasks(RunKey("contained", "r1"))}
    assert {name: (each.state, each.try_number) for name, each in tasks.items()} == {
        "measure": ("success", 1),
        "stumble": ("success", 2),
    }
    assert _xcom(account, "measure") == {"try": 1, "function": False}
    assert _xcom(account, "stumble") == 3
    ecs = account.client("ecs")
    arns = ecs.list_tasks(cluster="local", desiredStatus="STOPPED")["taskArns"]
    ended = ecs.describe_tasks(cluster="local", tasks=arns)["tasks"]
    assert sorted(each["containers"][0]["exitCode"] for each in ended) == [0, 0, 1]
    assert {each["stopCode"] for each in ended} == {"EssentialContainerExited"}


def test_its_output_is_in_the_log_group(account: Account) -> None:
    group = "/aws/ecs/airstep-contained"

    def lines() -> list[str] | None:
        events = account.client("logs").filter_log_events(logGroupName=group)["events"]
        found = [each["message"] for each in events if "measuring in a container" in each["message"]]
        return found or None

    assert wait_until(lines)


def test_a_run_that_is_stopped_stops_its_container(account: Account, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    client = account.client("stepfunctions")
    given = json.dumps({"run_id": "r1", "conf": {"flag": str(flag)}})
    started = client.start_execution(stateMachineArn=account.machine_arn("endless"), name="r1", input=given)
    wait_until(lambda: flag.exists() or None)
    client.stop_execution(executionArn=started["executionArn"])
    wait_until(lambda: flag.read_text() == "down" or None)
    ecs = account.client("ecs")
    (arn,) = ecs.list_tasks(cluster="local", family="airstep-endless-2048MB", desiredStatus="STOPPED")["taskArns"]

    def stopped() -> dict[str, object] | None:
        (task,) = ecs.describe_tasks(cluster="local", tasks=[arn])["tasks"]
        return task if task["lastStatus"] == "STOPPED" else None

    task = wait_until(stopped)
    assert task["stopCode"] == "UserInitiated"
    run = account.store.get_run(RunKey("endless", "r1"))
    assert run is not None
    assert run.state == "failed"


def _xcom(account: Account, task_id: str) -> object:
    text = account.store.get_xcom(TaskKey("contained", "r1", task_id), "return_value")
    assert text is not None
    return xcom_codec.decode(text)
