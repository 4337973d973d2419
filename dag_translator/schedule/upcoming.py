"""What comes next: the emitted schedules' instants, with the run that each starts.

For a schedule of kind `renewed` this plays the renewals: at each time that the renewing expression fires it asks the
dispatcher's own `lambdas.scheduling.renewal` for the one-time schedules it would make, and reads when those fire.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from dag_translator.schedule.fires import expression_fires, fire_times
from lambdas.scheduling.renewal import AHEAD, one_time_schedules
from lambdas.timetables.runs import RunInfo
from lambdas.timetables.timetable import Ask, timetable_from_spec


def next_executions(
    manifest: Mapping[str, Any], n: int, after: datetime, ask: Ask | None = None
) -> list[dict[str, str]]:
    """The next `n` automated runs later than `after`, read from the emitted expressions: `fires_at`, `logical_date`,
    `data_interval_start`, `data_interval_end` (ISO, UTC). Fewer if the schedule ends; none for a DAG without one.
    ask: see `timetable_from_spec`."""
    schedule = manifest["schedule"]
    if schedule is None:
        return []
    timetable = timetable_from_spec(schedule["spec"], ask)
    found = []
    for moment in islice(fire_times(schedule, after, ask), n):
        run = timetable.run_for(moment)
        if run is None:  # only @once and @continuous without a start date: the run is made of the moment itself
            run = RunInfo.exact(moment)
        times = run.to_json()
        found.append({"fires_at": moment.isoformat(), **{name: times[name] for name in times if name != "run_after"}})
    return found


def renewed_fires(schedule: Mapping[str, Any], after: datetime, ask: Ask | None = None) -> Iterator[datetime]:
    """The instants later than `after` of the one-time schedules that the renewals from then on make."""
    spec = schedule["spec"]
    timetable = timetable_from_spec(spec, ask)
    reached = after.astimezone(UTC)
    for entry in schedule["expressions"]:
        due = next(timetable.runs(reached), None)
        for tick in expression_fires(entry, reached - 2 * AHEAD):
            if due is None:
                break
            if tick + AHEAD < due.run_after:
                continue  # a renewal that finds nothing to make
            for one_time in one_time_schedules(spec, tick, ask=ask):
                plain = {"expression": one_time.expression, "timezone": "UTC"}
                for moment in expression_fires(plain, reached):
                    yield moment
                    reached = moment
            due = next(timetable.runs(reached), None)
