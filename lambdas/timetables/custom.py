"""A timetable that is user code: whoever has the DAG file answers, everybody else asks.

    request   {"after": ISO, "count": n, "earliest": ISO | None, "latest": ISO | None}   the next n runs after `after`
              {"manual": ISO}                                          the data interval of a run that is started then
    answer    {"runs": [[logical_date, data_interval_start, data_interval_end, run_after], …]}
              {"interval": [start, end]}

The DAG's task function answers (`kind` "ask_timetable"), since it has the file; the dispatcher and the backfill ask it.
As in Airflow each run follows from the data interval of the one before it, from the start date on. The timetable is
always asked with catchup=True: what a DAG without catchup has missed is left out by whoever asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat
from typing import Any

from lambdas.timetables.instants import parse
from lambdas.timetables.kinds import Interval, Kind
from lambdas.timetables.runs import RunInfo, Window

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]
# Mostly the next run alone is wanted.
_FIRST_PAGES, _PAGE = (4, 20), 100
_MOST_STEPS = 500_000  # a timetable that never gets anywhere must not hold a Lambda for ever


@dataclass(frozen=True, slots=True)
class Custom(Kind):
    """The kind of timetable that asks."""

    ask: Ask

    def runs(self, window: Window, after: datetime) -> Iterator[RunInfo]:
        bounds = {"earliest": _text(window.earliest), "latest": _text(window.latest)}
        for size in chain(_FIRST_PAGES, repeat(_PAGE)):
            page = self.ask({"after": after.isoformat(), "count": size, **bounds})["runs"]
            for times in page:
                run = RunInfo(*map(parse, times))
                yield run
                after = run.run_after
            if len(page) < size:
                return

    def infer_manual_data_interval(self, run_after: datetime) -> Interval:
        start, end = self.ask({"manual": run_after.isoformat()})["interval"]
        return parse(start), parse(end)


def answer(timetable: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    """What a live timetable answers. Raises what the user's code raises, and RuntimeError if it makes no progress."""
    if "manual" in request:
        interval = timetable.infer_manual_data_interval(run_after=_pendulum(request["manual"]))
        return {"interval": [_text(interval.start), _text(interval.end)]}
    after = parse(request["after"])
    found: list[list[str | None]] = []
    for info in _chain(timetable, request):
        if info.run_after > after:
            start, end = info.data_interval
            found.append([_text(start), _text(start), _text(end), _text(info.run_after)])
            if len(found) == request["count"]:
                break
    return {"runs": found}


def _chain(timetable: Any, request: Mapping[str, Any]) -> Iterator[Any]:
    from dag_translator.authoring.timetables import DataInterval, TimeRestriction

    restriction = TimeRestriction(_pendulum(request.get("earliest")), _pendulum(request.get("latest")), True)
    last, before = None, None
    for _ in range(_MOST_STEPS):
        info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        if info is None:
            return
        if before is not None and info.run_after <= before:
            raise RuntimeError(f"{type(timetable).__name__}: the run after {before} is due at {info.run_after}")
        yield info
        before = info.run_after
        # As the scheduler reads them back from its database: in UTC.
        last = DataInterval(*(_pendulum(_text(each)) for each in info.data_interval))
    raise RuntimeError(f"{type(timetable).__name__} gives more than {_MOST_STEPS:,} runs up to {before}")


def _pendulum(text: str | None) -> Any:
    if text is None:
        return None
    from lambdas.context.lazy import dated

    return dated(text)


def _text(moment: datetime | None) -> Any:
    from datetime import UTC

    return None if moment is None else datetime.fromtimestamp(moment.timestamp(), UTC).isoformat()
