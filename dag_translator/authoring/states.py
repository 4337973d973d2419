"""Airflow's enumerations: trigger rules, states, run types, weekdays.

They are strings (or numbers) with names, so `TriggerRule.ALL_DONE == "all_done"` and JSON shows the plain value.
Spellings that only Airflow 2 knew are aliases: `TriggerRule("dummy") is TriggerRule.ALWAYS`.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any


class TriggerRule(StrEnum):
    """When a task may start, given the states of its upstream tasks."""

    ALL_SUCCESS = "all_success"
    ALL_FAILED = "all_failed"
    ALL_DONE = "all_done"
    ALL_DONE_MIN_ONE_SUCCESS = "all_done_min_one_success"
    ALL_DONE_SETUP_SUCCESS = "all_done_setup_success"
    ONE_SUCCESS = "one_success"
    ONE_FAILED = "one_failed"
    ONE_DONE = "one_done"
    NONE_FAILED = "none_failed"
    NONE_FAILED_MIN_ONE_SUCCESS = "none_failed_min_one_success"
    NONE_SKIPPED = "none_skipped"
    ALL_SKIPPED = "all_skipped"
    ALWAYS = "always"
    DUMMY = "always"
    NONE_FAILED_OR_SKIPPED = "none_failed_min_one_success"

    @classmethod
    def _missing_(cls, value: object) -> TriggerRule | None:
        old = {"dummy": cls.ALWAYS, "none_failed_or_skipped": cls.NONE_FAILED_MIN_ONE_SUCCESS}
        return old.get(str(value))

    @classmethod
    def is_valid(cls, trigger_rule: Any) -> bool:
        try:
            return bool(cls(trigger_rule))
        except ValueError:
            return False

    @classmethod
    def all_triggers(cls) -> set[str]:
        return {rule.value for rule in cls}


class WeightRule(StrEnum):
    """How priority weights add up: who of those that wait for slots comes first."""

    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"
    ABSOLUTE = "absolute"


class TaskInstanceState(StrEnum):
    """The states of a task instance."""

    REMOVED = "removed"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    RESTARTING = "restarting"
    FAILED = "failed"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    UPSTREAM_FAILED = "upstream_failed"
    SKIPPED = "skipped"
    DEFERRED = "deferred"


class DagRunState(StrEnum):
    """The states of a DAG run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


class DagRunType(StrEnum):
    """Who started a DAG run."""

    BACKFILL_JOB = "backfill"
    BACKFILL = "backfill"
    SCHEDULED = "scheduled"
    MANUAL = "manual"
    ASSET_TRIGGERED = "asset_triggered"
    DATASET_TRIGGERED = "asset_triggered"
    OPERATOR_TRIGGERED = "operator_triggered"
    ASSET_MATERIALIZATION = "asset_materialization"

    def __str__(self) -> str:
        return self.value


class State:
    """All states under one roof, as in `airflow.utils.state.State`."""

    SUCCESS = TaskInstanceState.SUCCESS
    RUNNING = TaskInstanceState.RUNNING
    FAILED = TaskInstanceState.FAILED
    NONE = None
    REMOVED = TaskInstanceState.REMOVED
    SCHEDULED = TaskInstanceState.SCHEDULED
    QUEUED = TaskInstanceState.QUEUED
    RESTARTING = TaskInstanceState.RESTARTING
    UP_FOR_RETRY = TaskInstanceState.UP_FOR_RETRY
    UP_FOR_RESCHEDULE = TaskInstanceState.UP_FOR_RESCHEDULE
    UPSTREAM_FAILED = TaskInstanceState.UPSTREAM_FAILED
    SKIPPED = TaskInstanceState.SKIPPED
    DEFERRED = TaskInstanceState.DEFERRED

    finished = frozenset({SUCCESS, FAILED, SKIPPED, UPSTREAM_FAILED, REMOVED})
    unfinished = frozenset({NONE, SCHEDULED, QUEUED, RUNNING, RESTARTING, UP_FOR_RETRY, UP_FOR_RESCHEDULE, DEFERRED})
    failed_states = frozenset({FAILED, UPSTREAM_FAILED})
    success_states = frozenset({SUCCESS, SKIPPED})
    task_states = (None, *TaskInstanceState)
    dag_states = (DagRunState.QUEUED, DagRunState.SUCCESS, DagRunState.RUNNING, DagRunState.FAILED)


class WeekDay(IntEnum):
    """ISO weekdays: Monday is 1, Sunday is 7."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7

    @classmethod
    def get_weekday_number(cls, week_day_str: str) -> int:
        try:
            return cls[week_day_str.upper()]
        except KeyError:
            raise AttributeError(f'Invalid Week Day passed: "{week_day_str}"') from None

    @classmethod
    def convert(cls, day: str | WeekDay) -> int:
        return int(day) if isinstance(day, WeekDay) else cls.get_weekday_number(day)

    @classmethod
    def validate_week_day(cls, week_day: Any) -> set[int]:
        """The numbers of one day, or of several (names or members)."""
        days = [week_day] if isinstance(week_day, str | WeekDay) else week_day
        if not isinstance(days, set | list | tuple | dict):
            raise TypeError(
                f"Unsupported Type for week_day parameter: {type(week_day)}. Input should be iterable type: "
                "str, set, list, dict or Weekday enum type"
            )
        return {cls.convert(day) for day in days}
