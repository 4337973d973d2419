"""The data of JSONPath states: InputPath, Parameters, ResultSelector, ResultPath, OutputPath, Variable comparisons.

Kept for machines that mix both languages; what `jsonpath` does not support is refused with a States.Runtime error.
"""

from __future__ import annotations

import fnmatch
import operator
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from infra.local.engine import errors
from infra.local.engine.data import Missing, Outcome
from infra.local.engine.json_values import Json, type_name
from infra.local.engine.jsonpath import NotFound, World, compute, fill, resolve
from infra.local.engine.ranges import RANGES
from infra.local.engine.scope import Scope, State


class JsonPathData:
    """See `data.DataLanguage`."""

    def arguments(self, scope: Scope, state: State, given: Json) -> Json:
        effective = _input(scope, state, given)
        return fill(state["Parameters"], _world(scope, effective)) if "Parameters" in state else effective

    def outcome(
        self, scope: Scope, state: State, given: Json, result: Json | Missing, following: str | None
    ) -> Outcome:
        effective = _input(scope, state, given)
        if isinstance(result, Missing) and state.get("Type") == "Pass":
            result = fill(state["Parameters"], _world(scope, effective)) if "Parameters" in state else effective
        if isinstance(result, Missing):
            return Outcome(_path(scope, state, "OutputPath", effective), following, _assigned(scope, state, effective))
        if "ResultSelector" in state:
            result = fill(state["ResultSelector"], _world(scope, result))
        merged = _placed(given, result, state.get("ResultPath", "$"))
        return Outcome(_path(scope, state, "OutputPath", merged), following, _assigned(scope, state, result))

    def caught(self, scope: Scope, catcher: State, given: Json, error: dict[str, str]) -> Outcome:
        merged = _placed(given, error, catcher.get("ResultPath", "$"))
        return Outcome(merged, catcher["Next"], _assigned(scope, catcher, error))

    def chosen(self, scope: Scope, state: State, given: Json) -> State | None:
        world = _world(scope, _input(scope, state, given))
        return next((rule for rule in state["Choices"] if holds(rule, world)), None)

    def value(self, scope: Scope, state: State, field: str, wanted: str, given: Json) -> Json:
        if field in state:
            return state[field]
        path: str | None = state.get(f"{field}Path")
        if path is None:
            return None
        try:
            found = compute(path, _world(scope, _input(scope, state, given)))
        except NotFound as error:
            raise errors.ExecutionFailed(errors.RUNTIME, f"The {field}Path '{path}' points to nothing.") from error
        if type_name(found) != wanted:
            raise errors.ExecutionFailed(errors.RUNTIME, f"The {field}Path '{path}' is not a {wanted}: {found!r}.")
        if field in RANGES and not RANGES[field].fits(found):
            raise errors.ExecutionFailed(errors.RUNTIME, f"The {field}Path '{path}' is not {RANGES[field]}: {found!r}.")
        return found

    def items(self, scope: Scope, state: State, given: Json) -> Json:
        return _path(scope, state, "ItemsPath", _input(scope, state, given))

    def template(self, scope: Scope, holder: State, field: str, given: Json) -> Json:
        return fill(holder.get(field, {}), _world(scope, given))

    def item_input(self, scope: Scope, state: State, given: Json, item: Json) -> Json:
        selector = state.get("ItemSelector", state.get("Parameters"))
        return item if selector is None else fill(selector, _world(scope, _input(scope, state, given)))


def _world(scope: Scope, data: Json) -> World:
    return World(data, scope.context, scope.variables)


def _input(scope: Scope, state: State, given: Json) -> Json:
    return _path(scope, state, "InputPath", given)


def _path(scope: Scope, state: State, field: str, value: Json) -> Json:
    path = state.get(field, "$")
    if path is None:
        return {}
    try:
        return resolve(path, _world(scope, value))
    except NotFound as error:
        raise errors.ExecutionFailed(
            errors.RUNTIME, f"Invalid path '{path}': the {field} points to nothing in the state's data."
        ) from error


def _assigned(scope: Scope, holder: State, data: Json) -> dict[str, Json]:
    values: dict[str, Json] = fill(holder.get("Assign", {}), _world(scope, data))
    return values


def _placed(given: Json, result: Json, path: str | None) -> Json:
    """The input with the result put at the ResultPath; null keeps the input, `$` keeps the result."""
    if path is None:
        return given
    keys = path.split(".")[1:]
    if not keys:
        return result
    if not isinstance(given, dict):
        raise errors.StateFailed(
            "States.ResultPathMatchFailure", f"The ResultPath '{path}' cannot be put into {type_name(given)} input."
        )
    merged = dict(given)
    place = merged
    for key in keys[:-1]:
        inner = place.get(key)
        place[key] = dict(inner) if isinstance(inner, dict) else {}
        place = place[key]
    place[keys[-1]] = result
    return merged


def holds(rule: State, world: World) -> bool:
    """Whether a Choice rule of a JSONPath state holds."""
    if "And" in rule:
        return all(holds(part, world) for part in rule["And"])
    if "Or" in rule:
        return any(holds(part, world) for part in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], world)
    name, wanted = next(
        (key, value) for key, value in rule.items() if key in _ABOUT or key.removesuffix("Path") in TESTS
    )
    try:
        value = resolve(rule["Variable"], world)
    except NotFound as error:
        if name == "IsPresent":
            return not wanted
        raise errors.ExecutionFailed(errors.RUNTIME, f"Invalid path '{error}': the choice's input lacks it.") from error
    if name == "IsPresent":
        return bool(wanted)
    return _test(name, value, wanted, world)


def _test(name: str, value: Json, wanted: Json, world: World) -> bool:
    if name in _ABOUT:
        return bool(_ABOUT[name](value) == wanted)
    if name.endswith("Path"):
        name, wanted = name.removesuffix("Path"), resolve(wanted, world)
    kind, compare = TESTS[name]
    try:
        return kind(value) is not None and bool(compare(kind(value), kind(wanted)))
    except ValueError:
        return False


def _number(value: Json) -> float | None:
    return value if type_name(value) == "number" else None


def _string(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _boolean(value: Json) -> bool | None:
    return value if isinstance(value, bool) else None


def _time(value: Json) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _is_time(value: Json) -> bool:
    try:
        return _time(value) is not None
    except ValueError:
        return False


_ABOUT: Final[dict[str, Callable[[Json], bool]]] = {
    "IsPresent": lambda _: True,
    "IsNull": lambda value: value is None,
    "IsNumeric": lambda value: _number(value) is not None,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": _is_time,
}

_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}

TESTS: Final[dict[str, tuple[Callable[[Json], Any], Callable[[Any, Any], bool]]]] = {
    **{f"Numeric{order}": (_number, compare) for order, compare in _ORDER.items()},
    **{f"String{order}": (_string, compare) for order, compare in _ORDER.items()},
    **{f"Timestamp{order}": (_time, compare) for order, compare in _ORDER.items()},
    "BooleanEquals": (_boolean, operator.eq),
    "StringMatches": (_string, fnmatch.fnmatchcase),
}
