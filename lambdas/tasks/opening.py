"""Opening a task instance: which try this is, and whether its code may run at all.

The record decides, not the payload: Step Functions and Lambda may invoke a task twice, late, or after its answer
got lost.

    no record, or one of an earlier execution   a new try, its retries counted anew
    success, skipped, failed, upstream_failed    the outcome stands: it is answered again, the code does not run
    up_for_retry                                 the next try
    running, same attempt                        the same try once more (the invocation was repeated)
    running, earlier attempt                     that worker is lost: the next try
    running, later attempt                       this invocation is the late one: LateInvocation

A task of a run that `fail_fast` has stopped does not begin; one that is not in the run (`task_dates`) leaves no record.
One that the same index of a mapped branch above it skips does not begin either (`mapped_branches`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from inspect import getattr_static
from typing import Any

from dag_translator.authoring.runtime import current
from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.history import archived
from lambdas.storage.records import CLEARED, Fence, TaskKey, TaskRecord, changed
from lambdas.tasks import fail_fast
from lambdas.tasks.task_dates import not_in_run


class LateInvocation(RuntimeError):
    """A newer try of the task has begun: this invocation's code must not run, or its result must not count."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A try that may run; its record says `running`."""

    record: TaskRecord


@dataclass(frozen=True, slots=True)
class Ended:
    """The task instance has its outcome already."""

    record: TaskRecord


def map_index_of(event: Mapping[str, Any]) -> int:
    """Which instance of a mapped task a payload is about; -1 for a task that is not mapped."""
    return int(event.get("map_index", -1))


def open_task(runtime: Runtime, run: RunInfo, task: Any, attempt: int, map_index: int = -1) -> Opened | Ended:
    """Find out which try this is, and write that it runs. An earlier try is in the history then, its XComs are gone."""
    key = TaskKey(run.dag_id, run.run_id, task.task_id, map_index)
    if task.task_id in not_in_run(runtime.dag, run):
        reason = f"{task.task_id} does not run at this logical date"
        return Ended(TaskRecord(run.dag_id, run.run_id, task.task_id, "skipped", map_index, error_message=reason))
    if map_index >= 0 and any(each.skips_same_index for each in task.upstream_list):
        from lambdas.tasks.mapped_branches import skipped_by_instance

        skipped = skipped_by_instance(runtime, run, task, map_index)
        if skipped is not None:
            return Ended(skipped)
    while True:
        found = runtime.store.get_task(key)
        if found is not None and found.execution == run.execution and found.is_final:
            return Ended(found)
        if (
            found is not None
            and found.execution == run.execution
            and found.attempt > attempt
            and found.state == "running"
        ):
            raise LateInvocation(f"attempt {attempt} of {task.task_id} comes after attempt {found.attempt} has begun")
        record = _running(runtime, run, task, attempt, key, found)
        is_next = found is not None and found.state != CLEARED and found.try_number != record.try_number
        if found is not None and is_next:
            runtime.store.write_many(archived(runtime.store, [found]))
        if not runtime.store.save_task(record, expect=None if found is None else Fence.unchanged(found)):
            continue
        culprit = fail_fast.stopped_by(runtime, record) if runtime.dag.fail_fast else None
        if culprit is None:
            break
        stopped = fail_fast.skipped(runtime, record, culprit, found.try_number if found is not None else 0)
        if runtime.store.save_task(stopped, expect=Fence.unchanged(record)):
            return Ended(stopped)
    if is_next:
        runtime.store.clear_xcoms(key)
    return Opened(record)


def _running(
    runtime: Runtime, run: RunInfo, task: Any, attempt: int, key: TaskKey, found: TaskRecord | None
) -> TaskRecord:
    now = runtime.timestamp()
    fresh = TaskRecord(
        dag_id=key.dag_id,
        run_id=key.run_id,
        task_id=key.task_id,
        map_index=key.map_index,
        state="running",
        try_number=1,
        max_tries=task.retries,
        attempt=attempt,
        execution=run.execution,
        operator=task.task_type,
        worker=runtime.worker,
        log_stream=runtime.log_stream,
        start_date=now,
    )
    if found is None:
        return fresh
    fresh = changed(fresh, watched=found.watched)
    if found.execution != run.execution:  # cleared: the run was started again; or only watched so far
        return changed(fresh, try_number=found.try_number + 1, max_tries=found.try_number + task.retries)
    kept = changed(fresh, try_number=found.try_number, max_tries=found.max_tries)
    if found.state == "running" and found.attempt == attempt:
        return changed(kept, start_date=found.start_date, first_poke=found.first_poke, pokes=found.pokes)
    if found.state == "up_for_reschedule":
        return changed(kept, start_date=found.start_date, first_poke=found.first_poke, pokes=found.pokes)
    # The timeout of a rescheduling sensor counts from its first poke, through all tries; else each try has its own.
    first_poke = found.first_poke if fixed(task, "mode") == "reschedule" else None
    return changed(kept, try_number=found.try_number + 1, first_poke=first_poke)


def fixed(task: Any, name: str) -> Any:
    """An argument of the task; of a mapped one what is the same for all instances. None without it."""
    return task.fixed_arguments().get(name) if task.is_mapped else getattr(task, name, None)


def own_copy(task: Any, shared: Collection[str] = ()) -> Any:
    """A copy of the operator for one try: rendering and running may change it, but not the DAG of a warm Lambda.

    A mapped operator stays itself until `tries.render` makes its instance. shared: attributes left as they are.
    """
    if task.is_mapped:
        return task
    copied = task.prepare_for_execution()
    for name, value in vars(copied).items():
        if isinstance(value, dict | list | set) and name not in ("upstream_task_ids", "downstream_task_ids", *shared):
            object.__setattr__(copied, name, _fresh(value))
    return copied


def _fresh(value: Any) -> Any:
    """New containers around the same leaves."""
    if type(value) is dict:
        return {key: _fresh(each) for key, each in value.items()}
    if type(value) in (list, set):
        return type(value)(_fresh(each) for each in value) if type(value) is list else set(value)
    return value


def rendered_fields(task: Any) -> str:
    """The rendered template fields as JSON text, for people: secrets are masked, long fields are cut."""
    masker = current().masker
    fields: Mapping[str, Any] = {
        name: masker.redact(_shown(getattr(task, name, None)), name) for name in task.template_fields
    }
    text = json.dumps(fields, ensure_ascii=False, default=str)
    return text if len(text) <= 20_000 else json.dumps({name: str(value)[:1000] for name, value in fields.items()})


def _shown(value: Any) -> Any:
    """As Airflow's web UI shows it: the same for the same value, whatever its order in memory and its address."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        items = ((str(_shown(key)), _shown(each)) for key, each in value.items())
        return dict(sorted(items, key=lambda item: item[0]))
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted((_shown(each) for each in value), key=lambda each: (type(each).__name__, str(each)))
    if callable(getattr_static(value, "serialize", None)):
        return _shown(value.serialize())
    if callable(value):
        return f"<callable {_qualified(value)}>"
    kind: Any = type(value)
    if (kind.__str__, kind.__repr__) == (object.__str__, object.__repr__):
        return f"<{_qualified(type(value))} object>"
    return str(value)


def _qualified(value: Any) -> str:
    """Where a function or class is defined."""
    named = value if hasattr(value, "__qualname__") and hasattr(value, "__module__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"
