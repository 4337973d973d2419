"""The arguments of DAG, from what the user wrote to one value per row of the table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from dag_translator.authoring.arguments import note_given
from dag_translator.authoring.dates import parse
from dag_translator.authoring.definitions.dag_arguments import (
    BY_NAME,
    DAG_ARGUMENTS,
    DROPPED,
    POSITIONAL,
    RENAMED,
)
from dag_translator.authoring.exceptions import ParamValidationError
from dag_translator.authoring.loading import coded, did_you_mean, is_placeholder, report
from dag_translator.authoring.states import DagRunType

_TYPES: dict[str, type | tuple[type, ...]] = {
    "description": str,
    "default_args": dict,
    "max_active_tasks": int,
    "max_active_runs": int,
    "dagrun_timeout": timedelta,
    "catchup": bool,
    "params": Mapping,
    "dag_display_name": str,
    "user_defined_macros": dict,
    "user_defined_filters": dict,
    "jinja_environment_kwargs": dict,
}


def settled(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Argument name → value, defaults included; what cannot be is reported and left at its default."""
    given = {**dict(zip(POSITIONAL, args, strict=False)), **kwargs}
    dag_id = given.get("dag_id")
    if dag_id is None:
        raise coded(TypeError("DAG() needs a dag_id"), "missing-argument", 'write DAG("some_id", …)')
    if len(args) > len(POSITIONAL):
        _report("invalid-argument", "DAG() takes its arguments by name", "write name=value", dag_id)
    values = {row.name: row.fresh_default() for row in DAG_ARGUMENTS}
    for name, value in _current_names(given, dag_id).items():
        row = BY_NAME[name]
        expected = _TYPES.get(name)
        if value is None or (is_placeholder(value) and name != "dag_id"):
            continue
        if expected is not None and not isinstance(value, expected):
            message = f"{name} cannot be {value!r} ({type(value).__name__})"
            _report("invalid-argument", message, f"give a {_named(expected)}", dag_id)
            continue
        note_given(row, value, "DAG", dag_id=dag_id, task_id=None)
        values[name] = value
    return values


def _named(expected: type | tuple[type, ...]) -> str:
    kinds = expected if isinstance(expected, tuple) else (expected,)
    return " or a ".join(kind.__name__ for kind in kinds)


def _current_names(given: Mapping[str, Any], dag_id: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    source: dict[str, str] = {}
    for written, value in given.items():
        name = RENAMED.get(written, written)
        if name in BY_NAME:
            if name in found and value is not None:
                _report("invalid-argument", f"DAG has both {source[name]} and {written}", f"keep one: {name}", dag_id)
                continue
            found[name] = value
            source[name] = written
        elif written not in DROPPED:
            known = {*BY_NAME, *RENAMED, *DROPPED}
            _report("unknown-argument", f"DAG has no argument {written!r}", did_you_mean(written, known), dag_id)
    return found


def check_schedule(dag: Any) -> None:
    """What Airflow refuses about a schedule together with other arguments."""
    try:
        timetable = dag.timetable
    except ValueError as error:
        hint = "give cron text, a preset such as @daily, a timedelta, a timetable, assets, or None"
        _report("invalid-schedule", str(error), hint, dag.dag_id)
        return
    if not timetable.can_be_scheduled:
        return
    try:
        dag.params.validate()
    except ParamValidationError as error:
        message = f"a scheduled DAG needs valid defaults for its params: {error}"
        _report("invalid-params", message, "give the Param a default that fits, or schedule=None", dag.dag_id)
    if dag.catchup and dag.start_date is None:
        _report("missing-start-date", "start_date is required when catchup=True", "add start_date=", dag.dag_id)


def timezone_of(start_date: Any) -> tzinfo | None:
    """The zone in which the schedule counts: that of start_date."""
    if isinstance(start_date, str):
        start_date = parse(start_date)
    return start_date.tzinfo if isinstance(start_date, datetime) else None


def _report(code: str, message: str, hint: str, dag_id: str) -> None:
    report(code, message, hint, dag_id=dag_id, error=ValueError(message))


def run_types(given: Any) -> frozenset[str] | None:
    """`allowed_run_types`: one run type or several, as text. Raises ValueError for what is none."""
    if given is None:
        return None
    several = [given] if isinstance(given, str) else given
    return frozenset(DagRunType(getattr(each, "value", each)).value for each in several)
