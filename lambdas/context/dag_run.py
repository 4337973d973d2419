"""`dag_run`: the DagRun as running code sees it, and the runs before it."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from lambdas.context.lazy import dated
from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import DagRun, RunKey, TaskKey, TaskRecord


class DagRunType(str, enum.Enum):  # noqa: UP042 - str() of Airflow's shows the member, StrEnum's shows the value
    """Who started the run; it equals the plain string."""

    MANUAL = "manual"
    SCHEDULED = "scheduled"
    BACKFILL_JOB = "backfill"
    ASSET_TRIGGERED = "asset_triggered"


class DagRunState(str, enum.Enum):  # noqa: UP042 - as above
    """How far the run is; it equals the plain string."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


class DagRunView:
    """`dag_run` in the context."""

    def __init__(self, runtime: Runtime, run: RunInfo) -> None:
        self._runtime = runtime
        self._run = run
        self.dag_id = run.dag_id
        self.run_id = run.run_id
        self.conf: Mapping[str, Any] = run.conf
        self.partition_key = None
        self.partition_date = None
        self.note = None
        self.triggering_user_name = None
        self.clear_number = run.clear_number

    @property
    def run_type(self) -> DagRunType:
        return DagRunType(self._run.run_type)

    @property
    def external_trigger(self) -> bool:
        return self._run.run_type == "manual"

    @property
    def logical_date(self) -> Any:
        return dated(self._run.logical_date)

    execution_date = logical_date

    @property
    def data_interval_start(self) -> Any:
        return dated(self._run.data_interval_start)

    @property
    def data_interval_end(self) -> Any:
        return dated(self._run.data_interval_end)

    @property
    def next_data_interval_end(self) -> Any:
        """When the interval after this run's ends, by the DAG's schedule; None if it has none."""
        if self._run.data_interval_end is None or self._runtime.dag.schedule is None:
            return None
        from dag_translator.schedule.custom import asker
        from dag_translator.schedule.spec import IntervalSettings, schedule_spec
        from lambdas.timetables.timetable import timetable_from_spec

        dag, intervals = self._runtime.dag, IntervalSettings(**self._runtime.intervals)
        timetable = timetable_from_spec(schedule_spec(dag, intervals), asker(dag))
        following = timetable.next_runs(datetime.fromisoformat(self._run.data_interval_end), 1)
        return dated(following[0].data_interval_end.isoformat()) if following else None

    @property
    def run_after(self) -> Any:
        return dated(self._run.run_after)

    @property
    def start_date(self) -> Any:
        return dated(self._run.start_date)

    queued_at = start_date

    @property
    def end_date(self) -> Any:
        stored = self._stored()
        return dated(stored.end_date) if stored else None

    @property
    def state(self) -> DagRunState:
        stored = self._stored()
        return DagRunState(stored.state) if stored else DagRunState.RUNNING

    @property
    def consumed_asset_events(self) -> list[Any]:
        """The asset events that started the run."""
        from lambdas.context.asset_accessors import TriggeringEvents

        return TriggeringEvents(self._runtime, self._run).events

    def get_state(self) -> DagRunState:
        return self.state

    @property
    def dag(self) -> Any:
        return self._runtime.dag

    def get_dag(self) -> Any:
        return self._runtime.dag

    def get_task_instances(self, state: Any = None, *_: Any, **__: Any) -> list[TaskRecord]:
        """The task instances of this run that have started (or been skipped by the end), in the order of task_id."""
        wanted = None if state is None else {str(getattr(each, "value", each)) for each in _several(state)}
        records = self._runtime.store.list_tasks(self._run.key)
        return [record for record in records if wanted is None or record.state in wanted]

    def get_task_instance(self, task_id: str, session: Any = None, *, map_index: int = -1) -> TaskRecord | None:  # noqa: ARG002
        return self._runtime.store.get_task(TaskKey(self.dag_id, self.run_id, task_id, map_index))

    def get_previous_dagrun(self, state: str | None = None, *_: Any, **__: Any) -> Any:
        return previous_run(self._runtime, self._run, state)

    def _stored(self) -> DagRun | None:
        return self._runtime.store.get_run(self._run.key)

    def __repr__(self) -> str:
        return f"<DagRun {self.dag_id} @ {self._run.logical_date}: {self.run_id}>"


def runs_up_to(runtime: Runtime, key: RunKey) -> list[DagRun]:
    """A DAG's other runs that are not of a later date than this one, the latest first; none if it has no such run."""
    runs = {each.run_id: each for each in runtime.store.list_runs(key.dag_id)}
    latest = runs.pop(key.run_id, None)
    if latest is None:
        return []
    return sorted((each for each in runs.values() if _date(each) <= _date(latest)), key=_date, reverse=True)


def _date(run: DagRun) -> str:
    return run.logical_date or run.run_after


def earlier_runs(runtime: Runtime, run: RunInfo) -> Iterator[DagRun]:
    """The DAG's runs with an earlier logical date, the nearest first."""
    before = run.logical_date or run.run_after
    runs = (each for each in runtime.store.list_runs(run.dag_id) if each.run_id != run.run_id)
    earlier = (each for each in runs if each.logical_date is not None and each.logical_date < before)
    return iter(sorted(earlier, key=lambda each: each.logical_date or "", reverse=True))


def previous_run(runtime: Runtime, run: RunInfo, state: str | None = None) -> DagRunView | None:
    """The nearest earlier run (that ended in `state`); None if there is none."""
    for each in earlier_runs(runtime, run):
        if state is None or each.state == state:
            return DagRunView(runtime, RunInfo.of(each, conf={}))
    return None


def _several(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value)
