"""Retry and Catch, the same for Task, Parallel and Map.

Each retrier counts its own attempts; `$states.context.State.RetryCount` is their sum. A retrier or catcher matches

- the error's own name,
- `States.ALL`: any error but `States.DataLimitExceeded` (`States.Runtime` never matches anything),
- `States.TaskFailed`: any error but `States.Timeout` and the two above,
- `States.Timeout`: a missed heartbeat too.

>>> matches(["States.ALL"], "States.DataLimitExceeded"), matches(["States.TaskFailed"], "MyError")
(False, True)
>>> delay({"IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 10}, 2)
10
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from infra.local.engine import errors
from infra.local.engine.data import DataLanguage, Outcome
from infra.local.engine.json_values import Json
from infra.local.engine.scope import Scope, State


def matches(names: Sequence[str], error: str) -> bool:
    """Whether an ErrorEquals list catches the error."""
    if error == errors.RUNTIME:
        return False
    if error in names:
        return True
    if error == errors.DATA_LIMIT:
        return False
    if "States.ALL" in names:
        return True
    if errors.TIMEOUT in names and error == errors.HEARTBEAT:
        return True
    return errors.TASK_FAILED in names and error != errors.TIMEOUT


def delay(retrier: State, attempts: int) -> float:
    """Seconds before the next attempt after `attempts` earlier retries by this retrier, without jitter."""
    seconds: float = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** attempts
    longest: float | None = retrier.get("MaxDelaySeconds")
    return seconds if longest is None else min(seconds, longest)


async def with_retries(
    scope: Scope, state: State, given: Json, data: DataLanguage, attempt: Callable[[], Awaitable[Outcome]]
) -> Outcome:
    """Runs `attempt` until it succeeds, its Retry is used up, or a Catch takes over; raises StateFailed."""
    retriers: list[State] = state.get("Retry", [])
    counts: list[int] = scope.checkpoint.setdefault("retries", [0] * len(retriers))
    while True:
        try:
            return await attempt()
        except errors.ExecutionFailed:
            raise
        except errors.StateFailed as failure:
            index = _retrier(retriers, counts, failure.error)
            if index is None:
                return _catch(scope, state, given, data, failure)
            seconds = delay(retriers[index], counts[index])
            if retriers[index].get("JitterStrategy") == "FULL":
                seconds = scope.execution.engine.random.uniform(0, seconds)
            counts[index] += 1
            for leftover in ("branches", "token", "deadline", "submitted"):
                scope.checkpoint.pop(leftover, None)
        await asyncio.sleep(seconds)
        scope.retried(sum(counts))


def _retrier(retriers: list[State], counts: list[int], error: str) -> int | None:
    """The first retrier that matches decides, even when it is used up."""
    for index, retrier in enumerate(retriers):
        if matches(retrier["ErrorEquals"], error):
            return index if counts[index] < retrier.get("MaxAttempts", 3) else None
    return None


def _catch(scope: Scope, state: State, given: Json, data: DataLanguage, failure: errors.StateFailed) -> Outcome:
    for catcher in state.get("Catch", []):
        if matches(catcher["ErrorEquals"], failure.error):
            return data.caught(scope, catcher, given, {"Error": failure.error, "Cause": failure.cause})
    raise failure
