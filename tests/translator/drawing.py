"""Random DAGs for property tests, drawn by Hypothesis: edges, trigger rules, branches, outcomes, durations."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from dag_translator.contract import interrupted, settled
from dag_translator.model import Dag, Expansion, MappedGroup, Skips, Task
from dag_translator.structure import waiting_order
from dag_translator.trigger_rules import RULES
from tests.translator.reference import Outcome

# Teardowns' rule looks at setups only, which these DAGs have none of.
RULE_NAMES = tuple(sorted(set(RULES) - {"all_done_setup_success"}))
SKIPS: tuple[Skips, ...] = ("nothing", "nothing", "nothing", "children", "descendants")


@st.composite
def dags(draw: st.DrawFn, *, largest: int = 25, plain: bool = False) -> Dag:
    """A DAG of up to `largest` tasks; plain: every rule is all_success and nothing skips."""
    size = draw(st.integers(1, largest))
    density = draw(st.sampled_from((0.05, 0.1, 0.2, 0.3, 0.5)))
    chance = st.floats(0, 1, allow_nan=False)
    tasks = []
    for number in range(size):
        # The last few tasks are the likelier upstream, as in real DAGs; the others keep the graph tangled.
        near = range(max(0, number - 8), number)
        upstream = tuple(f"t{other}" for other in near if draw(chance) < density)
        rule = "all_success" if plain else draw(st.sampled_from(("all_success", *RULE_NAMES)))
        skips: Skips = "nothing" if plain else draw(st.sampled_from(SKIPS))
        expansion = None
        if not plain and skips == "nothing" and draw(st.integers(0, 4)) == 0:
            expansion = Expansion(draw(st.sampled_from((None, None, 0, 2, 3))))
        task = Task(f"t{number}", "PythonOperator", upstream, trigger_rule=rule, skips=skips, expansion=expansion)
        tasks.append(task)
    return Dag("drawn", "drawn.py", tuple(tasks)) if plain else draw(grouped(tuple(tasks)))


@st.composite
def grouped(draw: st.DrawFn, tasks: tuple[Task, ...]) -> Dag:
    """The DAG of the tasks with some neighbours in mapped groups, if these can run as a whole."""
    groups, number = [], 0
    members: dict[str, Task] = {}
    while number < len(tasks):
        size = draw(st.integers(1, 6))
        if draw(st.integers(0, 4)) == 0:
            own = tasks[number : number + size]
            expansion = Expansion(draw(st.sampled_from((None, None, 1, 2, 3))))
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
    """How each task's body ends, after how long.

    Durations differ by construction, so that no two events coincide. A task skips only such tasks as wait for it:
    skipping one that may have begun is a race, in Airflow too.
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
        below: frozenset[str] = frozenset()
        if task.skips == "descendants" and draw(st.booleans()):
            below = dag.descendants(task.task_id)
        elif task.skips == "children" and dag.downstream[task.task_id]:
            below = draw(st.frozensets(st.sampled_from(dag.downstream[task.task_id])))
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
        found[task.task_id] = Outcome(seconds, state, below if waits else frozenset(), each)
    return found


@st.composite
def runs(draw: st.DrawFn, *, largest: int = 25, plain: bool = False) -> tuple[Dag, dict[str, Outcome]]:
    dag = draw(dags(largest=largest, plain=plain))
    return dag, draw(outcomes(dag, plain=plain))
