"""LambdaInvokeFunctionOperator: invokes a function. Step Functions does it natively; `execute` is for subclasses."""

from __future__ import annotations

import json
from typing import Any

from dag_translator.authoring.hooks.services import LambdaHook
from dag_translator.authoring.operators.aws import AwsBaseOperator, aws_template_fields


class LambdaInvokeFunctionOperator(AwsBaseOperator):
    """Invokes `function_name` with the JSON text `payload`; the XCom is the text of its answer.

    invocation_type: RequestResponse (default), Event or DryRun. log_type and keep_empty_log_lines have no effect on
    Step Functions: the function's logs are in its own log group. Answers are limited to 256 KB there.
    """

    template_fields: Any = aws_template_fields("function_name", "payload", "qualifier", "invocation_type")
    aws_hook_class = LambdaHook
    ui_color = "#ff7300"

    def __init__(
        self,
        *,
        function_name: str,
        log_type: str | None = None,
        keep_empty_log_lines: bool = True,
        qualifier: str | None = None,
        invocation_type: str | None = None,
        client_context: str | None = None,
        payload: bytes | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.function_name = function_name
        self.log_type = log_type
        self.keep_empty_log_lines = keep_empty_log_lines
        self.qualifier = qualifier
        self.invocation_type = invocation_type
        self.client_context = client_context
        self.payload = payload

    def execute(self, context: Any) -> str:  # noqa: ARG002
        answer = self.hook.invoke_lambda(
            function_name=self.function_name,
            invocation_type=self.invocation_type,
            log_type=self.log_type,
            client_context=self.client_context,
            payload=self.payload,
            qualifier=self.qualifier,
        )
        metadata = answer.get("ResponseMetadata")
        if answer.get("StatusCode") not in (200, 202, 204):
            raise ValueError("Lambda function did not execute", json.dumps(metadata))
        payload: str = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            told = {"ResponseMetadata": metadata, "Payload": payload}
            raise ValueError("Lambda function execution resulted in error", told)
        return payload
