"""What a task instance knows of dates, and may ask about other DAGs' runs, by the names of Airflow 3's task SDK."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lambdas.lazy import dated
from lambdas.runtime import RunInfo, Runtime, iso


class OtherDags:
    """Part of `ti`. The role of a DAG's Lambda may read those DAGs that the DAG's ExternalTaskSensors name."""

    _runtime: Runtime
    _run: RunInfo

    @property
    def execution_date(self) -> Any:
        return dated(self._run.logical_date)

    logical_date = execution_date

    @property
    def logical_date_text(self) -> str | None:
        """This run's logical date as it is stored."""
        return self._run.logical_date

    def look_at(
        self, dag_id: str, dates: Sequence[datetime], task_ids: Sequence[str] = (), group: str | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """(what there is to see, as `external.Seen`; what the machine needs to be woken by a change, as JSON)."""
        from lambdas.external import Watched, look

        watched = Watched(dag_id, tuple(iso(date) for date in dates), tuple(task_ids), group)
        seen = look(self._runtime.store, watched)
        return seen, {**watched.to_json(), "seen": seen.digest()}

    def get_dr_count(self, dag_id: str, logical_dates: Sequence[datetime], states: Sequence[str]) -> int:
        """How many of the DAG's runs of these dates are in one of the states."""
        seen, _ = self.look_at(dag_id, logical_dates)
        return sum(state in states for state in seen.runs.values())

    def get_ti_count(
        self, dag_id: str, logical_dates: Sequence[datetime], task_ids: Sequence[str], states: Sequence[str]
    ) -> int:
        """How many instances of the tasks, in the DAG's runs of these dates, are in one of the states."""
        seen, _ = self.look_at(dag_id, logical_dates, task_ids)
        return sum(state in states for tasks in seen.tasks.values() for state in tasks.values())
