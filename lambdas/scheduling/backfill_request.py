"""What a backfill is asked to do, checked, and the runs that this means.

>>> detail = {"dag_id": "etl", "from_date": "2024-01-01", "to_date": "2024-01-31T00:00:00+09:00"}
>>> request = read_request(detail)
>>> request.to_date.isoformat(), request.max_active_runs, request.reprocess_behavior
('2024-01-30T15:00:00+00:00', 10, 'none')
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from lambdas.scheduling import backfills
from lambdas.storage.records import FINAL_RUN_STATES, DagRun
from lambdas.storage.store import Store
from lambdas.timetables import kinds
from lambdas.timetables.runs import RunInfo
from lambdas.timetables.timetable import Ask, timetable_from_spec

MOST_RUNS = 100_000
MOST_AT_ONCE = 10_000  # children of a distributed map that run at once
MOST_CONF = 64 * 1024  # bytes; it is part of each run's input and of its parent's history
DEFAULT_ACTIVE_RUNS = 10  # Airflow's
# reprocess_behavior → the final states in which a date's run is run again
_REPROCESSED: Mapping[str, frozenset[str]] = {
    "none": frozenset(),
    "failed": frozenset({"failed"}),
    "completed": FINAL_RUN_STATES,
}
REPROCESS = tuple(_REPROCESSED)
_FIELDS = frozenset(
    {
        *("dag_id", "from_date", "to_date", "max_active_runs", "reprocess_behavior", "run_backwards", "conf"),
        *("task_regex", "ignore_dependencies", "backfill_id"),
    }
)


class BackfillRefused(Exception):
    """The backfill cannot be done; the message says why and what would do."""


@dataclass(frozen=True, slots=True)
class Backfiller:
    """What the function works with.

    spec_of: a deployed DAG's `schedule.spec` (None: no schedule); raises KeyError if it is not deployed. is_running:
    whether an execution, by ARN, still runs. bucket: the name of the bucket that `store` puts blobs into. go_on:
    answers a task token; one that is over already is no error. ask: who answers for a spec's timetable that is user
    code. match: asks a DAG's own function, by the DAG's spec, which tasks a request for a part of it means (see
    `partial_run.match_tasks`).
    """

    store: Store
    spec_of: Callable[[str], Mapping[str, Any] | None]
    is_running: Callable[[str], bool]
    now: Callable[[], datetime]
    bucket: str
    go_on: Callable[[str], None]
    ask: Callable[[Mapping[str, Any]], Ask | None] = lambda _: None
    match: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]] = lambda *_: {"task_ids": []}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for. conf: None leaves the conf of reprocessed runs as it is."""

    dag_id: str
    from_date: datetime
    to_date: datetime
    max_active_runs: int = DEFAULT_ACTIVE_RUNS
    reprocess_behavior: str = "none"
    run_backwards: bool = False
    conf: Mapping[str, Any] | None = None
    task_regex: str | None = None
    ignore_dependencies: bool = False

    @property
    def part(self) -> dict[str, Any]:
        """Which part of the DAG runs, as its executions are told; nothing for the whole DAG."""
        if self.task_regex is None:
            return {}
        return {"task_regex": self.task_regex, "ignore_dependencies": self.ignore_dependencies}

    def to_json(self) -> dict[str, Any]:
        return {
            "dag_id": self.dag_id,
            "from_date": self.from_date.isoformat(),
            "to_date": self.to_date.isoformat(),
            "max_active_runs": self.max_active_runs,
            "reprocess_behavior": self.reprocess_behavior,
            "run_backwards": self.run_backwards,
            **self.part,
        }


@dataclass(frozen=True, slots=True)
class Planned:
    """A run of the timetable, the DagRun that its date has already, and why it is left alone (None: it is not)."""

    run: RunInfo
    existing: DagRun | None
    reason: str | None

    @property
    def run_id(self) -> str:
        """Airflow 3's: the instant at which the run may start, not the logical date."""
        return self.existing.run_id if self.existing else f"backfill__{self.run.run_after.isoformat()}"


def read_request(detail: Mapping[str, Any]) -> Request:
    """The request, checked; raises BackfillRefused naming everything that is wrong with it."""
    mistakes = [f"unknown field {name!r}" for name in sorted(set(detail) - _FIELDS)]
    dag_id, conf = detail.get("dag_id"), detail.get("conf")
    if not isinstance(dag_id, str) or not dag_id:
        mistakes.append("dag_id is missing")
    first, last = (_instant(detail, name, mistakes) for name in ("from_date", "to_date"))
    if first is not None and last is not None and first > last:
        mistakes.append(f"from_date {first.isoformat()} is after to_date {last.isoformat()}")
    at_once = detail.get("max_active_runs") or DEFAULT_ACTIVE_RUNS
    if not isinstance(at_once, int) or isinstance(at_once, bool) or not 1 <= at_once <= MOST_AT_ONCE:
        mistakes.append(f"max_active_runs: {at_once!r} is not between 1 and {MOST_AT_ONCE:,}")
    behavior = detail.get("reprocess_behavior") or "none"
    if behavior not in REPROCESS:
        mistakes.append(f"reprocess_behavior: {behavior!r} is none of {', '.join(REPROCESS)}")
    switches = ("run_backwards", "ignore_dependencies")
    mistakes += [f"{name} is true or false" for name in switches if not isinstance(detail.get(name, False), bool)]
    regex = detail.get("task_regex")
    if regex is not None and (not isinstance(regex, str) or not regex):
        mistakes.append("task_regex is a regular expression that finds the ids of the tasks to run")
    if regex is None and detail.get("ignore_dependencies"):
        mistakes.append("ignore_dependencies goes with a task_regex")
    if conf is not None and not isinstance(conf, Mapping):
        mistakes.append("conf must be a JSON object")
    if conf is not None and len(json.dumps(conf)) > MOST_CONF:
        mistakes.append(f"conf is larger than {MOST_CONF // 1024} KB: put it into S3 and hand over the key")
    if mistakes:
        raise BackfillRefused("; ".join(mistakes))
    assert first is not None  # what is missing is among the mistakes
    assert last is not None
    backwards, ignores = (bool(detail.get(name)) for name in switches)
    return Request(str(dag_id), first, last, at_once, behavior, backwards, conf, regex, ignores)


def _instant(detail: Mapping[str, Any], name: str, mistakes: list[str]) -> datetime | None:
    try:
        value = datetime.fromisoformat(str(detail[name]))
    except KeyError:
        mistakes.append(f"{name} is missing")
        return None
    except ValueError:
        mistakes.append(f"{name}: {detail[name]!r} is not an ISO 8601 date or time such as 2024-01-15")
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def runs_of(backfiller: Backfiller, request: Request) -> list[Planned]:
    """Every run of the range in the order in which they start; raises BackfillRefused."""
    try:
        spec = backfiller.spec_of(request.dag_id)
    except KeyError:
        raise BackfillRefused(f"DAG {request.dag_id} is not deployed here; see `airstep dags list`") from None
    timetable = timetable_from_spec(spec, backfiller.ask(spec or {}))
    if isinstance(timetable.kind, kinds.Never | kinds.Once | kinds.Continuous):
        raise BackfillRefused(
            f"DAG {request.dag_id} has no periodic schedule, so there are no dates to fill; trigger it instead"
        )
    if spec is not None and spec.get("depends_on_past"):
        _refuse_for_the_past(request)
    if request.part:
        _check_part(backfiller, request, spec or {})
    now = backfiller.now()
    if request.from_date >= now:
        raise BackfillRefused(f"from_date {request.from_date.isoformat()} lies in the future")
    found = list(islice(_past(timetable.runs_between(request.from_date, request.to_date), now), MOST_RUNS + 1))
    if len(found) > MOST_RUNS:
        raise BackfillRefused(f"these are more than {MOST_RUNS:,} runs; split the range")
    if not found:
        raise BackfillRefused(f"DAG {request.dag_id} has no run in this range whose data interval is over")
    if request.run_backwards:
        found.reverse()
    existing = _newest_by_date(backfiller.store, request.dag_id)
    return [_planned(run, existing.get(run.logical_date.isoformat()), request) for run in found]


def _refuse_for_the_past(request: Request) -> None:
    """As in Airflow: a date that is left alone would hold up those behind it."""
    if request.run_backwards:
        raise BackfillRefused(f"DAG {request.dag_id} has tasks with depends_on_past: it can't be run backwards")
    if request.reprocess_behavior == "none":
        raise BackfillRefused(
            f"DAG {request.dag_id} has tasks with depends_on_past: set --reprocess-behavior to failed or completed"
        )


def _check_part(backfiller: Backfiller, request: Request, spec: Mapping[str, Any]) -> None:
    """Refuse a part that can't be run. spec: with `part_function`, the function that knows, if there is a machine."""
    if "part_function" not in spec:
        raise BackfillRefused(
            f"DAG {request.dag_id} was deployed without the machine that runs a part of it: deploy it again; if it is "
            "too large for that, leave out task_regex"
        )
    answer = backfiller.match(spec, request.part)
    if "refused" in answer:
        raise BackfillRefused(str(answer["refused"]))


def _past(runs: Iterator[RunInfo], now: datetime) -> Iterator[RunInfo]:
    for run in runs:
        if run.data_interval_end >= now:
            return
        yield run


def _newest_by_date(store: Store, dag_id: str) -> dict[str, DagRun]:
    """logical date → the run that started last."""
    newest: dict[str, DagRun] = {}
    for run in store.list_runs(dag_id):
        if run.logical_date is not None:
            other = newest.get(run.logical_date)
            if other is None or run.start_date > other.start_date:
                newest[run.logical_date] = run
    return newest


def _planned(run: RunInfo, existing: DagRun | None, request: Request) -> Planned:
    reason = None
    if existing is not None:
        if existing.state not in FINAL_RUN_STATES:
            reason = backfills.IN_FLIGHT
        elif existing.state not in _REPROCESSED[request.reprocess_behavior]:
            reason = backfills.ALREADY_EXISTS
    return Planned(run, existing, reason)
