"""`fail_fast`: a task of such a DAG that has failed stops the run, except for its teardowns.

As in Airflow, whoever records the failure decides about all others at once: what runs is failed, what waits is skipped.
A mark says that the run is stopped; a task that begins later finds it and is skipped, and `finish_run` goes by it.

    pk "{dag_id}/{run_id}"   sk "stop/{execution}"   {"task_id": the task that failed}

Instances of the failed task itself go on. Invariant: the mark is written before the records are looked at, and a task
looks for the mark after its record says `running`; so no task slips through. Source: `_stop_remaining_tasks` in
Airflow 3's `models/taskinstance.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import Fence, TaskRecord, changed
from lambdas.storage.writes import Condition, Put

_REASON = "the DAG is fail_fast, and {} failed"


def stopped_by(runtime: Runtime, record: TaskRecord) -> str | None:
    """The task whose failure stops this one, if there is any."""
    if not runtime.dag.fail_fast or runtime.dag.get_task(record.task_id).is_teardown:
        return None
    culprit = _culprit(runtime, record)
    return None if culprit == record.task_id else culprit


def skipped(runtime: Runtime, record: TaskRecord, culprit: str, try_number: int) -> TaskRecord:
    """The record of a task that was about to begin."""
    return _ended(runtime, changed(record, try_number=try_number), "skipped", culprit)


def stop_others(runtime: Runtime, failed: TaskRecord) -> None:
    """Stop the run that `failed` belongs to."""
    store, key = runtime.store, failed.key.run
    mark = {"task_id": failed.task_id, **store.expires()}
    store.write([Put(key.pk, f"stop/{failed.execution}", mark, Condition(absent=True))])
    for record in store.list_tasks(key):
        if record.execution == failed.execution and not record.is_final and stopped_by(runtime, record):
            state = "failed" if record.state == "running" else "skipped"
            # Whoever is quicker has ended by itself, or finds the mark at its next try.
            store.save_task(_ended(runtime, record, state, failed.task_id), expect=Fence.unchanged(record))
    for record in _instances_to_come(runtime, failed):
        store.save_task(record, expect=None)


def settled(runtime: Runtime, run: RunInfo, states: Mapping[str, Any]) -> Mapping[str, Any]:
    """The states of a run's tasks, given those that the machine knows of: of a stopped run the records tell."""
    this = TaskRecord(run.dag_id, run.run_id, "", "", execution=run.execution)
    if not runtime.dag.fail_fast or _culprit(runtime, this) is None:
        return states
    recorded: dict[str, list[str]] = {}
    for record in runtime.store.list_tasks(run.key):
        if record.execution == run.execution and record.is_final and record.state != "removed":
            recorded.setdefault(record.task_id, []).append(record.state)
    found: dict[str, Any] = {}
    for task in runtime.dag.topological_sort():
        values = list(dict.fromkeys(recorded.get(task.task_id, ())))
        found[task.task_id] = (values[0] if len(values) == 1 else values) or _unrecorded(task, states, found)
    return found


def _unrecorded(task: Any, states: Mapping[str, Any], found: Mapping[str, Any]) -> Any:
    """Of a task that has not run: kept from an earlier execution, or skipped; a teardown's setups decide."""
    state = states.get(task.task_id, "skipped")
    if task.is_teardown:
        setups = [each.task_id for each in task.upstream_list if each.is_setup]
        return "skipped" if setups and all(found[each] == "skipped" for each in setups) else state
    return "skipped" if state == "upstream_failed" else state


def _instances_to_come(runtime: Runtime, failed: TaskRecord) -> Iterator[TaskRecord]:
    """Records for the instances of mapped tasks whose number is known; Airflow has them from the start."""
    for task in runtime.dag.task_dict.values():
        if not task.is_mapped or task.is_teardown or task.task_id == failed.task_id:
            continue
        length = task.expand_input.parse_time_length()
        if length is None:
            mapped = runtime.store.get_mapped(failed.key.run, task.task_id)
            length = mapped.length if mapped is not None else 0
        for index in range(length):
            record = TaskRecord(
                failed.dag_id,
                failed.run_id,
                task.task_id,
                "skipped",
                index,
                max_tries=task.retries,
                execution=failed.execution,
                operator=task.task_type,
            )
            yield _ended(runtime, record, "skipped", failed.task_id)


def _culprit(runtime: Runtime, record: TaskRecord) -> str | None:
    item = runtime.store.read(record.key.run.pk, f"stop/{record.execution}")
    return str(item["task_id"]) if item else None


def _ended(runtime: Runtime, record: TaskRecord, state: str, culprit: str) -> TaskRecord:
    reason = _REASON.format(culprit)
    return changed(record, state=state, end_date=runtime.timestamp(), states={}, error="FailFast", error_message=reason)
