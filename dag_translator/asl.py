"""The third IR: Amazon States Language (JSONata) as frozen data; `asl_json` writes it as JSON.

Names are Step Functions' own. `next=None` ends the machine or branch. Expressions are plain strings between `{% %}`.
Source: the Amazon States Language specification and "Transforming data with JSONata in Step Functions".

>>> [list(inner.states) for inner in machines(Machine("a", {"a": Pass(None)}))]
[['a']]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

Json = Any
START_AND_WAIT = "arn:aws:states:::states:startExecution.sync:2"


@dataclass(frozen=True, slots=True)
class Retrier:
    """`MaxDelaySeconds` and jitter only where given; seconds are whole."""

    errors: tuple[str, ...]
    attempts: int
    interval: int = 1
    backoff: float = 1.0
    max_delay: int | None = None
    full_jitter: bool = False


@dataclass(frozen=True, slots=True)
class Catcher:
    errors: tuple[str, ...]
    next: str | None
    output: Json = None


@dataclass(frozen=True, slots=True)
class Task:
    resource: str
    arguments: Json
    next: str | None
    output: Json = None
    assign: Mapping[str, Json] | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()
    timeout: int | str | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Pass:
    next: str | None
    output: Json = None
    assign: Mapping[str, Json] | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One of a Choice's `Choices`."""

    condition: str
    next: str | None
    output: Json = None


@dataclass(frozen=True, slots=True)
class Choice:
    """`output` applies when `default` is taken."""

    rules: tuple[Rule, ...]
    default: str | None
    output: Json = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """laps: how often it is entered at most, for the estimates; None: as often as a poll loop has laps."""

    seconds: int | str
    next: str | None
    output: Json = None
    laps: int | None = None


@dataclass(frozen=True, slots=True)
class Parallel:
    """`arguments` is the input of every branch; None: the state's own input.

    A branch that fails stops the others.
    """

    branches: tuple[Machine, ...]
    next: str | None
    output: Json = None
    arguments: Json = None
    catch: tuple[Catcher, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Map:
    """Runs `processor` for each of `items`, `at_once` at a time (None: as many as Step Functions allows).

    distributed: each is a Standard execution with a history of its own, which can't read outer variables; else they are
    iterations within this execution, at most 40 at a time.
    """

    items: Json
    selector: Json
    processor: Machine
    next: str | None
    output: Json = None
    distributed: bool = True
    at_once: int | None = None
    catch: tuple[Catcher, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Nested:
    """A `Task` that runs another state machine to its end: `machine`, deployed beside this one.

    number: of the part; the definition calls its ARN `${Part1}`, …. arguments: of `startExecution`, but for that ARN.
    """

    number: int
    machine: Machine
    arguments: Mapping[str, Json]
    next: str | None
    output: Json = None
    retry: tuple[Retrier, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Succeed:
    """Ends its branch; a `Choice` or `Catch` can't say `End` itself."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Ends its branch, and so whatever stands around it, up to a `Catch`."""

    error: str
    cause: str


State = Task | Pass | Choice | Wait | Parallel | Map | Nested | Succeed | Fail


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine, or the branch or item processor of one."""

    start_at: str
    states: Mapping[str, State]


def retarget(state: State, target: Callable[[str | None], str | None], named: Callable[[str | None], str]) -> State:
    """The state with each place it can go to next replaced (its branches are left alone).

    named: for the places where `End` can't stand: a `Choice`'s and a `Catch`'s.
    """
    match state:
        case Succeed() | Fail():
            return state
        case Choice():
            rules = tuple(replace(rule, next=named(rule.next)) for rule in state.rules)
            return replace(state, rules=rules, default=named(state.default))
        case Task() | Map() | Parallel():
            catch = tuple(replace(catcher, next=named(catcher.next)) for catcher in state.catch)
            return replace(state, next=target(state.next), catch=catch)
        case _:
            return replace(state, next=target(state.next))


def machines(machine: Machine) -> Iterator[Machine]:
    """The machine and everything nested in it, parts with machines of their own included."""
    waiting = [machine]
    while waiting:
        current = waiting.pop()
        yield current
        for state in current.states.values():
            if isinstance(state, Parallel):
                waiting.extend(state.branches)
            elif isinstance(state, Map):
                waiting.append(state.processor)
            elif isinstance(state, Nested):
                waiting.append(state.machine)


def parts(machine: Machine) -> dict[int, Machine]:
    """The machines that have to be deployed beside this one, by their numbers."""
    nested = (state for inner in machines(machine) for state in inner.states.values() if isinstance(state, Nested))
    return {state.number: state.machine for state in nested}


def placeholder(number: int) -> str:
    """What definitions call the ARN of a part's machine."""
    return f"Part{number}"
