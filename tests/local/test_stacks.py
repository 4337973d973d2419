"""CloudFormation in the running server: the resource types that are ours, versions of functions, events."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.local.conftest import ROLE, Client, make_function, zipped

pytestmark = pytest.mark.local_aws

DEFINITION = {
    "QueryLanguage": "JSONata",
    "StartAt": "Call",
    "States": {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "${TaskFunction}"},
            "Output": "{% $states.result.Payload %}",
            "End": True,
        }
    },
}


def template(answer: str, hour: int) -> str:
    """A function with a version, a machine whose definition is in S3, a version of it, a schedule, a rule."""
    resources = {
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "stack-function",
                "Runtime": "python3.11",
                "Handler": "app.handler",
                "Role": ROLE,
                "Code": {"S3Bucket": "stack-assets", "S3Key": f"{answer}.zip"},
            },
        },
        f"Version{answer}": {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": {"Ref": "Function"}},
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": "stack-machine",
                "RoleArn": ROLE,
                "DefinitionS3Location": {"Bucket": "stack-assets", "Key": "definition.json"},
                "DefinitionSubstitutions": {"TaskFunction": {"Ref": f"Version{answer}"}},
                "LoggingConfiguration": {"Level": "ERROR", "IncludeExecutionData": "true"},
                "Tags": [{"Key": "answer", "Value": answer}],
            },
        },
        "Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "ScheduleExpression": f"cron(0 {hour} * * ? *)",
                "ScheduleExpressionTimezone": "Asia/Seoul",
                "StartDate": "2024-01-01T00:00:00.000Z",
                "ActionAfterCompletion": "DELETE",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": {"Ref": f"Version{answer}"},
                    "RoleArn": ROLE,
                    "RetryPolicy": {"MaximumRetryAttempts": "3"},
                },
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["stack.tests"]},
                "Targets": [{"Id": "machine", "Arn": {"Ref": "Machine"}, "RoleArn": ROLE}],
            },
        },
    }
    outputs = {
        "Version": {"Value": {"Ref": f"Version{answer}"}},
        "Machine": {"Value": {"Fn::GetAtt": ["Machine", "Arn"]}},
        "Schedule": {"Value": {"Ref": "Schedule"}},
    }
    return json.dumps({"Resources": resources, "Outputs": outputs})


def outputs(client: Client) -> dict[str, str]:
    (stack,) = client("cloudformation").describe_stacks(StackName="ours")["Stacks"]
    assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), stack.get("StackStatusReason")
    return {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}


def wait_until_settled(client: Client, wait_for: Callable[..., Any]) -> None:
    def settled() -> bool:
        (stack,) = client("cloudformation").describe_stacks(StackName="ours")["Stacks"]
        return not stack["StackStatus"].endswith("_IN_PROGRESS")

    wait_for(settled, 30)


def result(client: Client, wait_for: Callable[..., Any], machine: str) -> Any:
    sfn = client("stepfunctions")
    arn = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    wait_for(lambda: sfn.describe_execution(executionArn=arn)["status"] != "RUNNING")
    return json.loads(sfn.describe_execution(executionArn=arn)["output"])


def test_a_stack_is_created_updated_and_deleted(client: Client, wait_for: Callable[..., Any]) -> None:
    s3, cloudformation = client("s3"), client("cloudformation")
    s3.create_bucket(Bucket="stack-assets")
    s3.put_object(Bucket="stack-assets", Key="definition.json", Body=json.dumps(DEFINITION).encode())
    for answer in ("One", "Two"):
        code = zipped(app=f"def handler(event, context): return '{answer}'")
        s3.put_object(Bucket="stack-assets", Key=f"{answer}.zip", Body=code)

    cloudformation.create_stack(StackName="ours", TemplateBody=template("One", 5))
    wait_until_settled(client, wait_for)
    first = outputs(client)
    assert result(client, wait_for, first["Machine"]) == "One"
    schedule = client("scheduler").get_schedule(Name=first["Schedule"])
    assert schedule["ScheduleExpressionTimezone"] == "Asia/Seoul"
    assert schedule["StartDate"].isoformat() >= "2024-01-01"
    assert (schedule["ActionAfterCompletion"], schedule["Target"]["RetryPolicy"]) == (
        "DELETE",
        {"MaximumRetryAttempts": 3},
    )
    logging = client("stepfunctions").describe_state_machine(stateMachineArn=first["Machine"])["loggingConfiguration"]
    assert (logging["level"], logging["includeExecutionData"]) == ("ERROR", True)

    cloudformation.update_stack(StackName="ours", TemplateBody=template("Two", 6))
    wait_until_settled(client, wait_for)
    second = outputs(client)
    assert (second["Machine"], second["Schedule"]) == (first["Machine"], first["Schedule"])
    assert second["Version"] != first["Version"]
    assert result(client, wait_for, second["Machine"]) == "Two"
    assert client("scheduler").get_schedule(Name=first["Schedule"])["ScheduleExpression"] == "cron(0 6 * * ? *)"
    tags = client("stepfunctions").list_tags_for_resource(resourceArn=second["Machine"])["tags"]
    assert {"key": "answer", "value": "Two"} in tags

    client("events").put_events(Entries=[{"Source": "stack.tests", "DetailType": "go", "Detail": "{}"}])
    executions = client("stepfunctions").list_executions
    wait_for(lambda: len(executions(stateMachineArn=second["Machine"])["executions"]) == 3)

    cloudformation.delete_stack(StackName="ours")
    wait_for(lambda: not any(s["Name"] == first["Schedule"] for s in client("scheduler").list_schedules()["Schedules"]))
    machines = client("stepfunctions").list_state_machines
    wait_for(lambda: not any(m["name"] == "stack-machine" for m in machines()["stateMachines"]))


def test_a_published_version_keeps_its_code(client: Client) -> None:
    lambdas = client("lambda")
    make_function(client, "published", "def handler(event, context): return [context.function_version, 'old']")
    first = lambdas.publish_version(FunctionName="published")["Version"]
    lambdas.create_alias(FunctionName="published", Name="live", FunctionVersion=first)
    code = zipped(app="def handler(event, context): return [context.function_version, 'new']")
    lambdas.update_function_code(FunctionName="published", ZipFile=code)
    answers = [
        json.loads(lambdas.invoke(FunctionName="published", **qualifier)["Payload"].read())
        for qualifier in ({"Qualifier": first}, {"Qualifier": "live"}, {})
    ]
    assert answers == [[first, "old"], [first, "old"], ["$LATEST", "new"]]


def test_a_function_s_log_reaches_cloudwatch(client: Client, wait_for: Callable[..., Any]) -> None:
    make_function(
        client, "talks", "def handler(event, context):\n    print('hello', event)\n    raise KeyError('gone')"
    )
    answer = client("lambda").invoke(FunctionName="talks", Payload=b"5")
    assert (answer["FunctionError"], json.loads(answer["Payload"].read())["errorType"]) == ("Unhandled", "KeyError")

    def events() -> Any:
        try:
            return client("logs").filter_log_events(logGroupName="/aws/lambda/talks")["events"]
        except client("logs").exceptions.ResourceNotFoundException:
            return None

    found = [event["message"] for event in wait_for(events)]
    assert "hello 5" in found
    assert "[ERROR] KeyError: 'gone'" in found


def test_a_function_reaches_the_services(client: Client) -> None:
    code = "import boto3\ndef handler(event, context):\n    return boto3.client('sts').get_caller_identity()['Account']"
    make_function(client, "calls", code)
    answer = client("lambda").invoke(FunctionName="calls")
    assert json.loads(answer["Payload"].read()) == "000000000000"


def test_an_execution_s_end_is_an_event(client: Client, wait_for: Callable[..., Any]) -> None:
    sqs, events, sfn = client("sqs"), client("events"), client("stepfunctions")
    url = sqs.create_queue(QueueName="status-changes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.states"], "detail": {"status": ["FAILED"]}}
    events.put_rule(Name="failed", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="failed", Targets=[{"Id": "queue", "Arn": arn}])
    definition = {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "Why", "Cause": "because"}}}
    machine = sfn.create_state_machine(name="fails", definition=json.dumps(definition), roleArn=ROLE)
    execution = sfn.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
    (message,) = wait_for(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    event = json.loads(message["Body"])
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert (event["detail"]["executionArn"], event["detail"]["error"]) == (execution, "Why")
