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
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import ClassVar

from lambdas.timetables.cron import Cron
from lambdas.timetables.delta import NONE, Delta
from lambdas.timetables.runs import RunInfo, Window

Interval = tuple[datetime, datetime]
_LONG_AGO = timedelta(days=3660)
_MOMENT = timedelta(microseconds=1)


def before(moment: datetime) -> datetime:
    """The moment before; the beginning of time has none."""
    return moment if moment == datetime.min.replace(tzinfo=moment.tzinfo) else moment - _MOMENT


class Kind(ABC):
    """Base of all timetables."""

    __slots__ = ()
    periodic: ClassVar[bool] = True

    @abstractmethod
    def runs(self, window: Window, after: datetime) -> Iterator[RunInfo]:
        """The automated runs with `run_after` later than `after`, oldest first."""

    def latest_due(self, window: Window, last: datetime | None, now: datetime) -> RunInfo | None:
        """Without catchup, the run to start at `now`, when the last one was due at `last` (None: there was none).

        It is the last one that became due meanwhile, or none if that is after the end date. For a first run without a
        start date, years are looked back.
        """
        latest = self._latest(replace(window, latest=None), last, now)
        if latest is None or window.latest is None:
            return latest
        return latest if next(self.runs(window, latest.run_after - _MOMENT), None) == latest else None

    def _latest(self, window: Window, last: datetime | None, now: datetime) -> RunInfo | None:
        since = last or (before(window.earliest) if window.earliest is not None else now - _LONG_AGO)
        # Look back ever further, so that a frequent schedule is not walked through from its start.
        for back in (timedelta(hours=1), timedelta(days=1), timedelta(days=40), timedelta(days=400), now - since):
            latest = None
            for run in self.runs(window, max(since, now - back)):
                if run.run_after > now:
                    break
                latest = run
            if latest is not None or now - back <= since:
                return latest
        return None

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

    def latest_due(self, window: Window, last: datetime | None, now: datetime) -> RunInfo | None:
        """That of the last interval which is over; Airflow's `_skip_to_latest`."""
        before = self.cron.previous(now)
        start = before if self.cron.next(before) == now else self.cron.previous(before)
        if window.earliest is not None and window.earliest > start:
            start = self.cron.align_to_next(window.earliest)
        if last is not None:
            start = max(start, self.cron.align_to_previous(last))
        end = self.cron.next(start)
        is_due = end <= now and (last is None or end > last)
        return RunInfo.interval(start, end) if is_due and (window.latest is None or start <= window.latest) else None

    def infer_manual_data_interval(self, run_after: datetime) -> Interval:
        end = self.cron.align_to_previous(run_after)
        return self.cron.previous(end), end


@dataclass(frozen=True, slots=True)
class CronTrigger(Kind):
    """Runs at each instant of any of some cron expressions; the data interval is the `interval` before it (default
    none).

    run_immediately: of a DAG without start date, whether its first run is that of the instant which has just passed:
    True always, a timedelta if that is no longer ago, None if it is no longer ago than five minutes, or a tenth of the
    time to the next.
    """

    crons: tuple[Cron, ...]
    interval: Delta = NONE
    run_immediately: bool | timedelta | None = None

    def runs(self, window: Window, after: datetime) -> Iterator[RunInfo]:
        starts = [_cron_start(cron, window, after) for cron in self.crons]
        current = min(starts)
        while window.latest is None or current <= window.latest:
            if current > after and (window.earliest is None or current >= window.earliest):
                yield _triggered(current, self.interval)
            current = min(cron.next(current) for cron in self.crons)

    def latest_due(self, window: Window, last: datetime | None, now: datetime) -> RunInfo | None:
        """Each cron has its own last instant, which must not be after the end date, even if an earlier one is not."""
        found = [at for cron in self.crons if (at := self._due(cron, window, last, now)) is not None]
        return _triggered(max(found), self.interval) if found else None

    def _due(self, cron: Cron, window: Window, last: datetime | None, now: datetime) -> datetime | None:
        at = cron.align_to_previous(now)
        if window.earliest is not None:
            at = at if window.earliest <= at else cron.align_to_next(window.earliest)
        elif last is None and not self._is_close(cron, at, now):
            return None
        if last is not None:
            at = max(at, cron.next(last))
        return at if at <= now and (window.latest is None or at <= window.latest) else None

    def _is_close(self, cron: Cron, before: datetime, now: datetime) -> bool:
        if isinstance(self.run_immediately, timedelta):
            return now - before <= self.run_immediately
        gap = cron.align_to_next(now) - before
        return bool(self.run_immediately) or now - before <= max(gap / 10, timedelta(minutes=5))

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
