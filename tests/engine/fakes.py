"""A world for machines: functions written in Python, and a list of what was called."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from infra.local.engine import Callbacks, TaskCall, TaskFailed
from infra.local.engine.json_values import Json
from tests.contract.asl import State, end_of

Function = Callable[[Json, TaskCall], Json | Awaitable[Json]]


@dataclass
class World:
    """Integrations: `lambda:invoke` calls the function of that name; other resources have handlers of their own."""

    functions: dict[str, Function] = field(default_factory=dict)
    resources: dict[str, Function] = field(default_factory=dict)
    callbacks: Callbacks = field(default_factory=Callbacks)
    calls: list[tuple[str, Json]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    async def call(self, resource: str, arguments: Json, call: TaskCall) -> Json:
        name = resource.removeprefix("arn:aws:states:::")
        if name == "lambda:invoke":
            function, given = self.functions[arguments["FunctionName"]], arguments.get("Payload", {})
        else:
            function, given = self.resources[name], arguments
        self.calls.append((call.state_name, given))
        try:
            answer = function(given, call)
            if isinstance(answer, Awaitable):
                answer = await answer
        except asyncio.CancelledError:
            self.cancelled.append(call.state_name)
            raise
        return {"Payload": answer, "StatusCode": 200} if name == "lambda:invoke" else answer


def function(name: str, payload: Json = None, **more: Json) -> State:
    """A Task that calls the function `name` and puts out its answer."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": name, "Payload": {} if payload is None else payload},
        "Output": "{% $states.result.Payload %}",
        **end_of(more),
        **more,
    }


async def sleep(given: Json, call: TaskCall) -> Json:
    """A function that takes `seconds`."""
    await call.sleep(given["seconds"])
    return given["seconds"]


def failing(error: str, times: int | None = None) -> Function:
    """A function that fails `times` times, or always, and then answers how often it was called."""
    calls = 0

    def run(_: Any, __: TaskCall) -> Json:
        nonlocal calls
        calls += 1
        if times is None or calls <= times:
            raise TaskFailed(error, f"call {calls}")
        return calls

    return run
