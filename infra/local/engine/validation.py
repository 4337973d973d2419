"""What is wrong with a definition: the checks of CreateStateMachine and ValidateStateMachineDefinition.

Every problem is reported at once, with Step Functions' own codes and a JSON pointer to where it is.

>>> machine = {"QueryLanguage": "JSONata", "StartAt": "a", "States": {"a": {"Type": "Pass", "Next": "b"}}}
>>> [str(diagnostic) for diagnostic in problems(json.dumps(machine))]
["MISSING_TRANSITION_TARGET: Missing 'Next' target: b at /States/a/Next"]
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from infra.local.engine.expressions import BadExpression, body, is_expression, parse
from infra.local.engine.field_checks import field_problems
from infra.local.engine.fields import ALLOWED, COMMON, FLOW, REQUIRED, TEMPLATES
from infra.local.engine.json_values import Json
from infra.local.engine.ranges import RANGES
from infra.local.engine.top_level import without_context

DEFINITION_LIMIT: Final = 1_048_576
NAME_LIMIT: Final = 80

State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem of a definition; `location` is a JSON pointer."""

    code: str
    message: str
    location: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {self.location}"


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine to check: the top level, a branch or an item processor. outer: variables that outer scopes assign."""

    states: State
    path: str
    language: str
    outer: frozenset[str]


def problems(text: str) -> list[Diagnostic]:
    """Everything that makes a definition (JSON text) unacceptable; empty for a good one."""
    if len(text.encode()) > DEFINITION_LIMIT:
        return [Diagnostic("SCHEMA_VALIDATION_FAILED", f"The definition is over {DEFINITION_LIMIT} bytes", "/")]
    try:
        definition = json.loads(text)
    except ValueError as error:
        return [Diagnostic("INVALID_JSON_DESCRIPTION", f"Not JSON: {error}", "/")]
    if not isinstance(definition, dict):
        return [_schema("The definition is not an object", "/")]
    language = definition.get("QueryLanguage", "JSONPath")
    if language not in ALLOWED:
        return [_schema(f"The QueryLanguage must be JSONata or JSONPath, not {language!r}", "/QueryLanguage")]
    found: list[Diagnostic] = []
    if "TimeoutSeconds" in definition and not RANGES["TimeoutSeconds"].fits(definition["TimeoutSeconds"]):
        found.append(_schema(f"TimeoutSeconds must be {RANGES['TimeoutSeconds']}", "/TimeoutSeconds"))
    names: dict[str, str] = {}
    stack = [Machine(definition, "", language, frozenset())]
    while stack:
        machine = stack.pop()
        found += _machine(machine, names)
        stack += list(_inner(machine))
    return found


def _machine(machine: Machine, names: dict[str, str]) -> Iterator[Diagnostic]:
    states = machine.states.get("States")
    if not isinstance(states, dict) or not states:
        yield _schema("The field 'States' is missing or empty", machine.path or "/")
        return
    if machine.states.get("StartAt") not in states:
        yield _target("StartAt", machine.states.get("StartAt"), f"{machine.path}/StartAt")
    reached = {machine.states.get("StartAt")}
    for name, state in states.items():
        path = f"{machine.path}/States/{name}"
        if name in names:
            yield Diagnostic("DUPLICATE_STATE_NAME", f"Duplicate state name: {name}, also at {names[name]}", path)
        names[name] = path
        if len(name) > NAME_LIMIT:
            yield _schema(f"The state's name is over {NAME_LIMIT} characters", path)
        if not isinstance(state, dict) or state.get("Type") not in REQUIRED:
            yield _schema("A state needs a Type: one of " + ", ".join(REQUIRED), path)
            continue
        yield from _state(state, path, str(state.get("QueryLanguage", machine.language)))
        for field, target in _targets(state):
            reached.add(target)
            if target not in states:
                yield _target("Next" if field.endswith("Next") else field, target, f"{path}/{field}")
        for variable in sorted(_assigned(state) & machine.outer):
            yield _schema(f"The variable '{variable}' belongs to an outer scope and cannot be assigned here", path)
    for name in sorted(set(states) - reached):
        yield Diagnostic(
            "MISSING_TRANSITION_TARGET", f'State "{name}" is not reachable.', f"{machine.path}/States/{name}"
        )


def _inner(machine: Machine) -> Iterator[Machine]:
    """The machines inside of this one's states."""
    states = machine.states.get("States")
    if not isinstance(states, dict):
        return
    whole = [state for state in states.values() if isinstance(state, dict)]
    outer = machine.outer.union(*(_assigned(state) for state in whole))
    for name, state in states.items():
        if not isinstance(state, dict):
            continue
        path = f"{machine.path}/States/{name}"
        for index, branch in enumerate(state.get("Branches") or []):
            yield Machine(branch, f"{path}/Branches/{index}", machine.language, outer)
        for field in ("ItemProcessor", "Iterator"):
            inner = state.get(field)
            if isinstance(inner, dict):
                distributed = inner.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
                yield Machine(inner, f"{path}/{field}", machine.language, frozenset() if distributed else outer)


def _state(state: State, path: str, language: str) -> Iterator[Diagnostic]:
    kind = state["Type"]
    if language not in ALLOWED:
        yield _schema(f"The QueryLanguage must be JSONata or JSONPath, not {language!r}", f"{path}/QueryLanguage")
        return
    allowed = ALLOWED[language][kind]
    for field in state:
        if field not in allowed | COMMON:
            yield _schema(f"The field '{field}' is not supported in a {kind} state of {language}", f"{path}/{field}")
    for field in REQUIRED[kind]:
        if field not in state:
            yield _schema(f"The field '{field}' is missing", path)
    if allowed >= FLOW and ("Next" in state) == (state.get("End") is True):
        yield _schema("A state needs either Next or End", path)
    yield from _by_type(state, path, language)
    yield from _handling(state, path)
    for message, where in field_problems(state):
        yield _schema(message, f"{path}{where}")
    if language == "JSONata":
        for field in TEMPLATES:
            yield from _expressions(state.get(field), f"{path}/{field}")
        for holder in ("Catch", "Choices"):
            for index, part in enumerate(state.get(holder) or []):
                for field in ("Condition", "Output", "Assign"):
                    yield from _expressions(part.get(field), f"{path}/{holder}/{index}/{field}")


def _by_type(state: State, path: str, language: str) -> Iterator[Diagnostic]:
    kind = state["Type"]
    if kind == "Task" and not str(state.get("Resource", "arn:")).startswith("arn:"):
        yield _schema("The Resource must be an ARN", f"{path}/Resource")
    if kind == "Wait":
        given = [field for field in ("Seconds", "Timestamp", "SecondsPath", "TimestampPath") if field in state]
        if len(given) != 1:
            yield _schema("A Wait needs exactly one of Seconds and Timestamp", path)
    if kind == "Map" and ("ItemProcessor" in state) == ("Iterator" in state):
        yield _schema("A Map needs an ItemProcessor", path)
    if kind == "Parallel" and not state.get("Branches"):
        yield _schema("A Parallel needs at least one branch", f"{path}/Branches")
    if kind == "Choice":
        if not state.get("Choices"):
            yield _schema("A Choice needs at least one rule", f"{path}/Choices")
        for index, rule in enumerate(state.get("Choices") or []):
            missing = {"Next", "Condition"} if language == "JSONata" else {"Next"}
            for field in sorted(missing - set(rule)):
                yield _schema(f"The field '{field}' is missing", f"{path}/Choices/{index}")


def _handling(state: State, path: str) -> Iterator[Diagnostic]:
    for holder in ("Retry", "Catch"):
        rules = state.get(holder) or []
        for index, rule in enumerate(rules):
            names = rule.get("ErrorEquals")
            where = f"{path}/{holder}/{index}"
            if not names:
                yield _schema("ErrorEquals is missing or empty", where)
            elif "States.ALL" in names and (len(names) > 1 or index < len(rules) - 1):
                yield _schema("States.ALL must stand alone, in the last rule", where)
            if holder == "Catch" and "Next" not in rule:
                yield _schema("The field 'Next' is missing", where)


def _targets(state: State) -> Iterator[tuple[str, str]]:
    """The fields of a state that name other states, and the names."""
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for holder in ("Choices", "Catch"):
        for index, part in enumerate(state.get(holder) or []):
            if "Next" in part:
                yield f"{holder}/{index}/Next", part["Next"]


def _assigned(state: State) -> frozenset[str]:
    parts = [state, *(state.get("Catch") or []), *(state.get("Choices") or [])]
    return frozenset(name.removesuffix(".$") for part in parts for name in part.get("Assign") or {})


def _expressions(template: Json, path: str) -> Iterator[Diagnostic]:
    stack = [template]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list):
            stack += value
        elif is_expression(value):
            try:
                missing = without_context(parse(body(value)))
            except BadExpression as error:
                yield _schema(f"Invalid JSONata expression '{value}': {error}", path)
                continue
            if missing is not None:
                yield _schema(f"JSONata expression '{value}' uses {missing} at the top level", path)


def _schema(message: str, path: str) -> Diagnostic:
    return Diagnostic("SCHEMA_VALIDATION_FAILED", message, path)


def _target(field: str, target: Json, path: str) -> Diagnostic:
    return Diagnostic("MISSING_TRANSITION_TARGET", f"Missing '{field}' target: {target}", path)
