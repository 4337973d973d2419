"""Actions on executions: what they tell, in which order, and what they refuse.

Sources: Step Functions API reference (StartExecution, StopExecution, ListExecutions, GetExecutionHistory,
RedriveExecution, SendTask…, CreateStateMachine, UpdateStateMachine); developer guide, "Automating Step Functions event
delivery with EventBridge", "Start a new state machine from a running execution", "Context object".
"""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.contract.asl import DISTRIBUTED, branch, fail, machine, map_, pass_, task, wait
from tests.contract.cloud import Cloud

ONE = machine({"A": pass_()})
THREE = machine({"A": pass_(Next="B"), "B": pass_(Next="C"), "C": pass_()})


def test_history_in_reverse(cloud: Cloud) -> None:
    ended = cloud.run(THREE)
    newest = cloud.states.get_execution_history(executionArn=ended.arn, reverseOrder=True, maxResults=1)
    assert [event["type"] for event in newest["events"]] == ["ExecutionSucceeded"]
    assert newest["nextToken"]
    everything = cloud.states.get_execution_history(executionArn=ended.arn, reverseOrder=True)["events"]
    assert [event["id"] for event in everything] == list(range(8, 0, -1))


def test_history_without_data(cloud: Cloud) -> None:
    ended = cloud.run(ONE, {"secret": 1})
    told = cloud.states.get_execution_history(executionArn=ended.arn, includeExecutionData=False)["events"]
    assert "secret" not in json.dumps(told, default=str)
    assert "secret" in json.dumps(cloud.history(ended.arn), default=str)


def test_history_of_a_wait_and_of_a_fail(cloud: Cloud) -> None:
    events = cloud.history(cloud.run(machine({"W": wait(1, Next="F"), "F": fail("E", "C")})).arn)
    assert [event["type"] for event in events] == [
        *("ExecutionStarted", "WaitStateEntered", "WaitStateExited", "FailStateEntered", "ExecutionFailed"),
    ]
    assert events[-1]["executionFailedEventDetails"] == {"error": "E", "cause": "C"}


def test_a_page_has_at_most_a_thousand(cloud: Cloud) -> None:
    arn = cloud.create(ONE)
    with pytest.raises(ClientError):
        cloud.states.list_executions(stateMachineArn=arn, maxResults=1001)


def test_executions_that_were_redriven(cloud: Cloud) -> None:
    arn = cloud.create(machine({"A": cloud.fails_until(2)}))
    first, second = cloud.end(cloud.start(arn)), cloud.end(cloud.start(arn))
    assert (first.status, second.status) == ("FAILED", "SUCCEEDED")
    cloud.states.redrive_execution(executionArn=first.arn)
    assert cloud.end(first.arn).status == "SUCCEEDED"
    for kind, expected in (("REDRIVEN", [first.arn]), ("NOT_REDRIVEN", [second.arn])):
        listed = cloud.states.list_executions(stateMachineArn=arn, redriveFilter=kind)["executions"]
        assert [each["executionArn"] for each in listed] == expected


def test_what_succeeded_is_not_redriven(cloud: Cloud) -> None:
    ended = cloud.run(ONE)
    assert ended.described["redriveStatus"] == "NOT_REDRIVABLE"
    with pytest.raises(cloud.states.exceptions.ExecutionNotRedrivable):
        cloud.states.redrive_execution(executionArn=ended.arn)


def test_stopping_what_is_over_changes_nothing(cloud: Cloud) -> None:
    ended = cloud.run(ONE)
    cloud.states.stop_execution(executionArn=ended.arn, error="E")
    assert cloud.end(ended.arn).status == "SUCCEEDED"


@pytest.mark.parametrize(("name", "length"), [("error", 257), ("cause", 32_769)])
def test_what_is_said_at_a_stop_has_its_length(name: str, length: int, cloud: Cloud) -> None:
    execution = cloud.start(cloud.create(machine({"W": wait(5)})))
    with pytest.raises(ClientError):
        cloud.states.stop_execution(executionArn=execution, **{name: "x" * length})
    cloud.states.stop_execution(executionArn=execution, **{name: "x" * (length - 1)})
    assert cloud.end(execution).status == "ABORTED"


def _waiting(cloud: Cloud) -> tuple[str, str]:
    """An execution that waits for its token, and the token."""
    execution = cloud.start(cloud.create(machine({"A": cloud.waiting_function({"op": "echo"})})))
    cloud.backend.sleep(1)
    submitted = [event for event in cloud.history(execution) if event["type"] == "TaskSubmitted"]
    token: str = json.loads(submitted[0]["taskSubmittedEventDetails"]["output"])["Payload"]["token"]
    return execution, token


def test_a_token_is_answered_once(cloud: Cloud) -> None:
    execution, token = _waiting(cloud)
    cloud.states.send_task_success(taskToken=token, output='{"first": 1}')
    with pytest.raises(ClientError):
        cloud.states.send_task_success(taskToken=token, output='{"second": 2}')
    assert cloud.end(execution).output == {"first": 1}


def test_an_answer_that_is_no_json(cloud: Cloud) -> None:
    execution, token = _waiting(cloud)
    with pytest.raises(cloud.states.exceptions.InvalidOutput):
        cloud.states.send_task_success(taskToken=token, output="{")
    cloud.states.send_task_failure(taskToken=token, error="E", cause="C")
    ended = cloud.end(execution)
    assert (ended.error, ended.cause) == ("E", "C")


@pytest.mark.parametrize(("name", "length"), [("error", 257), ("cause", 32_769)])
def test_what_is_said_at_a_failure_has_its_length(name: str, length: int, cloud: Cloud) -> None:
    execution, token = _waiting(cloud)
    with pytest.raises(ClientError):
        cloud.states.send_task_failure(taskToken=token, **{name: "x" * length})
    cloud.states.stop_execution(executionArn=execution)


def test_starts_that_are_refused(cloud: Cloud) -> None:
    arn = cloud.create(ONE)
    with pytest.raises(cloud.states.exceptions.InvalidExecutionInput):
        cloud.states.start_execution(stateMachineArn=arn, input="{")
    with pytest.raises(cloud.states.exceptions.StateMachineDoesNotExist):
        cloud.states.start_execution(stateMachineArn=f"{arn}-gone")
    with pytest.raises(cloud.states.exceptions.InvalidArn):
        cloud.states.start_execution(stateMachineArn="arn:aws:s3:::bucket")
    with pytest.raises(cloud.states.exceptions.ExecutionDoesNotExist):
        cloud.states.describe_execution(executionArn=f"{arn.replace(':stateMachine:', ':execution:')}:gone")


def test_a_machine_is_made_once(cloud: Cloud) -> None:
    arn = cloud.create(ONE)
    name, role = arn.rsplit(":", 1)[1], cloud.backend.role
    again = cloud.states.create_state_machine(name=name, definition=json.dumps(ONE), roleArn=role)
    assert again["stateMachineArn"] == arn
    with pytest.raises(cloud.states.exceptions.StateMachineAlreadyExists):
        cloud.states.create_state_machine(name=name, definition=json.dumps(THREE), roleArn=role)
    with pytest.raises(cloud.states.exceptions.MissingRequiredParameter):
        cloud.states.update_state_machine(stateMachineArn=arn)


def test_the_context_of_an_execution(cloud: Cloud) -> None:
    ended = cloud.run(machine({"A": pass_("{% $states.context %}")}), {"x": 1})
    execution = ended.output["Execution"]
    assert (execution["Id"], execution["Input"], execution["RedriveCount"]) == (ended.arn, {"x": 1}, 0)
    assert execution["RoleArn"] == cloud.backend.role
    assert execution["Name"] == ended.arn.rsplit(":", 1)[1]
    assert ended.output["StateMachine"]["Id"] == ended.described["stateMachineArn"]
    assert ended.output["State"]["Name"] == "A"


def test_waiting_with_the_older_form_gives_the_output_as_text(cloud: Cloud) -> None:
    child = cloud.create(machine({"A": pass_({"y": 2})}))
    state = task("states:startExecution.sync", {"StateMachineArn": child, "Input": {}})
    assert json.loads(cloud.output(machine({"A": state}))["Output"]) == {"y": 2}


def test_children_see_no_variables(cloud: Cloud) -> None:
    inner = {**DISTRIBUTED, **branch({"I": pass_("{% $exists($v) %}")})}
    state = map_([1], inner, ItemSelector={"v": "{% $v %}"})
    assert cloud.output(machine({"A": pass_(Assign={"v": 1}, Next="M"), "M": state})) == [False]


def test_batches(cloud: Cloud) -> None:
    batcher = {"MaxItemsPerBatch": "{% $states.input.most %}", "BatchInput": {"x": "{% $states.input.x %}"}}
    state = map_("{% [1..3] %}", {**DISTRIBUTED, **branch({"I": pass_()})}, ItemBatcher=batcher)
    expected = [{"BatchInput": {"x": 9}, "Items": [1, 2]}, {"BatchInput": {"x": 9}, "Items": [3]}]
    assert cloud.output(machine({"M": state}), {"most": 2, "x": 9}) == expected


def test_a_map_over_an_object(cloud: Cloud) -> None:
    inner = branch({"I": pass_("{% $states.input %}")})
    assert cloud.output(machine({"M": map_("{% $states.input %}", inner)}), {"a": 1, "b": 2}) == [
        {"Key": "a", "Value": 1},
        {"Key": "b", "Value": 2},
    ]


def test_a_concurrency_that_an_expression_gives(cloud: Cloud) -> None:
    state = map_("{% [1..4] %}", branch({"W": wait(1)}), MaxConcurrency="{% $states.input.most %}")
    ended = cloud.run(machine({"M": state}), {"most": 2})
    assert ended.status == "SUCCEEDED"
    assert 1.8 < ended.seconds < 4


def test_failures_tolerated_by_an_expression(cloud: Cloud) -> None:
    inner = {**DISTRIBUTED, **branch({"F": fail("X")})}
    tolerated = {"ToleratedFailureCount": "{% $states.input.most %}"}
    definition = machine({"M": map_("{% [1..3] %}", inner, **tolerated)})
    assert cloud.run(definition, {"most": 3}).status == "SUCCEEDED"
    assert cloud.run(definition, {"most": 2}).error == "States.ExceedToleratedFailureThreshold"
