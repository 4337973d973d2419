"""Operators of Amazon ECS's clusters and task definitions."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask
from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_CLUSTER = "ecs:{here}:cluster/{cluster_name}"
CLUSTER = Watch(
    "ecs",
    "DescribeClusters",
    "clusters.status",
    grants=(grant("ecs:DescribeClusters", _CLUSTER),),
)
_WAITER = {"wait_for_completion": True, "waiter_delay": 15, "waiter_max_attempts": 60, "deferrable": False}


class EcsBaseOperator(ServiceOperator):
    """What the operators on clusters share. The XCom is the cluster as ECS describes it."""

    service = "ecs"
    kept = ("cluster",)

    def start(self, context: Any) -> dict[str, Any]:
        cluster = self.call(self.action, self.prepared(context))["cluster"]
        return {"clusters": [cluster["clusterArn"]], "cluster": json.loads(json.dumps(cluster, default=str))}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("cluster")


class EcsCreateClusterOperator(EcsBaseOperator):
    """Makes a cluster. create_cluster_kwargs: what else CreateCluster takes."""

    template_fields: Any = aws_template_fields(
        *("cluster_name", "create_cluster_kwargs", "wait_for_completion", "deferrable")
    )
    action = "CreateCluster"
    # The action has no resource; TagResource is asked for where the request has tags.
    starts = (grant("ecs:CreateCluster"), grant("ecs:TagResource", _CLUSTER))
    watch = replace(CLUSTER, success=("ACTIVE",), failure=("FAILED", "INACTIVE"))
    __init__ = takes("cluster_name", create_cluster_kwargs=None, **_WAITER)

    def request(self) -> dict[str, Any]:
        return {"clusterName": self.cluster_name, **(self.create_cluster_kwargs or {})}


class EcsDeleteClusterOperator(EcsBaseOperator):
    """Deletes a cluster."""

    template_fields: Any = ("cluster_name", "wait_for_completion", "deferrable")
    action = "DeleteCluster"
    starts = (grant("ecs:DeleteCluster", _CLUSTER),)
    watch = replace(CLUSTER, success=("INACTIVE",), failure=("FAILED",))
    __init__ = takes("cluster_name", **_WAITER)

    def request(self) -> dict[str, Any]:
        return {"cluster": self.cluster_name}


class EcsRegisterTaskDefinitionOperator(ServiceTask):
    """Registers a task definition; the XCom is its ARN, under task_definition_arn as well."""

    template_fields: Any = ("family", "container_definitions", "register_task_kwargs")
    service, action = "ecs", "RegisterTaskDefinition"
    starts = (
        grant("ecs:RegisterTaskDefinition ecs:TagResource", "ecs:{here}:task-definition/{family}:*"),
        grant("iam:PassRole", "iam::{account}:role/*", given="register_task_kwargs"),
    )
    returns = "taskDefinition.taskDefinitionArn"
    __init__ = takes("family", "container_definitions", register_task_kwargs=None)

    def request(self) -> dict[str, Any]:
        kwargs = self.register_task_kwargs or {}
        return {"family": self.family, "containerDefinitions": self.container_definitions, **kwargs}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:
        arn = super().finish(handle, context)
        context["ti"].xcom_push(key="task_definition_arn", value=arn)
        return arn


class EcsDeregisterTaskDefinitionOperator(ServiceTask):
    """Deregisters a task definition; the XCom is its ARN."""

    template_fields: Any = ("task_definition",)
    service, action = "ecs", "DeregisterTaskDefinition"
    # The action supports no resources.
    starts = (grant("ecs:DeregisterTaskDefinition"),)
    returns = "taskDefinition.taskDefinitionArn"
    __init__ = takes("task_definition")

    def request(self) -> dict[str, Any]:
        return {"taskDefinition": self.task_definition}
