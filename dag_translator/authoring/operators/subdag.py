"""SubDagOperator (Airflow 1 and 2): the other DAG's tasks become tasks of this one, `<task_id>.<their id>`.

They run between the operator's upstream tasks and the operator itself, which ends when they have: its own trigger rule
goes to the first of them. Inside, tasks go on to call each other by the ids that they were written with.

>>> from dag_translator.authoring.definitions.dag import DAG
>>> from dag_translator.authoring.operators.empty import EmptyOperator
>>> with DAG("d") as dag:
...     inner = DAG("d.s")
...     _ = EmptyOperator(task_id="a", dag=inner) >> EmptyOperator(task_id="b", dag=inner)
...     _ = EmptyOperator(task_id="start") >> SubDagOperator(task_id="s", subdag=inner)
>>> {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks}
{'start': [], 's': ['s.b'], 's.a': ['start'], 's.b': ['s.a']}
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from dag_translator.authoring.definitions.taskgroup import TaskGroup
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.loading import current, report
from dag_translator.authoring.operators.aws import refuse
from dag_translator.authoring.operators.empty import EmptyOperator
from dag_translator.authoring.states import TriggerRule

# Of the inner DAG, what its tasks would need and the outer DAG does not have.
_ITS_OWN = (
    "user_defined_macros",
    "user_defined_filters",
    "template_searchpath",
    "params",
    "render_template_as_native_obj",
)
_OF_ITS_RUN = ("on_success_callback", "on_failure_callback", "dagrun_timeout")


class SkippedStatePropagationOptions(Enum):
    """When the operator counts as skipped: all of the last tasks are, or any."""

    ALL_LEAVES = "all_leaves"
    ANY_LEAF = "any_leaf"


class SubDagOperator(EmptyOperator):
    """Runs the tasks of `subdag`, whose id has to be `<dag_id>.<task_id>`.

    A task that fails inside makes the operator upstream_failed (Airflow: failed). If all of the last tasks are
    skipped, it is skipped too; with propagate_skipped_state ANY_LEAF, if one is.
    """

    def __init__(
        self,
        *,
        subdag: Any,
        session: Any = None,  # noqa: ARG002 - of the metadata database
        conf: dict[str, Any] | None = None,
        propagate_skipped_state: SkippedStatePropagationOptions | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._first: list[Any] = []
        if self.get_dag() is None:
            raise AirflowException("Please pass in the `dag` param or call within a DAG context manager")
        _check(self, subdag, conf)
        subdag.is_subdag = True
        if (under_way := current()) is not None:
            under_way.dags = [each for each in under_way.dags if each is not subdag]
        self._first = _take_in(self, subdag)
        for task in self._first:
            task.trigger_rule = self.trigger_rule
        any_leaf = propagate_skipped_state == SkippedStatePropagationOptions.ANY_LEAF
        self.trigger_rule = TriggerRule.ALL_SUCCESS if any_leaf else TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS

    @property
    def roots(self) -> list[Any]:
        return self._first or [self]

    def _set_relatives(self, others: Any, upstream: bool = False, edge_modifier: Any = None) -> None:
        if not upstream or not self._first:
            super()._set_relatives(others, upstream, edge_modifier)
            return
        for task in self._first:
            task.set_upstream(others, edge_modifier)


def _check(operator: SubDagOperator, subdag: Any, conf: Any) -> None:
    dag = operator.get_dag()
    wanted = f"{dag.dag_id}.{operator.task_id}"
    if subdag.dag_id != wanted:
        raise AirflowException(
            "The subdag's dag_id should have the form '{parent_dag_id}.{this_task_id}'. "
            f"Expected '{wanted}'; received '{subdag.dag_id}'."
        )
    if conf:
        refuse("SubDagOperator: conf", "the inner tasks get the run's own conf")
    if any(task.is_mapped for task in subdag.tasks):
        refuse("SubDagOperator: a mapped task inside", "make it a TaskGroup of the outer DAG")
    for name in (*_ITS_OWN, *_OF_ITS_RUN):
        own = getattr(subdag, name, None)
        if own and (name in _OF_ITS_RUN or own != getattr(dag, name, None)):
            refuse(f"SubDagOperator: {name} of the inner DAG", "give it to the outer DAG, whose run it is")
    if operator.retries:
        report(
            "unused-argument",
            "SubDagOperator's own retries have no effect: its tasks have their own",
            "give the inner tasks retries",
            dag_id=dag.dag_id,
            task_id=operator.task_id,
            severity="approximated",
        )


def _take_in(operator: SubDagOperator, subdag: Any) -> list[Any]:
    """Make the inner DAG's tasks the outer one's; the first of them."""
    prefix, dag, home = f"{operator.task_id}.", operator.get_dag(), operator.task_group
    tasks = subdag.tasks
    first, last = subdag.roots, subdag.leaves
    for before, edges in subdag.edge_info.items():
        dag.edge_info[prefix + before] = {prefix + after: told for after, told in edges.items()}
    for group in [each for each in subdag.task_group.children.values() if isinstance(each, TaskGroup)]:
        group._group_id = f"{operator.label}.{group._group_id}"
        group.parent_group = home
        _move(group, dag, prefix)
        home.children[group.group_id] = group
    for task in tasks:
        task.upstream_task_ids = {prefix + each for each in task.upstream_task_ids}
        task.downstream_task_ids = {prefix + each for each in task.downstream_task_ids}
        task.task_id = prefix + task.task_id
        task.subdag_prefix = prefix + task.subdag_prefix
        task._dag = dag
        if task.task_group is subdag.task_group:
            task.task_group = home
            home.children[task.task_id] = task
    for task in tasks:
        if not task.task_group.is_root and task.task_group is not home:
            task.task_group.children[task.task_id] = task
        dag.add_task(task)
    for task in last:
        task.downstream_task_ids.add(operator.task_id)
        operator.upstream_task_ids.add(task.task_id)
    return list(first)


def _move(group: TaskGroup, dag: Any, prefix: str) -> None:
    """Into the outer DAG, with the groups inside; the tasks inside enter under their new ids."""
    group.dag = dag
    group.upstream_task_ids = {prefix + each for each in group.upstream_task_ids}
    group.downstream_task_ids = {prefix + each for each in group.downstream_task_ids}
    group.upstream_group_ids = {f"{prefix}{each}" for each in group.upstream_group_ids}
    group.downstream_group_ids = {f"{prefix}{each}" for each in group.downstream_group_ids}
    inner = [each for each in group.children.values() if isinstance(each, TaskGroup)]
    group.used_group_ids = dag.task_group.used_group_ids
    group.used_group_ids |= {str(group.group_id), group.upstream_join_id, group.downstream_join_id}
    group.children = {}
    for each in inner:
        _move(each, dag, prefix)
        group.children[str(each.group_id)] = each
