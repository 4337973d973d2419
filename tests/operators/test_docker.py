"""DockerOperator: what ECS is asked for, what the container's end means, what is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from time import time
from typing import Any

import pytest

from dag_translator.pipeline import Translation
from infra.cli.inprocess import Meter, run_dag
from infra.cli.services import AwsServices
from infra.cli.simulation import PretendedServices, pretend, read_plan
from infra.local.engine import TaskCall, TaskFailed
from infra.local.integrations.jobs import JOBS, run_job
from lambdas.tasks.native.jobs import pascal
from tests.operators.aws_fake import FakeAws
from tests.operators.conftest import LOGICAL_DATE, Lender, Project, Services
from tests.operators.test_jobs import stopped

TEXT = """
from airflow.providers.docker.operators.docker import DockerOperator
DockerOperator(task_id="run", dag=dag, {})
"""
RUN = "ecs:runTask.sync"
ARN = "arn:aws:ecs:eu-west-1:1:task/c/t1"
TASK = {"TaskArn": ARN, "LastStatus": "STOPPED", "Containers": [{"Name": "task", "ExitCode": 0}]}
PLAIN = 'image="python:3.13", command="python -c \'print(1)\' {{{{ ds }}}}"'.replace("{{{{", "{{").replace("}}}}", "}}")


def text(arguments: str) -> str:
    return TEXT.replace("{}", arguments)


@pytest.fixture
def logs(aws: Lender, monkeypatch: pytest.MonkeyPatch) -> Lender:
    """What the container printed."""
    monkeypatch.setenv("AIRSTEP_CONTAINER_LOGS", "/images")
    client = aws.client("logs")
    client.create_log_group(logGroupName="/images")
    client.create_log_stream(logGroupName="/images", logStreamName="task/task/t1")
    now = int(time() * 1000)
    events = [{"timestamp": now + i, "message": line} for i, line in enumerate(("first ", "42 rows"))]
    client.put_log_events(logGroupName="/images", logStreamName="task/task/t1", logEvents=events)
    return aws


def test_the_image_is_deployed_and_its_command_handed_over(project: Project, logs: Lender) -> None:
    arguments = f"""{PLAIN}, environment={{"DAY": "{{{{ ds }}}}", "N": 1}}, mem_limit="3g", cpus=0.5, user=1000,
        entrypoint="sh -c", working_dir="/app", labels=["a"], tty=True, auto_remove="force" """
    services = Services({RUN: TASK})
    result = project.run(text(arguments), services, logs)
    ((_, request),) = services.calls
    assert request["Overrides"] == {
        "ContainerOverrides": [
            {
                "Name": "task",
                "Command": ["python", "-c", "print(1)", "2024-01-15"],
                "Environment": [{"Name": "DAY", "Value": "2024-01-15"}, {"Name": "N", "Value": "1"}],
            }
        ]
    }
    manifest = project.translate(text(arguments)).manifest
    assert manifest["images"] == {
        request["TaskDefinition"]: {
            "image": "python:3.13",
            "cpu": 512,
            "memory": 3072,
            "limit": 3072,
            "entry_point": ["sh", "-c"],
            "working_directory": "/app",
            "user": "1000",
            "tty": True,
            "labels": {"a": ""},
            "tmp_dir": "/tmp/airflow",
        }
    }
    assert result.xcoms["run"]["return_value"] == "42 rows"


@pytest.mark.parametrize(
    ("more", "pushed"),
    [("xcom_all=True", ["first", "42 rows"]), ("do_xcom_push=False", None)],
)
def test_what_is_pushed(project: Project, logs: Lender, more: str, pushed: Any) -> None:
    result = project.run(text(f"{PLAIN}, {more}"), Services({RUN: TASK}), logs)
    assert result.xcoms.get("run", {}).get("return_value") == pushed


def test_a_container_that_printed_nothing(project: Project) -> None:
    assert project.run(text(PLAIN), Services({RUN: TASK})).xcoms.get("run") is None


@pytest.mark.parametrize(
    ("error", "outcome", "calls"),
    [
        (stopped(99), "skipped", 1),  # at once, whatever retries are left
        (stopped(1), "failed", 2),
        (TaskFailed("ECS.InvalidParameterException", "no"), "failed", 2),
        (TaskFailed("States.TaskFailed", json.dumps({**TASK, "Containers": [{"Reason": "no image"}]})), "failed", 2),
    ],
)
def test_exit_codes(project: Project, error: TaskFailed, outcome: str, calls: int) -> None:
    services = Services({RUN: error})
    result = project.run(text(f"{PLAIN}, skip_on_exit_code=[98, 99], retries=1"), services)
    assert (result.tasks["run"], len(services.calls)) == (outcome, calls)
    if "no image" in str(error.cause):
        assert "did not run: no image" in result.errors["run"]


def test_the_request_is_one_that_ecs_takes(project: Project) -> None:
    """Checked against the service's model."""
    answer = {"taskArn": ARN, "lastStatus": "STOPPED", "containers": [{"name": "task", "exitCode": 0}]}
    aws = FakeAws({RUN: pascal(answer)})
    result = project.run(text(f'{PLAIN}, environment={{"A": 1}}'), aws.services, aws)
    assert result.tasks["run"] == "success"
    (sent,) = aws.asked("ecs:RunTask")
    assert sent["overrides"]["containerOverrides"][0]["environment"] == [{"name": "A", "value": "1"}]


@dataclass
class Endless:
    """ECS, whose tasks run until they are stopped."""

    calls: list[tuple[str, Any]] = field(default_factory=list)

    async def call(self, resource: str, arguments: Any, call: TaskCall) -> Any:
        assert resource.endswith(RUN)
        return await run_job(JOBS["ecs", "runTask"], self._act, "runTask", arguments, call)

    async def _act(self, action: str, request: Any) -> Any:
        self.calls.append((action, request))
        running = {"TaskArn": ARN, "LastStatus": "RUNNING", "Containers": [{"Name": "task"}]}
        return {"Tasks": [running], "Failures": []}


def test_a_task_that_takes_too_long_stops_its_container(project: Project) -> None:
    ecs = Endless()
    result = project.run(text(f"{PLAIN}, execution_timeout=timedelta(minutes=1)"), ecs)
    assert result.tasks["run"] == "failed"
    assert ecs.calls[-1] == ("stopTask", {"Cluster": "in-process", "Task": ARN})


def test_a_run_that_is_stopped_stops_its_container(project: Project) -> None:
    """A failure elsewhere in a `fail_fast` DAG cancels what runs."""
    ecs = Endless()
    other = """
from airflow.providers.standard.sensors.time_delta import WaitSensor
with DAG("d", schedule=None, start_date=datetime(2024, 1, 1), fail_fast=True) as dag:
    def fail():
        raise ValueError
    WaitSensor(task_id="hour", time_to_wait=timedelta(hours=1)) >> PythonOperator(task_id="no", python_callable=fail)
"""
    assert project.run(other + text(PLAIN), ecs).state == "failed"
    assert ecs.calls[-1][0] == "stopTask"


def test_a_second_try_is_asked_anew(project: Project) -> None:
    services = Services({RUN: [stopped(1), TASK]})
    arguments = 'image="x", command=["{{ ti.try_number }}"], retries=1'
    assert project.run(text(arguments), services).tasks["run"] == "success"
    given = [request["Overrides"]["ContainerOverrides"][0]["Command"] for _, request in services.calls]
    assert given == [["1"], ["2"]]


def test_without_a_command_the_images_own_runs(project: Project) -> None:
    services = Services({RUN: TASK})
    project.run(text('image="x", mount_tmp_dir=False'), services)
    assert services.calls[0][1]["Overrides"] == {"ContainerOverrides": [{"Name": "task"}]}
    (made,) = project.translate(text('image="x", mount_tmp_dir=False')).manifest["images"].values()
    assert made == {"image": "x", "cpu": 1024, "memory": 2048}


@pytest.mark.parametrize(
    "arguments",
    [
        'image="x", mounts=[{"target": "/data", "source": "vol"}]',
        'image="x", privileged=True',
        'image="x", device_requests=[1]',
        'image="x", network_mode="none"',
        'image="x", network_mode="container:other"',
        'image="x", cap_add=["NET_ADMIN"]',
        'image="x", private_environment={"A": "b"}',
        'image="x", env_file="a=b"',
        'image="x", docker_conn_id="{{ var.value.registry }}"',
        'image="x", retrieve_output=True, retrieve_output_path="/out"',
        'image="x", hostname="h"',
        'image="{{ params.image }}"',
        'image="x", cpus=17',
        'image="x", mem_limit="much"',
        'image="x", mem_limit="200g"',
    ],
)
def test_what_ecs_cannot_do_is_refused(project: Project, arguments: str) -> None:
    ((code, message),) = project.refused(text(arguments))
    assert code in ("unsupported-argument", "invalid-argument")
    assert "DockerOperator" in message


def test_an_execute_around_it_is_refused(project: Project) -> None:
    own = """
from airflow.providers.docker.operators.docker import DockerOperator
class Mine(DockerOperator):
    def execute(self, context):
        return super().execute(context)
Mine(task_id="run", dag=dag, image="x")
"""
    ((code, _),) = project.refused(own)
    assert code == "unsupported-argument"


def test_what_has_no_effect_is_said(project: Project) -> None:
    arguments = 'image="x", docker_url="tcp://h", network_mode="bridge", tls_verify=False, container_name="c"'
    problems = project.translate(text(arguments)).problems
    assert {each.code for each in problems} == {"unused-argument"}
    assert len(problems) == 4


def test_a_private_registry_is_logged_in_to(project: Project) -> None:
    arguments = 'image="ghcr.io/team/etl:7", docker_conn_id="ghcr", mount_tmp_dir=False'
    translated = project.translate(text(arguments))
    assert not translated.problems
    (made,) = translated.manifest["images"].values()
    assert made == {"image": "ghcr.io/team/etl:7", "docker_conn_id": "ghcr", "cpu": 1024, "memory": 2048}
    (told,) = translated.manifest["tasks"]
    assert (told["image"], told["docker_conn_id"]) == ("ghcr.io/team/etl:7", "ghcr")
    assert project.run(text(arguments), Services({RUN: TASK})).tasks["run"] == "success"


def test_each_login_has_a_container_of_its_own(project: Project) -> None:
    other = 'DockerOperator(task_id="other", dag=dag, image="x", docker_conn_id="b")'
    images = project.translate(text('image="x", docker_conn_id="a"') + other).manifest["images"]
    assert sorted(each["docker_conn_id"] for each in images.values()) == ["a", "b"]


@pytest.mark.parametrize(
    "image",
    [
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/etl:7",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/etl",
        "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/etl@sha256:0",
        "123456789012.dkr-ecr.eu-west-1.on.aws/etl",
        "public.ecr.aws/docker/library/python:3.13",
    ],
)
def test_ecr_needs_no_login(project: Project, image: str) -> None:
    translated = project.translate(text(f'image="{image}", docker_conn_id="ecr"'))
    ((problem,), (made,)) = translated.problems, translated.manifest["images"].values()
    assert (problem.code, "docker_conn_id has no effect" in problem.message) == ("unused-argument", True)
    assert "docker_conn_id" not in made
    assert "docker_conn_id" not in translated.manifest["tasks"][0]


@pytest.mark.parametrize("none", ["None", '""'])
def test_no_connection_is_no_login(project: Project, none: str) -> None:
    (made,) = project.translate(text(f'image="x", docker_conn_id={none}')).manifest["images"].values()
    assert "docker_conn_id" not in made


def test_commands_are_mapped_over_images_are_not(project: Project) -> None:
    mapped = """
from airflow.providers.docker.operators.docker import DockerOperator
with dag:
    DockerOperator.partial(task_id="run", image="x", cpus=2).expand(command=["a", "b c"])
"""
    services = Services({RUN: TASK})
    assert project.run(mapped, services).state == "success"
    given = [request["Overrides"]["ContainerOverrides"][0]["Command"] for _, request in services.calls]
    assert sorted(given) == [["a"], ["b", "c"]]
    for other in (
        mapped.replace('image="x", ', "").replace("command=", "image="),
        mapped.replace("command", "docker_conn_id"),
    ):
        ((code, message),) = project.refused(other)
        assert (code, "can't be mapped over" in message) == ("unsupported-argument", True)


def test_an_instance_that_only_a_run_knows_never_runs_another_image(project: Project) -> None:
    mapped = """
from airflow.decorators import task
from airflow.providers.docker.operators.docker import DockerOperator
with dag:
    @task
    def which():
        return [{"user": "root"}]
    DockerOperator.partial(task_id="run", image="x").expand_kwargs(which())
"""
    assert project.run(mapped, Services({})).state == "failed"


def test_too_long_an_environment_fails_before_it_starts(project: Project) -> None:
    result = project.run(text('image="x", environment={"A": "b" * 9000}'), Services({}))
    assert "ECS takes 8,192" in result.errors["run"]


def test_permissions(project: Project, actions: Any) -> None:
    found = actions(project.translate(text(PLAIN)).manifest["permissions"])
    assert {"ecs:StopTask", "ecs:DescribeTasks", "events:PutRule"} <= found.keys()
    assert "ecs:RunTask" not in found  # the stack grants it, which knows the definitions' names


def test_here_there_is_no_ecs(project: Project) -> None:
    def unreachable() -> Any:
        raise AssertionError("AWS was asked")

    result = project.run(text(PLAIN), AwsServices(unreachable))
    assert "airstep dags simulate" in result.errors["run"]


@pytest.mark.parametrize("outcome", ["success", "failed"])
def test_simulated(project: Project, outcome: str) -> None:
    dag, translated = project.load(text(PLAIN))
    assert isinstance(translated, Translation)
    plan = read_plan(dag.task_dict, {"run": 60}, {"run": outcome})
    meter = Meter()
    pretend(dag, plan, meter)
    result = run_dag(
        translated, dag, LOGICAL_DATE, services=PretendedServices.of(translated.manifest, plan, dag), meter=meter
    )
    assert result.tasks["run"] == outcome
