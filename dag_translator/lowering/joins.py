"""Signals and awaits: how a branch waits for tasks of another branch.

`await` registers its task token, `signal` records the source's outcome; both change one DynamoDB item atomically, and
whichever completes the join calls SendTaskSuccess with the states that were reported. See `lambdas.signal_function`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dag_translator import asl, regions
from dag_translator.lowering.exits import Exit
from dag_translator.lowering.knowledge import ANY, EARLY_VERDICTS, MAYBE_SKIPPED, Known, PossibleStates
from dag_translator.lowering.lambdas import ANYTHING, INVOKE, INVOKE_AND_WAIT, SIGNAL_FUNCTION
from dag_translator.model import Dag
from dag_translator.names import StateNames, literal, state_of
from dag_translator.regions import Await, Region, Signal


@dataclass(frozen=True, slots=True)
class Reports:
    """What a join gets to know: the states of `tasks`, and of those of `decided` that were skipped already."""

    tasks: frozenset[str] = frozenset()
    decided: frozenset[str] = frozenset()


def reports(region: Region) -> dict[str, Reports]:
    """What each join of the region gets to know."""
    found: dict[str, Reports] = {}
    for inner in regions.walk(region):
        if isinstance(inner, Signal):
            for join in inner.joins:
                before = found.get(join, Reports())
                found[join] = Reports(before.tasks | set(inner.reports), before.decided | set(inner.decided))
    return found


def learned(step: Await, reported: Reports, known: Known) -> dict[str, PossibleStates]:
    """What is known behind a join. What the branch knows by itself stands: its own payload wins over reports.

    An early-firing task's join may not have heard of all its upstream tasks.
    """
    found = dict(known)
    for task_id in reported.decided:
        if None in known.get(task_id, MAYBE_SKIPPED):
            found[task_id] = MAYBE_SKIPPED
    if step.early:
        return found | {step.join: EARLY_VERDICTS}
    for task_id in reported.tasks:
        if None in known.get(task_id, MAYBE_SKIPPED):
            found[task_id] = ANY
    return found


def signal(step: Signal, names: StateNames, place: Mapping[str, str], way: Exit) -> dict[str, asl.State]:
    """place: `RUN`, or in a mapped group `INSTANCE`: each instance has joins of its own."""
    arguments = {
        "FunctionName": SIGNAL_FUNCTION,
        "Payload": {
            "kind": "signal",
            **place,
            "source": step.source,
            "joins": list(step.joins),
            "states": _reported(step),
        },
    }
    output = way.output("$states.input")
    return {names.name(step.source, "signal"): asl.Task(INVOKE, arguments, way.next, output=output, retry=(ANYTHING,))}


def _reported(step: Signal) -> str | dict[str, str]:
    if not step.decided:
        return {task_id: f"{{% {state_of(task_id)} %}}" for task_id in step.reports}
    found = sifted_states((*step.reports, *step.decided))
    # Sifting nothing out is undefined, which is an error; that can only be where no state is certain.
    return f"{{% {found} %}}" if step.reports else f"{{% $merge([{{}}, {found}]) %}}"


def sifted_states(task_ids: Iterable[str], payload: str = "$states.input") -> str:
    """JSONata for the part of the payload that is about these tasks, as far as it is there; undefined for nothing."""
    wanted = ", ".join(literal(task_id) for task_id in task_ids)
    # The list is made once, not for each task: an expression may take a second.
    return f"($wanted := [{wanted}]; $sift({payload}, function($state, $task_id) {{ $task_id in $wanted }}))"


def carried(branches: Iterable[Region], known: Known) -> str | dict[str, str]:
    """The `Arguments` of a `Parallel`: the part of the payload that its branches may look at.

    Each branch gives back what it was given, and the results of all together have to fit 256 KB.
    """
    task_ids = dict.fromkeys(known)
    for inner in (each for branch in branches for each in regions.walk(branch, into_groups=False)):
        if isinstance(inner, Signal):
            task_ids |= dict.fromkeys((*inner.reports, *inner.decided))
    return f"{{% $merge([{{}}, {sifted_states(sorted(task_ids))}]) %}}" if task_ids else {}


def wait(step: Await, dag: Dag, names: StateNames, place: Mapping[str, str], way: Exit) -> dict[str, asl.State]:
    rule = None
    if step.early:
        task = dag.by_id[step.join]
        rule = {"trigger_rule": task.trigger_rule, "upstream": list(task.upstream)}
    arguments = {
        "FunctionName": SIGNAL_FUNCTION,
        "Payload": {
            "kind": "await",
            **place,
            "join": step.join,
            "sources": list(step.sources),
            "rule": rule,
            "token": "{% $states.context.Task.Token %}",
        },
    }
    output = way.output("$states.result", "$states.input")
    return {
        names.name(step.join, "await"): asl.Task(INVOKE_AND_WAIT, arguments, way.next, output=output, retry=(ANYTHING,))
    }
