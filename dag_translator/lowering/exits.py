"""Where a state goes next, and what it adds to the payload on the way.

The payload is the map task_id -> state. A state merges its own outcome into its input; with it go the outcomes of the
tasks that are jumped over because their fate is sealed. Those give way to outcomes that the input holds already.

>>> Exit("c", {"b": "skipped"}).output("$states.input", outcome("a", "skipped"))
"{% $merge([{'b': 'skipped'}, $states.input, {'a': 'skipped'}]) %}"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dag_translator import asl, names
from dag_translator.regions import Region, tasks_in

# Stands in a `next` until the name of the state is known; no state's name begins so.
LABEL = "\x00"
LONGEST_JUMP = 64  # tasks


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a state: the label of what comes next, and the outcomes of the tasks jumped over."""

    next: str | None
    jumped: Mapping[str, str] = field(default_factory=dict)

    def output(self, *parts: str) -> str:
        """The `Output` that merges `parts` (JSONata objects; later ones win) and the outcomes of tasks jumped over."""
        merged = [objects(self.jumped), *parts] if self.jumped else list(parts)
        return f"{{% {merged[0]} %}}" if len(merged) == 1 else f"{{% $merge([{', '.join(merged)}]) %}}"

    def passing(self) -> str | None:
        """The `Output` of a state whose default output is its input: None where nothing is added."""
        return self.output("$states.input") if self.jumped else None


@dataclass(frozen=True, slots=True)
class Exits:
    """The ways out of a task, made when a lowering asks for them (what nobody asks for is not reachable)."""

    success: Callable[[], Exit]
    skipped: Callable[[], Exit]
    failed: Callable[[], Exit]


def resolved(
    states: Mapping[str, asl.State], entries: Mapping[str, str | None], end_name: Callable[[], str]
) -> dict[str, asl.State]:
    """The states with the names of states in the place of labels. A `Choice` or `Catch` that ends its branch leads to a
    state that does nothing else; end_name: gives its name, if one is needed.
    """
    ends: dict[str, asl.State] = {}

    def target(following: str | None) -> str | None:
        return entries.get(following, following) if following is not None else None

    def named(following: str | None) -> str:
        found = target(following)
        if found is None:
            if not ends:
                ends[end_name()] = asl.Succeed()
            return next(iter(ends))
        return found

    return {name: asl.retarget(state, target, named) for name, state in states.items()} | ends


def objects(outcomes: Mapping[str, str]) -> str:
    """A JSONata object of task states."""
    return "{" + ", ".join(f"{names.literal(task_id)}: '{state}'" for task_id, state in outcomes.items()) + "}"


def outcome(task_id: str, state: str) -> str:
    return objects({task_id: state})


def landings_of(steps: Sequence[Region]) -> frozenset[int]:
    """The steps of a long sequence that no way out jumps over: each task has one, and all of them would write the
    outcomes of all that follow, 34 MB for a chain of a thousand tasks.
    """
    landings, passed = set(), 0
    for number, step in enumerate(steps):
        before, passed = passed, passed + len(tasks_in(step))
        if before // LONGEST_JUMP != passed // LONGEST_JUMP and number:
            landings.add(number)
    return frozenset(landings)
