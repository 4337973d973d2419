"""start_run: the machine's first state. It makes the DagRun and answers `$run`.

Input: whatever the execution was started with (by the dispatcher, the command, or a person in the console), every key
optional; `states` and `instances` are a re-run's, see `rerun`; `left_out`, `task_regex` and `ignore_dependencies` of
a run of a part of the DAG, see `partial_run`. What is missing is filled in as Airflow's manual trigger does: logical
date now, data interval by the timetable, run_id `manual__<logical date>`. Starting the same execution
twice makes one DagRun and gives one answer.

An input without any of these keys is the run's conf as it is: what a person types in the console, or an event.

    {"kind": "start_run", "execution": {"Id", "Name", "StartTime"}, "input": {…}} -> {"run": $run, "states": {…}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lambdas.runs.params import run_params
from lambdas.runtime import Runtime, iso, parse_time
from lambdas.scheduling.dag_state import DagState
from lambdas.storage.records import DagRun
from lambdas.storage.store import CONF_ITEM_LIMIT
from lambdas.waiting.external import wake_if_watched

FINAL_STATES = frozenset({"success", "failed", "skipped", "upstream_failed"})
# What a machine that starts another one adds.
_STARTED_BY = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
_RUN_TYPES = {
    "manual": "manual",
    "scheduled": "scheduled",
    "backfill": "backfill",
    "asset_triggered": "asset_triggered",
}


_FIELDS = frozenset(
    {
        *("run_id", "run_type", "logical_date", "data_interval_start", "data_interval_end", "run_after", "conf"),
        *("states", "instances", "backfill_id", "triggered_by", "asset_events"),
        *("left_out", "task_regex", "ignore_dependencies"),
    }
)
_OF_A_PART = frozenset({"left_out", "task_regex"})
# What the console's form begins with.
_CONSOLES_DEFAULT = {"Comment": "Insert your JSON here"}


class InvalidRunInput(ValueError):
    """The execution's input is not something that a run can start with."""


def start_run(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """Create (or, for a re-run, take over) the DagRun.

    Raises InvalidRunInput for an input that makes no sense and ParamValidationError for params that don't fit.
    """
    given = _as_run(event.get("input") or {})
    execution = event["execution"]
    kept = _kept_states(runtime, given)
    states: Mapping[str, Any] = kept
    _check_machine(runtime.dag.dag_id, given, execution)
    conf = given.get("conf") or {}
    if not isinstance(conf, Mapping):
        raise InvalidRunInput(f"conf must be a JSON object, not {type(conf).__name__}")
    wanted = _new_run(runtime, given, dict(conf), execution)
    _check_params(runtime, given, wanted, conf)
    run = runtime.store.create_run(wanted, with_conf="conf" in given)
    left_out = False
    if run.clear_number or not _OF_A_PART.isdisjoint(given):
        from lambdas.runs import partial_run

        part = partial_run.begin(runtime, run.key, given, kept)
        partial_run.write(runtime.store, run.key, part.left_out)
        states, kept, left_out = part.states, dict(part.kept), part.left_out != partial_run.NOTHING
    if run.clear_number:
        from lambdas.runs.rerun import begin_again

        begin_again(runtime, run, kept, given.get("instances") or {})
    if run.run_type != "backfill":  # backfills have a max_active_runs of their own
        DagState(runtime.store, run.dag_id).occupy(run.run_id, run.execution)
    wake_if_watched(runtime.store, runtime.wake, run.dag_id, run.logical_date)
    conf_now = json.loads(run.conf)
    # For people who look at the execution; a default may have been read from a Variable.
    shown = runtime.lender.masker.redact(run_params(runtime.dag, conf_now))
    return {"run": {**_run_json(run, conf_now, shown), **({"left_out": True} if left_out else {})}, "states": states}


def _as_run(given: Any) -> Mapping[str, Any]:
    """The input; one that says nothing about a run is the run's conf (a person's, or an EventBridge event)."""
    if not isinstance(given, Mapping):
        raise InvalidRunInput(f"the execution's input must be a JSON object, not {type(given).__name__}")
    if given == _CONSOLES_DEFAULT:
        return given
    if given.keys() & _FIELDS:
        if unknown := given.keys() - _FIELDS - {_STARTED_BY}:
            raise InvalidRunInput(
                f"the execution's input says nothing that is known with {', '.join(map(repr, sorted(unknown)))}; a"
                f" run's fields are {', '.join(sorted(_FIELDS))}; put what is the DAG's own into conf"
            )
        return given
    conf = {name: value for name, value in given.items() if name != _STARTED_BY}
    return {"conf": conf} if conf else given


def _check_machine(dag_id: str, given: Mapping[str, Any], execution: Mapping[str, Any]) -> None:
    """Refuse a part of the DAG in the DAG's first machine, which has no guards and would run it all."""
    if _OF_A_PART.isdisjoint(given) or not execution.get("Id"):
        return
    from dag_translator.names import rerun_name

    *_, machine, _ = execution["Id"].split(":")
    if machine != rerun_name(dag_id):
        raise InvalidRunInput(f"a part of DAG {dag_id} runs in the machine {rerun_name(dag_id)}: start it there")


def _check_params(runtime: Runtime, given: Mapping[str, Any], wanted: DagRun, conf: Mapping[str, Any]) -> None:
    """Refuse params that don't fit before there is a DagRun. A run that is there has a conf already."""
    try:
        run_params(runtime.dag, conf)
    except Exception:
        if "conf" in given or runtime.store.get_run(wanted.key) is None:
            raise


def _kept_states(runtime: Runtime, given: Mapping[str, Any]) -> dict[str, Any]:
    """The outcomes that a re-run starts with; unknown tasks (of an older version of the DAG) are left out."""
    states = given.get("states") or {}
    for task_id, state in states.items():
        values = state if isinstance(state, list) else [state]
        if any(value not in FINAL_STATES for value in values):
            raise InvalidRunInput(
                f"states: {task_id!r} can't start as {state!r}; known: {', '.join(sorted(FINAL_STATES))}"
            )
    return {task_id: state for task_id, state in states.items() if task_id in runtime.dag.task_dict}


def _new_run(runtime: Runtime, given: Mapping[str, Any], conf: dict[str, Any], execution: Mapping[str, Any]) -> DagRun:
    started = runtime.now()
    # The same execution asks for the same run, however often this is called.
    asked = parse_time(execution["StartTime"]) if execution.get("StartTime") else started
    run_type = str(given.get("run_type") or _type_of(str(given.get("run_id") or "")))
    if run_type not in _RUN_TYPES:
        raise InvalidRunInput(f"run_type: {run_type!r} is none of {', '.join(_RUN_TYPES)}")
    has_date = "logical_date" not in given or given["logical_date"] is not None
    _check_allowed(runtime.dag, run_type, given)
    logical = _time(given, "logical_date") or (asked if has_date else None)
    start, end = _time(given, "data_interval_start"), _time(given, "data_interval_end")
    if (start is None) != (end is None):
        raise InvalidRunInput("data_interval_start and data_interval_end go together: give both or none")
    if start is None and logical is not None:
        start, end = _manual_interval(runtime.dag, logical, runtime.intervals)
    run_after = _time(given, "run_after") or end or logical or asked
    return DagRun(
        dag_id=runtime.dag.dag_id,
        run_id=str(given.get("run_id") or f"{run_type}__{iso(logical or run_after)}"),
        run_type=run_type,
        state="running",
        run_after=iso(run_after),
        start_date=iso(started),
        execution=execution["Name"],
        execution_arn=execution.get("Id", ""),
        logical_date=iso(logical) if logical else None,
        data_interval_start=iso(start) if start else None,
        data_interval_end=iso(end) if end else None,
        conf=json.dumps(conf, ensure_ascii=False),
        backfill_id=str(given["backfill_id"]) if given.get("backfill_id") else None,
        asset_events=str(given["asset_events"]) if given.get("asset_events") else None,
        function=runtime.function,
    )


def _check_allowed(dag: Any, run_type: str, given: Mapping[str, Any]) -> None:
    """`allowed_run_types`; a run that another DAG's task has triggered counts as operator_triggered, too."""
    allowed = dag.allowed_run_types
    kinds = {run_type, *(("operator_triggered",) if _STARTED_BY in given else ())}
    if allowed is not None and kinds.isdisjoint(allowed):
        raise InvalidRunInput(f"DAG {dag.dag_id} allows no {run_type} runs: allowed_run_types is {sorted(allowed)}")


def _type_of(run_id: str) -> str:
    """What a run_id says about who started the run, as Airflow reads it."""
    return next((kind for kind in _RUN_TYPES if run_id.startswith(f"{kind}__")), "manual")


def _time(given: Mapping[str, Any], name: str) -> datetime | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        return parse_time(str(text))
    except ValueError:
        raise InvalidRunInput(f"{name}: {text!r} is not an ISO 8601 time such as 2024-01-15T00:00:00+00:00") from None


def _manual_interval(dag: Any, logical: datetime, intervals: Mapping[str, bool]) -> tuple[datetime, datetime]:
    if dag.schedule is None:
        return logical, logical
    # Only a scheduled DAG that somebody starts by hand pays for these imports.
    from dag_translator.schedule.custom import asker
    from dag_translator.schedule.spec import IntervalSettings, schedule_spec
    from lambdas.timetables.timetable import timetable_from_spec

    spec = schedule_spec(dag, IntervalSettings(**intervals))
    return timetable_from_spec(spec, asker(dag)).infer_manual_data_interval(logical)


def _run_json(run: DagRun, conf: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    large = len(run.conf) > CONF_ITEM_LIMIT
    again = {"clear_number": run.clear_number} if run.clear_number else {}
    return {
        "dag_id": run.dag_id,
        "run_id": run.run_id,
        "run_type": run.run_type,
        "logical_date": run.logical_date,
        "data_interval_start": run.data_interval_start,
        "data_interval_end": run.data_interval_end,
        "run_after": run.run_after,
        "start_date": run.start_date,
        "conf": {"s3": run.key.conf_blob} if large else conf,
        # They include the conf: what is too large for one is too large for the other.
        "params": {} if large else params,
        "execution": run.execution,
        **again,
        **({"asset_events": run.asset_events} if run.asset_events else {}),
    }
