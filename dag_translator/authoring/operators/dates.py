"""Branching on the day of the week or the time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.skipmixin import BaseBranchOperator
from dag_translator.authoring.states import WeekDay


class BranchDayOfWeekOperator(BaseBranchOperator):
    """Follows one list of tasks on some weekdays, another one on the others (in the DAG's time zone)."""

    def __init__(
        self,
        *,
        follow_task_ids_if_true: Any,
        follow_task_ids_if_false: Any,
        week_day: Any,
        use_task_logical_date: bool = False,
        use_task_execution_day: bool = False,  # Airflow 2's name
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.follow_task_ids_if_true = follow_task_ids_if_true
        self.follow_task_ids_if_false = follow_task_ids_if_false
        self.week_day = week_day
        self.use_task_logical_date = use_task_logical_date or use_task_execution_day
        self._week_day_num = WeekDay.validate_week_day(week_day)

    def choose_branch(self, context: Any) -> Any:
        moment = datetime.now(self.dag.zone)
        if self.use_task_logical_date:
            moment = context.get("logical_date") or context["dag_run"].run_after
        today = moment.isoweekday() in self._week_day_num
        return self.follow_task_ids_if_true if today else self.follow_task_ids_if_false


class BranchDateTimeOperator(BaseBranchOperator):
    """Follows one list of tasks between target_lower and target_upper, another one outside."""

    def __init__(
        self,
        *,
        follow_task_ids_if_true: Any,
        follow_task_ids_if_false: Any,
        target_lower: datetime | time | None,
        target_upper: datetime | time | None,
        use_task_logical_date: bool = False,
        use_task_execution_date: bool = False,  # Airflow 2's name
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if target_lower is None and target_upper is None:
            raise AirflowException(
                "Both target_upper and target_lower are None. At least one must be defined to be compared to the "
                "current datetime"
            )
        self.target_lower = target_lower
        self.target_upper = target_upper
        self.follow_task_ids_if_true = follow_task_ids_if_true
        self.follow_task_ids_if_false = follow_task_ids_if_false
        self.use_task_logical_date = use_task_logical_date or use_task_execution_date

    def choose_branch(self, context: Any) -> Any:
        now = datetime.now(UTC)
        if self.use_task_logical_date:
            now = context.get("logical_date") or context["dag_run"].run_after
        lower, upper = self._bound(now, self.target_lower), self._bound(now, self.target_upper)
        times = not isinstance(self.target_lower, datetime) or not isinstance(self.target_upper, datetime)
        if times and lower is not None and upper is not None and upper < lower:
            upper += timedelta(days=1)
        outside = (upper is not None and upper < now) or (lower is not None and lower > now)
        return self.follow_task_ids_if_false if outside else self.follow_task_ids_if_true

    def _bound(self, now: datetime, target: datetime | time | None) -> datetime | None:
        if isinstance(target, time):
            target = datetime.combine(now, target)
        if target is None or target.tzinfo is not None:
            return target
        return target.replace(tzinfo=self.dag.zone)
