"""Paths and intrinsic functions of JSONPath states, as far as they are supported.

Reference paths (`$.a.b[0]`, `$['a']`, `$$.Execution.Name`, `$variable.a`) and the intrinsic functions of the table
INTRINSICS. Wildcards, filters and slices are refused: write such a state in JSONata.

>>> world = World({"a": {"b": [10, 20]}}, {"Execution": {"Name": "e1"}}, {"v": 7})
>>> resolve("$.a.b[1]", world), resolve("$$.Execution.Name", world), resolve("$v", world)
(20, 'e1', 7)
>>> fill({"t.$": "States.Format('{}-{}', $v, 'x')", "k": 1}, world)
{'t': '7-x', 'k': 1}
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.local.engine import errors
from infra.local.engine.json_values import Json, dumps

PATH: Final = re.compile(r"(?P<root>\$\$|\$[A-Za-z_]\w*|\$)(?P<steps>(?:\.[^.\[\]\s,()']+|\[\d+\]|\['[^']+'\])*)")
STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")
TOKEN: Final = re.compile(r"\s*(?:(?P<call>States\.\w+)\s*\(|(?P<text>'(?:\\.|[^'\\])*')|(?P<word>[^\s,()']+))")


class NotFound(LookupError):
    """The path points to nothing."""


@dataclass(frozen=True, slots=True)
class World:
    """What paths can point into: the state's input (`$`), the context object (`$$`) and variables (`$name`)."""

    data: Json
    context: Mapping[str, Json]
    variables: Mapping[str, Json]


def is_path(text: str) -> bool:
    """Whether the text is a path that this module understands."""
    return PATH.fullmatch(text) is not None


def resolve(path: str, world: World) -> Json:
    """What the path points to; raises NotFound, and ExecutionFailed for a path that is not supported."""
    found = PATH.fullmatch(path)
    if found is None:
        raise errors.ExecutionFailed(
            errors.RUNTIME, f"The JSONPath '{path}' is not supported here: use a reference path, or a JSONata state."
        )
    root = found["root"]
    if root == "$":
        value = world.data
    elif root == "$$":
        value = world.context
    elif root[1:] in world.variables:
        value = world.variables[root[1:]]
    else:
        raise NotFound(path)
    for name, index, quoted in STEP.findall(found["steps"]):
        try:
            value = value[int(index)] if index else value[name or quoted]
        except (KeyError, IndexError, TypeError) as error:
            raise NotFound(path) from error
    return value


def fill(template: Json, world: World) -> Json:
    """A payload template (Parameters, ResultSelector, Assign) with its `.$` fields computed; raises StateFailed."""
    if isinstance(template, dict):
        return dict(_field(key, value, world) for key, value in template.items())
    if isinstance(template, list):
        return [fill(value, world) for value in template]
    return template


def _field(key: str, value: Json, world: World) -> tuple[str, Json]:
    if not key.endswith(".$"):
        return key, fill(value, world)
    try:
        return key[:-2], compute(value, world)
    except NotFound as error:
        raise errors.StateFailed(
            errors.PARAMETER_PATH, f"The JSONPath '{error}' specified for the field '{key}' could not be found."
        ) from error


def compute(text: str, world: World) -> Json:
    """The value of a path or of an intrinsic function call."""
    if not text.startswith("States."):
        return resolve(text, world)
    value, rest = _expression(text, world)
    if rest.strip():
        raise _broken(text)
    return value


def _expression(text: str, world: World) -> tuple[Json, str]:
    found = TOKEN.match(text)
    if found is None:
        raise _broken(text)
    rest = text[found.end() :]
    if found["call"]:
        return _call(found["call"], rest, world)
    if found["text"]:
        return re.sub(r"\\(.)", r"\1", found["text"][1:-1]), rest
    word = found["word"]
    return (resolve(word, world) if word.startswith("$") else json.loads(word)), rest


def _call(name: str, rest: str, world: World) -> tuple[Json, str]:
    if name not in INTRINSICS:
        raise errors.ExecutionFailed(errors.RUNTIME, f"The intrinsic function {name} is not supported here.")
    arguments: list[Json] = []
    rest = rest.lstrip()
    while not rest.startswith(")"):
        value, rest = _expression(rest, world)
        arguments.append(value)
        rest = rest.lstrip().removeprefix(",").lstrip()
        if not rest:
            raise _broken(name)
    try:
        return INTRINSICS[name](*arguments), rest[1:]
    except (TypeError, ValueError, IndexError) as error:
        raise errors.StateFailed("States.IntrinsicFailure", f"{name}: {error}") from error


def _broken(text: str) -> errors.ExecutionFailed:
    return errors.ExecutionFailed(errors.RUNTIME, f"The intrinsic function call '{text}' cannot be read.")


def _format(template: str, *values: Json) -> str:
    parts = template.split("{}")
    if len(parts) != len(values) + 1:
        raise ValueError(f"{len(parts) - 1} placeholders for {len(values)} values")
    texts = [value if isinstance(value, str) else dumps(value) for value in values]
    return "".join(part + text for part, text in zip(parts, [*texts, ""], strict=True))


INTRINSICS: Final[dict[str, Callable[..., Any]]] = {
    "States.Format": _format,
    "States.JsonToString": dumps,
    "States.StringToJson": json.loads,
    "States.Array": lambda *values: list(values),
    "States.ArrayLength": len,
    "States.ArrayGetItem": lambda array, index: array[index],
    "States.ArrayContains": lambda array, value: value in array,
    "States.MathAdd": lambda first, second: first + second,
    "States.StringSplit": lambda text, separators: [
        part for part in re.split(f"[{re.escape(separators)}]", text) if part
    ],
}
