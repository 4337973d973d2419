"""TestState: runs one state without a machine. Nothing is retried, and nothing of it is kept."""

from __future__ import annotations

import json
from typing import Any, Final

from infra.local.engine import StateFailed
from infra.local.engine.data import Outcome
from infra.local.engine.interpreter import LANGUAGES, STATES
from infra.local.engine.json_values import dumps
from infra.local.engine.retries import matches
from infra.local.engine.scope import Scope
from infra.local.engine.validation import problems
from infra.local.stepfunctions.context import Context, Request, Response, required
from infra.local.stepfunctions.errors import ApiError, validation

NAME: Final = "TestState"


async def test_state(context: Context, request: Request) -> Response:
    """`status` is SUCCEEDED, FAILED, RETRIABLE or CAUGHT_ERROR."""
    state = _state(required(request, "definition"), request.get("stateName") or NAME)
    try:
        given = json.loads(request.get("input") or "{}")
        variables = json.loads(request.get("variables") or "{}")
    except ValueError as error:
        raise ApiError("InvalidExecutionInput", f"Invalid input or variables: '{error}'") from error
    scope = _scope(context, state, given, variables, request.get("roleArn") or "")
    handling = {field: state.pop(field, []) for field in ("Retry", "Catch")}
    try:
        outcome = await STATES[state["Type"]](scope, state, given, LANGUAGES[scope.language])
    except StateFailed as failure:
        return _failed(scope, handling, given, failure)
    return _answer("SUCCEEDED", outcome)


def _state(text: str, name: str) -> dict[str, Any]:
    try:
        definition = json.loads(text)
    except ValueError as error:
        raise ApiError("InvalidDefinition", f"INVALID_JSON_DESCRIPTION: {error}") from error
    if "States" in definition:
        if name not in definition["States"]:
            raise validation(f"The definition has no state '{name}'")
        language = definition.get("QueryLanguage", "JSONPath")
        definition = {"QueryLanguage": language, **definition["States"][name]}
    alone = {key: value for key, value in definition.items() if key not in ("Next", "Catch", "Default")}
    if definition.get("Type") not in ("Choice", "Succeed", "Fail"):
        alone["End"] = True
    if definition.get("Type") == "Choice":
        alone = {"Type": "Pass", "End": True}  # Its rules lead to states that are not there.
    found = problems(json.dumps({"StartAt": name, "States": {name: alone}}))
    if found:
        raise ApiError("InvalidDefinition", f"Invalid State Definition: '{', '.join(map(str, found))}'")
    state: dict[str, Any] = definition
    return state


def _scope(context: Context, state: dict[str, Any], given: Any, variables: dict[str, Any], role_arn: str) -> Scope:
    machine_arn = context.arn("stateMachine", NAME)
    execution = context.engine.new(
        {"States": {NAME: state}},
        given,
        arn=context.arn("execution", f"{NAME}:{context.engine.new_id()}"),
        machine_arn=machine_arn,
        role_arn=role_arn,
    )
    about = {"Id": execution.arn, "Name": execution.name, "Input": given, "RoleArn": role_arn}
    objects: dict[str, Any] = {"Execution": about, "StateMachine": {"Id": machine_arn, "Name": NAME}}
    scope = Scope(execution, objects, dict(variables), 0, state.get("QueryLanguage", "JSONPath"))
    scope.enter(NAME, given)
    return scope


def _failed(scope: Scope, handling: dict[str, Any], given: Any, failure: StateFailed) -> Response:
    error = {"error": failure.error, "cause": failure.cause}
    if any(matches(retrier["ErrorEquals"], failure.error) for retrier in handling["Retry"]):
        return {"status": "RETRIABLE", **error}
    for catcher in handling["Catch"]:
        if matches(catcher["ErrorEquals"], failure.error):
            output = {"Error": failure.error, "Cause": failure.cause}
            caught = LANGUAGES[scope.language].caught(scope, catcher, given, output)
            return {**_answer("CAUGHT_ERROR", caught), **error}
    return {"status": "FAILED", **error}


def _answer(status: str, outcome: Outcome) -> Response:
    following = {"nextState": outcome.next} if outcome.next else {}
    return {"status": status, "output": dumps(outcome.output), **following}
