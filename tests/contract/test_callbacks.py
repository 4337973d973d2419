"""Lambda functions, and tasks that wait for their token."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.contract.asl import State, branch, machine, parallel, task, wait
from tests.contract.cloud import Cloud


def test_shape_of_an_invocations_result(cloud: Cloud) -> None:
    state = task("lambda:invoke", {"FunctionName": cloud.backend.function, "Payload": {"a": 1}})
    result = cloud.output(machine({"A": state}))
    assert result["Payload"] == {"a": 1}
    assert "ExecutedVersion" in result


def test_missing_function(cloud: Cloud) -> None:
    ended = cloud.run(machine({"A": task("lambda:invoke", {"FunctionName": cloud.unique("nope-")})}))
    assert (ended.status, ended.error) == ("FAILED", "Lambda.ResourceNotFoundException")


def test_invocation_of_type_event_does_not_wait(cloud: Cloud) -> None:
    payload = {"op": "sleep", "seconds": 3}
    arguments = {"FunctionName": cloud.backend.function, "InvocationType": "Event", "Payload": payload}
    ended = cloud.run(machine({"A": task("lambda:invoke", arguments)}))
    assert ended.status == "SUCCEEDED"
    assert ended.seconds < 2


def test_success_from_inside_the_function(cloud: Cloud) -> None:
    state = cloud.waiting_function({"op": "answer_token", "value": 5}, TimeoutSeconds=10)
    assert cloud.output(machine({"A": state})) == {"cb": 5}


def test_failure_from_inside_the_function(cloud: Cloud) -> None:
    state = cloud.waiting_function({"op": "answer_token", "failing": True}, TimeoutSeconds=10)
    ended = cloud.run(machine({"A": state}))
    assert (ended.status, ended.error, ended.cause) == ("FAILED", "CbErr", "cb cause")


def test_exception_of_the_function_fails_the_waiting_task_at_once(cloud: Cloud) -> None:
    ended = cloud.run(machine({"A": cloud.waiting_function({"op": "fail"}, TimeoutSeconds=6)}))
    assert (ended.status, ended.error) == ("FAILED", "MyErr")
    assert ended.seconds < 4


def test_tokens_of_parallel_branches_are_not_mixed_up(cloud: Cloud) -> None:
    def answering(index: int) -> State:
        payload = {"op": "answer_token", "value": index, "delay": 0.2 * (4 - index)}
        return branch({f"A{index}": cloud.waiting_function(payload, TimeoutSeconds=10)})

    assert cloud.output(machine({"P": parallel(*map(answering, range(4)))})) == [{"cb": i} for i in range(4)]


def _keep_token(cloud: Cloud, key: str) -> State:
    """A machine whose one task writes its token to the table and waits."""
    arguments = {
        "TableName": cloud.backend.table,
        "Key": {"pk": {"S": key}},
        "UpdateExpression": "SET tok = :t",
        "ExpressionAttributeValues": {":t": {"S": "{% $states.context.Task.Token %}"}},
    }
    return machine({"A": task("aws-sdk:dynamodb:updateItem.waitForTaskToken", arguments, TimeoutSeconds=30)})


def _kept_token(cloud: Cloud, key: str) -> str:
    for _ in range(100):
        item = cloud.item(key)
        if item:
            return str(item["tok"]["S"])
        cloud.backend.sleep(0.1)
    raise AssertionError("the token was not written")


def test_token_answered_from_outside(cloud: Cloud) -> None:
    key = cloud.unique("key-")
    execution = cloud.start(cloud.create(_keep_token(cloud, key)))
    token = _kept_token(cloud, key)
    assert cloud.states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    cloud.states.send_task_heartbeat(taskToken=token)
    cloud.states.send_task_success(taskToken=token, output='{"ok":1}')
    assert cloud.end(execution).output == {"ok": 1}


def test_unknown_token(cloud: Cloud) -> None:
    with pytest.raises(ClientError) as refused:
        cloud.states.send_task_success(taskToken="x" * 50, output="{}")
    assert refused.value.response["Error"]["Code"] in ("TaskDoesNotExist", "InvalidToken")


def test_token_answered_by_another_machine(cloud: Cloud) -> None:
    key = cloud.unique("key-")
    execution = cloud.start(cloud.create(_keep_token(cloud, key)))
    _kept_token(cloud, key)
    read = {"TableName": cloud.backend.table, "Key": {"pk": {"S": key}}}
    answer = {"TaskToken": "{% $states.input %}", "Output": "{% $string({'z':1}) %}"}
    answering = {
        "W": wait(1, Next="G"),
        "G": task("dynamodb:getItem", read, Output="{% $states.result.Item.tok.S %}", Next="S"),
        "S": task("aws-sdk:sfn:sendTaskSuccess", answer),
    }
    assert cloud.run(machine(answering)).status == "SUCCEEDED"
    assert cloud.end(execution).status == "SUCCEEDED"


def test_stale_token(cloud: Cloud) -> None:
    key = cloud.unique("key-")
    execution = cloud.start(cloud.create(_keep_token(cloud, key)))
    token = _kept_token(cloud, key)
    cloud.states.send_task_success(taskToken=token, output="1")
    cloud.end(execution)
    with pytest.raises(ClientError) as refused:
        cloud.states.send_task_success(taskToken=token, output="2")
    assert refused.value.response["Error"]["Code"] in ("TaskTimedOut", "InvalidToken", "TaskDoesNotExist")


def test_function_arn_as_resource(cloud: Cloud) -> None:
    backend = cloud.backend
    arn = f"arn:aws:lambda:{backend.region}:{backend.account}:function:{backend.function}"
    state = {"Type": "Task", "Resource": arn, "Arguments": {"a": 1}, "End": True}
    assert cloud.output(machine({"A": state})) == {"a": 1}
