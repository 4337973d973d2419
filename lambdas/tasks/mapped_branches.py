"""A mapped branch or short circuit above mapped tasks: instance i of a direct child is skipped if instance i above said
so. Nobody else is: Airflow 3.3.2 looks for the note under the child's own index (`NotPreviouslySkippedDep`), and only
where the operator is not made by a decorator."""

from __future__ import annotations

from typing import Any

from lambdas.context.xcom_access import XComFiles
from lambdas.runtime import RunInfo, Runtime
from lambdas.storage import xcom_codec
from lambdas.storage.records import TaskKey, TaskRecord, changed
from lambdas.tasks.groups import without_running


def skipped_by_instance(runtime: Runtime, run: RunInfo, task: Any, map_index: int) -> TaskRecord | None:
    """The record, saved, of an instance that is skipped by the same index above it; None if it is to run."""
    for above in task.upstream_list:
        if not above.skips_same_index:
            continue
        text = runtime.store.get_xcom(TaskKey(run.dag_id, run.run_id, above.task_id, map_index), "skipmixin_key")
        if text is None:
            continue
        note = xcom_codec.decode(text, XComFiles(runtime.store))
        followed = note.get("followed")
        if task.task_id in note.get("skipped", ()) or (followed is not None and task.task_id not in followed):
            return _saved(runtime, without_running(runtime, run, task, "skipped", map_index))
    return None


def _saved(runtime: Runtime, record: TaskRecord) -> TaskRecord:
    """With the tries that it had in earlier executions of the run."""
    found = runtime.store.get_task(record.key)
    if found is not None:
        record = changed(record, try_number=found.try_number, max_tries=found.max_tries)
    runtime.store.save_tasks([record])
    return record
