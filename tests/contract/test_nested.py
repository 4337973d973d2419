"""Executions that start executions."""

from __future__ import annotations

import json

from tests.contract.asl import State, fail, machine, pass_, task, wait
from tests.contract.cloud import Cloud


def _start(child: str, given: State, pattern: str = "", **more: object) -> State:
    name = {"Name": more.pop("Name")} if "Name" in more else {}
    arguments = {"StateMachineArn": child, "Input": given, **name}
    return machine({"A": task(f"states:startExecution{pattern}", arguments, **more)})


def test_fire_and_forget_with_a_name(cloud: Cloud) -> None:
    child = cloud.create(machine({"A": wait(2)}))
    given = {"a": 1, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "{% $states.context.Execution.Id %}"}
    ended = cloud.run(_start(child, given, Name="{% 'n-' & $states.context.Execution.Name %}"))
    assert ended.status == "SUCCEEDED"
    assert "ExecutionArn" in ended.output
    assert ended.seconds < 2
    assert len(cloud.states.list_executions(stateMachineArn=child)["executions"]) == 1


def test_duplicate_name(cloud: Cloud) -> None:
    child = cloud.create(machine({"A": wait(1)}))
    cloud.start(child, {"z": 1}, name="dup")
    ended = cloud.run(_start(child, {"a": 2}, Name="dup"))
    assert ended.error == "StepFunctions.ExecutionAlreadyExistsException"


def test_output_of_an_execution_that_is_waited_for(cloud: Cloud) -> None:
    child = cloud.create(machine({"A": pass_("{% {'y':$states.input.x+1} %}")}))
    assert cloud.output(_start(child, {"x": 1}, ".sync:2", Output="{% $states.result.Output.y %}")) == 2


def test_failure_of_an_execution_that_is_waited_for(cloud: Cloud) -> None:
    child = cloud.create(machine({"A": fail("E", "C")}))
    ended = cloud.run(_start(child, {}, ".sync:2"))
    assert ended.error == "States.TaskFailed"
    cause = json.loads(ended.cause or "")
    assert (cause["Status"], cause["Error"]) == ("FAILED", "E")


def test_token_answered_by_a_nested_execution(cloud: Cloud) -> None:
    answer = {"TaskToken": "{% $states.input.tok %}", "Output": "{% $string({'z':2}) %}"}
    child = cloud.create(machine({"A": task("aws-sdk:sfn:sendTaskSuccess", answer)}))
    given = {"tok": "{% $states.context.Task.Token %}"}
    assert cloud.output(_start(child, given, ".waitForTaskToken", TimeoutSeconds=30)) == {"z": 2}


def test_stopping_stops_an_execution_that_is_waited_for(cloud: Cloud) -> None:
    child = cloud.create(machine({"A": wait(20)}))
    parent = cloud.start(cloud.create(_start(child, {}, ".sync:2")))
    cloud.backend.sleep(1.5)
    cloud.states.stop_execution(executionArn=parent)
    cloud.backend.sleep(1)
    listed = cloud.states.list_executions(stateMachineArn=child)["executions"]
    assert [execution["status"] for execution in listed] == ["ABORTED"]
