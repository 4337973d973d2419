"""SageMakerConditionOperator: a branch by conditions, as SageMaker's pipelines have them."""

from __future__ import annotations

import operator as comparisons
from collections.abc import Callable, Mapping
from typing import Any

from dag_translator.authoring.exceptions import AirflowFailException
from dag_translator.authoring.operators.aws import refuse
from dag_translator.authoring.operators.skipmixin import BaseBranchOperator

_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "Equals": comparisons.eq,
    "GreaterThan": comparisons.gt,
    "GreaterThanOrEqualTo": comparisons.ge,
    "LessThan": comparisons.lt,
    "LessThanOrEqualTo": comparisons.le,
}
_WORDS: Mapping[str, Any] = {"true": True, "false": False}


class SageMakerConditionOperator(BaseBranchOperator):
    """Follows if_task_ids if all `conditions` hold, else else_task_ids; without those the task fails.

    conditions: dicts with a `type`: a comparison (left_value, right_value), In (value, in_values), Not (condition), Or
    (conditions). condition_type, left_value, right_value: one of them.
    """

    template_fields: Any = (
        *("condition_type", "left_value", "right_value", "conditions", "if_task_ids", "else_task_ids"),
    )

    def __init__(
        self,
        *,
        condition_type: str | None = None,
        left_value: Any = None,
        right_value: Any = None,
        conditions: list[dict[str, Any]] | None = None,
        if_task_ids: str | list[str],
        else_task_ids: str | list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (condition_type is None) == (conditions is None):
            refuse("SageMakerConditionOperator: both or none of condition_type and conditions", "give one of them")
        if condition_type is not None and condition_type not in (*_COMPARISONS, "In"):
            refuse(
                f"SageMakerConditionOperator: condition_type {condition_type!r}",
                f"one of {', '.join(_COMPARISONS)}, In",
            )
        self.condition_type = condition_type
        self.left_value = None if condition_type is None else left_value
        self.right_value = None if condition_type is None else right_value
        self.conditions: Any = (
            conditions if condition_type is None else [_plain(condition_type, left_value, right_value)]
        )
        if not self.conditions:
            refuse("SageMakerConditionOperator: an empty list of conditions", "give at least one")
        self.if_task_ids = _ids(if_task_ids)
        self.else_task_ids = _ids(else_task_ids)

    def choose_branch(self, context: Any) -> list[str]:  # noqa: ARG002
        held = [_holds(condition) for condition in self.conditions]
        if all(held):
            return self.if_task_ids
        if not self.else_task_ids:
            raise AirflowFailException(f"Condition check failed in task {self.task_id!r}: results={held}")
        return self.else_task_ids


def _plain(kind: str, left: Any, right: Any) -> dict[str, Any]:
    names = ("value", "in_values") if kind == "In" else ("left_value", "right_value")
    return {"type": kind, **dict(zip(names, (left, right), strict=True))}


def _ids(given: str | list[str] | None) -> list[str]:
    return [given] if isinstance(given, str) else given or []


def _holds(condition: Mapping[str, Any]) -> bool:
    """Raises ValueError for a condition that is none, TypeError for values that can't be compared."""
    kind = str(condition.get("type", ""))
    try:
        if kind in _COMPARISONS:
            left, right = _value(condition["left_value"]), _value(condition["right_value"])
            _check(kind, left, right)
            return bool(_COMPARISONS[kind](left, right))
        if kind == "In":
            return _value(condition["value"]) in [_value(each) for each in condition["in_values"]]
        if kind == "Not":
            return not _holds(condition["condition"])
        if kind == "Or":
            return any(_holds(each) for each in condition["conditions"])
    except KeyError as error:
        raise ValueError(f"Condition {kind!r} missing required key {error}.") from None
    raise ValueError(f"Unknown condition type {kind!r}." if kind else "Condition dict is missing required key 'type'.")


def _check(kind: str, left: Any, right: Any) -> None:
    if left is None or right is None:
        raise TypeError(
            f"Condition {kind!r} received None: left={left!r}, right={right!r}. "
            "This usually means the upstream task did not run or did not push a value to XCom."
        )
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (left, right))
    if not numbers and type(left) is not type(right):
        raise TypeError(
            f"Cannot compare {type(left).__name__} ({left!r}) with {type(right).__name__} ({right!r}) "
            f"in condition {kind!r}. Both values must be the same type."
        )


def _value(given: Any) -> Any:
    """What a rendered template means: a number, a truth value, None, else the text.

    >>> [_value(each) for each in ("3", "0.5", "True", "None", "x", 7)]
    [3, 0.5, True, None, 'x', 7]
    """
    if not isinstance(given, str):
        return given
    if given == "None":
        return None
    for number in (int, float):
        try:
            return number(given)
        except ValueError:
            continue
    return _WORDS.get(given.lower(), given)
