"""A mapped task: `m · expand` finds out how many instances there are, the `Map` named `m` runs the task's states for
each index.

What is mapped over stays in XCom; an instance gets its index and finds its own arguments. Each instance outputs its
state, and the payload gets the distinct ones: `"success"` if there is one, else a list. Zero length and a task that
can't be expanded are ways past the `Map`; a length that is written in the DAG file needs no `expand`.

Few instances run inside this execution. Many, or a number that only the run knows, or sensors (whose polling needs a
history of its own), are children of a distributed `Map`: none of their events count here. Its result is the list of
states, 10 bytes each at most, so `MAX_LENGTH` of them stay below the limit of a payload (256 KiB), and no
`ResultWriter` is needed. Source: Step Functions developer guide, "Map state", "Service quotas".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dag_translator import asl, names
from dag_translator.lowering import admission
from dag_translator.lowering.exits import Exit, Exits, outcome, resolved
from dag_translator.lowering.knowledge import PossibleStates
from dag_translator.lowering.lambdas import ANYTHING, INVOKE, call
from dag_translator.model import Expansion, Task
from dag_translator.names import StateNames
from dag_translator.operators import polling
from dag_translator.operators.lowering import Lowering, Permission, Site, States

# Airflow's own default (`max_map_length`) is 1,024.
MAX_LENGTH = 20_000
# Step Functions runs so many inline iterations at a time; and an instance is about 15 events, 3 more for each retry.
INLINE_LENGTH = 40
INLINE_EVENTS = 1_500
# Lambda's quota is 1,000 concurrent executions an account and region, and others want some. Step Functions would start
# ten thousand children, and the ones that Lambda turns away would use up their retries.
AT_ONCE = 500

# What there is no use in asking again for.
UNEXPANDED = asl.Retrier(("AirflowSkipException", "CannotExpand"), 0)

# How a mapped task may have ended once it was expanded: any set of these.
ENDED: PossibleStates = frozenset({"success", "failed", "skipped"})


@dataclass(frozen=True, slots=True)
class MappedExits:
    """The ways out of a mapped task: past its instances, or unexpanded."""

    ended: Callable[[], Exit]
    skipped: Callable[[], Exit]
    upstream_failed: Callable[[], Exit]


@dataclass(frozen=True, slots=True)
class EachExit(Exit):
    """The way out of one instance: it ends, and its output is its state alone."""

    state: str = "success"

    def output(self, *parts: str) -> str:  # noqa: ARG002 - what it would merge into is not here
        return f"{{% '{self.state}' %}}"


@dataclass(frozen=True, slots=True)
class EachNames:
    """Names inside the `Map`, which itself is called by the task_id."""

    names: StateNames

    def name(self, subject: str, role: str = "") -> str:
        return self.names.name(subject, role or "each")

    def free(self, wanted: str) -> str:
        return self.names.free(wanted)


def is_inline(task: Task, lowering: Lowering) -> bool:
    """Whether the instances run inside the execution of the run."""
    length = _expansion(task).length
    if length is None or length > INLINE_LENGTH or lowering.sensor:
        return False
    return length * (15 + 3 * task.retry.attempts) <= INLINE_EVENTS


def lower(task: Task, lowering: Lowering, free: StateNames, exits: MappedExits) -> States:
    """The task's states, the one to enter first."""
    expansion = _expansion(task)
    if expansion.length == 0:
        skipped = exits.skipped()
        output = skipped.output("$states.input", outcome(task.task_id, "skipped"))
        return {free.name(task.task_id): asl.Pass(skipped.next, output, comment=task.doc)}
    name = free.name(task.task_id)
    states: States = {}
    payload, length = "$states.input", str(expansion.length)
    if expansion.length is None:
        states[free.name(task.task_id, "expand")] = _expand(task, name, exits)
        payload, length = "$states.input.states", "$states.input.length"
    ended = exits.ended()
    distributed = not is_inline(task, lowering)
    # The map fails when a child does, for reasons that none of its states could catch, or was stopped.
    lost = asl.Catcher(("States.ALL",), ended.next, ended.output(payload, outcome(task.task_id, "failed")))
    states[name] = asl.Map(
        items=f"{{% [0..{length} - 1] %}}" if expansion.length is None else indexes(expansion.length),
        selector={"run": "{% $run %}", "map_index": "{% $states.context.Map.Item.Value %}"},
        processor=_each(task, lowering, free),
        next=ended.next,
        output=ended.output(payload, f"{{{names.literal(task.task_id)}: {_DISTINCT}}}"),
        distributed=distributed,
        catch=(lost,) if distributed else (),
        at_once=expansion.at_once or (AT_ONCE if distributed else None),
        comment=task.doc,
    )
    return states


# One distinct state is written as it is, so that `= 'success'` asks the same of a mapped task as of any other.
_DISTINCT = "($ended := $distinct($states.result); $count($ended) = 1 ? $ended[0] : $ended)"


def indexes(length: int) -> list[int] | str:
    """The `Items` of a map whose number of instances the file says."""
    return list(range(length)) if length <= INLINE_LENGTH else f"{{% [0..{length - 1}] %}}"


def _expand(task: Task, following: str, exits: MappedExits) -> asl.Task:
    """Asks for the length. What the task is mapped over may not have succeeded, if its trigger rule allows that."""
    over = _expansion(task).over
    asks = task.trigger_rule not in ("all_success", "always")
    states: dict[str, Any] = (
        {"states": {each: f"{{% {names.state_of(each)} %}}" for each in over}} if asks and over else {}
    )
    skipped, failed = exits.skipped(), exits.upstream_failed()
    return asl.Task(
        INVOKE,
        call("expand_task", task_id=task.task_id, **states),
        following,
        output="{% {'states': $states.input, 'length': $states.result.Payload.length} %}",
        retry=(UNEXPANDED, ANYTHING),
        catch=(
            asl.Catcher(
                ("AirflowSkipException",),
                skipped.next,
                skipped.output("$states.input", outcome(task.task_id, "skipped")),
            ),
            asl.Catcher(
                ("States.ALL",),
                failed.next,
                failed.output("$states.input", outcome(task.task_id, "upstream_failed")),
            ),
        ),
    )


def _each(task: Task, lowering: Lowering, free: StateNames) -> asl.Machine:
    """The task's own states, as a machine whose input is {"run", "map_index"} and whose output is a state."""
    exits = Exits(
        success=lambda: EachExit(None, state="success"),
        skipped=lambda: EachExit(None, state="skipped"),
        failed=lambda: EachExit(None, state="failed"),
    )
    states = admission.lower(task, lowering, Site(EachNames(free), exits, each=True))
    first = next(iter(states))
    return asl.Machine(first, resolved(states, {}, lambda: free.name(task.task_id, "end")))


def permissions(task: Task, lowering: Lowering, machine_name: str) -> tuple[Permission, ...]:
    """What the machine's role needs for the task besides what its instances need."""
    if task.expansion is None or task.expansion.length == 0 or is_inline(task, lowering):
        return ()
    return polling.children(machine_name, f"instances of mapped task {task.task_id}")


def _expansion(task: Task) -> Expansion:
    assert task.expansion is not None
    return task.expansion
