"""`EmptyOperator`: a `Pass` state. The scheduler marks such a task done without running it, and so does the machine.

With callbacks or outlets there is something to run, and it becomes a Python task; so it does in a `fail_fast` DAG,
where the records tell who had ended when the run was stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dag_translator import asl
from dag_translator.lowering.exits import outcome
from dag_translator.model import Task
from dag_translator.operators.lowering import Lowering, Site, States

_RUNS_CODE = (
    "on_execute_callback",
    "on_success_callback",
    "outlets",
    "inlets",
    "pre_execute_hook",
    "post_execute_hook",
)


def settings(operator: Any) -> Mapping[str, Any] | None:
    if operator.is_mapped or operator.dag.fail_fast:  # each instance has a record of its own
        return None
    if any(each.skips_same_index for each in operator.upstream_list):  # Lambda asks, for each instance
        return None
    return None if any(getattr(operator, name, None) for name in _RUNS_CODE) else {}


def lower(task: Task, site: Site) -> States:
    success = site.exits.success()
    output = success.output("$states.input", outcome(task.task_id, "success"))
    return {site.names.name(task.task_id): asl.Pass(success.next, output, comment=task.doc)}


LOWERING = Lowering(lower, settings)
