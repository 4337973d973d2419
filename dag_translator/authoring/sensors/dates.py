"""Sensors that wait for a time: they know when, so the machine waits once, until then.

A poke finds the moment; if that is still to come, the pause is all that is left. What Airflow defers is mode
"reschedule" here: it holds no compute either.

>>> sensor = DateTimeSensor(task_id="t", target_time=datetime.now(UTC) + timedelta(hours=2))
>>> sensor.poke({}), sensor.next_poke_interval(None, 0.0, 1)
(False, 7200.0)
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta
from typing import Any

from dag_translator.authoring.dates import parse, to_utc
from dag_translator.authoring.sensors.base import BaseSensorOperator
from dag_translator.authoring.states import WeekDay

_YEAR = 365 * 24 * 3600.0  # an execution lives no longer


def now_in(context: Any) -> datetime:
    """The present on the run's clock, which is virtual where the run is."""
    clock = getattr(getattr(context, "runtime", None), "now", None)
    return clock() if clock is not None else datetime.now(UTC)


class MomentSensor(BaseSensorOperator):
    """Done after a moment that can be computed.

    endless: whether `timeout` does not count, as for those that Airflow defers without one.
    """

    endless = False
    _left: float | None = None

    def moment(self, context: Any) -> datetime | None:
        """When it is done; None: never."""
        raise NotImplementedError

    def poke(self, context: Any) -> bool:
        moment = self.moment(context)
        self.log.info("Checking if the time (%s) has come", moment)
        self._left = math.inf if moment is None else (moment - now_in(context)).total_seconds()
        return self._left < 0

    def time_out(self, waited: float) -> None:
        if not self.endless:
            super().time_out(waited)

    def next_poke_interval(self, started_at: Any, waited: float, poke_count: int) -> float:
        """Until just after the moment, or the timeout. A subclass that is not content with the moment polls on."""
        if self._left is None or self._left < 0:
            return super().next_poke_interval(started_at, waited, poke_count)
        limit = _YEAR if self.endless else self.timeout - waited
        return math.floor(max(0.0, min(self._left, limit))) + 1.0


class DateTimeSensor(MomentSensor):
    """Done after target_time: a datetime, or an ISO text (templated)."""

    template_fields: Any = ("target_time",)

    def __init__(self, *, target_time: str | datetime, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_time = target_time

    def moment(self, context: Any) -> datetime | None:  # noqa: ARG002
        target = self.target_time
        return parse(target) if isinstance(target, str) else to_utc(target)


class DateTimeSensorAsync(DateTimeSensor):
    """The same, without a timeout."""

    endless = True

    def __init__(
        self,
        *,
        start_from_trigger: bool = False,  # noqa: ARG002
        end_from_trigger: bool = False,  # noqa: ARG002
        trigger_kwargs: dict[str, Any] | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"mode": "reschedule", **kwargs})


class TimeSensor(MomentSensor):
    """Done after target_time of the day on which the task started, in the DAG's time zone; deferrable: no timeout."""

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
        self.deferrable = self.endless = deferrable

    @property
    def target_datetime(self) -> datetime:
        return self._on(datetime.now(UTC))

    def moment(self, context: Any) -> datetime | None:
        # The day must not move on while the machine waits.
        began = getattr(context.get("ti"), "start_date", None)
        return self._on(began or now_in(context))

    def _on(self, day: datetime) -> datetime:
        zone = self.dag.zone
        return datetime.combine(day.astimezone(zone), self.target_time, zone).astimezone(UTC)


class TimeSensorAsync(TimeSensor):
    """The same, without a timeout."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"deferrable": True, **kwargs})


class TimeDeltaSensor(MomentSensor):
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

    def moment(self, context: Any) -> datetime | None:
        base = context.get("data_interval_end") or context["dag_run"].run_after
        return to_utc(base + _delta(self.delta))


class TimeDeltaSensorAsync(TimeDeltaSensor):
    """The same, deferred."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"deferrable": True, **kwargs})


class WaitSensor(MomentSensor):
    """Done time_to_wait (a timedelta, or minutes) after the task's first start. It has no timeout."""

    template_fields: Any = ("time_to_wait",)
    endless = True

    def __init__(self, *, time_to_wait: timedelta | int, deferrable: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"mode": "reschedule", **kwargs})
        self.time_to_wait = time_to_wait
        self.deferrable = deferrable

    def moment(self, context: Any) -> datetime | None:
        ti = context["ti"]
        return to_utc((ti.get_first_reschedule_date(context) or ti.start_date) + _delta(self.time_to_wait))


class DayOfWeekSensor(MomentSensor):
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

    def moment(self, context: Any) -> datetime | None:
        if self.use_task_logical_date:
            day = context.get("logical_date") or context["dag_run"].run_after
            return datetime.min.replace(tzinfo=UTC) if day.isoweekday() in self._week_day_num else None
        now = now_in(context)
        if now.isoweekday() in self._week_day_num:
            return datetime.min.replace(tzinfo=UTC)
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        coming = (midnight + timedelta(days=days) for days in range(1, 8))
        return next((day for day in coming if day.isoweekday() in self._week_day_num), None)


def _delta(value: timedelta | int) -> timedelta:
    """A template gives minutes."""
    return value if isinstance(value, timedelta) else timedelta(minutes=int(value))
