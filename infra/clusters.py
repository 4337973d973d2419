"""EKS clusters that a DAG's tasks run pods on: which they are, and that they let the DAG's machine in.

Kubernetes' API asks neither IAM's policies nor the machine's role: the cluster itself has to know the role. An access
entry says so, for the namespaces that the tasks name. Sources: EKS user guide, "Grant IAM users access to Kubernetes
with EKS access entries", "Review access policy permissions" (AmazonEKSEditPolicy: jobs, pods and their logs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Aws, CfnResource, Stack
from aws_cdk import aws_iam as iam

from dag_translator.errors import Problem
from infra.settings import Settings

_CODE = "no-cluster"


def namespaces_of(manifest: Mapping[str, Any], settings: Settings) -> dict[str, list[str]]:
    """The clusters by name, with the namespaces of the tasks' pods; "*" for what only a run knows."""
    found: dict[str, set[str]] = {}
    for task in manifest["tasks"]:
        if "eks" in task:
            name = task["eks"]["cluster"] or settings.eks_cluster or ""
            found.setdefault(name, set()).add(task["eks"]["namespace"])
    return {name: sorted(each) for name, each in sorted(found.items())}


def missing_cluster(manifest: Mapping[str, Any], settings: Settings) -> Problem | None:
    """What is wrong if tasks run pods, and there is no cluster for them."""
    wanting = [task["task_id"] for task in manifest["tasks"] if "eks" in task]
    if not wanting:
        return None
    tasks, dag_id = ", ".join(wanting), str(manifest["dag_id"])
    if settings.target == "local":
        message = f"{tasks} run in pods, and the local AWS has no Kubernetes"
        return Problem(_CODE, message, "try the DAG with `airstep dags simulate`, or deploy it to AWS", dag_id=dag_id)
    if "" in namespaces_of(manifest, settings):
        message = f"{tasks} run in pods, but eksCluster is not set"
        hint = "name the EKS cluster in cdk.json, under `context`; its API needs a public endpoint"
        return Problem(_CODE, message, hint, dag_id=dag_id)
    return None


def let_in(scope: Stack, manifest: Mapping[str, Any], settings: Settings, role: iam.Role) -> None:
    """Access entries for the machine's role, but for clusters that only a run knows."""
    if not settings.eks_access_entry:
        return
    for number, (name, namespaces) in enumerate(namespaces_of(manifest, settings).items(), 1):
        if name == "*":
            continue
        everywhere = "*" in namespaces
        reach = {"Type": "cluster"} if everywhere else {"Type": "namespace", "Namespaces": namespaces}
        policy = f"arn:{Aws.PARTITION}:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
        CfnResource(  # aws_eks takes as long to import as all the rest
            scope,
            f"ClusterAccess{number}",
            type="AWS::EKS::AccessEntry",
            properties={
                "ClusterName": name,
                "PrincipalArn": role.role_arn,
                "Type": "STANDARD",
                "AccessPolicies": [{"AccessScope": reach, "PolicyArn": policy}],
            },
        )
