r"""How the members of a mapped task group end that is mapped over nothing: Airflow asks each member's trigger rule, as of
any task, before it looks for instances. So a member below a failed task is upstream_failed; one that would run is
skipped.

>>> from dag_translator.model import Dag, Expansion, MappedGroup, Task
>>> members = (Task("g.a", "X", ("s", "t")), Task("g.b", "X", ("g.a",)), Task("g.c", "X", ("g.a",), "all_done"))
>>> group = MappedGroup("g", ("g.a", "g.b", "g.c"), Expansion(over=("s",)))
>>> dag = Dag("d", "d.py", (Task("s", "X"), Task("t", "X"), *members), (group,))
>>> over_nothing(group, dag, {"s": frozenset({"success"}), "t": frozenset({"success"})})[1]
"{'g.a': 'skipped', 'g.b': 'skipped', 'g.c': 'skipped'}"
>>> over_nothing(group, dag, {"s": frozenset({"success"}), "t": frozenset({"failed"})})[1]
"{'g.a': 'upstream_failed', 'g.b': 'upstream_failed', 'g.c': 'skipped'}"
>>> either = over_nothing(group, dag, {"s": frozenset({"success"}), "t": frozenset({"success", "failed"})})[1]
>>> print(*either.split("; "), sep=";\n")
($m0 := $states.input.s = 'success' and $states.input.t = 'success' ? 'skipped' : 'upstream_failed';
$m1 := $count([$m0][$ = 'skipped']) > 0 ? 'skipped' : 'upstream_failed';
{'g.a': $m0, 'g.b': $m1, 'g.c': 'skipped'})
"""

from __future__ import annotations

from dataclasses import replace

from dag_translator.lowering.knowledge import Known, PossibleStates, asked
from dag_translator.model import Dag, MappedGroup, Task
from dag_translator.names import literal, state_of
from dag_translator.trigger_rules import Verdict, condition


def over_nothing(group: MappedGroup, dag: Dag, known: Known) -> tuple[dict[str, PossibleStates], str]:
    """What is known of the members then, and their states as a JSONata object over the payload."""
    known = {**known, **_mapped_over(group, dag, known)}
    found: dict[str, PossibleStates] = {}
    values: dict[str, str] = {}
    steps: list[str] = []
    for task_id in group.members:
        found[task_id], value = _ended(dag.by_id[task_id], {**known, **found}, values)
        if "?" in value:
            name = f"$m{len(steps)}"
            steps.append(f"{name} := {value}")
            value = name
        values[task_id] = value
    states = "{" + ", ".join(f"{literal(task_id)}: {value}" for task_id, value in values.items()) + "}"
    return found, f"({'; '.join((*steps, states))})" if steps else states


def _mapped_over(group: MappedGroup, dag: Dag, known: Known) -> dict[str, PossibleStates]:
    """What the group is mapped over has not failed: then it could not be expanded at all."""
    return {
        each: known[each] - ({"upstream_failed"} if dag.is_mapped(each) else {"failed", "upstream_failed"})
        for each in group.expansion.over
    }


def _ended(task: Task, known: Known, values: dict[str, str]) -> tuple[PossibleStates, str]:
    """values: of the members before it, as JSONata."""
    deciding, otherwise = asked(replace(task, waits=True), known)
    while deciding and _state(deciding[-1][1]) == _state(otherwise):
        deciding.pop()
    value = f"'{_state(otherwise)}'"
    for predicate, verdict, task_ids in reversed(deciding):
        test = condition(predicate, [values.get(each, state_of(each)) for each in task_ids])
        value = f"{test} ? '{_state(verdict)}' : {value}"
    states = {_state(otherwise), *(_state(verdict) for _, verdict, _ in deciding)}
    decided = known.get(task.task_id, frozenset()) - {None}
    if decided and states != {"skipped"}:
        own = state_of(task.task_id)
        return frozenset(states | decided), f"$exists({own}) ? {own} : ({value})"
    return frozenset(states), value


def _state(verdict: Verdict) -> str:
    return "upstream_failed" if verdict == "upstream_failed" else "skipped"
