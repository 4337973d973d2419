"""A DAG whose tasks want functions and packages of their own: one stack, made once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dag_translator.authoring import environments
from dag_translator.errors import UsageError
from infra.containers import check_settings
from infra.environments import environments_layer
from infra.settings import Settings
from tests.infra.project import Cloud, definition, invoke, manifest
from tests.infra.test_stacks import allowed, role_statements

LARGE = "TaskFunction3008MB"
WANTED = ("tiny==1",)
CONTAINER = "Container9000MB"
MANIFEST = manifest(
    "own",
    tasks=[{"task_id": "big", "compute": "fargate"}, {"task_id": "small"}],
    containers={CONTAINER: {"cpu": 2048, "memory": 9216, "disk": 30}},
    functions={
        "TaskFunction": {"memory": 512, "timeout": 900},
        LARGE: {
            "memory": 3008,
            "timeout": 120,
            "ephemeral_storage": 2048,
            "layers": ["arn:aws:lambda:eu-west-1:123456789012:layer:gdal:3"],
        },
    },
    environments={environments.key(WANTED): {"requirements": list(WANTED), "python_version": "3.13"}},
)


BIG = {
    "Type": "Task",
    "Resource": "arn:aws:states:::ecs:runTask.sync",
    "Arguments": {
        "Cluster": "${ContainerCluster}",
        "TaskDefinition": f"${{{CONTAINER}}}",
        "NetworkConfiguration": {
            "AwsvpcConfiguration": {
                "Subnets": "{% [$split('${ContainerSubnets}', ',')] %}",
                "SecurityGroups": "{% [$split('${ContainerSecurityGroups}', ',')] %}",
                "AssignPublicIp": "${ContainerPublicIp}",
            }
        },
    },
    "End": True,
}


class Pip:
    """Stands for pip: puts one module where it is told."""

    def run(self, command: list[str], **_: object) -> Any:
        import subprocess

        self.asked = Path(command[-1]).read_text()
        folder = Path(command[command.index("--target") + 1])
        folder.mkdir(parents=True)
        (folder / "tiny.py").write_text("")
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.fixture(scope="module")
def own(trees: Path) -> Cloud:
    from aws_cdk import App

    from infra.packaging import Packager, layer_package
    from infra.stacks import Source, add_stacks

    settings = Settings(
        dags_folder=trees / "dags",
        cache_folder=trees / "own-cache",
        fargate_cluster="work",
        fargate_subnets=("subnet-1", "subnet-2"),
        fargate_security_groups=("sg-1",),
    )
    pip = Pip()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infra.wheels.subprocess.run", pip.run)
        machine = definition(a=invoke("TaskFunction", "b"), b=invoke(LARGE, "big"), big=BIG)
        app = App(outdir=str(trees / "own.out"), analytics_reporting=False, builtin_cloud_formation_validation=False)
        layer = layer_package(trees / "layer")
        packager = Packager(settings.dags_folder, layer.size, trees / "source")
        add_stacks(app, settings, [Source(trees / "dags/other.py", machine, MANIFEST)], packager, layer)
    assert pip.asked == "tiny==1"
    folder = Path(app.synth().directory)
    return Cloud(folder, {"airstep-own": json.loads((folder / "airstep-own.template.json").read_text())})


def functions(own: Cloud) -> dict[str, dict[str, Any]]:
    return {each["FunctionName"]: each for each in own.resources("airstep-own", "AWS::Lambda::Function")}


def test_each_size_is_a_function_with_a_name_that_says_it(own: Cloud) -> None:
    usual, large = functions(own)["airstep-own"], functions(own)["airstep-own-3008MB"]
    assert (usual["MemorySize"], usual["Timeout"], "EphemeralStorage" in usual) == (512, 900, False)
    assert (large["MemorySize"], large["Timeout"], large["EphemeralStorage"]) == (3008, 120, {"Size": 2048})
    assert large["Code"] == usual["Code"]
    assert large["Layers"][-1] == "arn:aws:lambda:eu-west-1:123456789012:layer:gdal:3"
    assert (len(usual["Layers"]), len(large["Layers"])) == (2, 3)


def test_the_machine_names_and_may_invoke_both(own: Cloud) -> None:
    machine = own.one("airstep-own", "AWS::StepFunctions::StateMachine")
    given = machine["DefinitionSubstitutions"]
    network = {name: value for name, value in given.items() if name.startswith("Container") and name != CONTAINER}
    assert set(given) - set(network) == {"Partition", "TaskFunction", LARGE, CONTAINER}
    assert network == {
        "ContainerCluster": "work",
        "ContainerSubnets": "subnet-1,subnet-2",
        "ContainerSecurityGroups": "sg-1",
        "ContainerPublicIp": "DISABLED",
    }
    assert len(own.resources("airstep-own", "AWS::Lambda::Version")) == 2
    text = json.dumps(own.templates["airstep-own"])
    assert "function:airstep-own-3008MB:*" in text
    assert "function:airstep-own:*" in text


def test_packages_of_their_own_are_a_layer_of_the_dags_stack(own: Cloud) -> None:
    layer = own.one("airstep-own", "AWS::Lambda::LayerVersion")
    (logical_id,) = (
        name
        for name, each in own.templates["airstep-own"]["Resources"].items()
        if each["Type"] == "AWS::Lambda::LayerVersion"
    )
    assert all({"Ref": logical_id} in function["Layers"] for function in functions(own).values())
    assert layer["Content"]["S3Key"].endswith(".zip")


def test_the_layer_has_them_where_the_task_looks(trees: Path, own: Cloud) -> None:
    settings = Settings(cache_folder=trees / "own-cache")
    layer = environments_layer(MANIFEST, Path("d.py"), settings)
    assert layer is not None
    assert [name for name, _ in layer.files] == [f"python/{environments.FOLDER}/{environments.key(WANTED)}/tiny.py"]


def test_another_python_than_lambdas_is_refused(trees: Path) -> None:
    settings = Settings(cache_folder=trees / "own-cache", python_version="3.12")
    with pytest.raises(UsageError, match=r"d\.py: a task asks for python_version 3\.13, its Lambda runs Python 3\.12"):
        environments_layer(MANIFEST, Path("d.py"), settings)


# --- containers ------------------------------------------------------------------------------------------------------


def test_a_container_runs_the_code_of_the_functions_version(own: Cloud) -> None:
    made = own.one("airstep-own", "AWS::ECS::TaskDefinition")
    (container,) = made["ContainerDefinitions"]
    environment = {each["Name"]: each["Value"] for each in container["Environment"]}
    version = own.templates["airstep-own"]["Resources"][environment["AIRSTEP_FUNCTION"]["Ref"]]
    assert version["Type"] == "AWS::Lambda::Version"
    assert (made["Cpu"], made["Memory"], made["EphemeralStorage"]) == ("2048", "9216", {"SizeInGiB": 30})
    assert (made["Family"], made["NetworkMode"]) == ("airstep-own-9000MB", "awsvpc")
    assert made["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    assert container["Image"] == "public.ecr.aws/lambda/python:3.13"
    assert container["LinuxParameters"] == {"InitProcessEnabled": True}
    compile(container["Command"][0], "start", "exec")
    (resource,) = (
        each
        for each in own.templates["airstep-own"]["Resources"].values()
        if each["Type"] == "AWS::ECS::TaskDefinition"
    )
    assert resource["UpdateReplacePolicy"] == "Retain"


def test_its_role_may_do_what_the_functions_may_and_fetch_the_code(own: Cloud) -> None:
    container = allowed(role_statements(own, "airstep-own", "ContainerRole"))
    function = allowed(role_statements(own, "airstep-own", "TaskFunctionRole"))
    shared = {action for action in function if action.startswith(("dynamodb:", "s3:", "ssm:", "lambda:"))}
    assert shared
    assert {action: container[action] for action in shared} == {action: function[action] for action in shared}
    assert set(container) - shared == {"lambda:GetFunction", "lambda:GetLayerVersion"}
    assert all(each.endswith(":function:airstep-own:*") for each in container["lambda:GetFunction"])


def test_the_machine_may_start_them_and_pass_their_two_roles(own: Cloud) -> None:
    found = allowed(role_statements(own, "airstep-own", "StateMachineRole"))
    (family,) = found["ecs:RunTask"]
    assert family.endswith(":task-definition/airstep-own-9000MB:*")
    assert len(found["iam:PassRole"]) == 2
    logs = allowed(role_statements(own, "airstep-own", "ContainerExecutionRole"))
    assert {each.rpartition("log-group:")[2] for each in logs["logs:PutLogEvents"]} == {"/aws/ecs/airstep-own:*"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(fargate_cluster="c", fargate_subnets=("s",)), "fargateSecurityGroups is not set"),
        (Settings(), "fargateCluster, fargateSubnets, fargateSecurityGroups"),
    ],
)
def test_without_a_place_to_run_they_are_refused(settings: Settings, words: str) -> None:
    with pytest.raises(UsageError, match="own: big run") as caught:
        check_settings(MANIFEST, settings)
    assert words in str(caught.value)


def test_the_local_aws_has_a_place_for_them() -> None:
    check_settings(MANIFEST, Settings.read({"target": "local"}.get))


def test_a_dag_without_containers_has_nothing_of_it(cloud: Cloud) -> None:
    for stack in ("airstep-daily-sales", "airstep-other"):
        assert not cloud.resources(stack, "AWS::ECS::TaskDefinition")
        assert "ecs" not in json.dumps([each["Type"] for each in cloud.templates[stack]["Resources"].values()]).lower()
        check_settings(manifest(stack), Settings())
