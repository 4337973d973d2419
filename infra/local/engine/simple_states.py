"""The states that call nothing: Pass, Choice, Wait, Succeed, Fail."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Final, NoReturn

from infra.local.engine import errors
from infra.local.engine.data import MISSING, DataLanguage, Outcome, next_of
from infra.local.engine.json_values import Json
from infra.local.engine.scope import Scope, State

TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
"""RFC 3339 with an upper-case T, and a Z where there is no offset. Source: Amazon States Language, "Timestamps"."""


async def pass_(scope: Scope, state: State, given: Json, data: DataLanguage) -> Outcome:
    return data.outcome(scope, state, given, state.get("Result", MISSING), next_of(state))


async def succeed(scope: Scope, state: State, given: Json, data: DataLanguage) -> Outcome:
    return data.outcome(scope, state, given, MISSING, None)


async def fail(scope: Scope, state: State, given: Json, data: DataLanguage) -> NoReturn:
    error = data.value(scope, state, "Error", "string", given)
    cause = data.value(scope, state, "Cause", "string", given)
    raise errors.StateFailed(error or "", cause or "")


async def choice(scope: Scope, state: State, given: Json, data: DataLanguage) -> Outcome:
    rule = data.chosen(scope, state, given)
    if rule is not None:
        return data.outcome(scope, rule, given, MISSING, rule["Next"])
    if "Default" not in state:
        raise errors.StateFailed(errors.NO_CHOICE, "No choice rule matched, and the state has no Default.")
    return data.outcome(scope, state, given, MISSING, state["Default"])


async def wait(scope: Scope, state: State, given: Json, data: DataLanguage) -> Outcome:
    await asyncio.sleep(_seconds_left(scope, state, given, data))
    return data.outcome(scope, state, given, MISSING, next_of(state))


def _seconds_left(scope: Scope, state: State, given: Json, data: DataLanguage) -> float:
    """How long to wait still; a resumed Wait ends when it would have ended."""
    now = scope.execution.engine.clock.now()
    if "until" in scope.checkpoint:
        return max(0.0, (datetime.fromisoformat(scope.checkpoint["until"]) - now).total_seconds())
    seconds = data.value(scope, state, "Seconds", "number", given)
    if seconds is None:
        moment = _moment(data.value(scope, state, "Timestamp", "string", given))
        scope.checkpoint["until"] = moment.isoformat()
        return max(0.0, (moment - now).total_seconds())
    scope.checkpoint["until"] = (now + timedelta(seconds=seconds)).isoformat()
    return float(seconds)


def _moment(text: str | None) -> datetime:
    try:
        if TIMESTAMP.fullmatch(text or ""):
            return datetime.fromisoformat(text or "")
    except ValueError:
        pass  # the 30th of February
    raise errors.StateFailed(errors.QUERY, f"The Timestamp {text!r} is not a time like 2026-03-14T01:59:00Z.")
