"""LambdaInvokeFunctionOperator and StepFunctionStartExecutionOperator on the engine, with faked services."""

from __future__ import annotations

import json
from typing import Any

from infra.local.engine import TaskFailed
from tests.operators.conftest import Project, Services

INVOKE = "lambda:invoke"
FUNCTION = """
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
LambdaInvokeFunctionOperator(task_id="call", dag=dag, {})
"""
MACHINE = """
from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator
StepFunctionStartExecutionOperator(task_id="start", dag=dag, {})
"""
ARN = "arn:aws:states:eu-west-1:1:stateMachine:m"


def test_a_function_is_invoked(project: Project) -> None:
    services = Services({INVOKE: {"ExecutedVersion": "1", "Payload": {"rows": 3}, "StatusCode": 200}})
    arguments = 'function_name="f-{{ ds_nodash }}", qualifier="live", payload=\'{"day": "{{ ds }}"}\''
    result = project.run(FUNCTION.format(arguments), services)
    asked = {"FunctionName": "f-20240115", "Qualifier": "live", "Payload": {"day": "2024-01-15"}}
    assert services.calls == [(INVOKE, asked)]
    assert result.xcoms["call"] == {"return_value": '{"rows": 3}'}


def test_a_function_that_nobody_waits_for(project: Project) -> None:
    services = Services({INVOKE: {"StatusCode": 202}})
    result = project.run(FUNCTION.format('function_name="f", invocation_type="Event"'), services)
    assert services.calls[0][1] == {"FunctionName": "f", "InvocationType": "Event"}
    assert result.xcoms["call"] == {"return_value": ""}


def test_a_function_that_fails(project: Project) -> None:
    error = TaskFailed("ValueError", json.dumps({"errorMessage": "no such day", "errorType": "ValueError"}))
    services = Services({INVOKE: [TaskFailed("Lambda.TooManyRequestsException", "later"), error]})
    result = project.run(FUNCTION.format('function_name="f", retries=1, retry_delay=timedelta(seconds=1)'), services)
    assert (result.tasks["call"], result.errors["call"]) == ("failed", "no such day")
    assert len(services.calls) == 3


def test_a_payload_that_is_no_json(project: Project) -> None:
    result = project.run(FUNCTION.format('function_name="f", payload="day={{ ds }}"'), Services({}))
    assert result.errors["call"].startswith("payload is not JSON")


def test_permissions_and_notes_of_a_function(project: Project, actions: Any) -> None:
    translation = project.translate(FUNCTION.format('function_name="f", log_type="Tail", region_name="eu-west-1"'))
    function = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:f"
    assert actions(translation.manifest["permissions"]) == {"lambda:InvokeFunction": [function, f"{function}:*"]}
    assert {each.code for each in translation.problems} == {"unused-argument"}
    assert len(translation.problems) == 2


def test_an_execution_is_started(project: Project) -> None:
    services = Services({"states:startExecution": {"ExecutionArn": "arn:x", "StartDate": 0}})
    arguments = f'state_machine_arn="{ARN}", name="n-{{{{ ds }}}}", state_machine_input={{"day": "{{{{ ds }}}}"}}'
    result = project.run(MACHINE.format(arguments), services)
    asked = {"StateMachineArn": ARN, "Name": "n-2024-01-15", "Input": {"day": "2024-01-15"}}
    assert services.calls == [("states:startExecution", asked)]
    assert result.xcoms["start"]["return_value"] == "arn:x"
    assert result.xcoms["start"]["_state_machine_details"]["state_machine_arn"] == ARN
    assert result.xcoms["start"]["_state_machine_executions_details"]["execution_arn"] == "arn:x"


def test_an_execution_is_waited_for(project: Project, actions: Any) -> None:
    text = MACHINE.format(f'state_machine_arn="{ARN}", deferrable=True, waiter_delay=10, waiter_max_attempts=6')
    translation = project.translate(text)
    state = translation.definition["States"]["start"]
    assert (state["Resource"], state["TimeoutSeconds"]) == ("arn:aws:states:::states:startExecution.sync:2", 60)
    granted = actions(translation.manifest["permissions"])
    assert granted["states:StartExecution"] == [ARN]
    assert granted["states:StopExecution"] == ["arn:aws:states:eu-west-1:1:execution:m:*"]
    failed = TaskFailed("States.TaskFailed", json.dumps({"Status": "FAILED", "Cause": "x"}))
    assert project.run(text, Services({"states:startExecution.sync:2": failed})).tasks == {"start": "failed"}


def test_a_redrive_is_refused(project: Project) -> None:
    ((code, _),) = project.refused(MACHINE.format(f'state_machine_arn="{ARN}", name="n", is_redrive_execution=True'))
    assert code == "unsupported-argument"
