"""The stages of a mapped task group: a `Map` for each. Before a stage begins all instances of the one before it have
ended, because some of its members are judged over all of them (`contract.judged_as_a_whole`).

A stage hands over one letter for each member so far and instance (`LETTERS`): its `Map` outputs
`{"states": payload, "letters": […], "lost": {member: "upstream_failed"}}`, and the next one has the letters for items.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dag_translator.lowering.knowledge import Known, PossibleStates
from dag_translator.model import Dag, MappedGroup
from dag_translator.names import literal, state_of
from dag_translator.trigger_rules import LETTERS

_BAD = [LETTERS["failed"], LETTERS["upstream_failed"]]


def entering_next(known: Known, judged: Iterable[str]) -> Known:
    """What is known where an instance of the next stage begins; known: where it left the one before."""
    maybe: PossibleStates = frozenset({None, "upstream_failed"})
    return {**known, **{task_id: known.get(task_id, frozenset()) | maybe for task_id in judged}}


def letters(members: Iterable[str]) -> str:
    """JSONata for how the members ended that have run, from an instance's payload."""
    table = ", ".join(f"'{state}': '{letter}'" for state, letter in LETTERS.items())
    each = ", ".join(f"$lookup($letter, {state_of(task_id)})" for task_id in members)
    return f"{{% ($letter := {{{table}}}; $join([{each}])) %}}"


def told(members: Iterable[str]) -> str:
    """JSONata for the same states, from the item that an instance of the next stage gets."""
    table = ", ".join(f"'{letter}': '{state}'" for state, letter in LETTERS.items())
    item = "$states.context.Map.Item.Value"
    each = (f"{literal(task_id)}: $lookup($state, $substring({item}, {at}, 1))" for at, task_id in enumerate(members))
    return f"($state := {{{table}}}; {{{', '.join(each)}}})"


def handed_over(group: MappedGroup, dag: Dag, members: Sequence[str], judged: Iterable[str]) -> str:
    """JSONata for the output of a stage's `Map`. members: those that have run; judged: before the next stage."""
    lost = ", ".join(_lost(group, dag, members, task_id) for task_id in judged)
    # Few instances differ from all others.
    distinct = "$instances := $keys($merge($states.result.{$: 0}))"
    handed = f"'states': $states.input.states, 'letters': $states.result, 'lost': $merge([{lost}])"
    return f"{{% ({distinct}; {{{handed}}}) %}}"


def _lost(group: MappedGroup, dag: Dag, members: Sequence[str], task_id: str) -> str:
    above = [each for each in dag.by_id[task_id].upstream if each in group.members]
    bad = " or ".join(f"$substring($, {members.index(each)}, 1) in {_BAD}" for each in above)
    return f"$count($instances[{bad}]) > 0 ? {{{literal(task_id)}: 'upstream_failed'}} : {{}}"
