"""Containers on ECS (Fargate) for the tasks of a DAG that outgrow Lambda: definitions, roles, a log group.

Without Docker no image can be built, so the image is AWS's own of Lambda's Python; at its start it fetches the code and
the layers of the task function's version that it was deployed with, and takes that function's environment. So a
container runs what a Lambda of its deployment runs, and nothing is packaged twice.

Invariant: a DAG that needs no container has none of this. Definitions outlive the next deployment, for runs under way.
Sources: ECS developer guide, "Fargate task definitions", "Task execution IAM role"; Lambda API, GetFunction,
GetLayerVersionByArn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aws_cdk import Aws, CfnTag, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from dag_translator.errors import Problem
from dag_translator.operators.container import CONTAINER
from infra.functions import KEPT
from infra.permissions import arn
from infra.settings import Settings

_CODE = "no-containers"
_START = """
import io, os, sys, urllib.request, zipfile
root = os.environ.get("AIRSTEP_ROOT", "")  # of the files, where no image has them
sys.path += [os.environ.get("LAMBDA_RUNTIME_DIR", "/var/runtime")]
import boto3
def put(url, folder):
    zipfile.ZipFile(io.BytesIO(urllib.request.urlopen(url).read())).extractall(root + folder)
aws = boto3.client("lambda", region_name=os.environ["AWS_REGION"])
function = aws.get_function(FunctionName=os.environ["AIRSTEP_FUNCTION"])
put(function["Code"]["Location"], "/var/task")
for layer in function["Configuration"].get("Layers", ()):
    put(aws.get_layer_version_by_arn(Arn=layer["Arn"])["Content"]["Location"], "/opt")
os.environ.update(function["Configuration"]["Environment"]["Variables"], LAMBDA_TASK_ROOT=root + "/var/task",
                  AWS_DEFAULT_REGION=os.environ["AWS_REGION"])
sys.path[:0] = [root + "/var/task", root + "/opt/python"]
os.chdir(root + "/var/task")
from lambdas.container import main
sys.exit(main())
"""


def missing_settings(manifest: Mapping[str, Any], settings: Settings) -> Problem | None:
    """What is wrong if the DAG needs containers and nothing says where they run."""
    named = [task["task_id"] for task in manifest["tasks"] if task.get("compute") == "fargate" or "image" in task]
    if not named:
        return None
    tasks, dag_id = ", ".join(named), str(manifest["dag_id"])
    if settings.target == "local" and manifest.get("images"):
        message = f"{tasks} run on ECS, and the local AWS has no Docker for their images"
        hint = "try the DAG with `airstep dags simulate`, or deploy it to AWS"
        return Problem(_CODE, message, hint, dag_id=dag_id)
    needed = {
        "fargateCluster": settings.fargate_cluster,
        "fargateSubnets": settings.fargate_subnets,
        "fargateSecurityGroups": settings.fargate_security_groups,
    }
    missing = [name for name, value in needed.items() if not value]
    if not missing:
        return None
    message = f"{tasks} run on Fargate, but {', '.join(missing)} is not set"
    hint = "name the ECS cluster, the subnets and the security groups in cdk.json, under `context`"
    return Problem(_CODE, message, hint, dag_id=dag_id)


def network(settings: Settings) -> dict[str, str]:
    """What the definition's placeholders for the place of containers stand for."""
    return {
        "ContainerCluster": settings.fargate_cluster or "",
        "ContainerSubnets": ",".join(settings.fargate_subnets),
        "ContainerSecurityGroups": ",".join(settings.fargate_security_groups),
        "ContainerPublicIp": "ENABLED" if settings.fargate_public_ip else "DISABLED",
    }


def container_role(scope: Stack, construct_id: str, described: str, policy: list[iam.PolicyStatement]) -> iam.Role:
    """A role for ECS's containers of this account."""
    return iam.Role(
        scope,
        construct_id,
        assumed_by=iam.ServicePrincipal(
            "ecs-tasks.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        ),
        description=described[:1000],
        inline_policies={"Rights": iam.PolicyDocument(statements=policy)},
    )


def starting_rights(kind: str, families: list[str], roles: list[str]) -> list[iam.PolicyStatement]:
    """What a machine's role needs to start containers of these families, which run as these roles."""
    definitions = [arn("ecs", f"task-definition/{family}:*") for family in families]
    return [
        iam.PolicyStatement(sid=f"{kind}s", actions=["ecs:RunTask"], resources=definitions),
        iam.PolicyStatement(
            sid=f"{kind}Roles",
            actions=["iam:PassRole"],
            resources=roles,
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
    ]


class Containers:
    """What a DAG's stack has for its containers.

    function: ARN of the version whose code they run; function_name: its name; rights: what its role may do.
    """

    def __init__(
        self,
        scope: Stack,
        manifest: Mapping[str, Any],
        settings: Settings,
        *,
        function: str,
        function_name: str,
        rights: Iterable[iam.PolicyStatement],
    ) -> None:
        self._scope = scope
        self._settings = settings
        self._name = function_name
        self._log_group = logs.CfnLogGroup(
            scope,
            "ContainerLogs",
            log_group_name=f"/aws/ecs/{function_name}",
            retention_in_days=settings.log_retention_days,
        )
        self._execution = self._role("ContainerExecutionRole", "starts", [self._logging()])
        self._task = self._role("ContainerRole", "runs as", [*rights, *self._code()])
        wanted: Mapping[str, Mapping[str, Any]] = manifest["containers"]
        definitions = {name: self._definition(name, size, function) for name, size in wanted.items()}
        # What the definition's placeholders stand for.
        self.substitutions: dict[str, str] = {
            **network(settings),
            **{name: definition.ref for name, definition in definitions.items()},
        }
        self._families = [self._family(name) for name in wanted]

    def machine_rights(self) -> list[iam.PolicyStatement]:
        """What the machine's role needs to start them; in any revision, as runs keep the definition they began with."""
        return starting_rights("Container", self._families, [self._execution.role_arn, self._task.role_arn])

    def _family(self, name: str) -> str:
        return f"{self._name}-{name.removeprefix('Container')}"

    def _role(self, construct_id: str, what: str, policy: list[iam.PolicyStatement]) -> iam.Role:
        described = f"What the containers of {self._name}: ECS {what} it"
        return container_role(self._scope, construct_id, described, policy)

    def _logging(self) -> iam.PolicyStatement:
        group = arn("logs", f"log-group:/aws/ecs/{self._name}:*")
        return iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[group])

    def _code(self) -> list[iam.PolicyStatement]:
        layers = [arn("lambda", f"layer:{name}:*") for name in (self._settings.prefix, self._name)]
        return [
            iam.PolicyStatement(actions=["lambda:GetFunction"], resources=[arn("lambda", f"function:{self._name}:*")]),
            iam.PolicyStatement(actions=["lambda:GetLayerVersion"], resources=layers),
        ]

    def _definition(self, name: str, size: Mapping[str, Any], function: str) -> ecs.CfnTaskDefinition:
        definition, settings = ecs.CfnTaskDefinition, self._settings
        disk = definition.EphemeralStorageProperty(size_in_gib=size["disk"]) if "disk" in size else None
        made = definition(
            self._scope,
            name,
            family=self._family(name),
            cpu=str(size["cpu"]),
            memory=str(size["memory"]),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            ephemeral_storage=disk,
            runtime_platform=definition.RuntimePlatformProperty(
                cpu_architecture="ARM64" if settings.architecture == "arm64" else "X86_64",
                operating_system_family="LINUX",
            ),
            execution_role_arn=self._execution.role_arn,
            task_role_arn=self._task.role_arn,
            container_definitions=[
                definition.ContainerDefinitionProperty(
                    name=CONTAINER,
                    image=f"public.ecr.aws/lambda/python:{settings.python_version}",
                    essential=True,
                    entry_point=["python3", "-c"],
                    command=[_START],
                    environment=[
                        definition.KeyValuePairProperty(name=each, value=value)
                        for each, value in (("AIRSTEP_FUNCTION", function), ("AWS_REGION", Aws.REGION))
                    ],
                    # An init process passes SIGTERM on: as the first process Python would not get it.
                    linux_parameters=definition.LinuxParametersProperty(init_process_enabled=True),
                    log_configuration=definition.LogConfigurationProperty(
                        log_driver="awslogs",
                        options={
                            "awslogs-group": f"/aws/ecs/{self._name}",
                            "awslogs-region": Aws.REGION,
                            "awslogs-stream-prefix": "task",
                        },
                    ),
                )
            ],
            tags=[CfnTag(key="airstep:function", value=self._name)],
        )
        made.apply_removal_policy(KEPT)  # a revision that is gone can't be started any more
        made.node.add_dependency(self._log_group)
        return made
