"""What a task instance knows of dates, and may ask about other DAGs' runs, by the names of Airflow 3's task SDK; and
what it waits for besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lambdas.lazy import dated
from lambdas.records import TaskRecord
from lambdas.runtime import RunInfo, Runtime, iso


class OtherDags:
    """Part of `ti`. The role of a DAG's Lambda may read those DAGs that the DAG's ExternalTaskSensors name."""

    _runtime: Runtime
    _run: RunInfo
    _record: TaskRecord

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

    def announce_objects(self, wanted: Mapping[str, Sequence[Sequence[str]]]) -> bool:
        """Say which objects this instance waits for, by bucket (see `objects.Wanted`), before it looks for them.

        Whether events wake it: those of a bucket that the project does not vouch for never come.
        """
        if not self._runtime.event_buckets or not set(wanted) <= set(self._runtime.event_buckets):
            return False
        from lambdas.objects import announce, waiter_id

        waiter = waiter_id(self._run.dag_id, self._run.execution, self._record.task_id, self._record.map_index)
        announce(self._runtime.store, waiter, wanted)
        return True

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
