"""The sensor on a job of Amazon S3 Glacier."""

from __future__ import annotations

from enum import Enum
from typing import Any

from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields


class JobStatus(Enum):
    """Of a job."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"


class GlacierJobOperationSensor(ServiceSensor):
    """Done when the job has Succeeded."""

    template_fields: Any = aws_template_fields("vault_name", "job_id")
    service = "glacier"
    watch = Watch(
        "glacier",
        "DescribeJob",
        "StatusCode",
        success=("Succeeded",),
        failure=("Failed",),
        reason="StatusMessage",
        grants=(grant("glacier:DescribeJob", "glacier:{here}:vaults/{vault_name}"),),
    )
    __init__ = takes("vault_name", "job_id", poke_interval=1200, mode="reschedule")

    def arguments(self) -> dict[str, Any]:
        return {"accountId": "-", "vaultName": self.vault_name, "jobId": self.job_id}
