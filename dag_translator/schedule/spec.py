"""A live DAG's schedule as plain JSON: what kind of timetable, with which numbers, between which dates.

Nothing of the live objects is left in it, so the dispatcher needs no DAG file, and no Airflow name but the DAG's own
settings. Every schedule that Airflow knows either gets a spec or is refused here.

>>> from datetime import UTC, datetime, timedelta
>>> timetable_fields("@daily", "Asia/Seoul", IntervalSettings())
{'type': 'cron_interval', 'expression': '0 0 * * *', 'timezone': 'Asia/Seoul'}
>>> timetable_fields(timedelta(hours=5), "UTC", IntervalSettings())
{'type': 'delta_interval', 'delta': {'seconds': 18000.0}}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from dag_translator.assets import condition_of, is_made_of_assets
from dag_translator.errors import Problem, TranslationError
from dag_translator.schedule.custom import custom_timetable, is_custom
from lambdas.timetables.cron import PRESETS, Cron
from lambdas.timetables.delta import Delta

# Airflow's default for max_active_runs (core.max_active_runs_per_dag).
MAX_ACTIVE_RUNS = 16
_EARLIEST = datetime(100, 1, 1, tzinfo=UTC)
_LARGEST_CONDITION = 6_000  # characters: the input template of a rule's target takes 8,192


@dataclass(frozen=True, slots=True)
class IntervalSettings:
    """Airflow's settings of the same names: whether a plain cron or timedelta makes data intervals (Airflow 2's way)
    or runs whose interval is empty (Airflow 3's default)."""

    create_cron_data_intervals: bool = True
    create_delta_data_intervals: bool = True


class Refused(Exception):
    """A schedule that can't be had: code, message, hint."""


def schedule_spec(dag: Any, settings: IntervalSettings = IntervalSettings()) -> dict[str, Any]:
    """The spec of a live DAG: `timetable` (see `lambdas.timetables`), `timezone`, `start_date`, `end_date` (ISO in
    UTC or None), `catchup`, `max_active_runs`; where set `max_consecutive_failed_dag_runs` and, if any task does,
    `depends_on_past`; `assets` if their updates start runs (the condition, see `dag_translator.assets`). Raises
    TranslationError for a schedule that is refused."""
    try:
        zone_name = name_of(dag.zone)
        fields = timetable_fields(dag.schedule, zone_name, settings)
        start = _earliest(dag)
        _check_start(dag, fields, start)
        start = _within_reach(start, fields, bool(dag.catchup))
        condition = _asset_condition(dag.schedule)
    except Refused as refusal:
        raise TranslationError((problem_of(dag, refusal),)) from None
    return {
        "timetable": fields,
        "timezone": zone_name,
        "start_date": _iso(start),
        "end_date": _iso(_latest(dag)),
        "catchup": bool(dag.catchup),
        "max_active_runs": _limit(dag, fields),
        **_about_runs(dag),
        **({"assets": condition} if condition is not None else {}),
    }


def _within_reach(start: datetime | None, fields: dict[str, Any], catchup: bool) -> datetime | None:
    """A start date from which instants can be looked up, which takes some years before it: `datetime.min` is the
    beginning of time. Without catchup nothing ran then, only the phase of a timedelta counts. Raises Refused."""
    if start is None or start >= _EARLIEST:
        return start
    if catchup:
        message = f"start_date is {start:%Y-%m-%d}, and catchup=True asks for the runs since then"
        raise Refused("invalid-start-date", message, "give the date of the first run, or catchup=False")
    seconds = Delta.from_json(fields["delta"]).fixed_seconds if "delta" in fields else None
    if not seconds:
        return _EARLIEST
    step = timedelta(seconds=seconds)
    return start + -((start - _EARLIEST) // step) * step


def _about_runs(dag: Any) -> dict[str, Any]:
    """What most DAGs don't ask for."""
    found: dict[str, Any] = {}
    if dag.max_consecutive_failed_dag_runs:
        found["max_consecutive_failed_dag_runs"] = int(dag.max_consecutive_failed_dag_runs)
    if any(task.depends_on_past for task in dag.tasks):
        found["depends_on_past"] = True
    return found


def _limit(dag: Any, fields: dict[str, Any]) -> int:
    if fields["type"] == "continuous":
        return 1
    given = int(dag.max_active_runs or MAX_ACTIVE_RUNS)
    own = getattr(custom_timetable(dag.schedule), "active_runs_limit", None)
    return given if own is None else min(given, int(own))


def problem_of(dag: Any, refusal: Refused) -> Problem:
    code, message, hint = refusal.args
    return Problem(
        code,
        message,
        hint,
        path=str(getattr(dag, "fileloc", "") or "") or None,
        line=getattr(dag, "_airstep_line", None),
        dag_id=dag.dag_id,
    )


def timetable_fields(schedule: Any, zone_name: str, settings: IntervalSettings) -> dict[str, Any]:
    """The spec's `timetable` of a `schedule=` as given. Raises Refused."""
    if schedule is None or (is_made_of_assets(schedule) and not schedule):
        return {"type": "null"}
    if schedule in ("@once", "@continuous"):
        return {"type": schedule[1:]}
    if isinstance(schedule, str):
        return _plain_cron(schedule, zone_name, settings)
    if isinstance(schedule, timedelta) or type(schedule).__name__ == "relativedelta":
        kind = "delta_interval" if settings.create_delta_data_intervals else "delta_trigger"
        return {"type": kind, "delta": _delta(schedule)}
    if is_made_of_assets(schedule):
        return {"type": "assets"}
    if type(schedule).__name__ == "AssetOrTimeSchedule":
        return _assets_or_time(schedule, zone_name, settings)
    known = _TIMETABLES.get(type(schedule).__name__)
    if known is None and is_custom(schedule):
        return {"type": "custom", "class": type(schedule).__name__}
    if known is None:
        raise Refused(
            "unsupported-schedule",
            f"{type(schedule).__name__} is not a schedule that can be translated",
            f"use a cron text, a timedelta, None, or one of {', '.join(sorted(_TIMETABLES))}",
        )
    return known(schedule)


def _plain_cron(expression: str, zone_name: str, settings: IntervalSettings) -> dict[str, Any]:
    checked = _cron(expression, zone_name)
    if settings.create_cron_data_intervals:
        return {"type": "cron_interval", "expression": checked, "timezone": zone_name}
    return {"type": "cron_trigger", "expressions": [checked], "timezone": zone_name}


def _cron_interval(timetable: Any) -> dict[str, Any]:
    zone_name = name_of(timetable.timezone)
    return {
        "type": "cron_interval",
        "expression": _cron(timetable.expression, zone_name),
        "timezone": zone_name,
    }


def _cron_trigger(timetable: Any) -> dict[str, Any]:
    zone_name = name_of(timetable.timezone)
    several = getattr(timetable, "expressions", None)
    expressions = [timetable.expression] if several is None else list(several)
    fields = {
        "type": "cron_trigger",
        "expressions": [_cron(expression, zone_name) for expression in expressions],
        "timezone": zone_name,
        "interval": Delta.of(timetable.interval).to_json(),
    }
    immediately = timetable.run_immediately
    if isinstance(immediately, timedelta):
        return {**fields, "run_immediately": immediately.total_seconds()}
    return {**fields, "run_immediately": True} if immediately else fields


def _delta_interval(timetable: Any) -> dict[str, Any]:
    return {"type": "delta_interval", "delta": _delta(timetable.delta)}


def _delta_trigger(timetable: Any) -> dict[str, Any]:
    interval = Delta.of(timetable.interval).to_json()
    return {"type": "delta_trigger", "delta": _delta(timetable.delta), "interval": interval}


def _events(timetable: Any) -> dict[str, Any]:
    dates = sorted({date.isoformat() for date in map(_aware, timetable.event_dates)})
    return {"type": "events", "dates": dates, "restrict": bool(timetable.restrict_to_events)}


def _assets_or_time(timetable: Any, zone_name: str, settings: IntervalSettings) -> dict[str, Any]:
    inner = timetable_fields(timetable.timetable, zone_name, settings)
    if inner["type"] == "assets":
        raise Refused("invalid-schedule", "cannot nest asset timetables", "give the time as the timetable")
    return {"type": "assets"} if inner["type"] == "null" else inner


def _asset_condition(schedule: Any) -> dict[str, Any] | None:
    """The condition on assets under which runs start; None for a schedule of time alone."""
    given = getattr(schedule, "asset_condition", schedule)
    if not is_made_of_assets(given) or not given:
        return None
    try:
        condition = condition_of(given)
    except TypeError as error:
        raise Refused("invalid-schedule", str(error), "give Asset objects, or combine them with & and |") from None
    size = len(json.dumps(condition))
    if size > _LARGEST_CONDITION:
        message = f"the schedule's assets take {size:,} characters, a rule on EventBridge takes {_LARGEST_CONDITION:,}"
        raise Refused("too-many-assets", message, "let an asset that a DAG of its own updates stand for several")
    return condition


def _partitioned(timetable: Any) -> dict[str, Any]:
    raise Refused(
        "unsupported-schedule",
        f"{type(timetable).__name__}: partitioned runs are not supported",
        "use CronTriggerTimetable and compute the partition from data_interval_start",
    )


_TIMETABLES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "NullTimetable": lambda _: {"type": "null"},
    "OnceTimetable": lambda _: {"type": "once"},
    "ContinuousTimetable": lambda _: {"type": "continuous"},
    "CronDataIntervalTimetable": _cron_interval,
    "CronTriggerTimetable": _cron_trigger,
    "MultipleCronTriggerTimetable": _cron_trigger,
    "DeltaDataIntervalTimetable": _delta_interval,
    "DeltaTriggerTimetable": _delta_trigger,
    "EventsTimetable": _events,
    "AssetTriggeredTimetable": lambda _: {"type": "assets"},
    "CronPartitionTimetable": _partitioned,
    "PartitionedAssetTimetable": _partitioned,
    "PartitionedAtRuntime": _partitioned,
}


def _cron(expression: str, zone_name: str) -> str:
    """The expression with presets resolved; refused when croniter or Airflow would, or when it never fires."""
    try:
        cron = Cron(expression, zone_name)
    except KeyError:
        raise Refused("invalid-timezone", f"unknown time zone {zone_name!r}", "use an IANA name") from None
    except (ValueError, AttributeError) as error:
        hint = f"write a cron, or {_presets()}"
        raise Refused("invalid-schedule", f"schedule {expression!r}: {error}", hint) from None
    seconds = cron.fields[5] if len(cron.fields) > 5 else [0]
    if seconds == ["*"] or len(seconds) > 1:
        raise Refused(
            "schedule-too-frequent",
            f"schedule {expression!r} runs more than once a minute (its sixth field is seconds)",
            "EventBridge Scheduler's precision is a minute: use five fields",
        )
    try:
        cron.wall_next(datetime(2024, 1, 1))
    except ValueError:
        message = f"schedule {expression!r} names no date that exists"
        raise Refused("schedule-never-fires", message, "correct the day or the month") from None
    return cron.expression


def _presets() -> str:
    return ", ".join(("@once", "@continuous", *sorted(PRESETS)))


def _delta(value: Any) -> dict[str, Any]:
    try:
        delta = Delta.of(value)
    except TypeError as error:
        raise Refused("invalid-schedule", str(error), "use a timedelta or relativedelta") from None
    if not delta.is_positive:
        message = f"the schedule's interval must be positive, not {value!r}"
        raise Refused("invalid-schedule", message, "give a longer one")
    if (delta.fixed_seconds or 60) < 60:
        hint = "EventBridge Scheduler's precision is a minute"
        raise Refused("schedule-too-frequent", f"{value!r} is less than a minute", hint)
    return delta.to_json()


def _check_start(dag: Any, fields: dict[str, Any], start: datetime | None) -> None:
    if start is not None or fields["type"] in ("null", "once", "continuous", "events", "assets", "custom"):
        return
    if dag.catchup:
        hint = "give the DAG a start_date, or catchup=False"
        raise Refused("missing-start-date", "catchup=True without a start_date: Airflow would never run this DAG", hint)


def name_of(zone_like: Any) -> str:
    """The name of a time zone given as text, zoneinfo, pendulum or datetime object: "Asia/Seoul" or "+09:00"."""
    if isinstance(zone_like, str):
        return zone_like
    for attribute in ("key", "name", "zone"):
        if isinstance(found := getattr(zone_like, attribute, None), str) and found:
            return found
    if not isinstance(zone_like, tzinfo):
        raise Refused("invalid-timezone", f"{zone_like!r} is no time zone", "use an IANA name such as Asia/Seoul")
    minutes = round((zone_like.utcoffset(datetime(2024, 1, 1)) or timedelta()).total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "UTC"


def _earliest(dag: Any) -> datetime | None:
    """As Airflow: the earliest start date of the DAG and its tasks."""
    return min(_dates([dag.start_date, *(task.start_date for task in dag.tasks)]), default=None)


def _latest(dag: Any) -> datetime | None:
    """As Airflow: the DAG's end date, or the latest of all when every task has one."""
    ends = [task.end_date for task in dag.tasks]
    if ends and all(ends):
        return max(_dates([dag.end_date, *ends]))
    return next(iter(_dates([dag.end_date])), None)


def _dates(values: Iterable[Any]) -> list[datetime]:
    return [_aware(value) for value in values if value is not None]


def _iso(value: datetime | None) -> str | None:
    return None if value is None else _aware(value).isoformat()


def _aware(value: datetime) -> datetime:
    """In UTC, as a plain datetime (users' are pendulum's)."""
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return datetime.fromtimestamp(aware.timestamp(), UTC)
