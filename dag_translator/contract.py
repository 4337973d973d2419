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
    stages = stages_of_members(dag, group)
    return any(stages.get(each) != stages[task.task_id] for each in task.upstream)


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


def judged_as_a_whole(dag: Dag, group: MappedGroup) -> frozenset[str]:
    """The members that Airflow judges over all instances at once, before it expands them.

    Over XComs it has one task instance of a member until the member's rule lets it run, and this rule then looks at all
    instances of the members above: one that failed takes all others along.
    """
    if group.expansion.length is not None:
        return frozenset()
    members = frozenset(group.members)
    return frozenset(
        task_id
        for task_id in group.members
        if dag.by_id[task_id].trigger_rule == "none_failed_min_one_success"
        and not members.isdisjoint(dag.by_id[task_id].upstream)
    )


def stages_of_members(dag: Dag, group: MappedGroup) -> dict[str, int]:
    """The stage of each member: one more below each that is judged over all instances. Most groups have one stage."""
    judged, stages = judged_as_a_whole(dag, group), dict[str, int]()
    for task_id in group.members:
        task = dag.by_id[task_id]
        above = max((stages[each] for each in (*task.upstream, *task.setups) if each in stages), default=0)
        stages[task_id] = above + (task_id in judged)
    return stages


def inside_stages(dag: Dag, group: MappedGroup) -> tuple[tuple[tuple[str, ...], Dag], ...]:
    """Stage by stage: the members that are judged before it begins, and the members that run in it."""
    judged, stages = judged_as_a_whole(dag, group), stages_of_members(dag, group)
    found = []
    for stage in range(max(stages.values()) + 1):
        own = tuple(task_id for task_id in group.members if stages[task_id] == stage)
        part = inside(dag, MappedGroup(group.group_id, own, group.expansion))
        found.append((tuple(task_id for task_id in own if task_id in judged), part))
    return tuple(found)


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
