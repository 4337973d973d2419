"""Sensors on AWS Batch: jobs, compute environments, job queues."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields


class BatchSensor(ServiceSensor):
    """Done when the job has SUCCEEDED."""

    template_fields: Any = aws_template_fields("job_id")
    ui_color = "#66c3ff"
    service = "batch"
    watch = Watch(
        "batch",
        "DescribeJobs",
        "jobs.status",
        success=("SUCCEEDED",),
        failure=("FAILED",),
        reason="jobs.statusReason",
        grants=(grant("batch:DescribeJobs"),),
    )
    __init__ = takes("job_id", deferrable=False, poke_interval=30, max_retries=4200)

    def arguments(self) -> dict[str, Any]:
        return {"jobs": [self.job_id]}


class BatchComputeEnvironmentSensor(ServiceSensor):
    """Done when the compute environment is VALID or DELETED; one that is not there fails the sensor."""

    template_fields: Any = aws_template_fields("compute_environment")
    ui_color = "#66c3ff"
    service = "batch"
    watch = Watch(
        "batch",
        "DescribeComputeEnvironments",
        "computeEnvironments.status",
        success=("VALID", "DELETED"),
        failure=("INVALID",),
        grants=(grant("batch:DescribeComputeEnvironments"),),
    )
    __init__ = takes("compute_environment")

    def arguments(self) -> dict[str, Any]:
        return {"computeEnvironments": [self.compute_environment]}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        state, told = super().asked(handle)
        if not told:
            raise AirflowException(f"AWS Batch compute environment {self.compute_environment} not found")
        return state, told


class BatchJobQueueSensor(ServiceSensor):
    """Done when the job queue is VALID or DELETED."""

    template_fields: Any = aws_template_fields("job_queue")
    ui_color = "#66c3ff"
    service = "batch"
    watch = Watch(
        "batch",
        "DescribeJobQueues",
        "jobQueues.status",
        success=("VALID", "DELETED"),
        failure=("INVALID",),
        grants=(grant("batch:DescribeJobQueues"),),
    )
    __init__ = takes("job_queue", treat_non_existing_as_deleted=False)

    def arguments(self) -> dict[str, Any]:
        return {"jobQueues": [self.job_queue]}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        state, told = super().asked(handle)
        if told:
            return state, told
        if self.treat_non_existing_as_deleted:
            return "success", "DELETED"
        raise AirflowException(f"AWS Batch job queue {self.job_queue} not found")
