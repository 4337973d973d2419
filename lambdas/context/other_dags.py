"""What a task instance knows of dates, and may ask about other DAGs' runs, by the names of Airflow 3's task SDK; and
what it waits for besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from lambdas.context.lazy import dated
from lambdas.runtime import RunInfo, Runtime, iso
from lambdas.storage.records import DagRun, TaskRecord


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
        from lambdas.waiting.external import Watched, look

        watched = Watched(dag_id, tuple(iso(date) for date in dates), tuple(task_ids), group)
        seen = look(self._runtime.store, watched)
        return seen, {**watched.to_json(), "seen": seen.digest()}

    def announce_objects(self, wanted: Mapping[str, Sequence[Sequence[str]]]) -> bool:
        """Say which objects this instance waits for, by bucket (see `objects.Wanted`), before it looks for them.

        Whether events wake it: those of a bucket that the project does not vouch for never come.
        """
        if not self._runtime.event_buckets or not set(wanted) <= set(self._runtime.event_buckets):
            return False
        from lambdas.waiting.objects import announce, waiter_id

        waiter = waiter_id(self._run.dag_id, self._run.execution, self._record.task_id, self._record.map_index)
        announce(self._runtime.store, waiter, wanted)
        return True

    def get_dr_count(
        self,
        dag_id: str,
        logical_dates: Sequence[datetime] | None = None,
        run_ids: Sequence[str] | None = None,
        states: Sequence[str] | None = None,
    ) -> int:
        """How many of the DAG's runs, of these dates and ids, are in one of the states; None stands for all."""
        runs = self._runs(dag_id, logical_dates, run_ids)
        return sum(states is None or run.state in states for run in runs)

    def get_ti_count(
        self,
        dag_id: str,
        map_index: int | None = None,
        task_ids: Sequence[str] | None = None,
        *,
        logical_dates: Sequence[datetime] | None = None,
        run_ids: Sequence[str] | None = None,
        states: Sequence[str] | None = None,
    ) -> int:
        """How many instances of the tasks, in the DAG's runs of these dates and ids, are in one of the states; those
        that have not begun are not counted."""
        records = self._records(dag_id, map_index, task_ids, logical_dates, run_ids)
        return sum(states is None or record.state in states for record in records)

    def get_task_states(
        self,
        dag_id: str,
        map_index: int | None = None,
        task_ids: Sequence[str] | None = None,
        *,
        logical_dates: Sequence[datetime] | None = None,
        run_ids: Sequence[str] | None = None,
    ) -> dict[str, dict[str, str]]:
        """run_id → task_id (with `_` and the map index) → state."""
        found: dict[str, dict[str, str]] = {}
        for record in self._records(dag_id, map_index, task_ids, logical_dates, run_ids):
            name = record.task_id if record.map_index < 0 else f"{record.task_id}_{record.map_index}"
            found.setdefault(record.run_id, {})[name] = record.state
        return found

    def get_dagrun_state(self, dag_id: str, run_id: str) -> str | None:
        """The state of a run; None if there is none."""
        return next((run.state for run in self._runs(dag_id, None, [run_id])), None)

    def _runs(self, dag_id: str, dates: Sequence[datetime] | None, run_ids: Sequence[str] | None) -> Iterator[DagRun]:
        wanted = None if dates is None else {iso(date) for date in dates}
        for run in self._runtime.store.list_runs(dag_id):
            if (wanted is None or run.logical_date in wanted) and (run_ids is None or run.run_id in run_ids):
                yield run

    def _records(
        self,
        dag_id: str,
        map_index: int | None,
        task_ids: Sequence[str] | None,
        dates: Sequence[datetime] | None,
        run_ids: Sequence[str] | None,
    ) -> Iterator[TaskRecord]:
        for run in self._runs(dag_id, dates, run_ids):
            for record in self._runtime.store.list_tasks(run.key):
                if (task_ids is None or record.task_id in task_ids) and map_index in (None, record.map_index):
                    yield record
