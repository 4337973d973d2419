"""The sensor on a run of a workflow of Amazon MWAA Serverless."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields


class MwaaServerlessWorkflowRunSensor(ServiceSensor):
    """Done when the run has one of success_states: SUCCESS unless given."""

    template_fields: Any = aws_template_fields("workflow_arn", "run_id")
    service = "mwaa-serverless"
    watch = Watch(
        "mwaa-serverless",
        "GetWorkflowRun",
        "RunDetail.RunState",
        success=("SUCCESS",),
        failure=("FAILED", "TIMEOUT", "STOPPED"),
        reason="RunDetail.ErrorMessage",
        grants=(grant("airflow-serverless:GetWorkflowRun", "airflow-serverless:{here}:workflow/*"),),
    )
    __init__ = takes("workflow_arn", "run_id", success_states=None, failure_states=None)

    def success_states(self) -> tuple[str, ...]:
        return _given(self.success_states, self.watch.success)

    def failure_states(self) -> tuple[str, ...]:
        return _given(self.failure_states, self.watch.failure)

    def arguments(self) -> dict[str, Any]:
        return {"WorkflowArn": self.workflow_arn, "RunId": self.run_id}


def _given(states: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    """The argument, which has the method's name, where it is given."""
    return default if callable(states) or not states else tuple(sorted(states))
