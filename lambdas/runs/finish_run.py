"""finish_run: the machine's last state. It decides the DagRun's state and names what failed.

    {"kind": "finish_run", "run": $run, "states": {task_id: state, …}} -> {"state": "success"}

The leaf tasks decide: failed or upstream_failed in any of them fails the run, skipped counts as fine. A teardown is no
leaf (the tasks before it are), unless it was declared with `on_failure_fail_dagrun`. Tasks that never ran (skipped,
upstream_failed, and empty operators, which are Pass states) get their records here. Raises DagRunFailed after all is
written, so that the execution fails too.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import CLEARED, TaskRecord, changed
from lambdas.tasks.callbacks import DagCallback, has_callbacks, run_dag_callbacks
from lambdas.tasks.fail_fast import settled
from lambdas.tasks.groups import instances_without_running, literal_length, without_running
from lambdas.tasks.task_dates import not_in_run
from lambdas.tasks.tries import labels_of

log = logging.getLogger("airflow.task")

_NAMED = 50
_FAILED = frozenset({"failed", "upstream_failed"})


class DagRunFailed(Exception):
    """The run failed; the message names the tasks."""


def finish_run(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """Give the run its final state and run the DAG's callbacks (once, however often this is invoked)."""
    run = RunInfo.from_json(event["run"], runtime.store)
    missing = not_in_run(runtime.dag, run)
    settled_states = settled(runtime, run, event["states"]).items()
    states: Mapping[str, Any] = {name: state for name, state in settled_states if name not in missing}
    absent: frozenset[str] = frozenset()
    if run.left_out:
        from lambdas.runs.partial_run import at_the_end

        states, absent = at_the_end(runtime, run, states)
    _record_what_never_ran(runtime, run, states)
    failed = failed_leaves(runtime.dag, states, absent)
    waiting = [task_id for task_id, why in missing.items() if why == "waiting"]
    culprits = named([task_id for task_id in states if "failed" in _values(states[task_id])] or failed)
    state, reason, message = "success", "success", None
    if failed:
        state, reason, message = "failed", "task_failure", f"failed: {culprits}"
    elif waiting:
        culprits = f"deadlock: {named(waiting)} wait for tasks that are not in this run"
        state, reason, message = "failed", "all_tasks_deadlocked", culprits
    if runtime.store.end_run(run.key, run.execution, state, runtime.timestamp(), message):
        # The context of a DAG's callback is that of one task instance, as in Airflow: the last one that ended so.
        records = [record for record in runtime.store.list_tasks(run.key) if record.task_id in runtime.dag.task_dict]
        records.sort(key=lambda record: (record.state == state, record.end_date or ""))
        call_back(runtime, run, state, records, reason)
    if message:
        raise DagRunFailed(culprits)
    return {"state": state}


def named(task_ids: list[str]) -> str:
    """The tasks' names, not more than fit an error message."""
    shown, others = sorted(task_ids)[:_NAMED], len(task_ids) - _NAMED
    return ", ".join(shown) + (f" and {others} more" if others > 0 else "")


def failed_leaves(dag: Any, states: Mapping[str, Any], absent: Collection[str] = ()) -> list[str]:
    """The leaf tasks that fail the run."""
    return [task_id for task_id in leaves(dag, absent) if _FAILED & _values(states.get(task_id))]


def leaves(dag: Any, absent: Collection[str] = ()) -> list[str]:
    """The tasks whose state decides: those with nothing below them but teardowns that don't count. absent: tasks that
    the run does without."""
    tasks = {task_id: task for task_id, task in dag.task_dict.items() if task_id not in absent}

    def counts(task: Any) -> bool:
        return not task.is_teardown or bool(task.on_failure_fail_dagrun)

    def below(task: Any) -> list[Any]:
        return [tasks[task_id] for task_id in task.downstream_task_ids if task_id in tasks]

    found = [task.task_id for task in tasks.values() if counts(task) and not any(map(counts, below(task)))]
    return found or [task.task_id for task in tasks.values() if not below(task)]


def _values(state: Any) -> frozenset[str]:
    """A task's state, or the distinct states of a mapped task's instances, as a set."""
    if state is None:
        return frozenset()
    return frozenset(state) if isinstance(state, list) else frozenset({state})


def _record_what_never_ran(runtime: Runtime, run: RunInfo, states: Mapping[str, Any]) -> None:
    now = runtime.timestamp()
    records = [record for record in runtime.store.list_tasks(run.key) if record.state != "removed"]
    known = {record.task_id: record for record in records if record.map_index < 0}
    expanded = {record.task_id for record in records if record.map_index >= 0}
    # Instances that were stopped with their map, or cleared and then not even expanded.
    missing = [
        changed(record, state=_unfinished(record, states), end_date=now, states={})
        for record in records
        if record.map_index >= 0
        and not record.is_final
        and (record.execution == run.execution or record.state == CLEARED)
    ]
    cleared = {record.task_id for record in missing if record.execution != run.execution}
    for task_id, state in states.items():
        task = runtime.dag.task_dict.get(task_id)
        if task is None or not isinstance(state, str) or task_id in cleared:
            continue
        if literal_length(task):
            missing += instances_without_running(runtime, run, task, state, records)
            continue
        if task_id in expanded and (state != "upstream_failed" or task.get_closest_mapped_task_group() is not None):
            continue
        record = known.get(task_id)
        if record is None or not record.execution:  # not even begun; maybe watched
            missing.append(without_running(runtime, run, task, state))
        elif record.state != state:
            # Left over from an earlier execution of the run, or from a worker that was lost.
            ended = changed(record, state=state, execution=run.execution, end_date=now, states={})
            ran = record.state == CLEARED and state == "success"
            missing.append(changed(ended, try_number=record.try_number + 1, start_date=now) if ran else ended)
    runtime.store.save_tasks(missing)
    if any(task.get_closest_mapped_task_group() is not None for task in runtime.dag.task_dict.values()):
        from lambdas.tasks.unexpanded import fold_unexpanded

        fold_unexpanded(runtime, run, states, records)


def _unfinished(record: TaskRecord, states: Mapping[str, Any]) -> str:
    told = states.get(record.task_id)
    return told if record.state == CLEARED and isinstance(told, str) else "failed"


def call_back(runtime: Runtime, run: RunInfo, state: str, records: list[TaskRecord], reason: str) -> None:
    """The DAG's callbacks, with the context of the last of `records`."""
    kind: DagCallback = "on_failure_callback" if state == "failed" else "on_success_callback"
    if not has_callbacks(runtime.dag, kind):
        return
    from dag_translator.authoring import runtime as authoring
    from lambdas.context.task_instance import TaskInstance

    if not records:
        log.warning("%s of DAG %s is not called: the run has no tasks", kind, run.dag_id)
        return
    ti = TaskInstance(runtime, run, runtime.dag.task_dict[records[-1].task_id], records[-1])
    context = ti.get_template_context()
    context["reason"] = reason
    with runtime.observe(labels_of(records[-1])), authoring.use(runtime.lender), authoring.running(context):
        run_dag_callbacks(runtime.dag, kind, context)
