"""The earliest moment at which each task of a run could have ended, and the chain of tasks that makes the run as long.

A task can start when its trigger rule is decided: for most rules when the last upstream task has ended, for
`one_success` and its like as soon as one has, for `always` at once. What starts later than this met a false barrier.

>>> a, b, c = Step("a", 2.0, "success"), Step("b", 5.0, "success"), Step("c", 1.0, "success", ("a", "b"))
>>> critical_path([a, b, c])
CriticalPath(length=6.0, tasks=('b', 'c'), ends={'a': 2.0, 'b': 5.0, 'c': 6.0})
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dag_translator.trigger_rules import evaluate


@dataclass(frozen=True, slots=True)
class Step:
    """A task as it ran. seconds: its own time, all tries and the delays between them; 0 if it never ran."""

    task_id: str
    seconds: float
    state: str
    upstream: tuple[str, ...] = ()
    trigger_rule: str = "all_success"


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """length: seconds from the run's start to its last task's end; tasks: the chain that decides it; ends: all ends."""

    length: float
    tasks: tuple[str, ...]
    ends: Mapping[str, float]


def critical_path(steps: Iterable[Step]) -> CriticalPath:
    """Steps in any order that puts upstream tasks first."""
    ends: dict[str, float] = {}
    states: dict[str, str] = {}
    decided_by: dict[str, str | None] = {}
    for step in steps:
        decided_by[step.task_id] = _deciding(step, ends, states)
        last = decided_by[step.task_id]
        ends[step.task_id] = (ends[last] if last is not None else 0.0) + step.seconds
        states[step.task_id] = step.state
    if not ends:
        return CriticalPath(0.0, (), {})
    length = max(ends.values())
    current: str | None = [task_id for task_id, end in ends.items() if end == length][-1]
    chain = []
    while current is not None:
        chain.append(current)
        current = decided_by[current]
    return CriticalPath(length, tuple(reversed(chain)), ends)


def _deciding(step: Step, ends: Mapping[str, float], states: Mapping[str, str]) -> str | None:
    """The upstream task whose end decides whether the step runs; None if nothing has to end first."""
    if step.trigger_rule == "always" or not step.upstream:
        return None
    in_order = sorted(step.upstream, key=lambda task_id: ends[task_id])
    for count in range(1, len(in_order) + 1):
        known = [states[task_id] for task_id in in_order[:count]]
        if evaluate(step.trigger_rule, known, total=len(in_order)) is not None:
            return in_order[count - 1]
    return in_order[-1]
