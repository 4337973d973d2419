"""What Airflow 3.3.2 itself answered: runs and manual data intervals of timetables, in `tests/data/schedule`.

cron.json: a row per (kind, expression, time zone) with windows. A window's `earliest` is the start date (epoch
seconds), `after` (default: just before it) where the listed runs begin. `runs` is run-length text for eyes that are
not human: for a trigger timetable the first instant and then differences; for data intervals the first start and
then differences of the boundaries; `{"pairs": [[start, end], …]}` where intervals don't touch. `manual`:
[run_after, start, end]. A row with `error` is one where Airflow's own timetable raised (its intervals can't advance
over a change of the clock). other.json: timedelta and relativedelta, MultipleCronTriggerTimetable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent.parent / "data" / "schedule"


def cron_cases() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((_DATA / "cron.json").read_text())
    return [row for row in rows if "error" not in row]


def other_cases(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((_DATA / "other.json").read_text())[name]
    return rows


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def cron_fields(case: dict[str, Any]) -> dict[str, Any]:
    """The `timetable` of a spec for a row of cron.json."""
    fields = {"type": case["kind"], "timezone": case["timezone"]}
    if case["kind"] == "cron_interval":
        return {**fields, "expression": case["expression"]}
    return {**fields, "expressions": [case["expression"]]}


def windows(case: dict[str, Any]) -> Iterator[tuple[datetime, datetime, list[tuple[datetime, datetime]]]]:
    """(start date, after, expected data intervals) of a row of cron.json."""
    for window in case["windows"]:
        earliest = window["earliest"]
        after = window.get("after", earliest - 1)
        yield at(earliest), at(after), _intervals(case["kind"], window["runs"])


def _intervals(kind: str, runs: Any) -> list[tuple[datetime, datetime]]:
    if isinstance(runs, dict):
        return [(at(start), at(end)) for start, end in runs["pairs"]]
    instants = [at(seconds) for seconds in accumulate(runs)]
    return [(moment, moment) for moment in instants] if kind == "cron_trigger" else list(pairwise(instants))
