"""Operators of Amazon EKS: clusters, node groups, Fargate profiles.

What takes several steps (a cluster, then its nodes; the nodes' deletion, then the cluster's) takes the next one when it
is asked how far it is: `asked` is the whole procedure, and may be interrupted at any point.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, error_code
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_CLUSTER = "eks:{here}:cluster/{cluster_name}"
_GROUPS = "eks:{here}:nodegroup/{cluster_name}/*"
_PROFILES = "eks:{here}:fargateprofile/{cluster_name}/*"
_LINKED = grant("iam:CreateServiceLinkedRole iam:GetRole", "iam::{account}:role/*")
CLUSTER = Watch("eks", "DescribeCluster", "cluster.status", grants=(grant("eks:DescribeCluster", _CLUSTER),))
GROUP = Watch(
    "eks",
    "DescribeNodegroup",
    "nodegroup.status",
    reason="nodegroup.health.issues.message",
    grants=(grant("eks:DescribeNodegroup", _GROUPS),),
)
PROFILE = Watch(
    "eks",
    "DescribeFargateProfile",
    "fargateProfile.status",
    grants=(grant("eks:DescribeFargateProfile", _PROFILES),),
)
_WAITER = {"wait_for_completion": False, "region": None, "deferrable": False, "waiter_delay": 30}


def made(watch: Watch) -> Watch:
    """Until it is there."""
    return replace(watch, success=("ACTIVE",), failure=("FAILED", "CREATE_FAILED", "DELETE_FAILED", "DELETING"))


def deleted(watch: Watch) -> Watch:
    """Until it is gone."""
    return replace(watch, failure=("FAILED", "CREATE_FAILED", "DELETE_FAILED"), gone=("ResourceNotFoundException",))


class EksOperator(ServiceOperator):
    """What they share. region: the old name of region_name."""

    service = "eks"

    def is_elsewhere(self, argument: Any) -> bool:
        return ServiceOperator.is_elsewhere(self, argument) or argument("region") is not None

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        return {**super()._hook_parameters, "region_name": self.region_name or self.region}

    def part(self) -> dict[str, Any]:
        """What the watch's action asks for."""
        return {"name": self.cluster_name}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return self.part()

    def request(self) -> dict[str, Any]:
        return self.part()


class EksCreateNodegroupOperator(EksOperator):
    """Makes a managed node group."""

    template_fields: Any = aws_template_fields(
        *("cluster_name", "nodegroup_subnets", "nodegroup_role_arn", "nodegroup_name", "create_nodegroup_kwargs"),
        "wait_for_completion",
    )
    action = "CreateNodegroup"
    starts = (
        grant("eks:CreateNodegroup eks:TagResource", _CLUSTER, _GROUPS),
        grant("eks:DeleteNodegroup", _GROUPS),
        passes_role("eks"),
        _LINKED,
    )
    watch = made(GROUP)
    __init__ = takes(
        *("cluster_name", "nodegroup_subnets", "nodegroup_role_arn"),
        nodegroup_name="nodegroup",
        create_nodegroup_kwargs=None,
        waiter_max_attempts=80,
        delete_nodegroup_on_failure=True,
        **_WAITER,
    )

    def part(self) -> dict[str, Any]:
        return {"clusterName": self.cluster_name, "nodegroupName": self.nodegroup_name}

    def request(self) -> dict[str, Any]:
        subnets = self.nodegroup_subnets
        found = (ast.literal_eval(subnets) if subnets else []) if isinstance(subnets, str) else subnets
        more = self.create_nodegroup_kwargs or {}
        return {**self.part(), "subnets": found, "nodeRole": self.nodegroup_role_arn, **more}

    def abandon(self, handle: dict[str, Any]) -> None:
        if self.delete_nodegroup_on_failure:
            self.call("DeleteNodegroup", handle)


class EksCreateFargateProfileOperator(EksOperator):
    """Makes a Fargate profile."""

    template_fields: Any = aws_template_fields(
        *("cluster_name", "pod_execution_role_arn", "selectors", "fargate_profile_name"),
        *("create_fargate_profile_kwargs", "wait_for_completion"),
    )
    action = "CreateFargateProfile"
    starts = (
        grant("eks:CreateFargateProfile eks:TagResource", _CLUSTER, _PROFILES),
        passes_role("eks-fargate-pods"),
        _LINKED,
    )
    watch = made(PROFILE)
    __init__ = takes(
        *("cluster_name", "pod_execution_role_arn", "selectors"),
        fargate_profile_name="profile",
        create_fargate_profile_kwargs=None,
        waiter_max_attempts=60,
        **(_WAITER | {"waiter_delay": 10}),
    )

    def part(self) -> dict[str, Any]:
        return {"clusterName": self.cluster_name, "fargateProfileName": self.fargate_profile_name}

    def request(self) -> dict[str, Any]:
        roles = {"podExecutionRoleArn": self.pod_execution_role_arn, "selectors": self.selectors}
        return {**self.part(), **roles, **(self.create_fargate_profile_kwargs or {})}


class EksDeleteNodegroupOperator(EksOperator):
    """Deletes a node group."""

    template_fields: Any = aws_template_fields("cluster_name", "nodegroup_name", "wait_for_completion")
    action = "DeleteNodegroup"
    starts = (grant("eks:DeleteNodegroup", _GROUPS),)
    watch = deleted(GROUP)
    __init__ = takes("cluster_name", "nodegroup_name", waiter_max_attempts=40, **_WAITER)

    def part(self) -> dict[str, Any]:
        return {"clusterName": self.cluster_name, "nodegroupName": self.nodegroup_name}


class EksDeleteFargateProfileOperator(EksOperator):
    """Deletes a Fargate profile."""

    template_fields: Any = aws_template_fields("cluster_name", "fargate_profile_name", "wait_for_completion")
    action = "DeleteFargateProfile"
    starts = (grant("eks:DeleteFargateProfile", _PROFILES),)
    watch = deleted(PROFILE)
    __init__ = takes("cluster_name", "fargate_profile_name", waiter_max_attempts=60, **_WAITER)

    def part(self) -> dict[str, Any]:
        return {"clusterName": self.cluster_name, "fargateProfileName": self.fargate_profile_name}


class EksCreateClusterOperator(EksOperator):
    """Makes a cluster, and when it is there its compute: a node group, a Fargate profile, or none."""

    template_fields: Any = aws_template_fields(
        *("cluster_name", "cluster_role_arn", "resources_vpc_config", "create_cluster_kwargs", "compute"),
        *("nodegroup_name", "nodegroup_role_arn", "create_nodegroup_kwargs", "fargate_profile_name"),
        *("fargate_pod_execution_role_arn", "fargate_selectors", "create_fargate_profile_kwargs"),
        "wait_for_completion",
    )
    action = "CreateCluster"
    starts = (
        grant("eks:CreateCluster eks:TagResource eks:DeleteCluster", _CLUSTER),
        grant("eks:CreateNodegroup eks:TagResource", _CLUSTER, _GROUPS),
        grant("eks:CreateFargateProfile", _CLUSTER, _PROFILES),
        *(*GROUP.grants, *PROFILE.grants),
        *(passes_role("eks"), passes_role("eks-fargate-pods")),
        _LINKED,
    )
    watch = made(CLUSTER)
    __init__ = takes(
        *("cluster_name", "cluster_role_arn", "resources_vpc_config"),
        compute="nodegroup",
        create_cluster_kwargs=None,
        nodegroup_name="nodegroup",
        nodegroup_role_arn=None,
        create_nodegroup_kwargs=None,
        fargate_profile_name="profile",
        fargate_pod_execution_role_arn=None,
        fargate_selectors=None,
        create_fargate_profile_kwargs=None,
        waiter_max_attempts=40,
        delete_nodegroup_on_failure=True,
        **_WAITER,
    )

    def waits(self) -> bool:
        return bool(self.compute or self.wait_for_completion or self.deferrable)

    def request(self) -> dict[str, Any]:
        needs = {"nodegroup": "nodegroup_role_arn", "fargate": "fargate_pod_execution_role_arn"}
        if self.compute and self.compute not in needs:
            raise ValueError("Provided compute type is not supported.")
        if self.compute and not getattr(self, needs[self.compute]):
            raise ValueError(f"Creating {self.compute} requires {needs[self.compute]} to be passed in.")
        place = {"roleArn": self.cluster_role_arn, "resourcesVpcConfig": self.resources_vpc_config}
        return {"name": self.cluster_name, **place, **(self.create_cluster_kwargs or {})}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        state, told = super().asked(handle)
        if state != "success" or not self.compute:
            return state, told
        nodes = self.compute == "nodegroup"
        watch = made(GROUP if nodes else PROFILE)
        part = "nodegroupName" if nodes else "fargateProfileName"
        name = {"clusterName": self.cluster_name, part: self.nodegroup_name if nodes else self.fargate_profile_name}
        try:
            told_of = self.judged(watch, name)
        except Exception as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            self._create_compute(name)
            told_of = ("running", "CREATING")
        return told_of if self.wait_for_completion or self.deferrable else ("success", told_of[1])

    def _create_compute(self, name: dict[str, Any]) -> None:
        if self.compute == "nodegroup":
            subnets = self.resources_vpc_config.get("subnetIds")
            request = {"subnets": subnets, "nodeRole": self.nodegroup_role_arn, **(self.create_nodegroup_kwargs or {})}
            self.call("CreateNodegroup", {**name, **request})
            return
        selectors = self.fargate_selectors or [{"namespace": "default"}]
        request = {"podExecutionRoleArn": self.fargate_pod_execution_role_arn, "selectors": selectors}
        self.call("CreateFargateProfile", {**name, **request, **(self.create_fargate_profile_kwargs or {})})

    def abandon(self, handle: dict[str, Any]) -> None:
        """A cluster that failed to start is torn down; one that lacks its nodes stays, as in the provider."""
        if super().asked(handle)[0] != "success":
            self.call("DeleteCluster", handle)


class EksDeleteClusterOperator(EksOperator):
    """Deletes a cluster; with force_delete_compute its node groups and Fargate profiles first."""

    template_fields: Any = aws_template_fields("cluster_name", "force_delete_compute", "wait_for_completion")
    action = "DeleteCluster"
    starts = (
        grant("eks:DeleteCluster eks:ListNodegroups eks:ListFargateProfiles", _CLUSTER),
        grant("eks:DeleteNodegroup eks:DescribeNodegroup", _GROUPS, given="force_delete_compute"),
        grant("eks:DeleteFargateProfile eks:DescribeFargateProfile", _PROFILES, given="force_delete_compute"),
    )
    watch = deleted(CLUSTER)
    __init__ = takes("cluster_name", force_delete_compute=False, waiter_max_attempts=40, **_WAITER)

    def waits(self) -> bool:
        return bool(self.wait_for_completion or self.deferrable or self.force_delete_compute)

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        if not self.force_delete_compute:
            self.call(self.action, self.part())
        return self.part()

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        state, told = super().asked(handle)
        if not self.force_delete_compute or state != "running" or told == "DELETING":
            return state, told
        if self._deletes_compute():
            return "running", "deleting compute"
        self.call(self.action, self.part())
        return ("running", "DELETING") if self.wait_for_completion or self.deferrable else ("success", "DELETING")

    def _deletes_compute(self) -> bool:
        """Delete what is not being deleted yet; whether there is anything left. Profiles go one at a time."""
        cluster = {"clusterName": self.cluster_name}
        kinds = (
            ("ListNodegroups", "nodegroups", "nodegroupName", GROUP, "DeleteNodegroup"),
            ("ListFargateProfiles", "fargateProfileNames", "fargateProfileName", PROFILE, "DeleteFargateProfile"),
        )
        left = False
        for listing, names, part, watch, action in kinds:
            for name in self.call(listing, cluster)[names]:
                left = True
                one = {**cluster, part: name}
                if self.judged(watch, one)[1] != "DELETING":
                    self.call(action, one)
                if watch is PROFILE:
                    break
        return left
