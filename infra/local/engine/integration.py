"""What the engine needs from the world: something that carries out a Task's `Resource`.

An integration gets the resource as it stands in the definition, without `.waitForTaskToken` (waiting is the engine's
own business; the token is in the arguments, and in `call.token`), but with `.sync` or `.sync:2`.

>>> class Doubler:
...     async def call(self, resource: str, arguments: Json, call: TaskCall) -> Json:
...         await call.sleep(5)
...         return {"Payload": arguments["Payload"] * 2, "StatusCode": 200}
>>> integrations: Integrations = Doubler()
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from infra.local.engine.clock import Clock
from infra.local.engine.json_values import Json


def ignore(_: Json) -> None:
    """Nobody wants to know."""


def close(work: Coroutine[Any, Any, Json]) -> None:
    """Nobody carries it out."""
    work.close()


@dataclass(frozen=True, slots=True)
class TaskCall:
    """One attempt of one Task state, as its integration sees it.

    attempt: 0 for the first try (State.RetryCount); token: only for `.waitForTaskToken`; submitted: called by `.sync`
    integrations with the service's answer once the job is under way (history's TaskSubmitted); detach: runs something
    that the task doesn't wait for (an asynchronous invocation).
    """

    execution_arn: str
    state_name: str
    attempt: int
    token: str | None
    clock: Clock
    submitted: Callable[[Json], None] = ignore
    detach: Callable[[Coroutine[Any, Any, Json]], None] = close

    async def sleep(self, seconds: float) -> None:
        """Spends time on the machine's clock: no real time at all on the virtual one."""
        await asyncio.sleep(seconds)


class Integrations(Protocol):
    """Carries out tasks. Cancelled when the task is over before the call is (timeout, stop, failed sibling)."""

    async def call(self, resource: str, arguments: Json, call: TaskCall) -> Json:
        """The service's answer as JSON; raises TaskFailed. The arguments must not be changed."""
        ...
