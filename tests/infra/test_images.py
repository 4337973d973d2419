"""A DAG whose tasks are Docker images: task definitions, roles, and who may what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.containers import missing_settings
from infra.settings import Settings
from tests.infra.project import Cloud, definition, invoke, manifest
from tests.infra.test_stacks import allowed, role_statements

OWN = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/etl:7"
MANIFEST = manifest(
    "images",
    tasks=[{"task_id": "load", "image": OWN}, {"task_id": "report", "image": "busybox"}],
    images={
        "Imageaaaa": {
            "image": OWN,
            "cpu": 512,
            "memory": 3072,
            "limit": 3000,
            "entry_point": ["sh", "-c"],
            "working_directory": "/app",
            "user": "1000",
            "tty": True,
            "labels": {"a": ""},
            "capabilities": ["SYS_PTRACE"],
            "tmp_dir": "/tmp/airflow",
        },
        "Imagebbbb": {"image": "busybox", "cpu": 1024, "memory": 2048},
    },
)
ROLE = "arn:aws:iam::123456789012:role/etl"
PLACE: dict[str, Any] = {
    "fargate_cluster": "work",
    "fargate_subnets": ("subnet-1",),
    "fargate_security_groups": ("sg-1",),
}


def run(name: str, following: str | None) -> dict[str, Any]:
    after: dict[str, Any] = {"Next": following} if following else {"End": True}
    arguments = {"Cluster": "${ContainerCluster}", "TaskDefinition": f"${{{name}}}", "Overrides": {}}
    return {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "Arguments": arguments, **after}


@pytest.fixture(scope="module")
def images(trees: Path) -> Cloud:
    from aws_cdk import App

    from infra.packaging import Packager, layer_package
    from infra.stacks import Source, add_stacks

    settings = Settings(dags_folder=trees / "dags", cache_folder=trees / "images-cache", docker_role=ROLE, **PLACE)
    machine = definition(
        a=invoke("TaskFunction", "load"), load=run("Imageaaaa", "report"), report=run("Imagebbbb", None)
    )
    app = App(outdir=str(trees / "images.out"), analytics_reporting=False, builtin_cloud_formation_validation=False)
    layer = layer_package(trees / "layer")
    packager = Packager(settings.dags_folder, layer.size, trees / "source")
    add_stacks(app, settings, [Source(trees / "dags/other.py", machine, MANIFEST)], packager, layer)
    folder = Path(app.synth().directory)
    return Cloud(folder, {"airstep-images": json.loads((folder / "airstep-images.template.json").read_text())})


def test_each_image_is_a_task_definition(images: Cloud) -> None:
    made = {each["Family"]: each for each in images.resources("airstep-images", "AWS::ECS::TaskDefinition")}
    assert set(made) == {"airstep-images-Imageaaaa", "airstep-images-Imagebbbb"}
    own, plain = made["airstep-images-Imageaaaa"], made["airstep-images-Imagebbbb"]
    assert (own["Cpu"], own["Memory"], own["TaskRoleArn"]) == ("512", "3072", ROLE)
    assert own["RuntimePlatform"] == {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"}
    (container,) = own["ContainerDefinitions"]
    logs = container.pop("LogConfiguration")
    assert logs["Options"]["awslogs-group"] == "/aws/ecs/airstep-images-images"
    assert container == {
        "Name": "task",
        "Image": OWN,
        "Essential": True,
        "EntryPoint": ["sh", "-c"],
        "WorkingDirectory": "/app",
        "User": "1000",
        "Memory": 3000,
        "PseudoTerminal": True,
        "DockerLabels": {"a": ""},
        "LinuxParameters": {"Capabilities": {"Add": ["SYS_PTRACE"]}},
        "Environment": [{"Name": "AIRFLOW_TMP_DIR", "Value": "/tmp/airflow"}],
        "MountPoints": [{"SourceVolume": "tmp", "ContainerPath": "/tmp/airflow"}],
    }
    assert own["Volumes"] == [{"Name": "tmp"}]
    assert "Volumes" not in plain
    assert set(plain["ContainerDefinitions"][0]) == {"Name", "Image", "Essential", "LogConfiguration"}


def test_ecs_may_pull_the_repositories_that_are_ours(images: Cloud) -> None:
    found = allowed(role_statements(images, "airstep-images", "ImageExecutionRole"))
    (repository,) = found["ecr:BatchGetImage"]
    assert str(repository).endswith(":ecr:eu-west-1:123456789012:repository/team/etl")
    assert found["ecr:GetAuthorizationToken"] == {"*"} or list(found["ecr:GetAuthorizationToken"]) == ["*"]


def test_the_machine_may_start_them_and_the_function_read_their_logs(images: Cloud) -> None:
    machine = allowed(role_statements(images, "airstep-images", "StateMachineRole"))
    assert sorted(each.rpartition(":task-definition/")[2] for each in machine["ecs:RunTask"]) == [
        "airstep-images-Imageaaaa:*",
        "airstep-images-Imagebbbb:*",
    ]
    assert ROLE in machine["iam:PassRole"]
    assert len(machine["iam:PassRole"]) == 2
    function = allowed(role_statements(images, "airstep-images", "TaskFunctionRole"))
    assert [each.rpartition("log-group:")[2] for each in function["logs:GetLogEvents"]] == [
        "/aws/ecs/airstep-images-images:*"
    ]
    (made,) = images.resources("airstep-images", "AWS::Lambda::Function")
    assert made["Environment"]["Variables"]["AIRSTEP_CONTAINER_LOGS"] == "/aws/ecs/airstep-images-images"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(), "fargateCluster, fargateSubnets, fargateSecurityGroups"),
        (Settings.read({"target": "local"}.get), "no Docker"),
    ],
)
def test_without_a_place_to_run_they_are_refused(settings: Settings, words: str) -> None:
    problem = missing_settings(MANIFEST, settings)
    assert problem is not None
    assert (problem.dag_id, problem.message.startswith("load, report run")) == ("images", True)
    assert words in problem.message
    assert missing_settings(MANIFEST, Settings(**PLACE)) is None
