"""Hooks that are little more than a boto3 client: EventBridge, Lambda, Step Functions."""

from __future__ import annotations

import json
from typing import Any

from dag_translator.authoring.hooks.aws import AwsBaseHook


class EventBridgeHook(AwsBaseHook):
    """Amazon EventBridge."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "client_type": "events"})


class LambdaHook(AwsBaseHook):
    """AWS Lambda."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "client_type": "lambda"})

    def invoke_lambda(
        self,
        *,
        function_name: str,
        invocation_type: str | None = None,
        log_type: str | None = None,
        client_context: str | None = None,
        payload: bytes | str | None = None,
        qualifier: str | None = None,
    ) -> Any:
        given = {
            "FunctionName": function_name,
            "InvocationType": invocation_type,
            "LogType": log_type,
            "ClientContext": client_context,
            "Payload": payload,
            "Qualifier": qualifier,
        }
        return self.get_conn().invoke(**{name: value for name, value in given.items() if value is not None})


class StepFunctionHook(AwsBaseHook):
    """AWS Step Functions."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "client_type": "stepfunctions"})

    def start_execution(
        self,
        state_machine_arn: str,
        name: str | None = None,
        state_machine_input: dict[str, Any] | str | None = None,
        is_redrive_execution: bool = False,
    ) -> str:
        """The execution's ARN."""
        if is_redrive_execution:
            arn = f"{state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
            self.get_conn().redrive_execution(executionArn=arn)
            return arn
        arguments: dict[str, Any] = {"stateMachineArn": state_machine_arn}
        if name is not None:
            arguments["name"] = name
        if state_machine_input is not None:
            text = isinstance(state_machine_input, str)
            arguments["input"] = state_machine_input if text else json.dumps(state_machine_input)
        return str(self.get_conn().start_execution(**arguments)["executionArn"])

    def describe_execution(self, execution_arn: str) -> Any:
        return self.get_conn().describe_execution(executionArn=execution_arn)
