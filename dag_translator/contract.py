"""Mapped task groups in the order of a DAG: from outside a group is one node, inside it has an order of its own.

Purpose: the structure pass sees a DAG in which each mapped group is a task (`outside`), and for each group a DAG of its
members (`inside`). Rules are not touched: they ask for the states of the real tasks. What waits for a member waits for
the whole group, and a group begins when all that its members wait for has ended; Airflow starts some of these tasks
earlier, states come out the same.

Invariant afterwards: no task is early-firing that could hear of one node only (`Task.waits`).

>>> from dag_translator.model import Dag, Expansion, MappedGroup, Task
>>> inner = (Task("g.a", "X", ("s",)), Task("g.b", "X", ("g.a",)))
>>> dag = Dag("d", "d.py", (Task("s", "X"), *inner, Task("e", "X", ("g.b",))),
...           (MappedGroup("g", ("g.a", "g.b"), Expansion(2)),))
>>> [(task.task_id, task.upstream) for task in outside(dag).tasks]
[('s', ()), ('g', ('s',)), ('e', ('g',))]
>>> [(task.task_id, task.upstream) for task in inside(dag, dag.mapped_groups[0]).tasks]
[('g.a', ()), ('g.b', ('g.a',))]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dag_translator.model import Dag, MappedGroup, Task


def settled(dag: Dag) -> Dag:
    """The DAG with each task's `waits` and `below_group`, which follow from its mapped groups."""
    if not dag.mapped_groups:
        return dag
    return replace(
        dag,
        tasks=tuple(
            replace(task, waits=_waits(dag, task), below_group=_is_below_group(dag, task)) for task in dag.tasks
        ),
    )


def _is_below_group(dag: Dag, task: Task) -> bool:
    own = dag.group_of.get(task.task_id)
    return any(dag.group_of.get(each) not in (None, own) for each in task.upstream)


def _waits(dag: Dag, task: Task) -> bool:
    group = dag.group_of.get(task.task_id)
    if group is None:
        return len({_node(dag, each) for each in task.upstream}) < 2
    return not set(task.upstream) <= set(group.members)


def _node(dag: Dag, task_id: str) -> str:
    group = dag.group_of.get(task_id)
    return task_id if group is None else group.group_id


def outside(dag: Dag) -> Dag:
    """The DAG with a task in the place of each mapped group, in topological order."""
    if not dag.mapped_groups:
        return dag
    nodes: dict[str, Task] = {}
    for task in dag.tasks:
        if task.task_id not in dag.group_of:
            nodes[task.task_id] = replace(task, upstream=_nodes(dag, task.upstream), setups=_nodes(dag, task.setups))
    for group in dag.mapped_groups:
        waited = (dag.by_id[each] for each in group.members if dag.by_id[each].trigger_rule != "always")
        above = {each for task in waited for each in (*task.upstream, *task.setups)} - set(group.members)
        nodes[group.group_id] = Task(group.group_id, "MappedTaskGroup", _nodes(dag, above), trigger_rule="all_done")
    return Dag(dag.dag_id, dag.file, _sorted(nodes))


def _nodes(dag: Dag, task_ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({_node(dag, each) for each in task_ids}))


def _sorted(nodes: Mapping[str, Task]) -> tuple[Task, ...]:
    """In topological order; among those that could be next, as they come. What is on a cycle, or below, is left out."""
    left = dict(nodes)
    found: dict[str, Task] = {}
    while ready := [task for task in left.values() if found.keys() >= set(task.upstream)]:
        for task in ready:
            found[task.task_id] = left.pop(task.task_id)
    return tuple(found.values())


def inside(dag: Dag, group: MappedGroup) -> Dag:
    """The members alone: what is above the group has ended when it begins."""
    members = frozenset(group.members)
    tasks = tuple(
        replace(
            dag.by_id[task_id],
            upstream=tuple(each for each in dag.by_id[task_id].upstream if each in members),
            setups=tuple(each for each in dag.by_id[task_id].setups if each in members),
        )
        for task_id in group.members
    )
    return Dag(dag.dag_id, dag.file, tasks)


def interrupted(dag: Dag) -> tuple[MappedGroup, ...]:
    """The groups that can't run as a whole: something outside stands between two of their members."""
    below: dict[str, set[str]] = {}
    for task in dag.tasks:
        for each in task.upstream:
            if _node(dag, each) != _node(dag, task.task_id):
                below.setdefault(_node(dag, each), set()).add(_node(dag, task.task_id))
    return tuple(group for group in dag.mapped_groups if _comes_back(group.group_id, below))


def _comes_back(start: str, below: Mapping[str, set[str]]) -> bool:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        following = below.get(waiting.pop(), set()) - found
        found |= following
        waiting.extend(following)
    return start in found
