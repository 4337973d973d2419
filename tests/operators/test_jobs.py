"""Jobs that Step Functions runs to their end: requests, answers, failures, permissions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.local.engine import TaskFailed
from tests.operators.aws_fake import Failure, FakeAws
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


NO_JOB = Failure("EntityNotFoundException", "no such job")
ROLE = "arn:aws:iam::1:role/r"
MADE: dict[str, Any] = {
    "glue:GetJob": NO_JOB,
    "iam:GetRole": lambda asked: {"Role": {"Arn": f"arn:aws:iam::1:role/{asked['RoleName']}"}},
    "glue:CreateJob": {"Name": "load 2024-01-15"},
    "glue:startJobRun.sync": {"Id": "jr_1"},
}


class WithS3(FakeAws):
    """Its S3 is moto's: boto3 puts methods of its own over botocore's there."""

    def client(self, service: str, **arguments: Any) -> Any:
        return Lender().client(service, **arguments) if service == "s3" else super().client(service, **arguments)


def test_a_glue_job_is_made(project: Project, aws: Lender, actions: Any) -> None:
    bucket = aws.client("s3")
    bucket.create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    script = project.folder / "etl.py"
    script.write_text("print('etl')")
    text = GLUE.format(f"script_location='{script}', s3_bucket='bkt', iam_role_name='r', num_of_dpus=3")
    fake = WithS3(MADE)
    result = project.run(text, fake.services, fake)
    assert result.xcoms["job"]["return_value"] == "jr_1", result.errors
    job = {
        "Name": "load 2024-01-15",
        "Description": "AWS Glue Job with Airflow",
        "Role": ROLE,
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "Command": {"Name": "glueetl", "ScriptLocation": "s3://bkt/artifacts/glue-scripts/etl.py"},
        "MaxRetries": 0,
        "MaxCapacity": 3,
        "LogUri": "s3://bkt/logs/glue-logs/load 2024-01-15",
    }
    assert fake.asked("glue:CreateJob") == [job]
    stored = bucket.get_object(Bucket="bkt", Key="artifacts/glue-scripts/etl.py")
    assert stored["Body"].read() == b"print('etl')"
    granted = actions(project.translate(text.replace("=3", "=3, update_config=True")).manifest["task_permissions"])
    assert {"glue:CreateJob", "glue:UpdateJob", "iam:PassRole", "iam:GetRole", "s3:PutObject"} <= granted.keys()
    assert granted["iam:PassRole"] == ["arn:${AWS::Partition}:iam::${AWS::AccountId}:role/r"]


def test_a_glue_job_that_exists(project: Project) -> None:
    """It is changed with update_config only, and only if it is otherwise."""

    def text(create: str) -> str:
        return GLUE.format(f"script_location='s3://b/x.py', iam_role_arn='{ROLE}', create_job_kwargs={create}")

    kept = {**MADE, "glue:GetJob": {"Job": {"Name": "load 2024-01-15"}}, "glue:UpdateJob": {}}
    for more, changes in (("{}", 0), ("{}, update_config=True", 1)):
        aws = FakeAws(kept)
        assert project.run(text(more), aws.services, aws).tasks["job"] == "success"
        assert (len(aws.asked("glue:CreateJob")), len(aws.asked("glue:UpdateJob"))) == (0, changes)
    (changed,) = aws.asked("glue:UpdateJob")
    assert changed["JobUpdate"]["Command"] == {"Name": "glueetl", "ScriptLocation": "s3://b/x.py"}
    aws = FakeAws({**kept, "glue:GetJob": {"Job": {"Name": "load 2024-01-15", **changed["JobUpdate"]}}})
    assert project.run(text("{}, update_config=True"), aws.services, aws).tasks["job"] == "success"
    assert not aws.asked("glue:UpdateJob")
    tags = {
        "sts:GetCallerIdentity": {"Account": "1"},
        "glue:GetTags": {"Tags": {"old": "x"}},
        "glue:TagResource": {},
        "glue:UntagResource": {},
    }
    aws = FakeAws({**kept, **tags})
    assert project.run(text("{'Tags': {'a': 'b'}}, update_config=True"), aws.services, aws).tasks["job"] == ("success")
    assert aws.asked("glue:TagResource")[0]["TagsToAdd"] == {"a": "b"}
    assert aws.asked("glue:UntagResource")[0]["TagsToRemove"] == ["old"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("iam_role_name='r', iam_role_arn='a'", "simultaneously"),
        ("iam_role_arn='a', create_job_kwargs={'WorkerType': 'G.1X'}", "NumberOfWorkers"),
        (
            "iam_role_arn='a', num_of_dpus=2, create_job_kwargs={'WorkerType': 'G.1X', 'NumberOfWorkers': 2}",
            "num_of_dpus",
        ),
        ("iam_role_name='nobody'", "no such role"),
    ],
)
def test_a_glue_job_that_can_not_be_made(project: Project, arguments: str, error: str) -> None:
    aws = FakeAws({**MADE, "iam:GetRole": Failure("NoSuchEntity", "no such role")})
    result = project.run(GLUE.format(f"script_location='s3://b/x.py', {arguments}"), aws.services, aws)
    assert result.tasks == {"job": "failed"}
    assert error in result.errors["job"]


def test_notes_and_the_limit_of_a_glue_job(project: Project, actions: Any) -> None:
    translated = project.translate(GLUE.format("deferrable=True, sleep_before_return=10, durable=True"))
    assert [each.message.partition(" ")[0] for each in translated.problems] == ["sleep_before_return", "durable"]
    assert translated.definition["States"]["job"]["TimeoutSeconds"] == 60 * 75
    assert "glue:CreateJob" not in actions(translated.manifest["task_permissions"])


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
