"""StepFunctionGetExecutionOutputOperator: what an execution gave."""

from __future__ import annotations

import json
from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask
from dag_translator.authoring.aws.rows import grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields


class StepFunctionGetExecutionOutputOperator(ServiceTask):
    """The XCom is the execution's output, or its error if it failed; nothing while it runs."""

    template_fields: Any = aws_template_fields("execution_arn")
    ui_color = "#f9c915"
    service, action = "stepfunctions", "DescribeExecution"
    starts = (grant("states:DescribeExecution", "states:{here}:execution:*"),)
    __init__ = takes("execution_arn")

    def request(self) -> dict[str, Any]:
        return {"executionArn": self.execution_arn}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:
        self.link(context, "_state_machine_executions_details", execution_arn=self.execution_arn)
        told = handle or {}
        if "output" in told:
            return json.loads(told["output"])
        try:
            return json.loads(told["error"]) if "error" in told else None
        except ValueError:
            return told["error"]
