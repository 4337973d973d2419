"""Tasks that call Step Functions itself: answered in the process instead of through an endpoint.

    states:startExecution, .sync, .sync:2    nested executions; stopping the parent stops a child that it waits for
    aws-sdk:sfn:sendTaskSuccess, ...         every action of the API

Everything else goes to the integrations behind.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from infra.local.engine import Integrations, StateFailed, TaskCall, TaskFailed
from infra.local.engine.execution import Execution
from infra.local.engine.json_values import Json, dumps, timestamp
from infra.local.stepfunctions.errors import ApiError

START: Final = "arn:aws:states:::states:startExecution"
SDK: Final = "arn:aws:states:::aws-sdk:sfn:"


@dataclass(slots=True)
class WithStepFunctions:
    """Integrations that know the service: `act` is its handler, `find` gives an execution by ARN."""

    behind: Integrations
    act: Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
    find: Callable[[str], Execution]

    async def call(self, resource: str, arguments: Json, call: TaskCall) -> Json:
        if resource.startswith(START):
            return await self._start(resource.removeprefix(START), arguments, call)
        if resource.startswith(SDK):
            return await self._sdk(resource.removeprefix(SDK), arguments)
        return await self.behind.call(resource, arguments, call)

    async def _start(self, pattern: str, arguments: Json, call: TaskCall) -> Json:
        given = arguments.get("Input", {})
        request = {
            "stateMachineArn": arguments.get("StateMachineArn"),
            "name": arguments.get("Name"),
            "traceHeader": arguments.get("TraceHeader"),
            "input": given if isinstance(given, str) else dumps(given),
        }
        try:
            started = await self.act("StartExecution", request)
        except ApiError as error:
            raise TaskFailed(f"StepFunctions.{_exception(error.code)}", error.message) from error
        answer = {"ExecutionArn": started["executionArn"], "StartDate": _milliseconds(started["startDate"])}
        if not pattern:
            return answer
        call.submitted(answer)
        child = self.find(started["executionArn"])
        try:
            await child.wait()
        except asyncio.CancelledError:
            child.stop()
            raise
        return _result(child, parsed=pattern.endswith(":2"))

    async def _sdk(self, action: str, arguments: Json) -> Json:
        request = {key[0].lower() + key[1:]: value for key, value in arguments.items()}
        try:
            answer = await self.act(action[0].upper() + action[1:], request)
        except ApiError as error:
            raise TaskFailed(f"Sfn.{_exception(error.code)}", error.message) from error
        return {key[0].upper() + key[1:]: _milliseconds_in(key, value) for key, value in answer.items()}


def _exception(code: str) -> str:
    return code if code.endswith("Exception") else f"{code}Exception"


def _milliseconds(moment: float) -> int:
    return round(moment * 1000)


def _milliseconds_in(key: str, value: Json) -> Json:
    """SDK integrations give dates as ISO 8601 text."""
    if key.endswith("Date") and isinstance(value, int | float):
        return timestamp(datetime.fromtimestamp(value, UTC))
    return value


def _result(child: Execution, parsed: bool) -> Json:
    """DescribeExecution's answer in the integration's own spelling; raises TaskFailed unless the child succeeded."""
    ended = child.stopped or child.started
    told = {
        "ExecutionArn": child.arn,
        "Input": child.input if parsed else dumps(child.input),
        "InputDetails": {"Included": True},
        "Name": child.name,
        "StartDate": _milliseconds(child.started.timestamp()),
        "StateMachineArn": child.machine_arn,
        "Status": child.status,
        "StopDate": _milliseconds(ended.timestamp()),
    }
    if child.status == "SUCCEEDED":
        output = child.output if parsed else dumps(child.output)
        return {**told, "Output": output, "OutputDetails": {"Included": True}}
    error = {"Error": child.error, "Cause": child.cause}
    told.update({key: value for key, value in error.items() if value is not None})
    raise StateFailed("States.TaskFailed", json.dumps(told))
