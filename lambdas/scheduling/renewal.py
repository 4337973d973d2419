"""One-time schedules for what EventBridge Scheduler can't say in one expression.

A schedule of kind `renewed` wakes the dispatcher every six hours. Each time it makes an `at(…)` schedule for every
run of the next twelve, so that a lost or late renewal loses no run. The name of a one-time schedule comes from its
DAG and instant: making it again changes nothing, and it deletes itself once it has fired. Its input carries the
instant as a literal.

>>> spec = {"timetable": {"type": "cron_interval", "expression": "30 2 * * *", "timezone": "America/New_York"}}
>>> [one.expression for one in one_time_schedules(spec, datetime(2024, 3, 10, tzinfo=UTC))]
['at(2024-03-10T07:30:00)']
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dag_translator.names import machine_name, shorten
from lambdas.scheduling.one_time import create
from lambdas.timetables.timetable import Ask, timetable_from_spec

AHEAD = timedelta(hours=12)
# Scheduler refuses an `at` in the past; one that is about to pass is moved to a little later.
_SOONEST = timedelta(seconds=90)
_NAME_LIMIT = 64


@dataclass(frozen=True, slots=True)
class OneTime:
    """One schedule to make: when it fires, and the instant that it stands for."""

    expression: str
    scheduled_time: datetime


def one_time_schedules(
    spec: Mapping[str, Any], tick: datetime, now: datetime | None = None, ask: Ask | None = None
) -> Iterator[OneTime]:
    """The one-time schedules that a renewal at `tick` makes. now: when it really runs (default: on time). ask: see
    `timetable_from_spec`."""
    soonest = (now or tick - _SOONEST) + _SOONEST
    for run in timetable_from_spec(spec, ask).runs(tick - timedelta(microseconds=1)):
        if run.run_after > tick + AHEAD:
            return
        at = max(run.run_after, soonest)
        yield OneTime(f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})", run.run_after)


def renew(
    scheduler: Any,
    event: Mapping[str, Any],
    tick: datetime,
    now: datetime,
    target: Mapping[str, str],
    ask: Ask | None = None,
) -> int:
    """Make them; how many are new.

    event: the dispatcher's, which the one-time schedules hand on. target: see `one_time.create`.
    """
    made = 0
    for one in one_time_schedules(event, tick, now, ask):
        payload = {**event, "scheduled_time": one.scheduled_time.isoformat(), "one_time": True}
        made += create(scheduler, schedule_name(event["dag_id"], one.scheduled_time), one.expression, payload, target)
    return made


def schedule_name(dag_id: str, instant: datetime) -> str:
    """The name of the one-time schedule of a DAG's run.

    >>> schedule_name("etl", datetime(2024, 3, 10, 7, 30, tzinfo=UTC))
    '20240310T073000-etl'
    """
    return shorten(f"{instant.astimezone(UTC):%Y%m%dT%H%M%S}-{machine_name(dag_id)}", _NAME_LIMIT)
