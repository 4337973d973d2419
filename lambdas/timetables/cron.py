"""A cron expression in a time zone, stepped as Airflow steps it.

croniter knows no daylight saving, so Airflow asks it for the next *wall* time and converts that; an expression that
fires in every hour is instead advanced by the wall clock's difference, so that the repeated hour of autumn runs
twice. Two consequences are kept, because a translated DAG has to fire when Airflow fires:

- an expression like `*/15 * * * 1-5` (every hour, but not every day) fires once one hour off after a clock change
  that
  falls into its pause, since the difference is then applied to the old offset;
- where the next instant depends on the previous one (around a change), `before` finds a previous one to start from.

>>> from datetime import UTC
>>> cron = Cron("30 2 * * *", "America/New_York")
>>> cron.next(datetime(2024, 3, 9, 12, tzinfo=UTC)).isoformat()   # 02:30 does not exist on that day
'2024-03-10T07:30:00+00:00'
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from lambdas.timetables.instants import in_utc, last_transition, wall, zone

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
# Around a change of the clock the next instant depends on the previous one: for a day, and the hour that moves.
_UNSETTLED = timedelta(hours=27)


@dataclass(frozen=True, slots=True)
class Cron:
    """`expression`: 5 or 6 fields (the sixth is seconds) or a preset; `timezone`: IANA name or offset.

    Raises ValueError for what croniter does not accept.
    """

    expression: str
    timezone: str
    tz: tzinfo = field(init=False, compare=False)
    fields: list[list[Any]] = field(init=False, compare=False)
    """croniter's expansion, a list per field: numbers, "*", "l"."""
    nth_weekdays: dict[Any, set[Any]] = field(init=False, compare=False)
    """Weekday -> the occurrences in a month ("l": the last), from `5#2` and `L5`."""
    nearest_weekday: set[int] = field(init=False, compare=False)
    """The days of `15W`."""
    _parsed: Any = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # Only who has a cron pays for the import.
        from croniter import croniter

        object.__setattr__(self, "expression", PRESETS.get(self.expression, self.expression))
        object.__setattr__(self, "tz", zone(self.timezone))
        parsed = croniter(self.expression)
        object.__setattr__(self, "fields", parsed.expanded)
        object.__setattr__(self, "nth_weekdays", parsed.nth_weekday_of_month)
        object.__setattr__(self, "nearest_weekday", parsed.nearest_weekday)
        object.__setattr__(self, "_parsed", parsed)

    @property
    def every_hour(self) -> bool:
        return self.fields[1] == ["*"]

    def wall_next(self, wall_time: datetime) -> datetime:
        """The first wall time after `wall_time`. Raises croniter's CroniterBadDateError if there is none in 50
        years.
        """
        found: datetime = self._parsed.get_next(datetime, start_time=wall_time)
        return found

    def wall_previous(self, wall_time: datetime) -> datetime:
        found: datetime = self._parsed.get_prev(datetime, start_time=wall_time)
        return found

    def next(self, current: datetime) -> datetime:
        """The first instant after `current`."""
        here = wall(current, self.tz)
        scheduled = self.wall_next(here)
        return current + (scheduled - here) if self.every_hour else in_utc(scheduled, self.tz)

    def previous(self, current: datetime) -> datetime:
        """The last instant before `current`."""
        here = wall(current, self.tz)
        scheduled = self.wall_previous(here)
        return current - (here - scheduled) if self.every_hour else in_utc(scheduled, self.tz)

    def align_to_next(self, current: datetime) -> datetime:
        """`current` if it is an instant of this expression, else the next one."""
        following = self.next(current)
        return current if self.previous(following) == current else following

    def align_to_previous(self, current: datetime) -> datetime:
        """`current` if it is an instant of this expression, else the previous one."""
        preceding = self.previous(current)
        return current if self.next(preceding) == current else preceding

    def before(self, moment: datetime) -> datetime | None:
        """An instant of this expression at or before `moment` from which `next` leads to Airflow's own instants.

        It is never one whose value hangs on what came before it. None: there is none (the expression is too rare).
        """
        limit = moment + timedelta(microseconds=1)
        for _ in range(40):
            try:
                found = self.wall_previous(self.wall_previous(wall(limit, self.tz)))
                earlier = in_utc(self.wall_previous(found), self.tz)
            except ValueError:
                return None
            candidate = in_utc(found, self.tz)
            change = last_transition(self.tz, limit)
            # The first instant after a change may be the odd one, so the candidate has to have one before it.
            if change is None or (earlier > change and candidate > change + _UNSETTLED):
                return candidate
            limit = change - _UNSETTLED
        return None
