"""A `timedelta` or `relativedelta` as plain data, added and subtracted as Airflow adds them.

A timedelta is a number of seconds. A relativedelta with months or years has no length: it is added to a date of the
calendar, and one that a short month has moved from the 31st to the 28th goes on from there.

>>> month = Delta.from_json({"months": 1})
>>> month.after(datetime(2024, 1, 31, tzinfo=UTC)).isoformat()
'2024-02-29T00:00:00+00:00'
>>> Delta.from_json({"seconds": 90}).after(datetime(2024, 1, 31, tzinfo=UTC)).isoformat()
'2024-01-31T00:01:30+00:00'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from lambdas.timetables.instants import in_utc, wall

_LENGTHS = frozenset({"weeks", "days", "hours", "minutes", "seconds", "microseconds"})
_RELATIVE = ("years", "months", "days", "hours", "minutes", "seconds", "microseconds", "leapdays")
_ABSOLUTE = ("year", "month", "day", "hour", "minute", "second", "microsecond", "weekday")


@dataclass(frozen=True, slots=True)
class Delta:
    """`seconds`: the length of a timedelta, or None for a relativedelta, whose arguments `parts` then holds."""

    seconds: float | None
    parts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any) -> Delta:
        """From a live timedelta or relativedelta; TypeError for anything else."""
        if isinstance(value, timedelta):
            return cls(value.total_seconds())
        if type(value).__name__ != "relativedelta":
            raise TypeError(f"not a timedelta or relativedelta: {value!r}")
        parts = {name: amount for name in _RELATIVE if (amount := getattr(value, name))}
        fixed = {name: at for name in _ABSOLUTE if (at := getattr(value, name)) is not None}
        if "weekday" in fixed:
            fixed["weekday"] = [fixed["weekday"].weekday, fixed["weekday"].n]
        return cls(None, {**parts, **fixed})

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Delta:
        """`{"seconds": 60.0}` is a timedelta, `{"relative": {"months": 1}}` (or any other parts) a relativedelta."""
        if set(value) == {"seconds"}:
            return cls(float(value["seconds"]))
        return cls(None, dict(value.get("relative", value)))

    def to_json(self) -> dict[str, Any]:
        return {"seconds": self.seconds} if self.seconds is not None else {"relative": dict(self.parts)}

    @property
    def fixed_seconds(self) -> float | None:
        """The length where it is the same everywhere: a timedelta, or a relativedelta of days and less."""
        if self.seconds is not None:
            return self.seconds
        if not set(self.parts) <= _LENGTHS:
            return None
        return timedelta(**self.parts).total_seconds()

    def after(self, moment: datetime, tz: tzinfo = UTC) -> datetime:
        """`moment` plus this; the calendar is that of `tz`."""
        return self._moved(moment, tz, 1)

    def before(self, moment: datetime, tz: tzinfo = UTC) -> datetime:
        """`moment` minus this."""
        return self._moved(moment, tz, -1)

    def _moved(self, moment: datetime, tz: tzinfo, sign: int) -> datetime:
        if self.seconds is not None:
            return moment + sign * timedelta(seconds=self.seconds)
        from dateutil.relativedelta import relativedelta, weekday  # type: ignore[import-untyped]

        # The calendar moves the wall clock; days, hours and less are lengths of time, also over a clock change.
        calendar = {name: amount for name, amount in self.parts.items() if name not in _LENGTHS}
        lengths = {name: amount for name, amount in self.parts.items() if name in _LENGTHS}
        if "weekday" in calendar:
            calendar["weekday"] = weekday(*calendar["weekday"])
        moved = moment
        if calendar:
            moved = in_utc(wall(moment, tz) + sign * relativedelta(**calendar), tz)
        return moved + sign * timedelta(**lengths)

    @property
    def is_positive(self) -> bool:
        now = datetime(2024, 1, 1, tzinfo=UTC)
        return self.after(now) > now


NONE = Delta(0.0)
