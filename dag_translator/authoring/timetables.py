"""Timetables: schedules as objects, kept as data. Airflow's schedule is worked out elsewhere, from these attributes.

>>> timetable_of("@daily").expression
'@daily'
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple


class Timetable:
    """Base class. A subclass in user code says by `next_dagrun_info` when its DAG runs. `description` and `summary` are
    for display."""

    description: str | None = ""
    can_be_scheduled: bool = True
    periodic: bool = True
    run_immediately: Any = False
    active_runs_limit: int | None = None

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The run after the one of the given data interval (None: the first one); None: there is none."""
        raise NotImplementedError

    def infer_manual_data_interval(self, *, run_after: datetime) -> DataInterval:
        """The data interval of a run that is started by hand."""
        raise NotImplementedError

    def serialize(self) -> dict[str, Any]:
        """Airflow's scheduler keeps timetables in its database; here it is the DAG file that is asked."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Timetable:
        return cls(**data)

    def validate(self) -> None:
        """Raises for settings that make no sense."""

    @property
    def summary(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({inside})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = object.__hash__


BaseTimetable = Timetable


class NullTimetable(Timetable):
    """Never by itself."""

    can_be_scheduled = False
    periodic = False


class OnceTimetable(Timetable):
    """`@once`."""

    periodic = False


class ContinuousTimetable(Timetable):
    """`@continuous`: the next run starts when the last one ended."""


class CronDataIntervalTimetable(Timetable):
    """A run at the end of each interval between two cron times; its logical date is the interval's start."""

    def __init__(self, cron: str, timezone: str | tzinfo = "UTC") -> None:
        self.expression = cron
        self.timezone = timezone


class CronTriggerTimetable(Timetable):
    """A run at each cron time, which is its logical date."""

    def __init__(
        self,
        cron: str,
        *,
        timezone: str | tzinfo = "UTC",
        interval: timedelta | Any = timedelta(0),
        run_immediately: bool | timedelta = False,
    ) -> None:
        self.expression = cron
        self.timezone = timezone
        self.interval = interval
        self.run_immediately = run_immediately


class MultipleCronTriggerTimetable(Timetable):
    """A run at each time of several cron expressions."""

    def __init__(
        self,
        *crons: str,
        timezone: str | tzinfo = "UTC",
        interval: timedelta | Any = timedelta(0),
        run_immediately: bool | timedelta = False,
    ) -> None:
        self.expressions = crons
        self.timezone = timezone
        self.interval = interval
        self.run_immediately = run_immediately


class DeltaDataIntervalTimetable(Timetable):
    """A run at the end of each interval of a fixed length."""

    def __init__(self, delta: timedelta | Any) -> None:
        self.delta = delta


class DeltaTriggerTimetable(Timetable):
    """A run each time a fixed length has passed."""

    def __init__(self, delta: timedelta | Any, *, interval: timedelta | Any = timedelta(0)) -> None:
        self.delta = delta
        self.interval = interval


class EventsTimetable(Timetable):
    """A run at each of the listed times."""

    def __init__(
        self,
        event_dates: Any,
        restrict_to_events: bool = False,
        presorted: bool = False,
        description: str | None = None,
    ) -> None:
        self.event_dates: list[datetime] = list(event_dates) if presorted else sorted(event_dates)
        self.restrict_to_events = restrict_to_events
        self.description = description


class AssetTriggeredTimetable(Timetable):
    """A run when assets were updated."""

    periodic = False

    def __init__(self, assets: Any) -> None:
        self.asset_condition = assets


class AssetOrTimeSchedule(Timetable):
    """A run by a timetable, and when assets were updated. (Airflow 2: DatasetOrTimeSchedule.)"""

    def __init__(self, *, timetable: Timetable, assets: Any = None, datasets: Any = None) -> None:
        self.timetable = timetable
        self.asset_condition = assets if assets is not None else datasets


class PartitionedTimetable(Timetable):
    """Airflow 3.3's partitioned timetables: kept, for a clear refusal by who translates schedules."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs


class CronPartitionTimetable(PartitionedTimetable):
    """See PartitionedTimetable."""


class PartitionedAssetTimetable(PartitionedTimetable):
    """See PartitionedTimetable."""


class PartitionedAtRuntime(PartitionedTimetable):
    """See PartitionedTimetable."""


class DataInterval(NamedTuple):
    """The times that a run's data lies between."""

    start: datetime
    end: datetime

    @classmethod
    def exact(cls, at: datetime) -> DataInterval:
        return cls(at, at)


class TimeRestriction(NamedTuple):
    """From when to when a custom timetable may schedule."""

    earliest: datetime | None
    latest: datetime | None
    catchup: bool


class DagRunInfo(NamedTuple):
    """A custom timetable's next run."""

    run_after: datetime
    data_interval: DataInterval

    @classmethod
    def exact(cls, at: datetime) -> DagRunInfo:
        return cls(at, DataInterval.exact(at))

    @classmethod
    def interval(cls, start: datetime, end: datetime) -> DagRunInfo:
        return cls(end, DataInterval(start, end))

    @property
    def logical_date(self) -> datetime:
        return self.data_interval.start


def timetable_of(schedule: Any, timezone: tzinfo = UTC) -> Timetable:
    """The timetable that a `schedule=` stands for (with intervals, as `create_cron_data_intervals` says)."""
    if schedule is None:
        return NullTimetable()
    if isinstance(schedule, Timetable):
        return schedule
    if schedule == "@once":
        return OnceTimetable()
    if schedule == "@continuous":
        return ContinuousTimetable()
    if isinstance(schedule, str):
        return CronDataIntervalTimetable(schedule, timezone)
    if isinstance(schedule, timedelta) or type(schedule).__name__ == "relativedelta":
        return DeltaDataIntervalTimetable(schedule)
    if hasattr(schedule, "iter_assets") or isinstance(schedule, list | tuple | set):
        return AssetTriggeredTimetable(schedule)
    raise ValueError(f"{schedule!r} is not a valid schedule.")
