"""What stops when something else fails, times out or is stopped."""

from __future__ import annotations

import asyncio

from infra.local.engine import Engine, Execution, TaskCall, run
from infra.local.engine.json_values import Json
from infra.local.integrations.jobs import JOBS, run_job
from tests.contract.asl import DISTRIBUTED, branch, catch, fail, machine, map_, parallel, pass_, task, wait
from tests.engine.fakes import World, function, sleep

SLOW = {"seconds": 1000}


def test_failing_branch_cancels_the_calls_of_the_others() -> None:
    world = World({"sleep": sleep})
    states = {"P": parallel(branch({"S": function("sleep", SLOW)}), branch({"W": wait(5, Next="F"), "F": fail("E")}))}
    done = run(machine(states), integrations=world)
    assert (done.error, world.cancelled) == ("E", ["S"])
    assert done.stopped is not None
    assert (done.stopped - done.started).total_seconds() == 5
    types = [event["type"] for event in done.events]
    assert types[-3:] == ["TaskStateAborted", "ParallelStateFailed", "ExecutionFailed"]


def test_timeout_cancels_the_call() -> None:
    world = World({"sleep": sleep})
    states = {"A": function("sleep", SLOW, TimeoutSeconds=7, Catch=catch("States.Timeout", "B")), "B": pass_()}
    done = run(machine(states), integrations=world)
    assert (done.output, world.cancelled) == ({"Error": "States.Timeout", "Cause": ""}, ["A"])
    assert "TaskTimedOut" in [event["type"] for event in done.events]


def test_machine_timeout() -> None:
    world = World({"sleep": sleep})
    done = run(machine({"A": function("sleep", SLOW)}, TimeoutSeconds=3), integrations=world)
    assert (done.status, done.output, world.cancelled) == ("TIMED_OUT", None, ["A"])
    assert done.events[-1]["type"] == "ExecutionTimedOut"


def _stop_after(seconds: float) -> object:
    def on_start(_: Engine, execution: Execution) -> None:
        asyncio.get_running_loop().call_later(seconds, execution.stop, "E", "because")

    return on_start


def test_stop_is_final_at_once() -> None:
    world = World({"sleep": sleep})
    inner = branch({"S": function("sleep", SLOW, Next="N"), "N": function("sleep", SLOW)})
    done = run(machine({"P": parallel(inner, inner)}), integrations=world, on_start=_stop_after(10))  # type: ignore[arg-type]
    assert (done.status, done.error, done.cause) == ("ABORTED", "E", "because")
    assert done.events[-1]["type"] == "ExecutionAborted"
    assert len(world.calls) == 2


def test_stop_aborts_the_children_of_a_distributed_map() -> None:
    processor = {**DISTRIBUTED, **branch({"W": wait(100)})}
    children: list[str] = []

    class Watching:
        def execution_changed(self, execution: Execution) -> None:
            if execution.map_run_arn and execution.status != "RUNNING":
                children.append(execution.status)

        def history_grew(self, execution: Execution) -> None:
            """Not of interest."""

        def map_run_changed(self, map_run: object) -> None:
            """Not of interest."""

    def on_start(engine: Engine, execution: Execution) -> None:
        engine.observer = Watching()
        asyncio.get_running_loop().call_later(5, execution.stop)

    run(machine({"M": map_([1, 2], processor)}), integrations=World(), on_start=on_start)
    assert children == ["ABORTED", "ABORTED"]


def test_a_job_that_nobody_waits_for_is_stopped() -> None:
    seen: list[str] = []

    async def act(action: str, arguments: Json) -> Json:
        seen.append(action)
        status = {"QueryExecution": {"Status": {"State": "RUNNING"}}}
        return status if action == "getQueryExecution" else {"QueryExecutionId": "q"}

    async def athena(arguments: Json, call: TaskCall) -> Json:
        return await run_job(JOBS["athena", "startQueryExecution"], act, "startQueryExecution", arguments, call)

    world = World(resources={"athena:startQueryExecution.sync": athena})
    state = task("athena:startQueryExecution.sync", {"QueryString": "SELECT 1"}, TimeoutSeconds=10)
    done = run(machine({"A": state}), integrations=world)
    assert done.error == "States.Timeout"
    assert (seen[0], seen[-1]) == ("startQueryExecution", "stopQueryExecution")
    assert seen.count("getQueryExecution") > 2
    assert "TaskSubmitted" in [event["type"] for event in done.events]
