"""Operators of AWS CloudFormation's stacks. What a stack makes it makes with the rights of the one who creates it: give
cloudformation_parameters a RoleARN, as the task's role has rights on the stack alone.
"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask
from dag_translator.authoring.aws.rows import grant, passes_role, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_STACK = "cloudformation:{here}:stack/{stack_name}/*"


class CloudFormationCreateStackOperator(ServiceTask):
    """Begins to make a stack. cloudformation_parameters: CreateStack's request."""

    template_fields: Any = aws_template_fields("stack_name", "cloudformation_parameters")
    ui_color = "#6b9659"
    service, action = "cloudformation", "CreateStack"
    starts = (
        grant("cloudformation:CreateStack cloudformation:TagResource", _STACK),
        passes_role("cloudformation"),
    )
    __init__ = takes("stack_name", "cloudformation_parameters")

    def request(self) -> dict[str, Any]:
        return {"StackName": self.stack_name, **self.cloudformation_parameters}


class CloudFormationDeleteStackOperator(ServiceTask):
    """Begins to delete a stack. cloudformation_parameters: what else DeleteStack takes."""

    template_fields: Any = aws_template_fields("stack_name")
    ui_color, ui_fgcolor = "#1d472b", "#FFF"
    service, action = "cloudformation", "DeleteStack"
    starts = (
        grant("cloudformation:DeleteStack", _STACK),
        grant("iam:PassRole", "iam::{account}:role/*", given="cloudformation_parameters"),
    )
    __init__ = takes("stack_name", cloudformation_parameters=None)

    def request(self) -> dict[str, Any]:
        return {"StackName": self.stack_name, **(self.cloudformation_parameters or {})}
