"""LambdaCreateFunctionOperator."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_FUNCTION = "lambda:{here}:function:{function_name}"


class LambdaCreateFunctionOperator(ServiceOperator):
    """Makes a Lambda function; the XCom is its ARN. config: CreateFunction's other arguments in snake_case."""

    template_fields: Any = aws_template_fields("function_name", "runtime", "role", "handler", "code", "config")
    ui_color = "#ff7300"
    service, action = "lambda", "CreateFunction"
    starts = (
        grant("lambda:CreateFunction lambda:TagResource", _FUNCTION),
        grant("lambda:GetLayerVersion", "lambda:*:*:layer:*", given="config"),
        passes_role("lambda"),
    )
    watch = Watch(
        "lambda",
        "GetFunction",
        "Configuration.State",
        success=("Active",),
        failure=("Failed",),
        reason="Configuration.StateReason",
        grants=(grant("lambda:GetFunction", _FUNCTION),),
    )
    kept, returns = ("FunctionArn",), "FunctionArn"
    __init__ = takes(
        *("function_name", "role", "code"),
        runtime=None,
        handler=None,
        description=None,
        timeout=None,
        config=None,
        wait_for_completion=False,
        waiter_max_attempts=60,
        waiter_delay=15,
        deferrable=False,
    )

    def request(self) -> dict[str, Any]:
        config = dict(self.config or {})
        if config.get("package_type") == "Zip" and (self.handler is None or self.runtime is None):
            raise TypeError("Parameters 'handler' and 'runtime' are required if 'package_type' is 'Zip'")
        return {
            "FunctionName": self.function_name,
            "Runtime": self.runtime,
            "Role": self.role,
            "Handler": self.handler,
            "Code": self.code,
            "Description": self.description,
            "Timeout": self.timeout,
            **{_api_name(name): value for name, value in config.items()},
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"FunctionName": self.function_name, "FunctionArn": answer["FunctionArn"]}


def _api_name(name: str) -> str:
    return "KMSKeyArn" if name == "kms_key_arn" else "".join(word.capitalize() for word in name.split("_"))
