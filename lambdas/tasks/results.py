"""What a task returned, pushed as XComs: its return value, the items of several outputs, and whom it skips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.context.task_instance import XCOM_RETURN_KEY, TaskInstance


def push_result(ti: TaskInstance, result: Any) -> list[str]:
    """Push what the task returned; the ids of the tasks that it skips, in the DAG's order.

    A branch or short circuit that skips something leaves no return value, as in Airflow 3. One that is mapped, or in a
    mapped group, only leaves a note of whom it would skip, as in Airflow 3.3.2. Instances that the file says exist from
    the run's start; only the note reaches them, and the scheduler reads it for direct children alone.
    """
    task = ti.task
    skipped: list[str] = []
    if task.inherits_from_skipmixin:
        skipped, note = _skips(task, result)
        if note is not None:
            ti.keep("skipmixin_key", note)
    if skipped and ti.map_index < 0:
        known = {task_id for task_id in skipped if _exists_from_start(task.dag.task_dict[task_id])}
        return [task_id for task_id in skipped if task_id in task.downstream_task_ids or task_id not in known]
    pushes = result is not None and task.do_xcom_push
    dag = task.dag
    if not dag.task_dict[ti.task_id].is_mapped and any(
        dag.task_dict[below].get_needs_expansion() for below in task.downstream_task_ids
    ):
        from lambdas.tasks.mapped import check_mappable

        check_mappable(task, result if pushes else None)
    if not pushes:
        return []
    if task.multiple_outputs:
        _push_items(ti, result)
    ti.keep(XCOM_RETURN_KEY, result)
    return []


def _exists_from_start(task: Any) -> bool:
    """Whether the file says how many instances there are: of the task, or of the mapped group that it is in."""
    mapped = task.get_closest_mapped_task_group() or (task if task.is_mapped else None)
    return mapped is not None and bool(mapped.expand_input.parse_time_length())


def _skips(task: Any, result: Any) -> tuple[list[str], dict[str, list[str]] | None]:
    from dag_translator.authoring.operators.skipmixin import BranchMixIn

    order = list(task.dag.task_dict)
    to_skip = task.tasks_to_skip(result)
    skipped = [task_id for task_id in order if task_id in to_skip]
    below = task.downstream_task_ids
    if isinstance(task, BranchMixIn):
        if not below:  # nobody to note
            return skipped, None
        return skipped, {"followed": [task_id for task_id in order if task_id in below and task_id not in to_skip]}
    return skipped, {"skipped": skipped} if skipped else None


def _push_items(ti: TaskInstance, result: Any) -> None:
    if not isinstance(result, Mapping):
        raise TypeError(f"Returned output was type {type(result)} expected dictionary for multiple_outputs")
    for key in result:
        if not isinstance(key, str):
            raise TypeError(
                "Returned dictionary keys must be strings when using multiple_outputs, "
                f"found {key} ({type(key)}) instead"
            )
    for key, value in result.items():
        ti.keep(key, value)
