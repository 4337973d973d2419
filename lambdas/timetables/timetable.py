"""A DAG's timetable, from the plain JSON `spec` that the translator wrote into the manifest
(`dag_translator.schedule`).

    timetable = timetable_from_spec(spec)                      # None: a DAG without a schedule
    timetable.next_runs(after, 3)                              # the next automated runs
    timetable.run_for(scheduled_time)                          # the run that a schedule's event means; None: no run
    timetable.runs_between(earliest, latest)                   # what catchup or a backfill has to run
    timetable.infer_manual_data_interval(run_after)            # as Airflow 3.3.2 does for a run started by hand

`spec` is `{"timetable": {"type": "cron_interval" | …, …}, "timezone", "start_date", "end_date", "catchup",
"max_active_runs"}`; `_KINDS` below is the table of types with their fields. Times are aware; what comes out is in
UTC. Nothing here imports AWS, and croniter only when there is a cron.

>>> fields = {"type": "cron_interval", "expression": "0 5 * * *", "timezone": "Asia/Seoul"}
>>> daily = timetable_from_spec({"timetable": fields})
>>> [run.run_id for run in daily.next_runs(datetime(2024, 1, 15, tzinfo=UTC), 2)]
['scheduled__2024-01-15T20:00:00+00:00', 'scheduled__2024-01-16T20:00:00+00:00']
>>> [moment.isoformat() for moment in daily.infer_manual_data_interval(datetime(2024, 1, 15, tzinfo=UTC))]
['2024-01-13T20:00:00+00:00', '2024-01-14T20:00:00+00:00']
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from lambdas.timetables import kinds
from lambdas.timetables.cron import Cron
from lambdas.timetables.delta import Delta
from lambdas.timetables.instants import parse, zone
from lambdas.timetables.runs import RunInfo, Window

Spec = Mapping[str, Any]
Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Timetable:
    """A kind of timetable together with its DAG's start and end date."""

    kind: kinds.Kind
    window: Window = field(default_factory=Window)

    def runs(self, after: datetime) -> Iterator[RunInfo]:
        """The automated runs whose `run_after` is later than `after`, oldest first, perhaps without end."""
        return self.kind.runs(self.window, after.astimezone(UTC))

    def next_runs(self, after: datetime, count: int) -> list[RunInfo]:
        """The first `count` of them (fewer when the schedule ends)."""
        return list(islice(self.runs(after), count))

    def run_for(self, scheduled_time: datetime) -> RunInfo | None:
        """The run that may start exactly at `scheduled_time`; None when Airflow starts none there."""
        run = next(self.runs(scheduled_time - timedelta(microseconds=1)), None)
        return run if run is not None and run.run_after == scheduled_time else None

    def runs_between(self, earliest: datetime, latest: datetime) -> Iterator[RunInfo]:
        """The runs that Airflow gives for a backfill from `earliest` to `latest`, both inclusive, oldest first.

        The bounds take the place of the DAG's start and end date, and the first interval is aligned to `earliest`.
        """
        window = Window(earliest.astimezone(UTC), latest.astimezone(UTC), self.window.tz)
        return self.kind.runs(window, earliest.astimezone(UTC) - timedelta(microseconds=1))

    def missed_runs(self, last: datetime | None, now: datetime, *, catchup: bool) -> Iterator[RunInfo]:
        """The runs that became due after `last` (None: since the start date) and by `now`.

        With catchup all of them, oldest first; without it only the latest, as Airflow does after an unpause and for
        the first run (`Kind.latest_due`).
        """
        if not catchup:
            recent = self.kind.latest_due(self.window, last, now)
            yield from () if recent is None else (recent,)
            return
        since = last
        if since is None:
            if self.window.earliest is None:
                return
            since = kinds.before(self.window.earliest)
        for run in self.runs(since):
            if run.run_after > now:
                return
            yield run

    def infer_manual_data_interval(self, run_after: datetime) -> tuple[datetime, datetime]:
        """(start, end) of the data interval of a run started by hand with this logical date, in UTC."""
        start, end = self.kind.infer_manual_data_interval(run_after.astimezone(UTC))
        return start.astimezone(UTC), end.astimezone(UTC)


def timetable_from_spec(spec: Spec | None, ask: Ask | None = None) -> Timetable:
    """The timetable of a manifest's `schedule.spec`. Raises KeyError for a type that this version does not know.

    ask: who answers for a timetable that is user code (`timetables.custom`); a ValueError without it.
    """
    if spec is None:
        return Timetable(kinds.Never())
    fields = spec.get("timetable") or {"type": "null"}
    if fields["type"] == "custom":
        from lambdas.timetables.custom import Custom

        if ask is None:
            raise ValueError(f"{fields['class']} is user code: only the DAG file can say when it runs")
        return Timetable(Custom(ask), _window(spec))
    return Timetable(_KINDS[fields["type"]](fields), _window(spec))


def _window(spec: Spec) -> Window:
    start, end = spec.get("start_date"), spec.get("end_date")
    return Window(
        parse(start) if start else None,
        parse(end) if end else None,
        zone(spec.get("timezone") or "UTC"),
    )


def _crons(fields: Spec) -> tuple[Cron, ...]:
    return tuple(Cron(expression, fields["timezone"]) for expression in fields["expressions"])


def _delta(fields: Spec, name: str) -> Delta:
    return Delta.from_json(fields.get(name) or {"seconds": 0})


def _immediately(fields: Spec) -> bool | timedelta | None:
    told = fields.get("run_immediately")
    return timedelta(seconds=told) if told is not None and told is not True else told


_KINDS: dict[str, Callable[[Spec], kinds.Kind]] = {
    "null": lambda _: kinds.Never(),
    "assets": lambda _: kinds.Never(),
    "once": lambda _: kinds.Once(),
    "continuous": lambda _: kinds.Continuous(),
    "cron_interval": lambda f: kinds.CronDataInterval(Cron(f["expression"], f["timezone"])),
    "cron_trigger": lambda f: kinds.CronTrigger(_crons(f), _delta(f, "interval"), _immediately(f)),
    "delta_interval": lambda f: kinds.DeltaDataInterval(_delta(f, "delta")),
    "delta_trigger": lambda f: kinds.DeltaTrigger(_delta(f, "delta"), _delta(f, "interval")),
    "events": lambda f: kinds.Events(tuple(sorted(map(parse, f["dates"]))), bool(f.get("restrict"))),
}
