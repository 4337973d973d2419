"""The last check: the emitted machine is within Step Functions' limits and its own invariants.

A limit that is reached is a `Problem` (the user can do something about it); a broken invariant is a bug of ours.
Source: Step Functions developer guide, "Service quotas" and "State machine data" (limits are hard ones).

>>> estimate(asl.Machine("a", {"a": asl.Pass(None)})).transitions
1
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dag_translator import asl, asl_json
from dag_translator.errors import InternalError, Problem
from dag_translator.lowering.lambdas import ANYTHING
from dag_translator.model import Dag
from dag_translator.names import LIMIT
from dag_translator.operators.polling import INLINE_LAPS

MAX_DEFINITION = 1_000_000
MAX_EVENTS = 25_000
MAX_PAYLOAD = 262_144

# History events of one visit; a retry is three more.
_EVENTS = {"Task": 5, "Pass": 2, "Choice": 2, "Wait": 2, "Parallel": 4, "Map": 6, "Nested": 6, "Succeed": 2, "Fail": 2}

_ITERATION = 2  # an inline map's, around each item
_ALL_STATES = '["success","failed","skipped"],'


@dataclass(frozen=True, slots=True)
class Estimates:
    """Of one run: bytes of the largest definition; history events of one execution at most (every state visited,
    retries used, inline polling at its longest; a distributed map's children and parts have histories of their own);
    transitions when each state is visited once (inside a map once for each item, as far as their number is known).
    """

    definition_bytes: int
    history_events: int
    transitions: int


def check(dag: Dag, machine: asl.Machine) -> tuple[Estimates, tuple[Problem, ...]]:
    """The estimates, and a problem for each limit that the machine would reach."""
    _names_are_unique(machine)
    _targets_exist(machine)
    found = estimate(machine, dag.description)
    # Each task's state in the payload: its id, the longest state, punctuation; twice where a join hands them on.
    payload = sum(
        len(json.dumps(task.task_id)) + len(_ALL_STATES if dag.is_mapped(task.task_id) else '"upstream_failed",') + 2
        for task in dag.tasks
    )
    return found, tuple(_limits(dag, found, max(payload, _largest_result(machine))))


def estimate(machine: asl.Machine, comment: str = "") -> Estimates:
    """comment: what is written at the top of the definition."""
    several = [_alone(part) for part in (machine, *asl.parts(machine).values())]
    return Estimates(
        max(each.definition_bytes for each in several) + len(json.dumps(comment)),
        max(each.history_events for each in several),
        sum(each.transitions for each in several),
    )


def _alone(machine: asl.Machine) -> Estimates:
    """Of a machine without its parts."""
    text = json.dumps(asl_json.to_json(machine), separators=(",", ":"))
    events = transitions = 0
    waiting = [(machine, 1, 1)]  # with how often it runs, and how often within this history
    while waiting:
        current, times, here = waiting.pop()
        for state in current.states.values():
            transitions += times
            events += here * (_EVENTS[type(state).__name__] + _retries(state))
            if isinstance(state, asl.Parallel):
                waiting += [(branch, times, here) for branch in state.branches]
            elif isinstance(state, asl.Map):
                items = len(state.items) if isinstance(state.items, list) else 1
                events += 0 if state.distributed else here * items * _ITERATION
                waiting.append((state.processor, times * items, 0 if state.distributed else here * items))
    return Estimates(len(text.encode()), events, transitions)


def _retries(state: asl.State) -> int:
    if isinstance(state, asl.Wait):  # only loops wait
        return (INLINE_LAPS if state.laps is None else state.laps) * (
            _EVENTS["Task"] + _EVENTS["Choice"] + _EVENTS["Wait"]
        )
    if not isinstance(state, asl.Task):
        return 0
    return 3 * sum(
        retrier.attempts for retrier in state.retry if "States.ALL" in retrier.errors and retrier != ANYTHING
    )


def _largest_result(machine: asl.Machine) -> int:
    """About how many bytes the largest result of a `Parallel` or a part has: each branch gives back what it was given,
    a part tells its input too.

    They have to fit before `Output` makes one of them; to exceed that can't be caught.
    """
    largest = 0
    for inner in asl.machines(machine):
        for state in inner.states.values():
            match state:
                case asl.Parallel():
                    largest = max(largest, len(state.branches) * _carried_bytes(state.arguments))
                case asl.Nested():
                    own = sum(len(name.encode()) + 20 for each in asl.machines(state.machine) for name in each.states)
                    largest = max(largest, 2 * _carried_bytes(state.arguments) + own)
    return largest


def _carried_bytes(arguments: Any) -> int:
    given = str(arguments)  # names each task that is carried once; its state comes to that
    return len(given.encode()) + 12 * given.count(",")


def _limits(dag: Dag, found: Estimates, payload: int) -> Iterator[Problem]:
    split = "split the DAG in two, the first triggering the second"
    for code, value, limit, what in (
        ("definition-too-large", found.definition_bytes, MAX_DEFINITION, "bytes of definition"),
        ("history-too-long", found.history_events, MAX_EVENTS, "history events in one run"),
        ("payload-too-large", payload, MAX_PAYLOAD, "bytes of task states"),
    ):
        if value > limit:
            message = f"{len(dag.tasks)} tasks need {value:,} {what}; Step Functions allows {limit:,}"
            yield Problem(code, message, split, path=dag.file, line=dag.line, dag_id=dag.dag_id)


def _names_are_unique(machine: asl.Machine) -> None:
    seen: set[str] = set()
    for inner in asl.machines(machine):
        for name in inner.states:
            if name in seen or not 0 < len(name) <= LIMIT:
                raise InternalError(f"state name {name!r} is not unique or too long")
            seen.add(name)


def _targets_exist(machine: asl.Machine) -> None:
    for inner in asl.machines(machine):
        entered = {inner.start_at}
        for name, state in inner.states.items():
            for target in _targets(state):
                if target not in inner.states:
                    raise InternalError(f"state {name!r} leads to {target!r}, which is not there")
                entered.add(target)
        if entered != set(inner.states):
            raise InternalError(f"no way leads to the states {sorted(set(inner.states) - entered)}")


def _targets(state: asl.State) -> Iterator[str]:
    match state:
        case asl.Succeed() | asl.Fail():
            return
        case asl.Choice():
            found = [state.default, *(rule.next for rule in state.rules)]
        case asl.Task() | asl.Map() | asl.Parallel():
            found = [state.next, *(catcher.next for catcher in state.catch)]
        case _:
            found = [state.next]
    yield from (target for target in found if target is not None)
