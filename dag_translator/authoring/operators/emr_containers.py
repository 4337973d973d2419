"""Operators of EMR on EKS: virtual clusters and jobs.

Source of the permissions: Step Functions developer guide, "IAM policies for calling Amazon EMR on EKS"; its `.sync`
asks by itself, there is no rule. A tag is the job's, so tagging is allowed on jobs.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask
from dag_translator.authoring.aws.rows import Sync, Watch, at, grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_CLUSTER = "emr-containers:{here}:/virtualclusters/{virtual_cluster_id}"
_RUN = (
    grant("emr-containers:StartJobRun", _CLUSTER),
    grant("emr-containers:DescribeJobRun emr-containers:CancelJobRun", f"{_CLUSTER}/jobruns/*"),
    grant("emr-containers:TagResource", f"{_CLUSTER}/jobruns/*", given="tags"),
)


class EmrContainerOperator(ServiceOperator):
    """Runs a job on a virtual cluster; the XCom is its id."""

    template_fields: Any = aws_template_fields(
        *("name", "virtual_cluster_id", "execution_role_arn", "release_label", "job_driver", "configuration_overrides")
    )
    ui_color = "#f9c915"
    service, action = "emr-containers", "StartJobRun"
    starts = _RUN
    sync = Sync("emr-containers:startJobRun", maps=("tags", "properties"), grants=_RUN)
    watch = Watch(
        "emr-containers",
        "DescribeJobRun",
        "jobRun.state",
        success=("COMPLETED",),
        failure=("FAILED", "CANCELLED", "CANCEL_PENDING"),
        reason="jobRun.failureReason",
    )
    __init__ = takes(
        *("name", "virtual_cluster_id", "execution_role_arn", "release_label", "job_driver"),
        configuration_overrides=None,
        client_request_token=None,
        wait_for_completion=True,
        poll_interval=30,
        tags=None,
        max_polling_attempts=None,
        job_retry_max_attempts=None,
        deferrable=False,
        cancel_on_kill=True,
        openlineage_inject_parent_job_info=False,
        openlineage_inject_transport_info=False,
    )

    def request(self) -> dict[str, Any]:
        attempts = self.job_retry_max_attempts
        return {
            "name": self.name,
            "virtualClusterId": self.virtual_cluster_id,
            "clientToken": self.client_request_token or str(uuid4()),
            "executionRoleArn": self.execution_role_arn,
            "releaseLabel": self.release_label,
            "jobDriver": self.job_driver,
            "configurationOverrides": self.configuration_overrides or {},
            "tags": self.tags or {},
            "retryPolicyConfiguration": {"maxAttempts": attempts} if attempts else None,
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"virtualClusterId": self.virtual_cluster_id, "id": answer["id"]}

    def cancel(self, handle: dict[str, Any]) -> None:
        self.call("CancelJobRun", handle)

    def synced(self, answer: dict[str, Any]) -> dict[str, Any]:
        found = [*at(answer, "Id"), *at(answer, "JobRun.Id")]
        return {"virtualClusterId": self.virtual_cluster_id, "id": found[0] if found else None}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("id")


class EmrEksCreateClusterOperator(ServiceTask):
    """Makes a virtual cluster on a namespace of an EKS cluster; the XCom is its id."""

    template_fields: Any = aws_template_fields("virtual_cluster_name", "eks_cluster_name", "eks_namespace")
    ui_color = "#f9c915"
    service, action = "emr-containers", "CreateVirtualCluster"
    starts = (
        grant("emr-containers:CreateVirtualCluster emr-containers:TagResource", "emr-containers:{here}:/*"),
        grant("eks:DescribeCluster", "eks:{here}:cluster/{eks_cluster_name}"),
        grant(
            "iam:CreateServiceLinkedRole",
            "iam::{account}:role/aws-service-role/emr-containers.amazonaws.com/*",
        ),
    )
    __init__ = takes("virtual_cluster_name", "eks_cluster_name", "eks_namespace", virtual_cluster_id="", tags=None)

    def request(self) -> dict[str, Any]:
        place = {"namespace": self.eks_namespace}
        provider = {"id": self.eks_cluster_name, "type": "EKS", "info": {"eksInfo": place}}
        return {"name": self.virtual_cluster_name, "containerProvider": provider, "tags": self.tags or {}}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("id")
