"""`manifest.schedule`: the spec's timetable as expressions, with the first and the last instant as bounds.

Invariant: an expression of kind `cron` or `events` fires within its bounds at exactly the instants at which Airflow
may start a run; every other kind lets the dispatcher decide (see the package's docstring). Bounds lie half a minute
outside the first and the last instant, because Scheduler does not say whether its own are inclusive.

>>> emit({"timetable": {"type": "cron_interval", "expression": "0 5 * * *", "timezone": "Asia/Seoul"},
...       "start_date": "2024-01-01T00:00:00+00:00"})["expressions"][0]
{'expression': 'cron(0 5 * * ? *)', 'timezone': 'Asia/Seoul', 'start': '2024-01-02T19:59:30+00:00', 'end': None}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dag_translator.errors import Problem, TranslationError
from dag_translator.schedule.cron_dialect import Native, from_cron
from dag_translator.schedule.custom import asker
from dag_translator.schedule.delta_dialect import from_delta
from dag_translator.schedule.spec import IntervalSettings, Refused, problem_of, schedule_spec
from lambdas.scheduling.renewal import AHEAD
from lambdas.timetables import kinds
from lambdas.timetables.custom import Ask, Custom
from lambdas.timetables.delta import Delta
from lambdas.timetables.timetable import Timetable, timetable_from_spec

_MARGIN = timedelta(seconds=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_EVENTS = 50
# Wakes the dispatcher to make the one-time schedules of the hours ahead; without a start date it also does so at once.
RENEWAL = "rate(6 hours)"
# Fires as soon as it is deployed; what comes a year later the dispatcher drops.
ONCE = "rate(365 days)"
# `finish_run` starts the next run of a continuous DAG; this notices when that was lost.
WATCHDOG = "rate(1 hour)"
# A rate fires at its start and counts from there; a renewal has to come before the run that it makes a schedule for.
_EARLIER = {RENEWAL: AHEAD, ONCE: timedelta(), WATCHDOG: timedelta()}


def schedule_of(
    dag: Any,
    settings: IntervalSettings = IntervalSettings(),  # noqa: B008 - frozen
) -> tuple[dict[str, Any] | None, tuple[Problem, ...]]:
    """(manifest.schedule, problems) of a live DAG. A schedule that is refused is None with a problem; never raises."""
    try:
        spec = schedule_spec(dag, settings)
    except TranslationError as error:
        return None, error.problems
    if spec["timetable"]["type"] == "null":
        return None, ()
    try:
        return emit(spec, asker(dag)), _approximations(dag, spec)
    except Exception as error:
        if spec["timetable"]["type"] != "custom":
            raise
        message = f"{spec['timetable']['class']} raised {type(error).__name__}: {error}"
        hint = (
            "it is asked while the DAG is translated, and later in Lambda: with start_date, end_date and catchup=True"
        )
        return None, (problem_of(dag, Refused("timetable-raised", message, hint)),)


def emit(spec: Mapping[str, Any], ask: Ask | None = None) -> dict[str, Any]:
    """`manifest.schedule` of a spec that is not "null". ask: see `timetable_from_spec`."""
    if spec["timetable"]["type"] == "assets":
        return {"kind": "assets", "expressions": [], "spec": dict(spec)}
    timetable = timetable_from_spec(spec, ask)
    kind, natives = _natives(timetable)
    first, last = _bounds(timetable)
    if kind == "events":
        # Scheduler ignores the dates of a one-time schedule; the end tells the deployment which are over.
        expressions = [_entry(native, None, at) for native, at in natives]
    elif last is not None and first is not None and last < first:
        expressions = []  # the DAG ends before its first run
    else:
        # Airflow runs @once also when its dates have passed.
        expressions = [_entry(native, first, None if kind == "once" else last) for native, _ in natives]
    full = {**spec, "renewed": True} if kind == "renewed" else dict(spec)
    return {"kind": kind, "expressions": expressions, "spec": full}


def _entry(native: Native, first: datetime | None, last: datetime | None) -> dict[str, Any]:
    before = _EARLIER.get(native.expression, _MARGIN)
    return {
        "expression": native.expression,
        "timezone": native.timezone,
        "start": (first - before).isoformat() if first else None,
        "end": (last + _MARGIN).isoformat() if last else None,
    }


def _natives(timetable: Timetable) -> tuple[str, list[tuple[Native, datetime | None]]]:
    """The manifest's kind, and its expressions (with the instant, where each stands for one)."""
    kind = timetable.kind
    renewed: tuple[str, list[tuple[Native, datetime | None]]] = ("renewed", [(Native(RENEWAL, "UTC"), None)])
    match kind:
        case kinds.CronDataInterval(cron):
            return _all(from_cron(cron)) or renewed
        case kinds.CronTrigger(crons):
            each = [from_cron(cron) for cron in crons]
            together = [native for natives in each for native in natives or ()]
            return (_all(dict.fromkeys(together)) if None not in each else None) or renewed
        case kinds.DeltaDataInterval(delta) | kinds.DeltaTrigger(delta):
            found = from_delta(delta, _anchor(timetable, delta))
            return (_all(Native(expression, "UTC") for expression in found) if found else None) or renewed
        case kinds.Events(dates):
            if len(dates) > _MOST_EVENTS:
                return renewed
            due = [date for date in dates if timetable.run_for(date) is not None]
            return "events", [(Native(at_expression(date), "UTC"), date) for date in due]
        case kinds.Once():
            return "once", [(Native(ONCE, "UTC"), None)]
        case Custom():
            timetable.infer_manual_data_interval(timetable.window.earliest or _EPOCH)  # so that a mistake shows now
            return renewed
        case kinds.Continuous():
            return "continuous", [(Native(WATCHDOG, "UTC"), None)]
    raise AssertionError(f"no expression for {kind!r}")


def _all(natives: Iterable[Native] | None) -> tuple[str, list[tuple[Native, datetime | None]]] | None:
    return None if natives is None else ("cron", [(native, None) for native in natives])


def at_expression(instant: datetime) -> str:
    """A one-time schedule's expression, in UTC.

    >>> at_expression(datetime(2024, 1, 1, 5, tzinfo=UTC))
    'at(2024-01-01T05:00:00)'
    """
    return f"at({instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S})"


def _anchor(timetable: Timetable, delta: Delta) -> datetime:
    """An instant at which a run starts. From the second on months are counted in UTC, so one that settled is taken."""
    runs = timetable.next_runs(timetable.window.earliest or _EPOCH, 2)
    if not runs or delta.fixed_seconds is not None:
        return runs[0].run_after if runs else _EPOCH
    return runs[-1].run_after


def _bounds(timetable: Timetable) -> tuple[datetime | None, datetime | None]:
    """The instants of the first and the last run, as far as the DAG's dates say; a last one before the first: no
    run.
    """
    earliest, latest = timetable.window.earliest, timetable.window.latest
    first = next(timetable.runs(earliest - timedelta(microseconds=1)), None) if earliest is not None else None
    if latest is None:
        return (first.run_after if first else None), None
    if isinstance(timetable.kind, kinds.Continuous | Custom):
        return (first.run_after if first else None), latest
    last = _last_run(timetable, latest)
    if last is None or (earliest is not None and first is None):
        return latest, latest - timedelta(days=1)
    return (first.run_after if first else None), last


def _last_run(timetable: Timetable, latest: datetime) -> datetime | None:
    """The instant of the last run; the search looks back from the end date ever further."""
    for days in (1, 40, 800, 3700):
        instants = [run.run_after for run in timetable.runs(latest - timedelta(days=days))]
        if instants:
            return instants[-1]
    return None


def _approximations(dag: Any, spec: Mapping[str, Any]) -> tuple[Problem, ...]:
    fields, start = spec["timetable"], spec["start_date"]
    if spec["catchup"] or start is None or not fields["type"].startswith("delta"):
        return ()
    seconds = Delta.from_json(fields["delta"]).fixed_seconds
    if seconds is None or datetime.fromisoformat(start).timestamp() % seconds == 0:
        return ()
    problem = Problem(
        "schedule-anchor",
        "runs are counted from start_date; Airflow with catchup=False counts them from 1970 once start_date has passed",
        "a start_date that is a multiple of the interval (midnight UTC for a day) makes no difference between the two",
        path=str(getattr(dag, "fileloc", "") or "") or None,
        line=getattr(dag, "_airstep_line", None),
        dag_id=dag.dag_id,
        severity="approximated",
    )
    return (problem,)
