"""Task tokens: how the outside world answers a `.waitForTaskToken` task.

`Callbacks` looks like the three calls of boto3's `stepfunctions` client, and its errors look like botocore's: a token
that was answered already, or whose task is over, is `TaskTimedOut`; one that never existed is `InvalidToken`.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from infra.local.engine.errors import TASK_FAILED, TaskFailed
from infra.local.engine.json_values import Json, too_large


class CallbackError(Exception):
    """As botocore's ClientError: `response["Error"]["Code"]` is TaskTimedOut, InvalidToken, TaskDoesNotExist..."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.response: dict[str, dict[str, str]] = {"Error": {"Code": code, "Message": message}}


@dataclass(slots=True, eq=False)
class Waiter:
    """A task that waits for its token: `answer` becomes its result, or the error that it fails with."""

    answer: asyncio.Future[Json | TaskFailed]
    beaten: asyncio.Event


class Callbacks:
    """All tokens of one engine; must be used on the engine's thread."""

    def __init__(self) -> None:
        self._open: dict[str, Waiter] = {}
        self._closed: set[str] = set()

    def open(self, token: str) -> Waiter:
        """Makes the token valid and returns what its task waits on; the same again for a token that is open."""
        if token not in self._open:
            self._open[token] = Waiter(asyncio.get_running_loop().create_future(), asyncio.Event())
            self._closed.discard(token)
        return self._open[token]

    def close(self, token: str) -> None:
        """The task is over, however it ended."""
        self._open.pop(token, None)
        self._closed.add(token)

    def known(self) -> list[str]:
        """The tokens that are over: answering them says TaskTimedOut (for persistence)."""
        return sorted(self._closed)

    def remember(self, tokens: list[str]) -> None:
        """The other direction of `known`."""
        self._closed.update(tokens)

    def send_task_success(self, *, taskToken: str, output: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """`output`: JSON text, at most 262,144 bytes."""
        try:
            result = json.loads(output)
        except ValueError as error:
            raise CallbackError("InvalidOutput", f"Invalid output: '{error}'") from error
        if too_large(output):
            raise CallbackError("ValidationException", "1 validation error detected: output is over 262144 bytes")
        self._waiter(taskToken).answer.set_result(result)
        return {}

    def send_task_failure(self, *, taskToken: str, error: str = "", cause: str = "") -> dict[str, Any]:  # noqa: N803
        """Fails the task with the error name and cause; without a name it is States.TaskFailed."""
        self._waiter(taskToken).answer.set_result(TaskFailed(error or TASK_FAILED, cause))
        return {}

    def send_task_heartbeat(self, *, taskToken: str) -> dict[str, Any]:  # noqa: N803
        """Puts off the task's HeartbeatSeconds."""
        self._waiter(taskToken).beaten.set()
        return {}

    def _waiter(self, token: str) -> Waiter:
        waiter = self._open.get(token)
        if waiter is not None and not waiter.answer.done():
            return waiter
        if waiter is not None or token in self._closed:
            raise CallbackError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        raise CallbackError("InvalidToken", "Invalid Token: 'Invalid token'")
