"""Lambda functions as tasks: `lambda:invoke`, and a function's ARN as the Resource itself.

A function's exception is the task's error: its class name, with the whole error object as JSON in the cause.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from botocore.exceptions import ClientError

from infra.local.engine import TaskCall, TaskFailed
from infra.local.engine.json_values import Json, dumps


class Functions(Protocol):
    """Runs functions."""

    def invoke(self, function: str, payload: Json, call: TaskCall) -> Coroutine[Any, Any, Json]:
        """The answer of a function (name or ARN); raises TaskFailed (see `function_failed`)."""
        ...


def function_failed(error: dict[str, Any]) -> TaskFailed:
    """The task's failure for a function's error object `{"errorType", "errorMessage", ...}`."""
    return TaskFailed(error.get("errorType") or "Lambda.Unknown", dumps(error))


def function_missing(function: str) -> TaskFailed:
    return TaskFailed("Lambda.ResourceNotFoundException", f"Function not found: {function}")


async def invoke(functions: Functions, arguments: Json, call: TaskCall) -> Json:
    """The optimized integration: Payload is JSON in both directions."""
    function = arguments["FunctionName"]
    if arguments.get("Qualifier"):
        function = f"{function}:{arguments['Qualifier']}"
    payload = arguments.get("Payload", {})
    if arguments.get("InvocationType") == "Event":
        call.detach(functions.invoke(function, payload, call))
        return {"ExecutedVersion": "$LATEST", "Payload": "", "StatusCode": 202}
    answer = await functions.invoke(function, payload, call)
    version = function.rsplit(":", 1)[1] if function.count(":") in (1, 7) else "$LATEST"
    return {"ExecutedVersion": version, "Payload": answer, "StatusCode": 200}


class BotoFunctions:
    """Functions behind a Lambda endpoint. blocking: makes a blocking call without blocking the loop."""

    def __init__(self, client: Callable[[str], Any], blocking: Callable[[Callable[[], Any]], Awaitable[Any]]) -> None:
        self._client = client
        self._blocking = blocking

    async def invoke(self, function: str, payload: Json, call: TaskCall) -> Json:  # noqa: ARG002 - the protocol's
        return await self._blocking(lambda: self._invoke(function, payload))

    def _invoke(self, function: str, payload: Json) -> Json:
        try:
            answer = self._client("lambda").invoke(FunctionName=function, Payload=dumps(payload).encode())
        except ClientError as error:
            code = error.response["Error"]["Code"]
            name = code if code.endswith("Exception") else f"{code}Exception"
            raise TaskFailed(f"Lambda.{name}", error.response["Error"].get("Message", "")) from error
        text = answer["Payload"].read().decode()
        value = json.loads(text) if text else None
        if answer.get("FunctionError"):
            raise function_failed(value if isinstance(value, dict) else {"errorMessage": text})
        return value
