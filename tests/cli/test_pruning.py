"""What is deployed without a DAG file: told of, deleted on demand, left alone while it has runs. moto plays AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from infra.cli import deploy_command
from infra.cli.account import Account, connect
from infra.cli.pruning import Leftover, leftovers, prune, stacks_of
from lambdas.scheduling.dag_state import DagState, Queued
from tests.cli.conftest import Airstep, pretended_account

WAITS = json.dumps({"StartAt": "w", "States": {"w": {"Type": "Wait", "Seconds": 9_999, "End": True}}})
OLD = Leftover("old", "airstep-old")


class FakeStacks:
    """CloudFormation, as far as it is asked."""

    def __init__(self, *stacks: tuple[str, str | None, str | None]) -> None:
        self.stacks = {
            name: {
                "StackName": name,
                "StackStatus": "UPDATE_COMPLETE",
                "Tags": [
                    {"Key": key, "Value": value}
                    for key, value in (("airstep:environment", environment), ("airstep:dag-id", dag_id))
                    if value is not None
                ],
            }
            for name, environment, dag_id in stacks
        }
        self.deleting: set[str] = set()

    def get_paginator(self, operation: str) -> Any:
        assert operation == "describe_stacks"
        return SimpleNamespace(paginate=lambda: [{"Stacks": [each]} for each in self.stacks.values()])

    def delete_stack(self, StackName: str) -> None:
        self.deleting.add(StackName)

    def get_waiter(self, name: str) -> Any:
        assert name == "stack_delete_complete"
        return SimpleNamespace(wait=self._wait)

    def _wait(self, StackName: str, WaiterConfig: Any) -> None:
        self.deleting.remove(StackName)
        del self.stacks[StackName]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Account]:
    """An account with stacks of two DAGs, of another environment, and of somebody else."""
    with pretended_account(monkeypatch, tmp_path):
        boto3.client("scheduler").create_schedule_group(Name="airstep")
        assembly({"airstep-platform", "airstep-new"})
        made = connect(local=False)
        made._clients["cloudformation"] = FakeStacks(
            ("airstep-platform", "airstep", None),
            ("airstep-old", "airstep", "old"),
            ("airstep-new", "airstep", "new"),
            ("dev-old", "dev", "old"),
            ("somebody-elses", None, None),
        )
        monkeypatch.setattr("infra.cli.account.connect", lambda local: made)
        yield made


def assembly(stacks: set[str]) -> None:
    """What the CDK CLI leaves behind."""
    artifacts = {name: {"type": "aws:cloudformation:stack", "properties": {}} for name in stacks}
    Path("cdk.out").mkdir(exist_ok=True)
    text = json.dumps({"artifacts": {**artifacts, "x.assets": {"type": "cdk:asset-manifest"}}})
    Path("cdk.out/manifest.json").write_text(text)


def stacks(account: Account) -> set[str]:
    return set(account.client("cloudformation").stacks)


def one_time(account: Account, name: str, dag_id: str, **more: Any) -> None:
    account.client("scheduler").create_schedule(
        Name=name,
        GroupName="airstep",
        ScheduleExpression="at(2030-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:lambda:x", "RoleArn": "arn:r", "Input": json.dumps({"dag_id": dag_id, **more})},
    )


def test_what_is_left_over(account: Account) -> None:
    assert leftovers(account, stacks_of(Path("cdk.out"))) == [OLD]
    assert leftovers(account, {"airstep-old", "airstep-new"}) == []


def test_it_goes_with_its_one_time_schedules(account: Account) -> None:
    one_time(account, "20300101T000000-old", "old", one_time=True)
    one_time(account, "20300101T000000-older", "older", one_time=True)
    assert prune(account, OLD)
    assert stacks(account) == {"airstep-platform", "airstep-new", "dev-old", "somebody-elses"}
    listed = account.client("scheduler").list_schedules(GroupName="airstep")["Schedules"]
    assert [each["Name"] for each in listed] == ["20300101T000000-older"]


@pytest.mark.parametrize("said", [None, True, False])
def test_a_dag_that_comes_again_is_paused_as_it_was(said: bool | None, account: Account) -> None:
    state = DagState(account.store, "old")
    if said is not None:
        state.set_paused(said)
    assert prune(account, OLD)
    for at_first in (True, False):
        assert state.paused(at_first=at_first) is (at_first if said is None else said)


@pytest.mark.parametrize("name", ["old", "old-rerun-"])
def test_a_run_under_way_keeps_it(name: str, account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    from dag_translator.names import rerun_name

    states = account.client("stepfunctions")
    machine = rerun_name("old") if name.endswith("-") else name
    role = "arn:aws:iam::123456789012:role/r"
    arn = states.create_state_machine(name=machine, definition=WAITS, roleArn=role)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    assert not prune(account, OLD)
    assert "airstep-old" in stacks(account)
    assert "1 of its runs are under way" in capsys.readouterr().err
    assert not DagState(account.store, "old").is_paused
    states.stop_execution(executionArn=execution)
    assert prune(account, OLD)


def test_a_run_that_waits_keeps_it(account: Account) -> None:
    state = DagState(account.store, "old")
    waiting = Queued("r1", "2024-01-01", {})
    assert state.enqueue(waiting)
    assert not prune(account, OLD)
    state.dequeue(waiting)
    assert prune(account, OLD)


def deploying(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fakes of what the deployment itself does; the DAGs whose missed runs are started."""
    started: list[str] = []
    monkeypatch.setattr(deploy_command, "run_cdk", lambda *_, **__: None)
    monkeypatch.setattr(deploy_command, "_start_missed", lambda _, dag_ids: started.extend(dag_ids))
    return started


def test_a_deployment_tells_of_it_and_prunes_on_demand(
    account: Account, airstep: Airstep, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploying(monkeypatch)
    told = airstep("deploy").stderr
    assert "old: deployed, but no DAG file has it" in told
    assert "airstep deploy --prune" in told
    assert "airstep-old" in stacks(account)
    assert "old: deleted" in airstep("deploy", "--prune").stderr
    assert "airstep-old" not in stacks(account)
    assert "old" not in airstep("deploy").stderr


@pytest.mark.usefixtures("account")
def test_a_deployment_looks_at_its_own_environment(airstep: Airstep, monkeypatch: pytest.MonkeyPatch) -> None:
    deploying(monkeypatch)
    assembly({"dev-platform"})
    told = airstep("deploy", "-c", "prefix=dev").stderr
    assert told.count("no DAG file has it") == 1
    assert "new:" not in told


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("arguments", [("new",), ("-c", "skipRefused=true")])
def test_where_pruning_would_delete_too_much(arguments: tuple[str, ...], airstep: Airstep) -> None:
    answer = airstep("deploy", "--prune", *arguments)
    assert answer.code == 2
    assert "--prune" in answer.stderr
