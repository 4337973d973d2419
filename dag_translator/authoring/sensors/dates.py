"""Sensors that wait for a time.

What Airflow defers is a sensor in mode "reschedule" here: it holds no compute either.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from dag_translator.authoring.dates import parse, to_utc
from dag_translator.authoring.sensors.base import BaseSensorOperator
from dag_translator.authoring.states import WeekDay


class DateTimeSensor(BaseSensorOperator):
    """Done after target_time: a datetime, or an ISO text (templated)."""

    template_fields: Any = ("target_time",)

    def __init__(self, *, target_time: str | datetime, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_time = target_time

    def poke(self, context: Any) -> bool:  # noqa: ARG002
        self.log.info("Checking if the time (%s) has come", self.target_time)
        target = self.target_time
        moment = parse(target) if isinstance(target, str) else to_utc(target)
        return moment is not None and datetime.now(UTC) > moment


class DateTimeSensorAsync(DateTimeSensor):
    """The same; waiting holds no compute."""

    def __init__(
        self,
        *,
        start_from_trigger: bool = False,  # noqa: ARG002
        end_from_trigger: bool = False,  # noqa: ARG002
        trigger_kwargs: dict[str, Any] | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"mode": "reschedule", **kwargs})


class TimeSensor(BaseSensorOperator):
    """Done after target_time of the day, in the DAG's time zone."""

    def __init__(
        self,
        *,
        target_time: time,
        deferrable: bool = False,
        start_from_trigger: bool = False,  # noqa: ARG002
        end_from_trigger: bool = False,  # noqa: ARG002
        trigger_kwargs: dict[str, Any] | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> None:
        super().__init__(**{**({"mode": "reschedule"} if deferrable else {}), **kwargs})
        self.target_time = target_time
        self.deferrable = deferrable

    @property
    def target_datetime(self) -> datetime:
        zone = self.dag.timezone
        return datetime.combine(datetime.now(zone), self.target_time, zone).astimezone(UTC)

    def poke(self, context: Any) -> bool:  # noqa: ARG002
        self.log.info("Checking if the time (%s) has come", self.target_datetime)
        return datetime.now(UTC) > self.target_datetime


class TimeSensorAsync(TimeSensor):
    """The same; waiting holds no compute."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"deferrable": True, **kwargs})


class TimeDeltaSensor(BaseSensorOperator):
    """Done `delta` (a timedelta, or minutes) after the end of the run's data interval, or after run_after."""

    template_fields: Any = ("delta",)

    def __init__(
        self,
        *,
        delta: timedelta | int,
        deferrable: bool = False,
        end_from_trigger: bool = False,  # noqa: ARG002
        **kwargs: Any,
    ) -> None:
        super().__init__(**{**({"mode": "reschedule"} if deferrable else {}), **kwargs})
        self.delta = delta
        self.deferrable = deferrable

    def poke(self, context: Any) -> bool:
        base = context.get("data_interval_end") or context["dag_run"].run_after
        delta = self.delta if isinstance(self.delta, timedelta) else timedelta(minutes=int(self.delta))
        self.log.info("Checking if the delta has elapsed base_time=%s, delta=%s", base, delta)
        return bool(datetime.now(UTC) > base + delta)


class TimeDeltaSensorAsync(TimeDeltaSensor):
    """The same; waiting holds no compute."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"deferrable": True, **kwargs})


class WaitSensor(BaseSensorOperator):
    """Done time_to_wait (a timedelta, or minutes) after the task's first start."""

    template_fields: Any = ("time_to_wait",)

    def __init__(self, *, time_to_wait: timedelta | int, deferrable: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"mode": "reschedule", **kwargs})
        self.time_to_wait = time_to_wait
        self.deferrable = deferrable

    def poke(self, context: Any) -> bool:
        wait = self.time_to_wait
        delta = wait if isinstance(wait, timedelta) else timedelta(minutes=int(wait))
        ti = context["ti"]
        began = ti.get_first_reschedule_date(context) or ti.start_date
        return bool(datetime.now(UTC) >= began + delta)


class DayOfWeekSensor(BaseSensorOperator):
    """Done on one of the weekdays; use_task_logical_date: of the run's logical date, else of today (UTC)."""

    def __init__(
        self,
        *,
        week_day: Any,
        use_task_logical_date: bool = False,
        use_task_execution_day: bool = False,  # Airflow 2's name
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.week_day = week_day
        self.use_task_logical_date = use_task_logical_date or use_task_execution_day
        self._week_day_num = WeekDay.validate_week_day(week_day)

    def poke(self, context: Any) -> bool:
        moment = datetime.now(UTC)
        if self.use_task_logical_date:
            moment = context.get("logical_date") or context["dag_run"].run_after
        return moment.isoweekday() in self._week_day_num
