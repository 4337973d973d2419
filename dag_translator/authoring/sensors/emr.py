"""Sensors on Amazon EMR: clusters, steps, notebooks, EMR Serverless, EMR on EKS."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.emr import CLUSTER, NOTEBOOK
from dag_translator.authoring.operators.emr_serverless import APPLICATION


class EmrBaseSensor(ServiceSensor):
    """What they share: target_states and failed_states, the watch's unless given."""

    ui_color = "#66c3ff"
    service = "emr"
    target_states: Any = None
    failed_states: Any = None

    def success_states(self) -> tuple[str, ...]:
        return tuple(sorted(self.target_states or self.watch.success))

    def failure_states(self) -> tuple[str, ...]:
        return tuple(sorted(self.failed_states or self.watch.failure))


class EmrJobFlowSensor(EmrBaseSensor):
    """Done when the cluster has one of target_states: TERMINATED unless given."""

    template_fields: Any = aws_template_fields("job_flow_id", "target_states", "failed_states")
    watch = replace(CLUSTER, success=("TERMINATED",))
    __init__ = takes("job_flow_id", target_states=None, failed_states=None, max_attempts=60, deferrable=False)

    def arguments(self) -> dict[str, Any]:
        return {"ClusterId": self.job_flow_id}


class EmrStepSensor(EmrBaseSensor):
    """Done when the step has one of target_states: COMPLETED unless given."""

    template_fields: Any = aws_template_fields("job_flow_id", "step_id", "target_states", "failed_states")
    watch = Watch(
        "emr",
        "DescribeStep",
        "Step.Status.State",
        success=("COMPLETED",),
        failure=("CANCELLED", "FAILED", "INTERRUPTED"),
        reason="Step.Status.FailureDetails.Message",
        grants=(grant("elasticmapreduce:DescribeStep", "elasticmapreduce:{here}:cluster/{job_flow_id}"),),
    )
    __init__ = takes(
        *("job_flow_id", "step_id"), target_states=None, failed_states=None, max_attempts=60, deferrable=False
    )

    def arguments(self) -> dict[str, Any]:
        return {"ClusterId": self.job_flow_id, "StepId": self.step_id}


class EmrNotebookExecutionSensor(EmrBaseSensor):
    """Done when the notebook's execution has one of target_states: FINISHED unless given."""

    template_fields: Any = aws_template_fields("notebook_execution_id")
    watch = replace(NOTEBOOK, success=("FINISHED",))
    __init__ = takes("notebook_execution_id", target_states=None, failed_states=None)

    def arguments(self) -> dict[str, Any]:
        return {"NotebookExecutionId": self.notebook_execution_id}


class EmrServerlessJobSensor(EmrBaseSensor):
    """Done when the job run has one of target_states: SUCCESS unless given."""

    template_fields: Any = aws_template_fields("application_id", "job_run_id")
    service = "emr-serverless"
    watch = Watch(
        "emr-serverless",
        "GetJobRun",
        "jobRun.state",
        success=("SUCCESS",),
        failure=("FAILED", "CANCELLING", "CANCELLED"),
        reason="jobRun.stateDetails",
        grants=(grant("emr-serverless:GetJobRun", "emr-serverless:{here}:/applications/{application_id}/jobruns/*"),),
    )
    __init__ = takes("application_id", "job_run_id", target_states=frozenset({"SUCCESS"}), deferrable=False)

    def arguments(self) -> dict[str, Any]:
        return {"applicationId": self.application_id, "jobRunId": self.job_run_id}


class EmrServerlessApplicationSensor(EmrBaseSensor):
    """Done when the application has one of target_states: CREATED or STARTED unless given."""

    template_fields: Any = aws_template_fields("application_id")
    watch = replace(APPLICATION, success=("CREATED", "STARTED"), failure=("STOPPED", "TERMINATED"))
    __init__ = takes("application_id", target_states=frozenset({"CREATED", "STARTED"}))

    def arguments(self) -> dict[str, Any]:
        return {"applicationId": self.application_id}


class EmrContainerSensor(ServiceSensor):
    """Done when the job on EMR on EKS is COMPLETED. It is asked for every poll_interval seconds."""

    template_fields: Any = aws_template_fields("virtual_cluster_id", "job_id")
    ui_color = "#66c3ff"
    service = "emr-containers"
    watch = Watch(
        "emr-containers",
        "DescribeJobRun",
        "jobRun.state",
        success=("COMPLETED",),
        failure=("FAILED", "CANCELLED", "CANCEL_PENDING"),
        reason="jobRun.failureReason",
        grants=(
            grant(
                "emr-containers:DescribeJobRun", "emr-containers:{here}:/virtualclusters/{virtual_cluster_id}/jobruns/*"
            ),
        ),
    )
    __init__ = takes("virtual_cluster_id", "job_id", max_retries=None, poll_interval=10, deferrable=False)

    def arguments(self) -> dict[str, Any]:
        return {"virtualClusterId": self.virtual_cluster_id, "id": self.job_id}

    def pace(self) -> float:
        return float(self.poll_interval)
