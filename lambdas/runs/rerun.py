"""The beginning of a re-run: what `start_run` does when a new execution takes a DagRun over.

The execution's input says which tasks are kept, and how they ended:

    "states":     {task_id: state, or the states of a mapped task's instances}
    "instances":  {task_id: [map_index, …]}   of a mapped task that is not kept as a whole: the instances to run again

All other tasks are cleared: their last try goes into the history, their XComs are removed, the number of the next try
goes on from there. What is kept becomes the new execution's own, so that a Lambda that is asked for it nevertheless
answers with its outcome and runs nothing. Doing all this twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lambdas.runtime import Runtime
from lambdas.storage.history import archived
from lambdas.storage.records import CLEARED, DagRun, RunKey, TaskRecord, changed
from lambdas.storage.store import Delete, Store

Instances = Mapping[str, Sequence[int]]


def begin_again(runtime: Runtime, run: DagRun, states: Mapping[str, Any], instances: Instances) -> None:
    """Clear what is to run again, and keep the rest; see the module."""
    store = runtime.store
    before = {record.key: record for record in store.list_tasks(run.key) if record.execution != run.execution}
    after = [_begun_again(runtime, run, record, states, instances) for record in before.values()]
    gone = [before[record.key] for record in after if _loses(before[record.key], record)]
    store.write_many(archived(store, gone))
    _remove_xcoms(runtime, run, gone)
    known = {record.task_id for record in store.list_tasks(run.key)}
    after += [_without_record(runtime, run, task_id, str(states[task_id])) for task_id in states.keys() - known]
    store.save_tasks(after)


def not_kept(store: Store, run: RunKey, task_ids: Iterable[str]) -> list[str]:
    """Those of the tasks that a branch may skip in a re-run: as in Airflow, none that is kept as success or failed."""
    return [task_id for task_id in task_ids if not any(map(_has_run, store.list_tasks(run, task_id)))]


def _has_run(record: TaskRecord) -> bool:
    return record.state in ("success", "failed")


def _begun_again(
    runtime: Runtime, run: DagRun, record: TaskRecord, states: Mapping[str, Any], instances: Instances
) -> TaskRecord:
    """The record as the new execution finds it."""
    state = _kept_state(runtime, record, states, instances)
    if state is None:  # as if it never ran; of the earlier execution, so that the next try is a new one
        return TaskRecord(
            record.dag_id,
            record.run_id,
            record.task_id,
            CLEARED,
            record.map_index,
            try_number=record.try_number,
            max_tries=record.max_tries,
            execution=record.execution,
            operator=record.operator,
        )
    # Its asset events have been sent; consumers don't remember for ever that they had them.
    kept = changed(record, execution=run.execution, attempt=0, asset_events=None)
    if state == record.state:
        return kept
    # Somebody said so, or a branch that is kept skips it.
    now = runtime.timestamp()
    return changed(kept, state=state, end_date=record.end_date or now, states={}, error=None, error_message=None)


def _kept_state(runtime: Runtime, record: TaskRecord, states: Mapping[str, Any], instances: Instances) -> str | None:
    """The state in which the task instance is kept; None if it is cleared."""
    if record.task_id not in runtime.dag.task_dict or record.state == "removed":
        return "removed"
    own = record.state if record.is_final else None
    if record.map_index in instances.get(record.task_id, ()):
        return None
    if record.task_id in instances:
        return own
    told = states.get(record.task_id)
    return own if isinstance(told, list) else told


def _loses(before: TaskRecord, after: TaskRecord) -> bool:
    """Whether what the last try left behind goes."""
    is_skipped = after.state == "skipped" and before.state != "skipped"
    return before.state != CLEARED and (after.state == CLEARED or is_skipped)


def _remove_xcoms(runtime: Runtime, run: DagRun, records: Iterable[TaskRecord]) -> None:
    gone = {record.key.xcom_sk("") for record in records}
    for task_id in sorted({prefix.split("/")[1] for prefix in gone}):
        found = [str(item["sk"]) for item in runtime.store.query(run.key.pk, f"xcom/{task_id}/")]
        own = (sk for sk in found if "/".join(sk.split("/", 3)[:3]) + "/" in gone)
        runtime.store.write_many(Delete(run.key.pk, sk) for sk in own)


def _without_record(runtime: Runtime, run: DagRun, task_id: str, state: str) -> TaskRecord:
    """Of a task that never had a turn, and gets none now."""
    task = runtime.dag.task_dict[task_id]
    return TaskRecord(
        run.dag_id,
        run.run_id,
        task_id,
        state,
        max_tries=task.retries,
        execution=run.execution,
        operator=task.task_type,
        end_date=runtime.timestamp(),
    )
