"""Random DAGs for property tests, drawn by Hypothesis: edges, trigger rules, branches, retries, task groups, mapped tasks
and groups, setups and teardowns; how each task ends, and after how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import strategies as st

from dag_translator.contract import interrupted, settled
from dag_translator.model import Dag, Expansion, MappedGroup, Retry, Skips, Task
from dag_translator.structure import waiting_order
from dag_translator.trigger_rules import RULES
from tests.translator.reference import Outcome, reached

RULE_NAMES = tuple(sorted(RULES))
SKIPS: tuple[Skips, ...] = ("nothing", "nothing", "nothing", "children", "descendants")
RETRIES = (Retry(), Retry(), Retry(), Retry(1, 7.0), Retry(3, 60.0))


@st.composite
def dags(draw: st.DrawFn, *, largest: int = 25, plain: bool = False) -> Dag:
    """A DAG of up to `largest` tasks; plain: every rule is all_success, nothing skips, is tried again or set up."""
    size = draw(st.integers(1, largest))
    density = draw(st.sampled_from((0.05, 0.1, 0.2, 0.3, 0.5)))
    chance = st.floats(0, 1, allow_nan=False)
    tasks = []
    for number in range(size):
        # The last few tasks are the likelier upstream, as in real DAGs; the others keep the graph tangled.
        near = range(max(0, number - 8), number)
        upstream = tuple(f"t{other}" for other in near if draw(chance) < density)
        if plain:
            tasks.append(Task(f"t{number}", "PythonOperator", upstream))
            continue
        rule = draw(st.sampled_from(("all_success", *RULE_NAMES)))
        skips = draw(st.sampled_from(SKIPS))
        expansion = None
        if skips == "nothing" and draw(st.integers(0, 4)) == 0:
            expansion = draw(expansions(upstream, (0, 2, 3)))
            rule = "all_done" if rule == "always" and expansion.over else rule
        retry = draw(st.sampled_from(RETRIES))
        task = Task(f"t{number}", "PythonOperator", upstream, rule, retry=retry, skips=skips, expansion=expansion)
        tasks.append(task)
    if plain:
        return Dag("drawn", "drawn.py", tuple(tasks))
    return draw(grouped(draw(nested(draw(set_up(tuple(tasks)))))))


@st.composite
def expansions(draw: st.DrawFn, upstream: tuple[str, ...], lengths: tuple[int, ...]) -> Expansion:
    """Over literals, or over what upstream tasks return."""
    length = draw(st.sampled_from((None, None, *lengths)))
    if length is not None or not upstream:
        return Expansion(length)
    return Expansion(None, tuple(sorted(draw(st.sets(st.sampled_from(upstream), max_size=2)))))


@st.composite
def set_up(draw: st.DrawFn, tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    """Some of the tasks made setups, some of those below them teardowns. Below a setup Airflow insists on all_success;
    neither is mapped here, or skips others."""
    if draw(st.integers(0, 2)):
        return tasks
    changed = {task.task_id: task for task in tasks}
    for number, task in enumerate(tasks):
        if number + 1 == len(tasks) or draw(st.integers(0, 4)) or changed[task.task_id].is_teardown:
            continue
        changed[task.task_id] = replace(changed[task.task_id], is_setup=True, skips="nothing", expansion=None)
        later = [each.task_id for each in tasks[number + 1 :]]
        for end in draw(st.lists(st.sampled_from(later), max_size=2, unique=True)):
            if changed[end].is_setup:
                continue
            changed[end] = replace(
                changed[end],
                upstream=tuple(dict.fromkeys((*changed[end].upstream, task.task_id))),
                trigger_rule="all_done_setup_success",
                is_teardown=True,
                skips="nothing",
                expansion=None,
            )
    for task_id, task in changed.items():
        if not task.is_teardown and any(changed[each].is_setup for each in task.upstream):
            changed[task_id] = replace(task, trigger_rule="all_success")
    dag = Dag("drawn", "drawn.py", tuple(changed.values()))
    return tuple(replace(task, setups=tuple(sorted(_setups(dag, task)))) for task in dag.tasks)


def _setups(dag: Dag, task: Task) -> Iterator[str]:
    """A teardown's direct setups; of other tasks, those above that have no teardown, or one below the task."""
    if task.is_teardown:
        yield from (each for each in task.upstream if dag.by_id[each].is_setup)
        return
    for other in dag.tasks:
        if other.is_setup and task.task_id in dag.descendants(other.task_id):
            teardowns = {each for each in dag.downstream[other.task_id] if dag.by_id[each].is_teardown}
            if not teardowns or teardowns & dag.descendants(task.task_id):
                yield other.task_id


@st.composite
def nested(draw: st.DrawFn, tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    """Some neighbours in task groups, some of those in a group inside."""
    if draw(st.booleans()):
        return tasks
    found: list[Task] = []
    while len(found) < len(tasks):
        group = draw(st.sampled_from((None, f"n{len(found)}", f"n{len(found)}.inner")))
        size = draw(st.integers(1, 5))
        found += (replace(task, group=group) for task in tasks[len(found) : len(found) + size])
    return tuple(found)


@st.composite
def grouped(draw: st.DrawFn, tasks: tuple[Task, ...]) -> Dag:
    """The DAG of the tasks with some neighbours in mapped groups, if these can run as a whole."""
    groups, number = [], 0
    members: dict[str, Task] = {}
    while number < len(tasks):
        size = draw(st.integers(1, 6))
        if draw(st.integers(0, 4)) == 0:
            own = tasks[number : number + size]
            outer = {task.task_id for task in tasks[:number]}
            expansion = draw(expansions(tuple(each for each in own[0].upstream if each in outer), (0, 1, 2, 3)))
            groups.append(MappedGroup(f"g{number}", tuple(task.task_id for task in own), expansion))
            members |= {task.task_id: _member(task) for task in own}
        number += size
    changed = tuple(members.get(task.task_id, task) for task in tasks)
    dag = Dag("drawn", "drawn.py", changed, tuple(groups))
    whole = tuple(group for group in groups if group not in interrupted(dag))
    inside = {task_id for group in whole for task_id in group.members}
    kept = tuple(members[task.task_id] if task.task_id in inside else task for task in tasks)
    return settled(Dag("drawn", "drawn.py", kept, whole))


def _member(task: Task) -> Task:
    """As in a mapped group: not mapped itself, it skips nothing, and waits for what is above it."""
    rule = "all_done" if task.trigger_rule == "always" else task.trigger_rule
    return replace(task, expansion=None, skips="nothing", trigger_rule=rule)


@st.composite
def outcomes(draw: st.DrawFn, dag: Dag, *, plain: bool = False) -> dict[str, Outcome]:
    """How each task's body ends, after how long and how many tries.

    Durations differ by construction, so that no two events coincide. A task skips only such tasks as wait for it:
    skipping one that may have begun is a race, in Airflow too. Teardowns are never skipped by others.
    """
    order = waiting_order(dag)
    position = {task.task_id: number for number, task in enumerate(dag.tasks)}
    found = {}
    lengths = {
        group.group_id: draw(st.integers(0, 3)) if group.expansion.length is None else group.expansion.length
        for group in dag.mapped_groups
    }
    for number, task in enumerate(dag.tasks):
        seconds = draw(st.integers(1, 100)) + number * 1e-3
        state = "success" if plain else draw(st.sampled_from(("success", "success", "success", "failed", "skipped")))
        tries = draw(st.integers(1, task.retry.attempts + 1))
        below: frozenset[str] = frozenset()
        if task.skips == "descendants" and draw(st.booleans()):
            below = dag.descendants(task.task_id)
        elif task.skips == "children" and dag.downstream[task.task_id]:
            below = draw(st.frozensets(st.sampled_from(dag.downstream[task.task_id])))
        below = reached(dag, task.task_id, [each for each in below if not dag.by_id[each].is_teardown])
        each: tuple[str, ...] = ()
        group = dag.group_of.get(task.task_id)
        if group is not None:
            sizes = (lengths[group.group_id],) * 2
        elif task.expansion is not None:
            length = task.expansion.length
            sizes = (0, 3) if length is None else (length, length)
        if group is not None or task.expansion is not None:
            ends = st.sampled_from(("success", "success", "failed", "skipped"))
            each = tuple(draw(st.lists(ends, min_size=sizes[0], max_size=sizes[1])))
        waits = all(order.before[position[each]] >> number & 1 for each in below)
        found[task.task_id] = Outcome(seconds, state, below if waits else frozenset(), each, tries)
    return found


@st.composite
def runs(draw: st.DrawFn, *, largest: int = 25, plain: bool = False) -> tuple[Dag, dict[str, Outcome]]:
    dag = draw(dags(largest=largest, plain=plain))
    return dag, draw(outcomes(dag, plain=plain))
