"""Which runs a DAG's schedule brings when an event of it comes: the part of the dispatcher that reads the timetable.

What is due goes into the DAG's queue, and how far that went into the item of its schedule, so an event that is
delivered again brings nothing. At most `max_active_runs` runs wait there; further ones are read off the timetable when
there is room.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from lambdas.scheduling.dag_state import DagState, Queued
from lambdas.storage.records import FINAL_RUN_STATES, RunKey
from lambdas.timetables import kinds
from lambdas.timetables.instants import parse
from lambdas.timetables.runs import RunInfo
from lambdas.timetables.timetable import Timetable, timetable_from_spec
from lambdas.waiting import sweep

if TYPE_CHECKING:
    from lambdas.dispatcher import Dispatcher

Event = Mapping[str, Any]
_ATTEMPTS = 20


def take(dispatcher: Dispatcher, state: DagState, event: Event, due: datetime, activated: bool) -> str | None:
    """Queue the runs that `due` brings, and remember how far that went; why there are none."""
    timetable = timetable_from_spec(event, dispatcher.ask(event))
    for _ in range(_ATTEMPTS):
        last = state.schedule()
        cursor = last.get("cursor") if last else None
        runs, reason = _due(dispatcher, state, event, timetable, cursor and parse(cursor), due, activated)
        for run in runs:
            state.enqueue(Queued(run.run_id, run.run_after.isoformat(), {"run_type": "scheduled", **_times(run)}))
        reached = max([cursor or "", *(run.run_after.isoformat() for run in runs)]) or None
        if state.save_schedule(last, {"event": json.dumps(event), "cursor": reached}):
            return reason
    raise RuntimeError(f"DAG {state.dag_id}: its schedule's record kept changing; try again")


def _times(run: RunInfo) -> dict[str, str]:
    return {"run_id": run.run_id, **run.to_json()}


def _due(
    dispatcher: Dispatcher,
    state: DagState,
    event: Event,
    timetable: Timetable,
    cursor: datetime | None,
    due: datetime,
    activated: bool,
) -> tuple[list[RunInfo], str | None]:
    """The runs to queue, and why there are none. cursor: `run_after` of the newest run that was queued."""
    match timetable.kind:
        case kinds.Once():
            return _once(timetable, cursor, due)
        case kinds.Continuous():
            return _continuous(dispatcher, state, timetable, cursor, due)
    if not event["catchup"] and not activated:
        # Scheduler fires within the minute; should it say more precisely when, the run is still the minute's.
        run = timetable.run_for(due) or timetable.run_for(due.replace(second=0, microsecond=0))
        return ([run], None) if run else ([], "no run at this instant")
    missed = timetable.missed_runs(cursor, due, catchup=bool(event["catchup"]))
    room = int(event["max_active_runs"]) - sum(1 for _ in islice(state.queue(), int(event["max_active_runs"])))
    if room <= 0:
        if next(missed, None) is not None:
            sweep.enter(dispatcher.store, dispatcher.arm, "dag", state.dag_id)
        return [], None  # the rest is read off the timetable when a place gets free
    runs = list(islice(missed, room))
    return runs, None if runs else "no run at this instant"


def _once(timetable: Timetable, cursor: datetime | None, due: datetime) -> tuple[list[RunInfo], str | None]:
    if cursor is not None:
        return [], "it has run already"  # or waits in the queue
    at = timetable.window.earliest or due
    latest = timetable.window.latest
    if at > due or (latest is not None and at > latest):
        return [], "outside start_date and end_date"
    return [RunInfo.exact(at)], None


def _continuous(
    dispatcher: Dispatcher, state: DagState, timetable: Timetable, cursor: datetime | None, due: datetime
) -> tuple[list[RunInfo], str | None]:
    """As in Airflow each run's data interval begins where the last one's ended, and ends now."""
    earliest, latest = timetable.window.earliest, timetable.window.latest
    now = dispatcher.now()
    if (earliest is not None and earliest > due) or (latest is not None and now > latest):
        return [], "outside start_date and end_date"
    if next(state.queue(), None) is not None or any(not has_ended(dispatcher, state, run) for run in state.active()):
        return [], "a run is active"
    start = cursor or earliest or now
    return [RunInfo.interval(start, max(start, now))], None


def has_ended(dispatcher: Dispatcher, state: DagState, run_id: str) -> bool:
    """Whether the run is over."""
    run = dispatcher.store.get_run(RunKey(state.dag_id, run_id))
    return run is not None and run.state in FINAL_RUN_STATES
