"""The kinds of timetables, each one class with two answers: the runs after an instant, and a manual run's data
interval.

`runs(window, after)` yields, oldest first and perhaps for ever, the runs whose `run_after` is later than `after`,
exactly those that Airflow's `next_dagrun_info` gives with catchup when it starts at `window.earliest`. Where
Airflow would have to walk from there through years of runs, this starts at a run shortly before `after` (see
`Cron.before`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import ClassVar

from lambdas.timetables.cron import Cron
from lambdas.timetables.delta import NONE, Delta
from lambdas.timetables.runs import RunInfo, Window

Interval = tuple[datetime, datetime]


class Kind(ABC):
    """Base of all timetables."""

    __slots__ = ()
    periodic: ClassVar[bool] = True

    @abstractmethod
    def runs(self, window: Window, after: datetime) -> Iterator[RunInfo]:
        """The automated runs with `run_after` later than `after`, oldest first."""

    def infer_manual_data_interval(self, run_after: datetime) -> Interval:
        """The data interval of a run that somebody starts by hand at `run_after`."""
        return run_after, run_after


@dataclass(frozen=True, slots=True)
class CronDataInterval(Kind):
    """Runs at the end of each interval between two instants of a cron expression; the logical date is its start."""

    cron: Cron

    def runs(self, window: Window, after: datetime) -> Iterator[RunInfo]:
        start = _cron_start(self.cron, window, after)
        earliest = None if window.earliest is None else self.cron.align_to_next(window.earliest)
        while window.latest is None or start <= window.latest:
            end = self.cron.next(start)
            if end > after:
                yield RunInfo.interval(start, end)
            following = self.cron.align_to_previous(end)
            if earliest is not None:
                following = max(following, earliest)
            start = following if following > start else self.cron.next(following)

    def infer_manual_data_interval(self, run_after: datetime) -> Interval:
        end = self.cron.align_to_previous(run_after)
        return self.cron.previous(end), end


@dataclass(frozen=True, slots=True)
class CronTrigger(Kind):
    """Runs at each instant of any of some cron expressions; the data interval is the `interval` before it (default
    none).
    """

    crons: tuple[Cron, ...]
    interval: Delta = NONE

    def runs(self, window: Window, after: datetime) -> Iterator[RunInfo]:
        starts = [_cron_start(cron, window, after) for cron in self.crons]
        current = min(starts)
        while window.latest is None or current <= window.latest:
            if current > after and (window.earliest is None or current >= window.earliest):
                yield _triggered(current, self.interval)
            current = min(cron.next(current) for cron in self.crons)

    def infer_manual_data_interval(self, run_after: datetime) -> Interval:
        return self.interval.before(run_after), run_after


@dataclass(frozen=True, slots=True)
class DeltaDataInterval(Kind):
    """Runs at the end of each interval of one length, counted from the start date."""

    delta: Delta

    def runs(self, window: Window, after: datetime) -> Iterator[RunInfo]:
        start, tz = _delta_start(self.delta, window, after)
        while window.latest is None or start <= window.latest:
            end = self.delta.after(start, tz)
            if end > after:
                yield RunInfo.interval(start, end)
            start, tz = end, UTC

    def infer_manual_data_interval(self, run_after: datetime) -> Interval:
        return self.delta.before(run_after), run_after


@dataclass(frozen=True, slots=True)
class DeltaTrigger(Kind):
    """Runs every `delta` from the start date on; the data interval is the `interval` before it (default none)."""

    delta: Delta
    interval: Delta = NONE

    def runs(self, window: Window, after: datetime) -> Iterator[RunInfo]:
        current, _ = _delta_start(self.delta, window, after)
        while window.latest is None or current <= window.latest:
            if current > after:
                yield _triggered(current, self.interval)
            current = self.delta.after(current)

    def infer_manual_data_interval(self, run_after: datetime) -> Interval:
        return self.interval.before(run_after), run_after


@dataclass(frozen=True, slots=True)
class Once(Kind):
    """Runs once, at the start date; without one, `runs` gives one run right after `after`."""

    periodic: ClassVar[bool] = False

    def runs(self, window: Window, after: datetime) -> Iterator[RunInfo]:
        at = window.earliest if window.earliest is not None else after + timedelta(microseconds=1)
        if at > after and (window.latest is None or at <= window.latest):
            yield RunInfo.exact(at)


@dataclass(frozen=True, slots=True)
class Continuous(Kind):
    """Runs again as soon as the last run has ended: never by a schedule, so `runs` only knows the first one."""

    periodic: ClassVar[bool] = False

    def runs(self, window: Window, after: datetime) -> Iterator[RunInfo]:
        at = window.earliest if window.earliest is not None else after + timedelta(microseconds=1)
        if at > after and (window.latest is None or at <= window.latest):
            yield RunInfo.exact(at)


@dataclass(frozen=True, slots=True)
class Events(Kind):
    """Runs at given instants. restrict: a manual run takes the latest of them that has passed."""

    dates: tuple[datetime, ...]
    restrict: bool = False

    def runs(self, window: Window, after: datetime) -> Iterator[RunInfo]:
        for at in self.dates:
            in_window = (window.earliest is None or at >= window.earliest) and (
                window.latest is None or at <= window.latest
            )
            if at > after and in_window:
                yield RunInfo.exact(at)

    def infer_manual_data_interval(self, run_after: datetime) -> Interval:
        if not self.restrict or not self.dates:
            return run_after, run_after
        at = max((date for date in self.dates if date <= run_after), default=self.dates[0])
        return at, at


@dataclass(frozen=True, slots=True)
class Never(Kind):
    """No schedule: `None`, or something that is triggered by assets."""

    periodic: ClassVar[bool] = False

    def runs(self, window: Window, after: datetime) -> Iterator[RunInfo]:  # noqa: ARG002
        return iter(())


def _triggered(at: datetime, interval: Delta) -> RunInfo:
    start = interval.before(at)
    return RunInfo(start, start, at, at)


def _cron_start(cron: Cron, window: Window, after: datetime) -> datetime:
    """The instant of `cron` to begin at: the window's first, or one from which the runs after `after` follow."""
    first = None if window.earliest is None else cron.align_to_next(window.earliest)
    near = cron.before(after)
    if near is not None and (first is None or near > first):
        return near
    return first if first is not None else cron.next(after)


def _delta_start(delta: Delta, window: Window, after: datetime) -> tuple[datetime, tzinfo]:
    """The instant to begin at, and the time zone whose calendar the first step is taken in (UTC for all later ones:
    the scheduler reads the previous run back in UTC).

    Without a start date the instants are counted from 1970, as Airflow does.
    """
    first = window.earliest if window.earliest is not None else datetime(1970, 1, 1, tzinfo=UTC)
    step = delta.fixed_seconds
    if step is None or after <= first:
        return first, window.tz
    return first + ((after - first) // timedelta(seconds=step)) * timedelta(seconds=step), UTC
