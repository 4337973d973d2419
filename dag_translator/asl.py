"""The third IR: Amazon States Language (JSONata) as frozen data, and its JSON.

Names are Step Functions' own. `next=None` ends the machine or branch. Expressions are plain strings between `{% %}`.
Source: the Amazon States Language specification and "Transforming data with JSONata in Step Functions".

>>> to_json(Machine("a", {"a": Pass(None, output={"x": 1})}))["States"]
{'a': {'Type': 'Pass', 'Output': {'x': 1}, 'End': True}}
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


def definition(machine: Machine, comment: str, timeout: int | None) -> dict[str, Json]:
    """The whole definition, as CreateStateMachine takes it (with the placeholders of the manifest).

    comment: the DAG's description, in which nothing may look like a placeholder.
    """
    top: dict[str, Json] = {"Comment": comment.replace("${", "{")} if comment else {}
    top |= {"QueryLanguage": "JSONata"}
    if timeout is not None:
        top["TimeoutSeconds"] = timeout
    return top | to_json(machine)


def part_definitions(machine: Machine) -> dict[str, dict[str, Json]]:
    """Of the machines to be deployed beside this one, by their placeholders."""
    return {placeholder(number): definition(part, "", None) for number, part in parts(machine).items()}


def to_json(machine: Machine) -> dict[str, Json]:
    return {"StartAt": machine.start_at, "States": {name: _state(state) for name, state in machine.states.items()}}


def _state(state: State) -> dict[str, Json]:
    comment: dict[str, Json] = {}
    if not isinstance(state, Succeed | Fail | Wait) and state.comment:
        comment = {"Comment": state.comment}
    match state:
        case Succeed():
            return {"Type": "Succeed"}
        case Fail():
            return {"Type": "Fail", "Error": state.error, "Cause": state.cause}
        case Pass():
            return comment | {"Type": "Pass"} | _assign(state.assign) | _output(state.output) | _next(state.next)
        case Wait():
            return {"Type": "Wait", "Seconds": state.seconds} | _output(state.output) | _next(state.next)
        case Choice():
            choices: list[Json] = [
                {"Condition": rule.condition, "Next": rule.next} | _output(rule.output) for rule in state.rules
            ]
            decide: dict[str, Json] = {"Type": "Choice", "Choices": choices, "Default": state.default}
            return comment | decide | _output(state.output)
        case Parallel():
            given: dict[str, Json] = {} if state.arguments is None else {"Arguments": state.arguments}
            branches = {"Branches": [to_json(branch) for branch in state.branches]}
            body = given | branches | _catch(state.catch)
            return {"Type": "Parallel"} | comment | body | _output(state.output) | _next(state.next)
        case Map():
            return {"Type": "Map"} | comment | _map(state) | _output(state.output) | _next(state.next)
        case Task():
            return {"Type": "Task"} | comment | _task(state) | _output(state.output) | _next(state.next)
        case Nested():
            arguments = {"StateMachineArn": f"${{{placeholder(state.number)}}}", **state.arguments}
            task = Task(START_AND_WAIT, arguments, state.next, state.output, retry=state.retry, comment=state.comment)
            return _state(task)


def _task(state: Task) -> dict[str, Json]:
    body: dict[str, Json] = {"Resource": state.resource, "Arguments": state.arguments}
    if state.timeout is not None:
        body["TimeoutSeconds"] = state.timeout
    if state.retry:
        body["Retry"] = [retrier_to_json(retrier) for retrier in state.retry]
    return body | _catch(state.catch) | _assign(state.assign)


def retrier_to_json(retrier: Retrier) -> dict[str, Json]:
    """One of a state's `Retry`."""
    body: dict[str, Json] = {"ErrorEquals": list(retrier.errors), "MaxAttempts": retrier.attempts}
    if retrier.attempts:
        body |= {"IntervalSeconds": retrier.interval, "BackoffRate": retrier.backoff}
    if retrier.max_delay is not None:
        body["MaxDelaySeconds"] = retrier.max_delay
    if retrier.full_jitter:
        body["JitterStrategy"] = "FULL"
    return body


def _map(state: Map) -> dict[str, Json]:
    mode = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"} if state.distributed else {"Mode": "INLINE"}
    processor = {"ProcessorConfig": mode} | to_json(state.processor)
    body: dict[str, Json] = {"Items": state.items, "ItemSelector": state.selector, "ItemProcessor": processor}
    if state.at_once is not None:
        body["MaxConcurrency"] = state.at_once
    return body | _catch(state.catch)


def _catch(catchers: tuple[Catcher, ...]) -> dict[str, Json]:
    listed = [
        {"ErrorEquals": list(catcher.errors)} | _output(catcher.output) | {"Next": catcher.next} for catcher in catchers
    ]
    return {"Catch": listed} if listed else {}


def _assign(assign: Mapping[str, Json] | None) -> dict[str, Json]:
    return {} if assign is None else {"Assign": dict(assign)}


def _output(output: Json) -> dict[str, Json]:
    return {} if output is None else {"Output": output}


def _next(target: str | None) -> dict[str, Json]:
    return {"End": True} if target is None else {"Next": target}
