"""The Task state: calls an integration, watches its time, waits for its token.

The events of a task by its kind of resource:

    service (arn:aws:states:::...)   TaskScheduled TaskStarted [TaskSubmitted] TaskSucceeded | TaskFailed | TaskTimedOut
    function (arn:aws:lambda:...)    LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded | ...
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from infra.local.engine import errors
from infra.local.engine.callbacks import Waiter
from infra.local.engine.data import DataLanguage, Outcome, next_of
from infra.local.engine.json_values import Json
from infra.local.engine.retries import with_retries
from infra.local.engine.scope import Scope, State

TOKEN_SUFFIX: Final = ".waitForTaskToken"


@dataclass(frozen=True, slots=True)
class Resource:
    """A Task's Resource: the ARN without `.waitForTaskToken`, and its two names in the history."""

    arn: str
    waits: bool
    type: str
    name: str

    @property
    def is_function(self) -> bool:
        return self.arn.split(":")[2] == "lambda"

    def event(self, what: str) -> str:
        return f"{'LambdaFunction' if self.is_function else 'Task'}{what}"

    def details(self) -> dict[str, Any]:
        return {} if self.is_function else {"resourceType": self.type, "resource": self.name}


def parse_resource(arn: str) -> Resource:
    """Takes a Resource apart.

    >>> parse_resource("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    Resource(arn='arn:aws:states:::sqs:sendMessage', waits=True, type='sqs', name='sendMessage.waitForTaskToken')
    """
    parts = arn.split(":")
    if len(parts) < 7:
        raise errors.ExecutionFailed(errors.RUNTIME, f"The resource '{arn}' is not an ARN.")
    return Resource(arn.removesuffix(TOKEN_SUFFIX), arn.endswith(TOKEN_SUFFIX), ":".join(parts[5:-1]), parts[-1])


async def task(scope: Scope, state: State, given: Json, data: DataLanguage) -> Outcome:
    resource = parse_resource(state["Resource"])

    async def attempt() -> Outcome:
        result = await _attempt(scope, state, given, data, resource)
        return data.outcome(scope, state, given, result, next_of(state))

    return await with_retries(scope, state, given, data, attempt)


async def _attempt(scope: Scope, state: State, given: Json, data: DataLanguage, resource: Resource) -> Json:
    answered = "submitted" in scope.checkpoint
    if resource.waits:
        scope.waits_for(scope.checkpoint.get("token") or scope.execution.engine.new_token())
    arguments = data.arguments(scope, state, given)
    text = scope.execution.engine.limits.payload_text(arguments, "input")
    timeout = data.value(scope, state, "TimeoutSeconds", "number", given)
    heartbeat = data.value(scope, state, "HeartbeatSeconds", "number", given)
    if not answered:
        _scheduled(scope, resource, text, timeout, heartbeat)
    try:
        async with asyncio.timeout(_left(scope, timeout)) as limit:
            result = await _carry_out(scope, arguments, resource, heartbeat, answered)
    except errors.StateFailed as failure:
        _failed(scope, resource, failure)
        raise
    except TimeoutError:
        if not limit.expired():
            raise
        timed_out = errors.StateFailed(errors.TIMEOUT)
        _failed(scope, resource, timed_out)
        raise timed_out from None
    output = scope.execution.engine.limits.payload_text(result, "result")
    scope.event(resource.event("Succeeded"), resource.details() | {"output": output})
    return result


async def _carry_out(
    scope: Scope, arguments: Json, resource: Resource, heartbeat: float | None, answered: bool
) -> Json:
    """The task's result: the integration's answer, or what its token is answered with."""
    engine = scope.execution.engine
    if not resource.waits:
        return await _call(scope, arguments, resource, None)
    token = scope.checkpoint["token"]
    waiter = engine.callbacks.open(token)
    try:
        if not answered:
            await _submit(scope, arguments, resource, token, waiter)
            scope.checkpoint["submitted"] = True
        answer = await _wait_for_answer(waiter, heartbeat)
        if isinstance(answer, errors.TaskFailed):
            raise answer
        return answer
    finally:
        engine.callbacks.close(token)


async def _submit(scope: Scope, arguments: Json, resource: Resource, token: str, waiter: Waiter) -> None:
    """Makes the call that hands the token out; an answer that comes first doesn't wait for the call to end."""
    call: asyncio.Future[Json] = asyncio.ensure_future(_call(scope, arguments, resource, token))
    try:
        await asyncio.wait({call, waiter.answer}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        call.cancel()
        raise
    if not call.done():
        # Let the function that answered its own token run to its end.
        scope.execution.engine.keep(call)
        return
    text = scope.execution.engine.limits.payload_text(call.result(), "result")
    scope.event(resource.event("Submitted"), resource.details() | {"output": text})


async def _wait_for_answer(waiter: Waiter, heartbeat: float | None) -> Json | errors.TaskFailed:
    if heartbeat is None:
        return await waiter.answer
    waits: set[asyncio.Future[Any]]
    while True:
        waiter.beaten.clear()
        beat = asyncio.ensure_future(waiter.beaten.wait())
        waits = {waiter.answer, beat}
        try:
            done, _ = await asyncio.wait(waits, timeout=heartbeat, return_when=asyncio.FIRST_COMPLETED)
        finally:
            beat.cancel()
        if waiter.answer.done():
            return waiter.answer.result()
        if not done:
            raise errors.StateFailed(errors.HEARTBEAT)


async def _call(scope: Scope, arguments: Json, resource: Resource, token: str | None) -> Json:
    engine = scope.execution.engine

    def submitted(answer: Json) -> None:
        text = engine.limits.payload_text(answer, "result")
        scope.event("TaskSubmitted", resource.details() | {"output": text})

    call = scope.task_call(token, submitted)
    try:
        return await engine.integrations.call(resource.arn, arguments, call)
    except (errors.StateFailed, errors.StuckError):
        raise
    except Exception as error:
        # Not a task's failure: an integration broke its contract.
        raise errors.ExecutionFailed(errors.RUNTIME, f"{type(error).__name__}: {error}") from error


def _scheduled(scope: Scope, resource: Resource, text: str, timeout: float | None, heartbeat: float | None) -> None:
    times = {"timeoutInSeconds": timeout, "heartbeatInSeconds": heartbeat}
    present = {key: value for key, value in times.items() if value is not None}
    if resource.is_function:
        scope.event("LambdaFunctionScheduled", {"resource": resource.arn, "input": text, **present})
        scope.event("LambdaFunctionStarted")
        return
    region = scope.execution.arn.split(":")[3]
    scope.event("TaskScheduled", resource.details() | {"region": region, "parameters": text, **present})
    scope.event("TaskStarted", resource.details())


def _failed(scope: Scope, resource: Resource, failure: errors.StateFailed) -> None:
    if isinstance(failure, errors.ExecutionFailed):
        return
    timed_out = failure.error in (errors.TIMEOUT, errors.HEARTBEAT)
    details = {"error": failure.error, "cause": failure.cause}
    scope.event(resource.event("TimedOut" if timed_out else "Failed"), resource.details() | details)


def _left(scope: Scope, timeout: float | None) -> float | None:
    """Seconds until the attempt's deadline; a resumed attempt keeps the deadline it had."""
    if timeout is None:
        return None
    now = scope.execution.engine.clock.now()
    if "deadline" in scope.checkpoint:
        return max(0.0, (datetime.fromisoformat(scope.checkpoint["deadline"]) - now).total_seconds())
    scope.checkpoint["deadline"] = (now + timedelta(seconds=timeout)).isoformat()
    return timeout
