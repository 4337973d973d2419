"""JSONata expressions and templates: `"{% $states.input.x + 1 %}"`, alone or anywhere inside a JSON value.

Each text is parsed once. An expression that gives no result, breaks, or gives something that is not JSON (a function)
is a `States.QueryEvaluationError`; null is a result. Values are copied on the way out, so that nothing that an
expression returned shares lists or objects with its input.

>>> scope = Bindings({"x": 20}, {"input": {"y": [1, None]}}, lambda: 0.0, random.Random(0))
>>> evaluate({"sum": "{% $x + $states.input.y[0] %}", "all": "{% $states.input.y %}"}, scope)
{'sum': 21, 'all': [1, None]}
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.tokenizer import Tokenizer
from jsonata.utils import Utils

from infra.local.engine import errors, functions
from infra.local.engine.json_values import Json, type_name


class BadExpression(ValueError):
    """The text is not JSONata, or uses what Step Functions leaves out."""


STEP_LIMIT: Final = 1_000_000
"""Nodes that one evaluation may visit before it counts as running for ever."""

_SLIPS: Final = (
    BadExpression,
    functions.FunctionFailed,
    ArithmeticError,
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
)
"""What an evaluation raises besides JException: the parser's, our functions', and the package's own slips."""

_CONTAINERS: Final = (dict, list)
_NULL: Final = Utils.NULL_VALUE
_FRAME: Final = functions.built_in()


@dataclass(frozen=True, slots=True)
class Bindings:
    """What an expression sees: variables, `$states`, the clock (milliseconds since 1970), random numbers."""

    variables: Mapping[str, Json]
    states: Mapping[str, Json]
    now: Callable[[], float]
    random: random.Random

    def frame(self) -> Any:
        frame = Jsonata.Frame(_FRAME)
        frame.bindings = functions.evaluation_functions(self.now, self.random)
        for name, value in self.variables.items():
            frame.bindings[name] = _to_jsonata(value)
        frame.bindings["states"] = _to_jsonata(self.states)
        frame.bindings["$"] = None
        frame.bindings["__evaluate_entry"] = _step_counter()
        return frame


def is_expression(value: Json) -> bool:
    """Whether the value is a string of the form `{% ... %}`."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def body(text: str) -> str:
    """What stands between `{%` and `%}`."""
    return text[2:-2].strip()


@functools.lru_cache(maxsize=16_384)
def parse(text: str) -> Jsonata:
    """The expression of a text without its `{% %}`; raises BadExpression."""
    try:
        _refuse_what_is_left_out(text)
        return Jsonata(text)
    except JException as error:
        raise BadExpression(str(error)) from error
    except (IndexError, AttributeError, TypeError, ValueError) as error:
        # The parser's own slips on broken text.
        raise BadExpression(f"not JSONata: {text!r} ({error})") from error


def evaluate(template: Json, bindings: Bindings) -> Json:
    """The template with every expression in it replaced by its value; raises StateFailed."""
    return _evaluate(template, bindings.frame())


def evaluate_all(templates: Mapping[str, Json], bindings: Bindings) -> dict[str, Json]:
    """Several templates that all see the same moment and the same values."""
    if not templates:
        return {}
    frame = bindings.frame()
    return {name: _evaluate(template, frame) for name, template in templates.items()}


def evaluate_as(template: Json, wanted: str, field: str, bindings: Bindings) -> Json:
    """As `evaluate`, for a field whose value must have the JSON type `wanted`."""
    value = evaluate(template, bindings)
    found = type_name(value)
    if found != wanted:
        shown = body(template) if is_expression(template) else template
        raise errors.StateFailed(
            errors.QUERY,
            f"The JSONata expression '{shown}' specified for the field '{field}' returned an unexpected result type."
            f" Expected '{wanted}', but was '{found}'.",
        )
    return value


def _evaluate(template: Json, frame: Any) -> Json:
    if isinstance(template, str):
        return _run(body(template), frame) if is_expression(template) else template
    if isinstance(template, dict):
        return {key: _evaluate(value, frame) for key, value in template.items()}
    if isinstance(template, list):
        return [_evaluate(value, frame) for value in template]
    return template


def _run(text: str, frame: Any) -> Json:
    try:
        expression = parse(text)
        # The package runs every expression on "the thread's instance", the last one made; evaluating through our own
        # keeps nested evaluations apart from each other.
        Jsonata.CURRENT.jsonata = expression
        result = expression.eval(expression.ast, None, frame)
        if result is None:
            raise errors.StateFailed(
                errors.QUERY, f"The JSONata expression '{text}' did not return a result (undefined)."
            )
        return _from_jsonata(result)
    except errors.StateFailed:
        raise
    except JException as error:
        message = expression_message(error)
    except RecursionError:
        message = "the recursion is too deep"
    except _SLIPS as error:
        message = str(error) or type(error).__name__
    raise errors.StateFailed(errors.QUERY, f"The JSONata expression '{text}' threw an error: {message}")


def expression_message(error: JException) -> str:
    """The package's message with its stable code."""
    return f"{error.error}: {error}"


def _step_counter() -> Callable[..., None]:
    left = STEP_LIMIT

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise functions.FunctionFailed("the evaluation took too long")

    return count


def _refuse_what_is_left_out(text: str) -> None:
    """Step Functions has JSONata 2.0.6: no `?:` without a middle, no `??`; and it leaves out `$eval`."""
    tokens = Tokenizer(text)
    previous: Any = None
    while True:
        # After an operand a slash divides; elsewhere it opens a regular expression.
        after_operand = previous is not None and (previous.type != "operator" or previous.value in (")", "]", "}"))
        token = tokens.next(after_operand)
        if token is None:
            return
        if token.type == "operator" and token.value in ("?:", "??"):
            raise BadExpression(f"the operator {token.value} is not part of JSONata 2.0.6")
        if token.type == "variable" and token.value == "eval":
            raise BadExpression("$eval is not supported")
        previous = token


def _to_jsonata(value: Json) -> Any:
    """The package takes None in a list, or as a variable, for undefined: null has a value of its own there."""
    if value is None:
        return _NULL
    if isinstance(value, dict):
        return value if not _has_null(value) else {key: _to_jsonata(item) for key, item in value.items()}
    if isinstance(value, list):
        return value if not _has_null(value) else [_to_jsonata(item) for item in value]
    return value


def _has_null(value: Json) -> bool:
    stack = [value]
    while stack:
        top = stack.pop()
        items = top.values() if isinstance(top, dict) else top
        if None in items:
            return True
        stack += [item for item in items if type(item) in _CONTAINERS]
    return False


def _from_jsonata(value: Any) -> Json:
    """Plain JSON again, copied; raises TypeError for functions."""
    if value is None or value is _NULL:
        return None
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, dict):
        return {key: item if type(item) is str else _from_jsonata(item) for key, item in value.items()}
    if isinstance(value, list):
        # By index: the package's ranges are lists without stored elements.
        return [_from_jsonata(value[index]) for index in range(len(value))]
    raise TypeError("the result has a function in it, which is not JSON")
