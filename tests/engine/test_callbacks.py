"""Task tokens."""

from __future__ import annotations

import asyncio
import json

import pytest

from infra.local.engine import CallbackError, TaskCall, run
from infra.local.engine.json_values import Json
from tests.contract.asl import State, catch, machine, pass_
from tests.engine.fakes import World, function


def waiting(name: str, **more: Json) -> State:
    state = function(name, {"token": "{% $states.context.Task.Token %}"}, **more)
    del state["Output"]
    return {**state, "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", **more}


def later(world: World, seconds: float, send: str, **arguments: Json) -> object:
    """A function that has its token answered after some seconds, not by itself."""

    def start(given: Json, _: TaskCall) -> None:
        def answer() -> None:
            getattr(world.callbacks, send)(taskToken=given["token"], **arguments)

        asyncio.get_running_loop().call_later(seconds, answer)

    return start


def test_answer_from_outside() -> None:
    world = World()
    world.functions["f"] = later(world, 60, "send_task_success", output='{"a":null}')  # type: ignore[assignment]
    done = run(machine({"A": waiting("f")}), integrations=world, callbacks=world.callbacks)
    assert (done.output, [event["type"] for event in done.events][2:6]) == (
        {"a": None},
        ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"],
    )


def test_failure_from_outside_is_retried_with_a_new_token() -> None:
    world, tokens = World(), []

    def answer(given: Json, _: TaskCall) -> None:
        tokens.append(given["token"])
        if len(tokens) == 1:
            world.callbacks.send_task_failure(taskToken=given["token"], error="E", cause="c")
        else:
            world.callbacks.send_task_success(taskToken=given["token"], output="7")

    world.functions["f"] = answer
    retry = [{"ErrorEquals": ["E"]}]
    done = run(machine({"A": waiting("f", Retry=retry)}), integrations=world, callbacks=world.callbacks)
    assert (done.output, len(set(tokens))) == (7, 2)


def test_heartbeats_put_off_the_timeout() -> None:
    world = World()

    def start(given: Json, call: TaskCall) -> None:
        loop = asyncio.get_running_loop()
        for seconds in (8, 16):
            loop.call_later(seconds, lambda: world.callbacks.send_task_heartbeat(taskToken=given["token"]))

    world.functions["f"] = start
    states = {"A": waiting("f", HeartbeatSeconds=10, Catch=catch("States.HeartbeatTimeout", "B")), "B": pass_("late")}
    done = run(machine(states), integrations=world, callbacks=world.callbacks)
    assert done.output == "late"
    assert done.stopped is not None
    assert (done.stopped - done.started).total_seconds() == 26


def test_errors_look_like_botocores() -> None:
    world, codes = World(), []

    def answer(given: Json, _: TaskCall) -> None:
        send = world.callbacks.send_task_success
        for token, output in ((given["token"], "{"), (given["token"], "1"), (given["token"], "2"), ("x", "1")):
            try:
                send(taskToken=token, output=output)
            except CallbackError as error:
                codes.append(error.response["Error"]["Code"])

    world.functions["f"] = answer
    done = run(machine({"A": waiting("f")}), integrations=world, callbacks=world.callbacks)
    assert done.output == 1
    assert codes == ["InvalidOutput", "TaskTimedOut", "InvalidToken"]


def test_answering_after_the_timeout() -> None:
    world, tokens = World(), []
    world.functions["f"] = lambda given, _: tokens.append(given["token"])
    done = run(machine({"A": waiting("f", TimeoutSeconds=5)}), integrations=world, callbacks=world.callbacks)
    assert done.error == "States.Timeout"
    with pytest.raises(CallbackError, match="TaskTimedOut"):
        world.callbacks.send_task_success(taskToken=tokens[0], output="1")


def test_a_function_that_answers_runs_on() -> None:
    world, finished = World(), []

    async def answer(given: Json, call: TaskCall) -> None:
        world.callbacks.send_task_success(taskToken=given["token"], output=json.dumps("now"))
        await call.sleep(1)
        finished.append(call.clock.now())

    world.functions["f"] = answer
    states = {"A": waiting("f", Next="B"), "B": {"Type": "Wait", "Seconds": 5, "End": True}}
    assert run(machine(states), integrations=world, callbacks=world.callbacks).output == "now"
    assert len(finished) == 1
