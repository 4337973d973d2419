"""Jobs that Step Functions runs to their end: requests, answers, failures, permissions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.local.engine import TaskFailed
from tests.operators.conftest import Lender, Project, Services

GLUE = """
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
GlueJobOperator(task_id="job", dag=dag, job_name="load {{{{ ds }}}}", {})
"""
ECS = """
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
EcsRunTaskOperator(task_id="job", dag=dag, task_definition="etl", cluster="c", launch_type="FARGATE",
    overrides={{"containerOverrides": [{{"name": "main", "command": ["run", "{{{{ ds }}}}"],
                                         "environment": [{{"name": "A", "value": "b"}}]}}]}}, {})
"""
BATCH = """
from airflow.providers.amazon.aws.operators.batch import BatchOperator
BatchOperator(task_id="job", dag=dag, job_name="n", job_definition="d:1", job_queue="q",
    parameters={{"day": "{{{{ ds }}}}"}}, tags={{"team": "x"}},
    container_overrides={{"resourceRequirements": [{{"type": "VCPU", "value": "1"}}]}}, {})
"""
TASK = {"TaskArn": "arn:aws:ecs:eu-west-1:1:task/c/t1", "LastStatus": "STOPPED", "Containers": [{"ExitCode": 0}]}


def stopped(code: int) -> TaskFailed:
    return TaskFailed("States.TaskFailed", json.dumps({**TASK, "Containers": [{"ExitCode": code}]}))


def test_a_glue_job(project: Project) -> None:
    run = {"Id": "jr_1", "JobName": "load 2024-01-15", "JobRunState": "SUCCEEDED"}
    busy = TaskFailed("Glue.ConcurrentRunsExceededException", "busy")
    services = Services({"glue:startJobRun.sync": [busy, run]})
    arguments = 'script_args={"--day": "{{ ds }}", "--n": 1}, run_job_kwargs={"NumberOfWorkers": 2}, region_name=None'
    result = project.run(GLUE.format(arguments), services)
    request = {
        "JobName": "load 2024-01-15",
        "Arguments": {"--day": "2024-01-15", "--n": "1"},
        "NumberOfWorkers": 2,
    }
    assert services.calls == [("glue:startJobRun.sync", request)] * 2
    xcoms = result.xcoms["job"]
    assert (xcoms["return_value"], xcoms["glue_job_run_id"]) == ("jr_1", "jr_1")
    assert xcoms["glue_job_run_details"]["job_name"] == "load%202024-01-15"


def test_a_glue_job_that_fails_is_tried_again(project: Project) -> None:
    failed = TaskFailed("States.TaskFailed", json.dumps({"JobRunState": "FAILED", "ErrorMessage": "no such table"}))
    services = Services({"glue:startJobRun.sync": failed})
    result = project.run(GLUE.format("retries=1, retry_delay=timedelta(seconds=1)"), services)
    assert (result.tasks["job"], len(services.calls)) == ("failed", 2)
    assert "no such table" in result.errors["job"]


def test_nobody_waits(project: Project) -> None:
    services = Services({"glue:startJobRun": {"JobRunId": "jr_1"}})
    assert project.run(GLUE.format("wait_for_completion=False"), services).xcoms["job"]["return_value"] == "jr_1"
    services = Services({"batch:submitJob": {"JobId": "b", "JobName": "n"}})
    assert project.run(BATCH.format("wait_for_completion=False"), services).xcoms["job"]["return_value"] == "b"
    services = Services({"ecs:runTask": {"Tasks": [TASK], "Failures": []}})
    result = project.run(ECS.format("wait_for_completion=False"), services)
    assert result.xcoms["job"] == {"ecs_task_arn": TASK["TaskArn"]}
    services = Services({"ecs:runTask": {"Tasks": [], "Failures": [{"Reason": "RESOURCE:CPU"}]}})
    assert "RESOURCE:CPU" in project.run(ECS.format("wait_for_completion=False"), services).errors["job"]


@pytest.mark.parametrize("argument", ['script_location="s3://b/x.py"', 'iam_role_name="r"', "update_config=True"])
def test_making_a_glue_job_is_refused(project: Project, argument: str) -> None:
    ((code, message),) = project.refused(GLUE.format(argument))
    assert code == "unsupported-argument"
    assert argument.partition("=")[0] in message


def test_an_ecs_task(project: Project) -> None:
    services = Services({"ecs:runTask.sync": TASK})
    arguments = """network_configuration={"awsvpcConfiguration": {"subnets": ["s"], "assignPublicIp": "ENABLED"}},
        tags={"team": "x"}, owner="me" """
    result = project.run(ECS.format(arguments), services)
    ((_, request),) = services.calls
    assert request == {
        "Cluster": "c",
        "TaskDefinition": "etl",
        "LaunchType": "FARGATE",
        "StartedBy": "me",
        "Overrides": {
            "ContainerOverrides": [
                {"Name": "main", "Command": ["run", "2024-01-15"], "Environment": [{"Name": "A", "Value": "b"}]}
            ]
        },
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["s"], "AssignPublicIp": "ENABLED"}},
        "Tags": [{"Key": "team", "Value": "x"}],
    }
    assert result.xcoms["job"] == {"ecs_task_arn": TASK["TaskArn"]}


def test_the_last_line_of_an_ecs_tasks_log(project: Project, aws: Lender) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/etl")
    logs.create_log_stream(logGroupName="/etl", logStreamName="ecs/main/t1")
    from time import time

    now = int(time() * 1000)
    events = [{"timestamp": now + i, "message": text} for i, text in enumerate(("first", "42 rows"))]
    logs.put_log_events(logGroupName="/etl", logStreamName="ecs/main/t1", logEvents=events)
    arguments = 'awslogs_group="/etl", awslogs_stream_prefix="ecs", container_name="main"'
    result = project.run(ECS.format(arguments), Services({"ecs:runTask.sync": TASK}), aws)
    assert result.xcoms["job"]["return_value"] == "42 rows"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(stopped(99), "skipped"), (stopped(1), "failed"), (TaskFailed("ECS.InvalidParameterException", "no"), "failed")],
)
def test_exit_codes(project: Project, error: TaskFailed, outcome: str) -> None:
    result = project.run(ECS.format("skip_on_exit_code=99"), Services({"ecs:runTask.sync": error}))
    assert result.tasks["job"] == outcome
    result = project.run(ECS.format(""), Services({"ecs:runTask.sync": error}))
    assert result.tasks["job"] == "failed"


def test_a_batch_job(project: Project) -> None:
    job = {"JobId": "b", "JobDefinition": "arn:d", "JobQueue": "arn:q", "Status": "SUCCEEDED"}
    services = Services({"batch:submitJob.sync": job})
    result = project.run(BATCH.format("submit_job_timeout=60, array_properties={'size': 3}"), services)
    ((_, request),) = services.calls
    assert request == {
        "JobName": "n",
        "JobQueue": "q",
        "JobDefinition": "d:1",
        "Parameters": {"day": "2024-01-15"},
        "Tags": {"team": "x"},
        "ContainerOverrides": {"ResourceRequirements": [{"Type": "VCPU", "Value": "1"}]},
        "ArrayProperties": {"Size": 3},
        "Timeout": {"AttemptDurationSeconds": 60},
    }
    assert result.xcoms["job"]["return_value"] == "b"
    assert result.xcoms["job"]["batch_job_queue"]["job_queue_arn"] == "arn:q"


def test_permissions(project: Project, actions: Any) -> None:
    def of(text: str, role: str = "permissions") -> dict[str, list[str]]:
        return dict(actions(project.translate(text).manifest[role]))

    here = "${AWS::Region}:${AWS::AccountId}"
    assert of(GLUE.replace(" {{{{ ds }}}}", "").format(""))["glue:BatchStopJobRun"] == [
        f"arn:${{AWS::Partition}}:glue:{here}:job/load"
    ]
    assert of(GLUE.format("wait_for_completion=False")).keys() == {"glue:StartJobRun"}
    ecs = of(ECS.format('awslogs_group="/etl"'))
    definition = f"arn:${{AWS::Partition}}:ecs:{here}:task-definition/etl"
    assert ecs["ecs:RunTask"] == [definition, f"{definition}:*"]
    assert ecs["events:PutRule"] == [f"arn:${{AWS::Partition}}:events:{here}:rule/StepFunctionsGetEventsForECSTaskRule"]
    (role,) = (row for row in project.translate(ECS.format("")).manifest["permissions"] if "condition" in row)
    assert role["actions"] == ["iam:PassRole"]
    assert role["condition"] == {"StringLike": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    group = "arn:${AWS::Partition}:logs:*:${AWS::AccountId}:log-group:/etl:*"
    assert of(ECS.format('awslogs_group="/etl"'), "task_permissions")["logs:GetLogEvents"] == [group]
    assert {"batch:SubmitJob", "batch:TerminateJob", "events:PutTargets"} <= of(BATCH.format("")).keys()


def test_what_is_noted_or_refused(project: Project) -> None:
    assert [each.code for each in project.translate(GLUE.format("verbose=True")).problems] == ["unused-argument"]
    assert [each.code for each in project.translate(ECS.format("skip_on_exit_code=[1], retries=1")).problems] == [
        "skip-after-retries"
    ]
    assert [each.code for each in project.translate(BATCH.format("awslogs_enabled=True")).problems] == [
        "unused-argument"
    ]
    noted = project.translate(ECS.format("reattach=True, number_logs_exception=50")).problems
    assert [each.message.partition(" ")[0] for each in noted] == ["reattach", "number_logs_exception"]
    assert not project.translate(ECS.format("reattach=False, number_logs_exception=10")).problems
    assert project.refused(BATCH.format('wait_for_completion="{{ params.w }}"'))
    assert project.refused(BATCH.format("waiters=object()"))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("glue", "GlueJobOperator"),
        ("ecs", "EcsRunTaskOperator"),
        ("batch", "BatchOperator"),
        ("lambda_function", "LambdaInvokeFunctionOperator"),
        ("step_function", "StepFunctionStartExecutionOperator"),
        ("sns", "SnsPublishOperator"),
        ("sqs", "SqsPublishOperator"),
        ("eventbridge", "EventBridgePutEventsOperator"),
        *(("s3", f"S3{each}Operator") for each in ("CopyObject", "CreateObject", "DeleteObjects", "List")),
    ],
)
def test_mapped_over_what_another_task_says(project: Project, module: str, name: str) -> None:
    """Nothing of what decides on permissions is known then; the machine is made all the same."""
    text = f"""
from airflow.providers.amazon.aws.operators.{module} import {name}
with dag:
    first = PythonOperator(task_id="first", python_callable=list)
    {name}.partial(task_id="each").expand_kwargs(first.output)
"""
    manifest = project.translate(text).manifest
    granted = [*manifest["permissions"], *manifest["task_permissions"]]
    own = [row for row in granted if "task each" in row["reason"] and not row["reason"].startswith("Airflow")]
    assert any("*" in resource for row in own for resource in row["resources"])
