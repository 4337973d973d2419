"""Operators of Amazon EMR on EC2: clusters, steps, notebooks.

What the extra link to a cluster's logs would need (EmrLogsLink) is not pushed: it takes a call of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any
from uuid import uuid4

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.exceptions import AirflowException, AirflowNotFoundException
from dag_translator.authoring.operators.aws import aws_template_fields

CLUSTER = Watch(
    "emr",
    "DescribeCluster",
    "Cluster.Status.State",
    failure=("TERMINATED_WITH_ERRORS",),
    reason="Cluster.Status.StateChangeReason.Message",
    grants=(grant("elasticmapreduce:DescribeCluster", "elasticmapreduce:{here}:cluster/*"),),
)
NOTEBOOK = Watch(
    "emr",
    "DescribeNotebookExecution",
    "NotebookExecution.Status",
    failure=("FAILED",),
    reason="NotebookExecution.LastStateChangeReason",
    grants=(grant("elasticmapreduce:DescribeNotebookExecution"),),
)


class WaitPolicy(StrEnum):
    """What EmrCreateJobFlowOperator waits for: that the cluster works, or that it has ended."""

    WAIT_FOR_COMPLETION = "wait_for_completion"
    WAIT_FOR_STEPS_COMPLETION = "wait_for_steps_completion"


def as_python(value: Any) -> Any:
    """What a template rendered as text: a Python literal, as the provider reads it."""
    return ast.literal_eval(value) if isinstance(value, str) else value


class EmrCreateJobFlowOperator(ServiceOperator):
    """Makes a cluster; the XCom is its id. job_flow_overrides: RunJobFlow's request, over the emr_conn_id's extra."""

    template_fields: Any = aws_template_fields(
        *("job_flow_overrides", "waiter_delay", "waiter_max_attempts", "emr_conn_id")
    )
    template_ext: Any = (".json",)
    template_fields_renderers: Any = {"job_flow_overrides": "json"}  # noqa: RUF012
    ui_color = "#f9c915"
    service, action = "emr", "RunJobFlow"
    starts = (
        grant("elasticmapreduce:RunJobFlow"),
        grant("elasticmapreduce:AddTags elasticmapreduce:TerminateJobFlows", "elasticmapreduce:{here}:cluster/*"),
        passes_role("elasticmapreduce"),
        passes_role("ec2"),
    )
    watch = CLUSTER
    __init__ = takes(
        emr_conn_id="emr_default",
        job_flow_overrides=None,
        wait_for_completion=None,
        wait_policy=None,
        waiter_max_attempts=None,
        waiter_delay=None,
        deferrable=False,
        terminate_job_flow_on_failure=True,
    )

    def request(self) -> dict[str, Any]:
        return {**self._of_connection(), **(as_python(self.job_flow_overrides) or {})}

    def _of_connection(self) -> Mapping[str, Any]:
        if not self.emr_conn_id:
            return {}
        try:
            extra: Mapping[str, Any] = self.hook.get_connection(self.emr_conn_id).extra_dejson
        except AirflowNotFoundException:
            return {}
        return extra

    def waits(self) -> bool:
        # With deferrable alone the provider does not wait either.
        return self.wait_policy is not None or bool(self.wait_for_completion)

    def pace(self) -> tuple[float, float | None]:
        return float(self.waiter_delay or 60), float(self.waiter_max_attempts or 60)

    def success_states(self) -> tuple[str, ...]:
        ended = self.wait_policy == WaitPolicy.WAIT_FOR_STEPS_COMPLETION
        return ("TERMINATED",) if ended else ("WAITING", "RUNNING", "TERMINATED")

    def start(self, context: Any) -> dict[str, Any]:
        cluster = str(self.call(self.action, self.prepared(context))["JobFlowId"])
        self.link(context, "emr_cluster", job_flow_id=cluster)
        return {"ClusterId": cluster}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("ClusterId")

    def abandon(self, handle: dict[str, Any]) -> None:
        if self.terminate_job_flow_on_failure:
            self.cancel(handle)

    def cancel(self, handle: dict[str, Any]) -> None:
        self.call("TerminateJobFlows", {"JobFlowIds": [handle["ClusterId"]]})


class EmrAddStepsOperator(ServiceOperator):
    """Adds steps to a cluster, given by id or name; the XCom is the list of the steps' ids."""

    template_fields: Any = aws_template_fields(
        *("job_flow_id", "job_flow_name", "cluster_states", "steps", "execution_role_arn")
    )
    template_ext: Any = (".json",)
    template_fields_renderers: Any = {"steps": "json"}  # noqa: RUF012
    ui_color = "#f9c915"
    service, action = "emr", "AddJobFlowSteps"
    starts = (
        grant("elasticmapreduce:AddJobFlowSteps", "elasticmapreduce:{here}:cluster/{job_flow_id}"),
        grant("elasticmapreduce:ListClusters", given="job_flow_name"),
        grant("iam:PassRole", "iam::{account}:role/{execution_role_arn}", given="execution_role_arn"),
    )
    watch = Watch(
        "emr",
        "ListSteps",
        "Steps.Status.State",
        success=("COMPLETED",),
        failure=("CANCELLED", "FAILED", "INTERRUPTED"),
        every=True,
        grants=(grant("elasticmapreduce:ListSteps", "elasticmapreduce:{here}:cluster/{job_flow_id}"),),
    )
    __init__ = takes(
        job_flow_id=None,
        job_flow_name=None,
        cluster_states=None,
        steps=None,
        wait_for_completion=False,
        waiter_delay=30,
        waiter_max_attempts=60,
        execution_role_arn=None,
        deferrable=False,
        openlineage_inject_parent_job_info=False,
    )

    def start(self, context: Any) -> dict[str, Any]:
        cluster = self.job_flow_id or self._by_name()
        if self.do_xcom_push:
            context["ti"].xcom_push(key="job_flow_id", value=cluster)
        self.link(context, "emr_cluster", job_flow_id=cluster)
        steps = as_python(self.steps) or []
        request = {"JobFlowId": cluster, "Steps": steps, "ExecutionRoleArn": self.execution_role_arn or None}
        return {"ClusterId": cluster, "StepIds": self.call(self.action, request)["StepIds"]}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        """ListSteps takes ten ids at a time: what counts is a failure, else what is not over."""
        ids = list(handle["StepIds"])
        told = [
            super(EmrAddStepsOperator, self).asked({**handle, "StepIds": ids[at : at + 10]})
            for at in range(0, len(ids), 10)
        ]
        return min(told, key=lambda each: ("failed", "running", "success").index(each[0]), default=("success", ""))

    def _by_name(self) -> str:
        if not self.job_flow_name:
            raise AirflowException("Exactly one of job_flow_id or job_flow_name must be specified.")
        pages = self.client().get_paginator("list_clusters").paginate(ClusterStates=self.cluster_states or [])
        found = [each["Id"] for page in pages for each in page["Clusters"] if each["Name"] == self.job_flow_name]
        if len(found) != 1:
            many = "More than one" if found else "No"
            raise AirflowException(f"{many} cluster found for name {self.job_flow_name}")
        return str(found[0])

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("StepIds")


class EmrTerminateJobFlowOperator(ServiceOperator):
    """Terminates a cluster; waits for its end if deferrable."""

    template_fields: Any = aws_template_fields("job_flow_id")
    ui_color = "#f9c915"
    service, action = "emr", "TerminateJobFlows"
    starts = (grant("elasticmapreduce:TerminateJobFlows", "elasticmapreduce:{here}:cluster/{job_flow_id}"),)
    watch = replace(CLUSTER, success=("TERMINATED",))
    __init__ = takes("job_flow_id", waiter_delay=60, waiter_max_attempts=20, deferrable=False)

    def start(self, context: Any) -> dict[str, Any]:
        self.link(context, "emr_cluster", job_flow_id=self.job_flow_id)
        self.call(self.action, {"JobFlowIds": [self.job_flow_id]})
        return {"ClusterId": self.job_flow_id}


class EmrModifyClusterOperator(ServiceTask):
    """Changes how many steps of a cluster run at once; the XCom is that number."""

    template_fields: Any = aws_template_fields("cluster_id", "step_concurrency_level")
    ui_color = "#f9c915"
    service, action = "emr", "ModifyCluster"
    starts = (grant("elasticmapreduce:ModifyCluster", "elasticmapreduce:{here}:cluster/{cluster_id}"),)
    __init__ = takes("cluster_id", "step_concurrency_level")

    def request(self) -> dict[str, Any]:
        return {"ClusterId": self.cluster_id, "StepConcurrencyLevel": int(self.step_concurrency_level)}

    def start(self, context: Any) -> dict[str, Any]:
        if self.do_xcom_push:
            context["ti"].xcom_push(key="cluster_id", value=self.cluster_id)
        self.link(context, "emr_cluster", job_flow_id=self.cluster_id)
        return self.call(self.action, self.request())

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("StepConcurrencyLevel")


class EmrStartNotebookExecutionOperator(ServiceOperator):
    """Runs an EMR notebook on a cluster; the XCom is the execution's id. It waits until the notebook runs."""

    template_fields: Any = aws_template_fields(
        *("editor_id", "cluster_id", "relative_path", "service_role", "notebook_execution_name", "notebook_params"),
        *("notebook_instance_security_group_id", "master_instance_security_group_id", "tags"),
        *("waiter_delay", "waiter_max_attempts"),
    )
    service, action = "emr", "StartNotebookExecution"
    starts = (grant("elasticmapreduce:StartNotebookExecution"), passes_role("elasticmapreduce"))
    watch = replace(NOTEBOOK, success=("RUNNING", "FINISHED"))
    __init__ = takes(
        *("editor_id", "relative_path", "cluster_id", "service_role"),
        notebook_execution_name=None,
        notebook_params=None,
        notebook_instance_security_group_id=None,
        master_instance_security_group_id=None,
        tags=None,
        wait_for_completion=False,
        waiter_max_attempts=None,
        waiter_delay=None,
    )

    def pace(self) -> tuple[float, float | None]:
        return float(self.waiter_delay or 60), float(self.waiter_max_attempts or 25)

    def request(self) -> dict[str, Any]:
        return {
            "EditorId": self.editor_id,
            "RelativePath": self.relative_path,
            "NotebookExecutionName": self.notebook_execution_name or f"emr_notebook_{uuid4()}",
            "NotebookParams": self.notebook_params or "",
            "ExecutionEngine": {
                "Id": self.cluster_id,
                "Type": "EMR",
                "MasterInstanceSecurityGroupId": self.master_instance_security_group_id or "",
            },
            "ServiceRole": self.service_role,
            "NotebookInstanceSecurityGroupId": self.notebook_instance_security_group_id or "",
            "Tags": self.tags or [],
        }

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("NotebookExecutionId")


class EmrStopNotebookExecutionOperator(ServiceOperator):
    """Stops the execution of an EMR notebook."""

    template_fields: Any = aws_template_fields("notebook_execution_id", "waiter_delay", "waiter_max_attempts")
    service, action = "emr", "StopNotebookExecution"
    starts = (grant("elasticmapreduce:StopNotebookExecution"),)
    watch = replace(NOTEBOOK, success=("STOPPED", "FINISHED"))
    __init__ = takes("notebook_execution_id", wait_for_completion=False, waiter_max_attempts=None, waiter_delay=None)

    def pace(self) -> tuple[float, float | None]:
        return float(self.waiter_delay or 60), float(self.waiter_max_attempts or 25)

    def request(self) -> dict[str, Any]:
        return {"NotebookExecutionId": self.notebook_execution_id}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return self.request()
