"""Sensors on AWS CloudFormation's stacks. A stack that is not there is told by an error's text, so a Lambda asks."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.aws.sensor import ServiceSensorTask
from dag_translator.authoring.operators.aws import aws_template_fields


class _StackSensor(ServiceSensorTask):
    template_fields: Any = aws_template_fields("stack_name")
    ui_color = "#C5CAE9"
    service = "cloudformation"
    watch = Watch(
        "cloudformation",
        "DescribeStacks",
        "Stacks.StackStatus",
        grants=(grant("cloudformation:DescribeStacks", "cloudformation:{here}:stack/{stack_name}/*"),),
    )
    good: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    __init__ = takes("stack_name")

    def arguments(self) -> dict[str, Any]:
        return {"StackName": self.stack_name}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        try:
            _, told = super().asked(handle)
        except Exception as error:
            if "does not exist" not in str(error):
                raise
            told = ""
        state = "success" if told in self.good else "running" if told in self.pending else "failed"
        return state, f"Stack {self.stack_name} in bad state: {told}" if state == "failed" else told

    def failure(self, told: str) -> Exception:
        return ValueError(told)


class CloudFormationCreateStackSensor(_StackSensor):
    """Done when the stack is made; a stack that is not there yet is awaited."""

    good, pending = ("CREATE_COMPLETE",), ("CREATE_IN_PROGRESS", "")


class CloudFormationDeleteStackSensor(_StackSensor):
    """Done when the stack is deleted."""

    good, pending = ("DELETE_COMPLETE", ""), ("DELETE_IN_PROGRESS",)
