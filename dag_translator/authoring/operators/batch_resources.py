"""BatchCreateComputeEnvironmentOperator."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator
from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields


class BatchCreateComputeEnvironmentOperator(ServiceOperator):
    """Makes a compute environment; the XCom is its ARN. It is waited for only where deferrable says so."""

    template_fields: Any = aws_template_fields("compute_environment_name", "compute_resources", "service_role")
    service, action = "batch", "CreateComputeEnvironment"
    starts = (
        grant(
            "batch:CreateComputeEnvironment batch:TagResource",
            "batch:{here}:compute-environment/{compute_environment_name}",
        ),
        # The service's role, the instances' profile.
        grant("iam:PassRole", "iam::{account}:role/*"),
    )
    watch = Watch(
        "batch",
        "DescribeComputeEnvironments",
        "computeEnvironments.status",
        success=("VALID",),
        failure=("INVALID", "DELETED"),
        every=True,
        reason="computeEnvironments.statusReason",
        grants=(grant("batch:DescribeComputeEnvironments"),),
    )
    __init__ = takes(
        *("compute_environment_name", "environment_type", "state", "compute_resources"),
        unmanaged_v_cpus=None,
        service_role=None,
        tags=None,
        poll_interval=30,
        max_retries=None,
        deferrable=False,
    )

    def pace(self) -> tuple[float, float | None]:
        return float(self.poll_interval), float(self.max_retries or 120)

    def request(self) -> dict[str, Any]:
        return {
            "computeEnvironmentName": self.compute_environment_name,
            "type": self.environment_type,
            "state": self.state,
            "unmanagedvCpus": self.unmanaged_v_cpus,
            "computeResources": self.compute_resources,
            "serviceRole": self.service_role,
            "tags": self.tags or {},
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"computeEnvironments": [answer["computeEnvironmentArn"]]}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {})["computeEnvironments"][0]
