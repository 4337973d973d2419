"""A DAG whose tasks are Docker images: task definitions, roles, and who may what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.containers import missing_settings
from infra.images import missing_credentials
from infra.settings import Settings
from tests.infra.project import Cloud, definition, invoke, manifest
from tests.infra.test_stacks import allowed, role_statements

OWN = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/etl:7"
PRIVATE = "ghcr.io/team/send:1"
MANIFEST = manifest(
    "images",
    tasks=[
        {"task_id": "load", "image": OWN},
        {"task_id": "report", "image": "busybox"},
        {"task_id": "send", "image": PRIVATE, "docker_conn_id": "ghcr"},
    ],
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
        "Imagecccc": {"image": PRIVATE, "docker_conn_id": "ghcr", "cpu": 1024, "memory": 2048},
    },
)
ROLE = "arn:aws:iam::123456789012:role/etl"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:registries/ghcr-a1B2c3"
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

    settings = Settings(
        dags_folder=trees / "dags",
        cache_folder=trees / "images-cache",
        docker_role=ROLE,
        docker_credentials={"ghcr": SECRET, "unused": f"{SECRET[:-6]}d4E5f6"},
        **PLACE,
    )
    machine = definition(
        a=invoke("TaskFunction", "load"),
        load=run("Imageaaaa", "report"),
        report=run("Imagebbbb", "send"),
        send=run("Imagecccc", None),
    )
    app = App(outdir=str(trees / "images.out"), analytics_reporting=False, builtin_cloud_formation_validation=False)
    layer = layer_package(trees / "layer")
    packager = Packager(settings.dags_folder, layer.size, trees / "source")
    add_stacks(app, settings, [Source(trees / "dags/other.py", machine, MANIFEST)], packager, layer)
    folder = Path(app.synth().directory)
    return Cloud(folder, {"airstep-images": json.loads((folder / "airstep-images.template.json").read_text())})


def test_each_image_is_a_task_definition(images: Cloud) -> None:
    made = {each["Family"]: each for each in images.resources("airstep-images", "AWS::ECS::TaskDefinition")}
    assert set(made) == {"airstep-images-Imageaaaa", "airstep-images-Imagebbbb", "airstep-images-Imagecccc"}
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


def test_ecs_logs_in_to_a_private_registry_with_its_secret(images: Cloud) -> None:
    made = {each["Family"]: each for each in images.resources("airstep-images", "AWS::ECS::TaskDefinition")}
    (private,) = made["airstep-images-Imagecccc"]["ContainerDefinitions"]
    assert (private["Image"], private["RepositoryCredentials"]) == (PRIVATE, {"CredentialsParameter": SECRET})
    rights = role_statements(images, "airstep-images", "ImageExecutionRole")
    assert allowed(rights)["secretsmanager:GetSecretValue"] == {SECRET}
    ((resources, condition),) = [(where, when) for actions, where, when in rights if actions == ["kms:Decrypt"]]
    assert [each.rpartition(":kms:")[2] for each in resources] == ["eu-central-1:123456789012:key/*"]
    assert condition["StringEquals"]["kms:EncryptionContext:SecretARN"] == SECRET
    assert "secretsmanager.eu-central-1." in str(condition["StringEquals"]["kms:ViaService"])


def test_a_connection_that_nothing_stands_for_is_refused() -> None:
    problem = missing_credentials(MANIFEST, Settings())
    assert problem is not None
    assert (problem.code, problem.dag_id) == ("no-credentials", "images")
    assert problem.message.startswith("send pull images with docker_conn_id")
    assert problem.message.endswith("no secret for ghcr")
    assert "dockerCredentials" in problem.hint
    assert missing_credentials(MANIFEST, Settings(docker_credentials={"ghcr": SECRET})) is None
    assert missing_credentials(manifest("none"), Settings()) is None


def test_the_machine_may_start_them_and_the_function_read_their_logs(images: Cloud) -> None:
    machine = allowed(role_statements(images, "airstep-images", "StateMachineRole"))
    assert sorted(each.rpartition(":task-definition/")[2] for each in machine["ecs:RunTask"]) == [
        "airstep-images-Imageaaaa:*",
        "airstep-images-Imagebbbb:*",
        "airstep-images-Imagecccc:*",
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
    assert (problem.dag_id, problem.message.startswith("load, report, send run")) == ("images", True)
    assert words in problem.message
    assert missing_settings(MANIFEST, Settings(**PLACE)) is None
