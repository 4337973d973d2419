"""Runs a machine, or a branch of one, state by state.

Invariant: whatever a state does, its branch's history has `...StateEntered`, then the state's own events, then
`...StateExited` with the output that the next state gets, and the checkpoint names the state while it runs.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final

from infra.local.engine import errors
from infra.local.engine.branches import parallel
from infra.local.engine.data import DataLanguage, Outcome
from infra.local.engine.history import NOT_TRUNCATED
from infra.local.engine.json_values import Json, dumps
from infra.local.engine.jsonata_data import JsonataData
from infra.local.engine.jsonpath_data import JsonPathData
from infra.local.engine.maps import map_
from infra.local.engine.scope import Scope, State
from infra.local.engine.simple_states import choice, fail, pass_, succeed, wait
from infra.local.engine.tasks import task

LANGUAGES: Final[dict[str, DataLanguage]] = {"JSONata": JsonataData(), "JSONPath": JsonPathData()}

LEAVES_A_MARK: Final = ("Task", "Wait", "Parallel", "Map")
"""Types of states whose interruption is an event (`TaskStateAborted`)."""


async def run_branch(scope: Scope, machine: State, given: Json) -> Json:
    """Runs `machine` ({"StartAt", "States"}) on the input and returns its output; raises StateFailed.

    Continues where the scope's checkpoint says, if it says anything.
    """
    if "output" in scope.checkpoint:
        return scope.checkpoint["output"]
    resumed = "state" in scope.checkpoint
    name, value = scope.resume() if resumed else (machine["StartAt"], given)
    while True:
        state: State = machine["States"][name]
        if not resumed:
            scope.enter(name, value)
            details = {"name": name, "input": scope.payload(value, "input"), "inputDetails": NOT_TRUNCATED}
            scope.event(f"{state['Type']}StateEntered", details)
        resumed = False
        outcome = await _run_state(scope, name, state, value)
        _exit(scope, name, state, outcome)
        if outcome.next is None:
            scope.checkpoint.clear()
            scope.checkpoint["output"] = outcome.output
            return outcome.output
        name, value = outcome.next, outcome.output


async def _run_state(scope: Scope, name: str, state: State, given: Json) -> Outcome:
    data = LANGUAGES[scope.language_of(state)]
    try:
        return await STATES[state["Type"]](scope, state, given, data)
    except errors.StateFailed as failure:
        if failure.error == errors.QUERY and state["Type"] != "Fail":
            scope.event("EvaluationFailed", {"error": failure.error, "cause": failure.cause, "state": name})
        raise
    except asyncio.CancelledError:
        if state["Type"] in LEAVES_A_MARK:
            _mark_aborted(scope, state)
        raise


def _mark_aborted(scope: Scope, state: State) -> None:
    try:
        scope.event(f"{state['Type']}StateAborted")
    except errors.ExecutionFailed:
        return  # The history is full: the execution is ending anyway.


def _exit(scope: Scope, name: str, state: State, outcome: Outcome) -> None:
    text = scope.payload(outcome.output, "output")
    scope.assign(outcome.assigned)
    details: dict[str, Any] = {"name": name, "output": text, "outputDetails": NOT_TRUNCATED}
    if outcome.assigned:
        details["assignedVariables"] = {key: dumps(value) for key, value in outcome.assigned.items()}
        details["assignedVariablesDetails"] = NOT_TRUNCATED
    scope.event(f"{state['Type']}StateExited", details)


StateRunner = Callable[[Scope, State, Json, DataLanguage], Awaitable[Outcome]]

STATES: Final[dict[str, StateRunner]] = {
    "Pass": pass_,
    "Task": task,
    "Choice": choice,
    "Wait": wait,
    "Succeed": succeed,
    "Fail": fail,
    "Parallel": functools.partial(parallel, run_branch=run_branch),
    "Map": functools.partial(map_, run_branch=run_branch),
}
