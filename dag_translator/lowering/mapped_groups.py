"""A mapped task group: `g · expand` finds out how many instances there are, the `Map` named `g` runs the group's states
for each index.

In the `Map` the payload is again the map task_id -> state, of the members and of the tasks above them that they ask
for; guards, joins and tasks are made as anywhere else. The variable `$instance` says which run and which index it is:
`g · instance` assigns it (in a distributed map nothing of the outer `$run` is to be seen). `g · record` ends an
instance: it writes down the members that never ran.

An instance's output is one letter for each member (`LETTERS`), so the result of 20,000 instances of ten members fits a
payload (256 KiB); the `Map` makes each member's distinct states of it, as for a mapped task. Zero length and a group
that can't be expanded are ways past the `Map`. Few groups have several stages, each a `Map` (`group_stages`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dag_translator import asl, names
from dag_translator.lowering import group_stages, joins
from dag_translator.lowering.exits import Exit, objects
from dag_translator.lowering.group_over_nothing import over_nothing
from dag_translator.lowering.knowledge import Known, PossibleStates
from dag_translator.lowering.lambdas import ANYTHING, INSTANCE, INVOKE, call
from dag_translator.model import Dag, MappedGroup
from dag_translator.names import StateNames
from dag_translator.operators import LOWERINGS, mapped, polling
from dag_translator.operators.lowering import Permission, States
from dag_translator.regions import Region, tasks_in, width
from dag_translator.trigger_rules import LETTERS

# Besides a member's states: its instance, its iteration.
_EVENTS_OF_AN_INSTANCE = 10
_MAX_RESULT = 262_144


@dataclass(frozen=True, slots=True)
class Body:
    """What runs for each index: `states`, from `entry` on, which lead to a state `ending` that is not among them.

    known: what is known of the members then. steps: what it was made of; judged: the members that are judged before.
    """

    entry: str
    states: States
    ending: str
    known: Known
    steps: tuple[Region, ...]
    judged: tuple[str, ...] = ()

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(task_id for step in self.steps for task_id in tasks_in(step))


def max_length(members: int) -> int:
    """How many instances a group may have: an instance's output is a letter for each member, quotes and a comma."""
    return min(mapped.MAX_LENGTH, _MAX_RESULT // (members + 3))


def is_inline(group: MappedGroup, dag: Dag) -> bool:
    """Whether the instances run inside the execution of the run."""
    tasks = [dag.by_id[task_id] for task_id in group.members]
    length = group.expansion.length
    if not length or length > mapped.INLINE_LENGTH or any(LOWERINGS[task.lowering].sensor for task in tasks):
        return False
    events = _EVENTS_OF_AN_INSTANCE + sum(15 + 3 * task.retry.attempts for task in tasks)
    return length * events <= mapped.INLINE_EVENTS


def entering(group: MappedGroup, dag: Dag, known: Known) -> Known:
    """What is known where an instance begins. What the group is mapped over has succeeded, else it is not expanded."""
    found = {task_id: known[task_id] for task_id in (*dag.above(group), *group.members) if task_id in known}
    over = [task_id for task_id in group.expansion.over if not dag.is_mapped(task_id)]
    return found | dict.fromkeys(over, frozenset({"success"}))


def lower(
    group: MappedGroup,
    dag: Dag,
    free: StateNames,
    name: str,
    bodies: Sequence[Body],
    known: Known,
    leave: Callable[[Known], Exit],
) -> States:
    """The group's states, the one to enter first. name: of its (first) `Map`; bodies: a stage each; leave: the way on
    with what is known then."""
    states: States = {}
    payload, items = "$states.input", mapped.indexes(group.expansion.length or 0)
    if not group.expansion.length:
        states[free.name(group.group_id, "expand")] = _expand(group, dag, name, known, leave)
        payload, items = "$states.input.states", "{% [0..$states.input.length - 1] %}"
    way = leave({**known, **_ended(group, bodies[-1])})
    distributed = not is_inline(group, dag)
    lost = objects(dict.fromkeys(group.members, "failed"))
    across = max(width(step) for body in bodies for step in body.steps)
    asked = _asked(group, dag, entering(group, dag, known), payload)
    map_index = "{% $states.context.Map.Item.Value %}"
    before: tuple[str, ...] = ()
    for body, following in zip(bodies, (*bodies[1:], None), strict=True):
        before += body.tasks
        after = name if following is None else free.name(group.group_id, "go on")
        states[name] = asl.Map(
            items=items,
            selector={"run": "{% $run %}", "map_index": map_index, "states": asked},
            processor=_each(group, free, body, () if following is None else before),
            next=way.next if following is None else after,
            output=way.output(payload, _distinct(group))
            if following is None
            else group_stages.handed_over(group, dag, before, following.judged),
            distributed=distributed,
            catch=(asl.Catcher(("States.ALL",), way.next, way.output(payload, lost)),) if distributed else (),
            at_once=group.expansion.at_once or (max(1, mapped.AT_ONCE // across) if distributed else None),
            comment=group.doc,
        )
        items, map_index = "{% $states.input.letters %}", "{% $states.context.Map.Item.Index %}"
        asked = _asked_again(group, dag, entering(group, dag, known), before)
        name = after
    return states


def passing(group: MappedGroup, following: str, past: Exit) -> asl.Choice:
    """In a re-run, the way past a group of which all members are kept, as a whole."""
    kept = " and ".join(f"$exists($kept.{names.key(task_id)})" for task_id in group.members)
    states = joins.sifted_states(group.members, "$kept")
    rule = asl.Rule(f"{{% {kept} %}}", past.next, past.output("$states.input", states))
    return asl.Choice((rule,), following, None)


def _ended(group: MappedGroup, body: Body) -> Known:
    """How the members may have ended; any set of these. A child that is lost fails all of them."""
    found: dict[str, PossibleStates] = {}
    for task_id in group.members:
        if task_id in body.known:
            found[task_id] = body.known[task_id] - {None} | {"failed"}
    return found


def _expand(group: MappedGroup, dag: Dag, following: str, known: Known, leave: Callable[[Known], Exit]) -> asl.Task:
    """Asks for the length. What the group is mapped over may not have succeeded: then none of its tasks runs."""
    over = [task_id for task_id in group.expansion.over if known[task_id] != frozenset({"success"})]
    asked: dict[str, Any] = (
        {"states": {task_id: f"{{% {names.state_of(task_id)} %}}" for task_id in over}} if over else {}
    )

    def unexpanded(error: str, ended: Known, states: str) -> asl.Catcher:
        way = leave({**known, **ended})
        return asl.Catcher((error,), way.next, way.output("$states.input", states))

    all_failed = dict.fromkeys(group.members, "upstream_failed")
    failed = {task_id: frozenset({state}) for task_id, state in all_failed.items()}
    return asl.Task(
        INVOKE,
        call("expand_group", group=group.group_id, **asked),
        following,
        output="{% {'states': $states.input, 'length': $states.result.Payload.length} %}",
        retry=(mapped.UNEXPANDED, ANYTHING),
        catch=(
            unexpanded("AirflowSkipException", *over_nothing(group, dag, known)),
            unexpanded("States.ALL", failed, objects(all_failed)),
        ),
    )


def _asked(group: MappedGroup, dag: Dag, known: Known, payload: str) -> str | Mapping[str, str]:
    """The part of the payload that an instance begins with: what is above the group and may be asked for, and the
    members that a branch may have skipped. A member asks for nothing if all that is above it is certain to succeed."""
    asked: set[str] = set()
    for task_id in group.members:
        above_it = {*dag.by_id[task_id].upstream, *dag.by_id[task_id].setups}
        if any(known.get(each) != frozenset({"success"}) for each in above_it):
            asked |= above_it
    above = [task_id for task_id in dag.above(group) if task_id in asked]
    decided = [task_id for task_id in group.members if task_id in known]
    if decided or any(None in known[task_id] for task_id in above):
        return f"{{% $merge([{{}}, {joins.sifted_states((*above, *decided), payload)}]) %}}"
    return {task_id: f"{{% {payload}.{names.key(task_id)} %}}" for task_id in above}


def _asked_again(group: MappedGroup, dag: Dag, known: Known, before: Sequence[str]) -> str:
    """What an instance of a further stage begins with: the same, and how the members before it ended."""
    outside = (*dag.above(group), *(task_id for task_id in group.members if task_id in known))
    above = joins.sifted_states(outside, "$states.input.states") if outside else "{}"
    return f"{{% $merge([{{}}, {above}, {group_stages.told(before)}, $states.input.lost]) %}}"


def _each(group: MappedGroup, free: StateNames, body: Body, handed: Sequence[str]) -> asl.Machine:
    """handed: the members whose letters go to the next stage; () in the last one, which records."""
    first = free.name(group.group_id, "instance")
    instance = {"run": "{% $states.input.run %}", "map_index": "{% $states.input.map_index %}"}
    begins = asl.Pass(body.entry, "{% $states.input.states %}", {"instance": instance})
    ends: asl.State = asl.Task(
        INVOKE,
        call("record_instance", **INSTANCE, group=group.group_id, states="{% $states.input %}"),
        None,
        output="{% $states.result.Payload.letters %}",
        retry=(ANYTHING,),
    )
    if handed:
        ends = asl.Pass(None, group_stages.letters(handed))
    return asl.Machine(first, {first: begins} | body.states | {body.ending: ends})


def _distinct(group: MappedGroup) -> str:
    """JSONata for each member's distinct states, one alone as it is. Few instances differ from all others, so they are
    told apart first (as keys: comparing each with each would take too long for thousands)."""
    letters = ", ".join(f"'{letter}': '{state}'" for state, letter in LETTERS.items())
    members = ", ".join(f"{names.literal(task_id)}: $ended({at})" for at, task_id in enumerate(group.members))
    return (
        f"($instances := $keys($merge($states.result.{{$: 0}})); $state := {{{letters}}}; "
        "$ended := function($at) {($of := $distinct($instances.$lookup($state, $substring($, $at, 1))); "
        f"$count($of) = 1 ? $of[0] : $of)}}; {{{members}}})"
    )


def permissions(group: MappedGroup, dag: Dag, machine_name: str) -> tuple[Permission, ...]:
    """What the machine's role needs for the group besides what its members need."""
    if is_inline(group, dag):
        return ()
    return polling.children(machine_name, f"instances of mapped task group {group.group_id}")
