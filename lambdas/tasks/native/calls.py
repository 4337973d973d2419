"""Operators that call a function or a state machine once: `LambdaInvokeFunctionOperator`,
`StepFunctionStartExecutionOperator`.

As `apache-airflow-providers-amazon` 9: the XCom is the text of the function's answer, the execution's ARN. Source:
Step Functions developer guide, the pages of both integrations.
"""

from __future__ import annotations

import json
from typing import Any

from lambdas.tasks.native.links import push_link
from lambdas.tasks.native.work import NativeWork


def invoke_request(operator: Any, _context: Any) -> dict[str, Any]:
    """Invoke's request; the payload as JSON, not as text."""
    given = {
        "FunctionName": operator.function_name,
        "Qualifier": operator.qualifier,
        "InvocationType": operator.invocation_type,
        "ClientContext": operator.client_context,
        "Payload": _json("payload", operator.payload) if operator.payload else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def invoke_result(_operator: Any, answer: Any, _context: Any) -> str:
    """The payload as text; empty where the function was not waited for."""
    payload = answer.get("Payload", "")
    waited = answer.get("StatusCode", 200) == 200
    return json.dumps(payload, ensure_ascii=False) if waited else ""


def start_request(operator: Any, context: Any) -> dict[str, Any]:
    """StartExecution's request."""
    push_link(operator, context, "_state_machine_details", state_machine_arn=operator.state_machine_arn)
    given = operator.state_machine_input
    request = {"StateMachineArn": operator.state_machine_arn}
    if operator.name is not None:
        request["Name"] = operator.name
    if given is not None:
        request["Input"] = _json("state_machine_input", given) if isinstance(given, str) else given
    return request


def start_result(operator: Any, answer: Any, context: Any) -> str:
    """The execution's ARN."""
    arn = str(answer["ExecutionArn"])
    push_link(operator, context, "_state_machine_executions_details", execution_arn=arn)
    return arn


def _json(name: str, text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from None


INVOKE = NativeWork(invoke_request, invoke_result)
START_EXECUTION = NativeWork(start_request, start_result)
