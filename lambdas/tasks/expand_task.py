"""expand_task: how many instances a mapped task has in this run.

    {"kind": "expand_task", "run": $run, "task_id": "m", "states": {upstream task: state, …}} -> {"length": 3}

`states` is there if what the task is mapped over may not have succeeded. Raises AirflowSkipException for zero length,
and CannotExpand (the task is then upstream_failed) when there is nothing to map over. Calling it again gives the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.runtime import RunInfo, Runtime
from lambdas.storage.records import Mapped, TaskKey, TaskRecord, changed
from lambdas.tasks.task_dates import not_in_run
from lambdas.tasks.tries import log, task_environment

# The list of the instances' states is in the machine's payload (256 KiB); Airflow's own default is 1,024.
MAX_LENGTH = 20_000


class CannotExpand(RuntimeError):
    """What the task is mapped over is not there, or has no items."""


def expand_task(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """The number of instances, at least one."""
    from dag_translator.authoring.exceptions import AirflowException, AirflowSkipException

    run = RunInfo.from_json(event["run"], runtime.store)
    task = runtime.dag.get_task(event["task_id"])
    if task.task_id in not_in_run(runtime.dag, run):
        raise AirflowSkipException(f"{task.task_id} does not run at this logical date")
    try:
        check_states(runtime, run, event.get("states") or {})
        mapped = measured(runtime, run, task, task.expand_input, MAX_LENGTH)
    except AirflowSkipException:
        remove_others(runtime, run, task, 0)
        raise
    except (CannotExpand, AirflowException, TypeError, ValueError, LookupError) as error:
        log.exception("Cannot expand task %s", task.task_id)
        remove_others(runtime, run, task, 0)
        _record(runtime, run, task, f"{type(error).__name__}: {error}")
        raise CannotExpand(f"{task.task_id}: {error}") from None
    runtime.store.save_mapped(run.key, task.task_id, mapped)
    remove_others(runtime, run, task, mapped.length)
    return {"length": mapped.length}


def check_states(runtime: Runtime, run: RunInfo, states: Mapping[str, Any]) -> None:
    """Raises where there is nothing to map over.

    Tasks that did not succeed as a whole decide; a mapped one that was expanded has pushed what it has pushed.
    """
    from dag_translator.authoring.exceptions import AirflowSkipException

    not_run = {}
    for task_id, state in states.items():
        if runtime.dag.get_task(task_id).is_mapped:
            expanded = runtime.store.get_task(TaskKey(run.dag_id, run.run_id, task_id, 0))
            if state == "upstream_failed" or (state == "skipped" and expanded is None):
                not_run[task_id] = state
        elif state != "success":
            not_run[task_id] = state
    for task_id, state in not_run.items():
        if state != "skipped":
            raise CannotExpand(f"{task_id}, which it is mapped over, is {state}")
    if not_run:
        raise AirflowSkipException(f"{', '.join(not_run)}: skipped, so there is nothing to map over")


def measured(runtime: Runtime, run: RunInfo, task: Any, expand_input: Any, longest: int) -> Mapped:
    """How long it is, and which indexes of a mapped upstream pushed something. task: whose context resolves it.

    Airflow 3.3.2 can't map over the output of a mapped group's tasks, and neither can this.
    """
    from dag_translator.authoring.exceptions import AirflowSkipException

    pushed = {}
    for operator, key in expand_input.iter_references():
        if operator.get_closest_mapped_task_group() is not None:
            raise CannotExpand(f"{operator.task_id} is in a mapped task group; collect its output in a task first")
        if operator.is_mapped:
            indexes = runtime.store.xcom_indexes(run.key, operator.task_id, key)
            dense = indexes == list(range(len(indexes)))
            pushed[operator.task_id] = len(indexes) if dense else indexes
    record = TaskRecord(run.dag_id, run.run_id, task.task_id, "running", execution=run.execution)
    with task_environment(runtime, run, task, record) as ti:
        ti.mapped_over = Mapped(0, pushed)
        length = expand_input.length(ti.get_template_context())
    if length == 0:
        raise AirflowSkipException("it is mapped over nothing")
    if length > longest:
        raise CannotExpand(f"it would have {length:,} instances, which is more than {longest:,}; map over batches")
    return Mapped(length, pushed)


def remove_others(runtime: Runtime, run: RunInfo, task: Any, length: int) -> None:
    """What an earlier execution of the run left behind, if the task had more instances then, or none."""
    kept = range(length)
    others = [record for record in runtime.store.list_tasks(run.key, task.task_id) if record.map_index not in kept]
    for record in others:
        runtime.store.clear_xcoms(record.key)
    runtime.store.save_tasks(changed(record, state="removed") for record in others if record.state != "removed")


def _record(runtime: Runtime, run: RunInfo, task: Any, message: str) -> None:
    record = TaskRecord(
        run.dag_id,
        run.run_id,
        task.task_id,
        "upstream_failed",
        max_tries=task.retries,
        execution=run.execution,
        operator=task.task_type,
        end_date=runtime.timestamp(),
        error="CannotExpand",
        error_message=message[:2000],
    )
    runtime.store.save_tasks([record])
