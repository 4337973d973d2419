"""Stopping, redriving, names, lists, versions, and the actions that only check."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.contract.asl import branch, machine, parallel, pass_, wait
from tests.contract.cloud import Cloud

ONE = machine({"A": pass_()})


def test_redrive_goes_on_at_the_failed_state(cloud: Cloud) -> None:
    states = {"A": pass_(Assign={"q": 1}, Next="B"), "B": cloud.fails_until(2)}
    ended = cloud.run(machine(states))
    assert ended.status == "FAILED"
    cloud.states.redrive_execution(executionArn=ended.arn)
    again = cloud.end(ended.arn)
    assert again.status == "SUCCEEDED"
    assert again.described["redriveCount"] == 1
    assert cloud.event_types(ended.arn).count("PassStateEntered") == 1


def test_stop_during_a_wait(cloud: Cloud) -> None:
    key = cloud.unique("key-")
    called = {"op": "fail_until", "table": cloud.backend.table, "key": key, "count": 1}
    states = {"A": wait(3, Next="B"), "B": cloud.function(called)}
    execution = cloud.start(cloud.create(machine(states)))
    cloud.backend.sleep(0.6)
    cloud.states.stop_execution(executionArn=execution, error="E", cause="C")
    ended = cloud.end(execution)
    assert (ended.status, ended.error) == ("ABORTED", "E")
    cloud.backend.sleep(4)
    assert cloud.end(execution).status == "ABORTED"
    assert cloud.item(key) is None


def test_stop_inside_a_parallel_starts_nothing_new(cloud: Cloud) -> None:
    key = cloud.unique("key-")
    called = {"op": "fail_until", "table": cloud.backend.table, "key": key, "count": 1}
    inner = branch({"W": wait(2, Next="B"), "B": cloud.function(called)})
    execution = cloud.start(cloud.create(machine({"P": parallel(inner)})))
    cloud.backend.sleep(0.7)
    cloud.states.stop_execution(executionArn=execution)
    cloud.backend.sleep(3.5)
    assert cloud.item(key) is None


def test_same_name_and_input_is_the_same_execution(cloud: Cloud) -> None:
    arn = cloud.create(machine({"A": wait(3)}))
    assert cloud.start(arn, {"a": 1}, name="x1") == cloud.start(arn, {"a": 1}, name="x1")


def test_same_name_with_another_input(cloud: Cloud) -> None:
    arn = cloud.create(ONE)
    cloud.start(arn, {"a": 1}, name="x1")
    with pytest.raises(cloud.states.exceptions.ExecutionAlreadyExists):
        cloud.start(arn, {"a": 2}, name="x1")


@pytest.mark.parametrize("name", ["x" * 81, "a b", "manual__2024-01-01T00:00:00+00:00"])
def test_names_that_are_refused(cloud: Cloud, name: str) -> None:
    with pytest.raises(ClientError):
        cloud.start(cloud.create(ONE), name=name)


def test_list_by_status_in_pages(cloud: Cloud) -> None:
    arn = cloud.create(ONE)
    for execution in [cloud.start(arn) for _ in range(5)]:
        cloud.end(execution)
    first = cloud.states.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED", maxResults=2)
    rest = cloud.states.list_executions(
        stateMachineArn=arn, statusFilter="SUCCEEDED", maxResults=10, nextToken=first["nextToken"]
    )
    assert len(first["executions"]) == 2
    assert len(rest["executions"]) == 3


def test_described_fields(cloud: Cloud) -> None:
    described = cloud.run(ONE).described
    assert {"redriveCount", "redriveStatus", "inputDetails", "stateMachineArn"} <= set(described)


def test_update_does_not_change_a_running_execution(cloud: Cloud) -> None:
    arn = cloud.create(machine({"A": wait(2, Next="B"), "B": pass_("old")}))
    execution = cloud.start(arn)
    cloud.backend.sleep(0.5)
    changed = machine({"A": wait(2, Next="B"), "B": pass_("new")})
    cloud.states.update_state_machine(stateMachineArn=arn, definition=json.dumps(changed))
    assert cloud.end(execution).output == "old"


def test_executions_outlive_their_machine(cloud: Cloud) -> None:
    ended = cloud.run(ONE)
    cloud.states.delete_state_machine(stateMachineArn=ended.described["stateMachineArn"])
    assert cloud.states.describe_execution(executionArn=ended.arn)["status"] == "SUCCEEDED"


def test_start_by_alias(cloud: Cloud) -> None:
    states = cloud.states
    arn = cloud.create(machine({"A": pass_(1)}))
    version = states.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    routes = [{"stateMachineVersionArn": version, "weight": 100}]
    alias = states.create_state_machine_alias(name="PROD", routingConfiguration=routes)["stateMachineAliasArn"]
    states.update_state_machine(stateMachineArn=arn, definition=json.dumps(machine({"A": pass_(2)})))
    assert cloud.end(cloud.start(alias)).output == 1


def test_validation_reports_errors(cloud: Cloud) -> None:
    definition = json.dumps(machine({"A": pass_(Next="NOPE")}))
    answer = cloud.states.validate_state_machine_definition(definition=definition)
    assert answer["result"] == "FAIL"
    assert answer["diagnostics"]


def test_single_states(cloud: Cloud) -> None:
    passing = {"QueryLanguage": "JSONata", **pass_("{% $states.input.x + $v %}")}
    answer = cloud.states.test_state(
        definition=json.dumps(passing), input='{"x":1}', variables='{"v":2}', roleArn=cloud.backend.role
    )
    assert answer["output"] == "3"
    calling = {"QueryLanguage": "JSONata", **cloud.function({"a": "{% $states.input.x %}"})}
    answer = cloud.states.test_state(definition=json.dumps(calling), input='{"x":1}', roleArn=cloud.backend.role)
    assert json.loads(answer["output"]) == {"a": 1}


def test_express_machine_that_is_waited_for(cloud: Cloud) -> None:
    arn = cloud.create(machine({"A": pass_("{% $states.input.x %}")}), type="EXPRESS")
    answer = cloud.states.start_sync_execution(stateMachineArn=arn, input='{"x":3}')
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", "3")


def test_status_changes_reach_eventbridge(cloud: Cloud) -> None:
    sqs, events, name = cloud.client("sqs"), cloud.client("events"), cloud.unique()
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": queue_arn}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    pattern = {"source": ["aws.states"], "detail": {"status": ["SUCCEEDED", "FAILED"]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": queue_arn}])
    try:
        cloud.run(ONE)
        for _ in range(50):
            messages = sqs.receive_message(QueueUrl=queue).get("Messages", [])
            if messages:
                break
            cloud.backend.sleep(0.2)
        assert json.loads(messages[0]["Body"])["detail-type"] == "Step Functions Execution Status Change"
    finally:
        events.remove_targets(Rule=name, Ids=["1"])
        events.delete_rule(Name=name)
        sqs.delete_queue(QueueUrl=queue)
