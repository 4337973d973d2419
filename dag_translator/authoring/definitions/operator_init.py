"""BaseOperator's arguments, from what the constructors passed up to attributes of the task.

Invariant: each row of `OPERATOR_ARGUMENTS` has become an attribute of its right type, and whatever was given beyond
them, or has no effect, is reported.
"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.arguments import Argument, note_given
from dag_translator.authoring.dates import to_utc
from dag_translator.authoring.definitions.apply_defaults import parameter_names
from dag_translator.authoring.definitions.operator_arguments import (
    BY_NAME,
    EXPECTED_TYPES,
    OPERATOR_ARGUMENTS,
    type_names,
)
from dag_translator.authoring.definitions.param import ParamsDict
from dag_translator.authoring.loading import did_you_mean, report
from dag_translator.authoring.states import TriggerRule

# Rows that are treated one by one; all others become attributes of their own name.
_SPECIAL = frozenset(
    {"task_id", "dag", "task_group", "params", "default_args", "pre_execute", "post_execute", "trigger_rule"}
)


def set_arguments(operator: Any, given: dict[str, Any], dag: Any) -> None:
    """Set every attribute. given: keyword arguments, default_args applied."""
    _refuse_unknown(operator, given, dag)
    operator.params = ParamsDict(given.get("params"))
    operator._pre_execute_hook = given.get("pre_execute")
    operator._post_execute_hook = given.get("post_execute")
    _set_trigger_rule(operator, given.get("trigger_rule"), dag)
    for row in OPERATOR_ARGUMENTS:
        if row.name not in _SPECIAL:
            _set_argument(operator, row, given, dag)
    if operator.pool_slots < 1:
        raise ValueError(f"pool slots for {operator.task_id} cannot be less than 1")
    if operator.wait_for_downstream:
        operator.depends_on_past = True
    if isinstance(operator.template_fields, str):
        operator.template_fields = [operator.template_fields]


def _refuse_unknown(operator: Any, given: dict[str, Any], dag: Any) -> None:
    kind = type(operator).__name__
    for name in [name for name in given if name not in BY_NAME]:
        del given[name]
        hint = did_you_mean(name, parameter_names(type(operator)), f"remove it, or take it in {kind}.__init__")
        error = TypeError(
            f"Invalid arguments were passed to {kind} (task_id: {operator.task_id}). "
            f"Invalid arguments were:\n**kwargs: {{{name!r}}}"
        )
        _report("unknown-argument", f"{kind} has no argument {name!r}", hint, operator, dag, error)


def _set_trigger_rule(operator: Any, given: Any, dag: Any) -> None:
    try:
        operator.trigger_rule = TriggerRule.ALL_SUCCESS if given is None else given
    except ValueError:
        operator.trigger_rule = TriggerRule.ALL_SUCCESS
        message = f"there is no trigger rule {str(given)!r}"
        hint = did_you_mean(str(given), TriggerRule, f"one of {', '.join(TriggerRule)}")
        _report("invalid-trigger-rule", message, hint, operator, dag, ValueError(f"{message}: {hint}"))


def _set_argument(operator: Any, row: Argument, given: dict[str, Any], dag: Any) -> None:
    name, value = row.name, given.get(row.name)
    if name in ("start_date", "end_date"):
        value = to_utc(value)
    if value is None:
        # An explicit None is kept, except where None is not a value of the argument.
        value = row.fresh_default() if name not in given or row.make is not None or name == "pool" else None
    else:
        _note(operator, row, value, dag)
    if name == "task_display_name":
        operator._task_display_name = value
        return
    setattr(operator, name, value)
    expected = EXPECTED_TYPES.get(name)
    if expected is not None and value is not None and not isinstance(getattr(operator, name), expected):
        message = f"{name} must be {type_names(expected)}, not {type(value).__name__}: {value!r}"
        hint = f"give {name} another value, or leave it out"
        _report("invalid-argument", message, hint, operator, dag, TypeError(message))
        setattr(operator, name, row.fresh_default())  # the file is looked at to its end


def _note(operator: Any, row: Argument, value: Any, dag: Any) -> None:
    """What comes from default_args is noted once, at the DAG."""
    inherited = dag is not None and row.name in operator._from_default_args
    note_given(
        row,
        value,
        f"default_args of DAG {dag.dag_id!r}" if inherited else type(operator).__name__,
        dag_id=getattr(dag, "dag_id", None),
        task_id=None if inherited else operator.task_id,
        line=dag._airstep_line if inherited else None,
    )


def _report(code: str, message: str, hint: str, operator: Any, dag: Any, error: Exception) -> None:
    report(code, message, hint, dag_id=getattr(dag, "dag_id", None), task_id=operator.task_id, error=error)
