"""Tasks with a `start_date` or `end_date` of their own: a run whose logical date is outside does without them.

As in Airflow 3 such a task has no task instance in the run, and what waits for it waits for ever: those tasks keep no
state, and the run fails, with the reason "deadlock". A backfill's run has every task. Source: `verify_integrity` and
`update_state` in Airflow 3's `models/dagrun.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lambdas.runtime import RunInfo, parse_time

# What may run although one of its upstream tasks is not in the run.
_NOT_WAITING = frozenset({"always", "one_success", "one_failed", "one_done"})


def not_in_run(dag: Any, run: RunInfo) -> Mapping[str, str]:
    """The tasks that don't run for a reason of dates: task_id → "absent" or "waiting" (for an absent one)."""
    if run.logical_date is None or run.run_type == "backfill":
        return {}
    logical_date = parse_time(run.logical_date)
    found = {task.task_id: "absent" for task in dag.task_dict.values() if _is_outside(task, dag, logical_date)}
    if found:
        for task in dag.topological_sort():
            waits = str(task.trigger_rule) not in _NOT_WAITING and not found.keys().isdisjoint(task.upstream_task_ids)
            if waits:
                found.setdefault(task.task_id, "waiting")
    return found


def _is_outside(task: Any, dag: Any, logical_date: datetime) -> bool:
    """By dates of the task's own; a run outside the DAG's dates is one that somebody wanted."""
    early = task.start_date is not None and task.start_date != dag.start_date and logical_date < task.start_date
    late = task.end_date is not None and task.end_date != dag.end_date and logical_date > task.end_date
    return early or late
