"""Branching: which tasks a branch or a short circuit skips. The runtime asks `tasks_to_skip(result)` after `execute`.

>>> from dag_translator.authoring.definitions.dag import DAG
>>> from dag_translator.authoring.operators.empty import EmptyOperator
>>> from dag_translator.authoring.operators.python import BranchPythonOperator
>>> with DAG("d"):
...     branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "a")
...     _ = branch >> [EmptyOperator(task_id="a"), EmptyOperator(task_id="b")]
>>> sorted(branch.tasks_to_skip("a"))
['b']
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.exceptions import AirflowException


class SkipMixin:
    """An operator whose result decides that other tasks are skipped."""

    _can_skip_downstream = True

    def tasks_to_skip(self, result: Any) -> frozenset[str]:
        """The ids of the tasks that `execute`'s result skips at once. AirflowException for an invalid result."""
        raise NotImplementedError


class BranchMixIn(SkipMixin):
    """An operator whose result names the task ids or group ids to follow: None, one, or several."""

    is_branch = True

    def tasks_to_skip(self, result: Any) -> frozenset[str]:
        """Direct downstream tasks that are neither chosen nor below a chosen task."""
        return branches_to_skip(self, result)

    def do_branch(self, context: Any, branches_to_execute: Any) -> Any:  # noqa: ARG002
        """Check the choice; the runtime skips. Kept for subclasses that call it from execute()."""
        branches_to_skip(self, branches_to_execute)
        return branches_to_execute


def branches_to_skip(task: Any, chosen: Any) -> frozenset[str]:
    followed = _chosen_tasks(task.dag, chosen, task.subdag_prefix)
    for task_id in list(followed):
        followed |= task.dag.get_task(task_id).get_flat_relative_ids(upstream=False)
    return frozenset(task.downstream_task_ids - followed)


def _chosen_tasks(dag: Any, chosen: Any, prefix: str = "") -> set[str]:
    """Ids of tasks, groups standing for their roots. prefix: of those that are meant first, in a SubDagOperator."""
    if chosen is None:
        return set()
    if not isinstance(chosen, str) and not isinstance(chosen, Iterable):
        raise AirflowException(
            "'branch_task_ids' must be either None, a task ID, or an Iterable of IDs, "
            f"but got {type(chosen).__name__!r}."
        )
    names = [chosen] if isinstance(chosen, str) else list(chosen)
    wrong = {(name, type(name).__name__) for name in names if not isinstance(name, str)}
    if wrong:
        raise AirflowException(
            "Unable to branch to the specified tasks. The branching function returned invalid "
            f"'branch_task_ids': {wrong}. Please check that your function returns an Iterable of valid task IDs "
            "that exist in your DAG."
        )
    groups = dag.task_group_dict
    names = [prefix + name if prefix + name in dag.task_dict or prefix + name in groups else name for name in names]
    found: set[str] = set()
    for name in names:
        found |= {task.task_id for task in groups[name].roots} if name in groups else {name}
    invalid = found - set(dag.task_ids)
    if invalid:
        raise AirflowException(f"'branch_task_ids' must contain only valid task_ids. Invalid tasks found: {invalid}.")
    return found


class BaseBranchOperator(BranchMixIn, BaseOperator):
    """For subclasses: `choose_branch(context)` gives the task ids or group ids to follow."""

    def choose_branch(self, context: Any) -> Any:
        raise NotImplementedError

    def execute(self, context: Any) -> Any:
        return self.choose_branch(context)
