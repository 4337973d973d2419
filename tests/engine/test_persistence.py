"""The service's rows: whatever moment a kill comes at, everything goes on from what was written."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.engine.clock import VirtualClock, VirtualLoop
from infra.local.stepfunctions.errors import ApiError
from infra.local.stepfunctions.service import StepFunctions
from tests.contract.asl import DISTRIBUTED, State, branch, machine, map_, parallel, pass_, wait
from tests.engine.fakes import World, function, sleep
from tests.engine.test_callbacks import waiting

START = datetime(2024, 1, 15, tzinfo=UTC)
Rows = dict[tuple[str, str], Any]


class Process:
    """One life of the service, which ends without warning; the rows are what is on disk."""

    def __init__(self, world: World, rows: Rows, began: datetime = START) -> None:
        self.loop = VirtualLoop()
        self.rows = rows
        self.clock = VirtualClock(self.loop, began)
        self.service = StepFunctions(
            account="1",
            region="us-east-1",
            integrations=world,
            clock=self.clock,
            generator=random.Random(len(rows)),
        )
        world.callbacks = self.service.engine.callbacks
        self.do(self._restore())

    def do(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _restore(self) -> None:
        self.service.restore((table, key, value) for (table, key), value in self.rows.items())

    def act(self, action: str, **request: Any) -> Any:
        answer = self.do(self.service.handle(action, request))
        self.save()
        return answer

    def sleep(self, seconds: float) -> None:
        self.do(asyncio.sleep(seconds))
        self.save()

    def save(self) -> None:
        for table, key, value in json.loads(json.dumps(self.service.take_changes())):
            if value is None:
                self.rows.pop((table, key), None)
            else:
                self.rows[table, key] = value

    def start(self, states: State, **more: Any) -> str:
        definition = json.dumps(machine(states))
        arn = self.act("CreateStateMachine", name="m", definition=definition, roleArn="r", **more)["stateMachineArn"]
        return str(self.act("StartExecution", stateMachineArn=arn, name="e")["executionArn"])

    def end(self, arn: str) -> Any:
        self.do(self.service.registry.execution(arn).wait())
        self.save()
        return self.act("DescribeExecution", executionArn=arn)

    def kill(self) -> None:
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.do(_ended(tasks))
        self.loop.close()


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


def test_branches_go_on_where_they_were() -> None:
    world = World({"sleep": sleep})
    rows: Rows = {}
    process = Process(world, rows)
    quick = branch({"Q": function("sleep", {"seconds": 10})})
    slow = branch({"W": wait(100, Next="S"), "S": function("sleep", {"seconds": 1}, Output="{% $v %}")})
    arn = process.start({"A": pass_(Assign={"v": 7}, Next="P"), "P": parallel(quick, slow)})
    process.sleep(60)
    process.kill()
    again = Process(world, rows, process.clock.now())
    told = again.end(arn)
    assert (told["status"], json.loads(told["output"])) == ("SUCCEEDED", [10, 7])
    assert [name for name, _ in world.calls] == ["Q", "S"]
    assert told["stopDate"] - told["startDate"] == pytest.approx(101)
    events = again.act("GetExecutionHistory", executionArn=arn, maxResults=1000)["events"]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert [event["type"] for event in events].count("WaitStateEntered") == 1
    again.kill()


def test_a_token_stays_valid() -> None:
    world, tokens = World(), list[str]()
    rows: Rows = {}
    world.functions["f"] = lambda given, _: tokens.append(given["token"])
    process = Process(world, rows)
    arn = process.start({"A": waiting("f", TimeoutSeconds=100)})
    process.sleep(50)
    process.kill()
    again = Process(world, rows, process.clock.now())
    again.act("SendTaskSuccess", taskToken=tokens[0], output="5")
    assert again.end(arn)["output"] == "5"
    assert len(tokens) == 1
    again.kill()


def test_a_deadline_stays_the_same() -> None:
    world = World({"f": lambda *_: None})
    rows: Rows = {}
    process = Process(world, rows)
    arn = process.start({"A": waiting("f", TimeoutSeconds=100)})
    process.sleep(50)
    process.kill()
    again = Process(world, rows, process.clock.now())
    told = again.end(arn)
    assert (told["error"], told["stopDate"] - told["startDate"]) == ("States.Timeout", pytest.approx(100))
    again.kill()


def test_a_call_that_was_under_way_is_made_again() -> None:
    world = World({"sleep": sleep})
    rows: Rows = {}
    process = Process(world, rows)
    arn = process.start({"A": function("sleep", {"seconds": 30})})
    process.sleep(10)
    process.kill()
    again = Process(world, rows, process.clock.now())
    assert again.end(arn)["status"] == "SUCCEEDED"
    assert [name for name, _ in world.calls] == ["A", "A"]
    again.kill()


def test_iterations_and_children_that_are_done_are_not_run_again() -> None:
    for kind in ({}, DISTRIBUTED):
        world = World({"sleep": sleep})
        rows: Rows = {}
        process = Process(world, rows)
        inner = {**kind, **branch({"S": function("sleep", {"seconds": "{% $states.input %}"})})}
        arn = process.start({"M": map_([1, 100], inner)})
        process.sleep(50)
        process.kill()
        again = Process(world, rows, process.clock.now())
        told = again.end(arn)
        assert (told["status"], json.loads(told["output"])) == ("SUCCEEDED", [1, 100])
        assert len(world.calls) == 3
        assert all(execution.status != "RUNNING" for execution in again.service.registry.executions.values())
        again.kill()


def test_an_express_execution_has_failed() -> None:
    world = World()
    rows: Rows = {}
    process = Process(world, rows)
    arn = process.start({"W": wait(100)}, type="EXPRESS")
    process.sleep(1)
    process.kill()
    again = Process(world, rows, process.clock.now())
    assert again.end(arn)["status"] == "ABORTED"
    again.kill()


def test_everything_else_is_as_it_was() -> None:
    world = World()
    rows: Rows = {}
    process = Process(world, rows)
    arn = process.start({"A": pass_(1)}, tags=[{"key": "k", "value": "v"}], publish=True)
    process.end(arn)
    machine_arn = process.act("ListStateMachines")["stateMachines"][0]["stateMachineArn"]
    routes = [{"stateMachineVersionArn": f"{machine_arn}:1", "weight": 100}]
    process.act("CreateStateMachineAlias", name="PROD", routingConfiguration=routes)
    asked: list[tuple[str, dict[str, Any]]] = [
        ("DescribeExecution", {"executionArn": arn}),
        ("GetExecutionHistory", {"executionArn": arn}),
        ("DescribeStateMachine", {"stateMachineArn": machine_arn}),
        ("DescribeStateMachineAlias", {"stateMachineAliasArn": f"{machine_arn}:PROD"}),
        ("ListStateMachineVersions", {"stateMachineArn": machine_arn}),
        ("ListTagsForResource", {"resourceArn": machine_arn}),
    ]
    before = [process.act(action, **request) for action, request in asked]
    process.kill()
    again = Process(world, rows)
    assert [again.act(action, **request) for action, request in asked] == before
    again.act("DeleteStateMachine", stateMachineArn=machine_arn)
    again.kill()
    last = Process(world, rows)
    with pytest.raises(ApiError, match="StateMachineDoesNotExist"):
        last.act("DescribeStateMachine", stateMachineArn=machine_arn)
    last.kill()


def test_closing_ends_nothing() -> None:
    world = World()
    rows: Rows = {}
    process = Process(world, rows)
    arn = process.start({"W": wait(100)})
    process.do(process.service.close())
    process.do(asyncio.sleep(1))
    process.save()
    process.loop.close()
    again = Process(world, rows, process.clock.now())
    assert again.end(arn)["status"] == "SUCCEEDED"
    types = [event["type"] for event in again.act("GetExecutionHistory", executionArn=arn)["events"]]
    assert types == ["ExecutionStarted", "WaitStateEntered", "WaitStateExited", "ExecutionSucceeded"]
    again.kill()
