"""Containers on ECS (Fargate) of a DAG's Docker images: task definitions, the role that starts them, a log group.

They run as the role that the setting `dockerRole` names, or as none. The role that starts them pulls their images: from
ECR by its own rights, from other registries with the secrets that `dockerCredentials` has for `docker_conn_id`.
Invariant: a DAG without images has none of this; definitions outlive the next deployment, for runs under way. Sources:
ECS developer guide, "Amazon ECS task definition parameters", "Amazon ECS task execution IAM role", "Using non-AWS
container images in Amazon ECS"; Secrets Manager user guide, "Secret encryption and decryption"; Service Authorization
Reference, "Actions defined by Amazon ECS".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Aws, CfnTag, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from dag_translator.authoring.operators.docker import CONTAINER, ECR
from dag_translator.errors import Problem
from infra.containers import container_role, network, starting_rights
from infra.functions import KEPT
from infra.permissions import arn
from infra.settings import Settings

_TMP = "tmp"  # the volume that stands for the host's temporary directory
_PULLING = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def missing_credentials(manifest: Mapping[str, Any], settings: Settings) -> Problem | None:
    """What is wrong if images are pulled with connections that no secret stands for."""
    pulling = [
        task for task in manifest["tasks"] if task.get("docker_conn_id", "") not in {"", *settings.docker_credentials}
    ]
    if not pulling or settings.target == "local":  # which runs no images anyway
        return None
    tasks = ", ".join(task["task_id"] for task in pulling)
    connections = ", ".join(sorted({task["docker_conn_id"] for task in pulling}))
    message = f"{tasks} pull images with docker_conn_id, and dockerCredentials has no secret for {connections}"
    hint = (
        'put {"username": "…", "password": "…"} into Secrets Manager, and the secret\'s ARN into cdk.json, under '
        '`context`: "dockerCredentials": {"CONN_ID": "arn:aws:secretsmanager:…"}'
    )
    return Problem("no-credentials", message, hint, dag_id=str(manifest["dag_id"]))


class Images:
    """What a DAG's stack has for them. function_name: the task function's, with which their names begin."""

    def __init__(self, scope: Stack, manifest: Mapping[str, Any], settings: Settings, function_name: str) -> None:
        self._scope = scope
        self._settings = settings
        self._name = function_name
        wanted: Mapping[str, Mapping[str, Any]] = manifest["images"]
        self.log_group = f"/aws/ecs/{function_name}-images"
        self._logs = logs.CfnLogGroup(
            scope, "ImageLogs", log_group_name=self.log_group, retention_in_days=settings.log_retention_days
        )
        self._role = container_role(
            scope,
            "ImageExecutionRole",
            f"What ECS needs to start the images of {function_name}",
            self._starting(wanted),
        )
        made = {name: self._definition(name, container) for name, container in wanted.items()}
        # What the definition's placeholders stand for.
        self.substitutions: dict[str, str] = {
            **network(settings),
            **{name: definition.ref for name, definition in made.items()},
        }
        self._families = [self._family(name) for name in wanted]

    def machine_rights(self) -> list[iam.PolicyStatement]:
        """What the machine's role needs to start them."""
        own = self._settings.docker_role
        return starting_rights("Image", self._families, [self._role.role_arn, *([own] if own else [])])

    def function_rights(self) -> list[iam.PolicyStatement]:
        """What the task function needs to read what they said."""
        group = arn("logs", f"log-group:{self.log_group}:*")
        return [iam.PolicyStatement(sid="ImageLogs", actions=["logs:GetLogEvents"], resources=[group])]

    def _family(self, name: str) -> str:
        return f"{self._name}-{name}"

    def _starting(self, wanted: Mapping[str, Mapping[str, Any]]) -> list[iam.PolicyStatement]:
        group = arn("logs", f"log-group:{self.log_group}:*")
        rights = [iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[group])]
        found = filter(None, (ECR.match(each["image"]) for each in wanted.values()))
        repositories = sorted(
            {f"arn:{Aws.PARTITION}:ecr:{each['region']}:{each['account']}:repository/{each['name']}" for each in found}
        )
        if repositories:
            rights += [
                iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
                iam.PolicyStatement(actions=list(_PULLING), resources=repositories),
            ]
        secrets = sorted({secret for each in wanted.values() if (secret := self._secret(each)) is not None})
        return [*rights, *(statement for secret in secrets for statement in _reading(secret))]

    def _secret(self, wanted: Mapping[str, Any]) -> str | None:
        """ARN of what logs in to the image's registry."""
        return self._settings.docker_credentials[wanted["docker_conn_id"]] if "docker_conn_id" in wanted else None

    def _definition(self, name: str, wanted: Mapping[str, Any]) -> ecs.CfnTaskDefinition:
        definition, settings = ecs.CfnTaskDefinition, self._settings
        tmp = wanted.get("tmp_dir")
        made = definition(
            self._scope,
            name,
            family=self._family(name),
            cpu=str(wanted["cpu"]),
            memory=str(wanted["memory"]),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            runtime_platform=definition.RuntimePlatformProperty(
                cpu_architecture="ARM64" if settings.docker_architecture == "arm64" else "X86_64",
                operating_system_family="LINUX",
            ),
            execution_role_arn=self._role.role_arn,
            task_role_arn=settings.docker_role,
            volumes=[definition.VolumeProperty(name=_TMP)] if tmp else None,
            container_definitions=[self._container(wanted, tmp)],
            tags=[CfnTag(key="airstep:function", value=self._name)],
        )
        made.apply_removal_policy(KEPT)  # a revision that is gone can't be started any more
        made.node.add_dependency(self._logs)
        return made

    def _container(
        self, wanted: Mapping[str, Any], tmp: str | None
    ) -> ecs.CfnTaskDefinition.ContainerDefinitionProperty:
        definition = ecs.CfnTaskDefinition
        linux: dict[str, Any] = {}
        if "capabilities" in wanted:
            linux["capabilities"] = definition.KernelCapabilitiesProperty(add=["SYS_PTRACE"])
        variable = definition.KeyValuePairProperty(name="AIRFLOW_TMP_DIR", value=tmp)
        secret = self._secret(wanted)
        return definition.ContainerDefinitionProperty(
            name=CONTAINER,
            image=wanted["image"],
            repository_credentials=(
                definition.RepositoryCredentialsProperty(credentials_parameter=secret) if secret else None
            ),
            essential=True,
            entry_point=wanted.get("entry_point"),
            working_directory=wanted.get("working_directory"),
            user=wanted.get("user"),
            memory=wanted.get("limit"),
            pseudo_terminal=wanted.get("tty"),
            docker_labels=wanted.get("labels"),
            linux_parameters=definition.LinuxParametersProperty(**linux) if linux else None,
            environment=[variable] if tmp else None,
            mount_points=[definition.MountPointProperty(source_volume=_TMP, container_path=tmp)] if tmp else None,
            log_configuration=definition.LogConfigurationProperty(
                log_driver="awslogs",
                options={
                    "awslogs-group": self.log_group,
                    "awslogs-region": Aws.REGION,
                    "awslogs-stream-prefix": CONTAINER,
                },
            ),
        )


def _reading(secret: str) -> list[iam.PolicyStatement]:
    """What it takes to read a secret; whatever key of its account it is encrypted with, for this secret alone."""
    _, _, _, region, account, _ = secret.split(":", 5)
    through = {
        "kms:EncryptionContext:SecretARN": secret,
        "kms:ViaService": f"secretsmanager.{region}.{Aws.URL_SUFFIX}",
    }
    return [
        iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[secret]),
        iam.PolicyStatement(
            actions=["kms:Decrypt"],
            resources=[f"arn:{Aws.PARTITION}:kms:{region}:{account}:key/*"],
            conditions={"StringEquals": through},
        ),
    ]
