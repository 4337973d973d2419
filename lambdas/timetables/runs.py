"""What a timetable answers with, and the window in which it may run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One automated DagRun: its logical date and data interval, and the instant (UTC) from which it may start."""

    logical_date: datetime
    data_interval_start: datetime
    data_interval_end: datetime
    run_after: datetime

    @classmethod
    def interval(cls, start: datetime, end: datetime) -> RunInfo:
        return cls(start, start, end, end)

    @classmethod
    def exact(cls, at: datetime) -> RunInfo:
        return cls(at, at, at, at)

    @property
    def run_id(self) -> str:
        """Airflow 3's: it names the instant at which the run may start, not the logical date."""
        return f"scheduled__{self.run_after.isoformat()}"

    def to_json(self) -> dict[str, str]:
        """The four times as ISO 8601 in UTC, under the names that an execution's input uses."""
        return {
            "logical_date": self.logical_date.isoformat(),
            "data_interval_start": self.data_interval_start.isoformat(),
            "data_interval_end": self.data_interval_end.isoformat(),
            "run_after": self.run_after.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Window:
    """A DAG's bounds: the logical date is neither before `earliest` nor after `latest`; both may be None.

    tz: the DAG's time zone, in whose calendar the first step of a relativedelta is taken.
    """

    earliest: datetime | None = None
    latest: datetime | None = None
    tz: tzinfo = UTC
