"""The data of JSONata states: Arguments, Output, Assign, Items, ItemSelector, Condition.

Output and Assign are evaluated side by side: both see the variables as they were when the state was entered.
"""

from __future__ import annotations

from infra.local.engine import errors
from infra.local.engine.data import Missing, Outcome
from infra.local.engine.expressions import evaluate, evaluate_all, evaluate_as
from infra.local.engine.json_values import Json
from infra.local.engine.ranges import RANGES
from infra.local.engine.scope import Scope, State


class JsonataData:
    """See `data.DataLanguage`."""

    def arguments(self, scope: Scope, state: State, given: Json) -> Json:
        return evaluate(state["Arguments"], scope.bindings(given)) if "Arguments" in state else given

    def outcome(
        self, scope: Scope, state: State, given: Json, result: Json | Missing, following: str | None
    ) -> Outcome:
        missing = isinstance(result, Missing)
        more = {} if missing else {"result": result}
        return _finish(scope, state, given, more, given if missing else result, following)

    def caught(self, scope: Scope, catcher: State, given: Json, error: dict[str, str]) -> Outcome:
        return _finish(scope, catcher, given, {"errorOutput": error}, error, catcher["Next"])

    def chosen(self, scope: Scope, state: State, given: Json) -> State | None:
        bindings = scope.bindings(given)
        for rule in state["Choices"]:
            if evaluate_as(rule["Condition"], "boolean", "Condition", bindings):
                return dict(rule)
        return None

    def value(self, scope: Scope, state: State, field: str, wanted: str, given: Json) -> Json:
        if field not in state:
            return None
        value = evaluate_as(state[field], wanted, field, scope.bindings(given))
        if field in RANGES and not RANGES[field].fits(value):
            raise errors.StateFailed(errors.QUERY, f"The field '{field}' must be {RANGES[field]}, not {value}.")
        return value

    def items(self, scope: Scope, state: State, given: Json) -> Json:
        items = evaluate(state["Items"], scope.bindings(given)) if "Items" in state else given
        if not isinstance(items, list | dict):
            raise errors.StateFailed(errors.QUERY, "The field 'Items' of a Map must give an array or an object.")
        return items

    def template(self, scope: Scope, holder: State, field: str, given: Json) -> Json:
        return evaluate(holder.get(field, {}), scope.bindings(given))

    def item_input(self, scope: Scope, state: State, given: Json, item: Json) -> Json:
        return evaluate(state["ItemSelector"], scope.bindings(given)) if "ItemSelector" in state else item


def _finish(
    scope: Scope, holder: State, given: Json, more: dict[str, Json], default: Json, following: str | None
) -> Outcome:
    templates: dict[str, Json] = {key: holder[key] for key in ("Output", "Assign") if key in holder}
    values = evaluate_all(templates, scope.bindings(given, **more)) if templates else {}
    return Outcome(values.get("Output", default), following, values.get("Assign", {}))
