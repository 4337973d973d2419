"""What an operator's file provides to the translator, and the helpers that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from dag_translator import asl
from dag_translator.account import Account
from dag_translator.lowering.exits import Exits, outcome
from dag_translator.lowering.lambdas import ANYTHING, INVOKE, RUN, TASK_FUNCTION, call
from dag_translator.model import Task

_OWN_CODE = frozenset({"run_task", "poke_sensor"})  # kinds of work


@dataclass(frozen=True, slots=True)
class Permission:
    """IAM actions on resources (ARNs; `${AWS::Partition}`, `${AWS::Region}`, `${AWS::AccountId}` stand open).

    condition: of the statement, in IAM's words.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str
    condition: Mapping[str, Any] = field(default_factory=dict)


class Names(Protocol):
    """Hands out the names of a task's states."""

    def name(self, subject: str, role: str = "") -> str:
        """The name of a task's main state, or of a helper."""
        ...

    def free(self, wanted: str) -> str:
        """`wanted`, or something like it that is not taken."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """Where a task is lowered: the machine's names, and the ways out.

    each: whether this is the inside of a mapped task's `Map`. There the payload is not the map of task states, but
    {"run", "map_index"}; the code that makes the states need not know. place: `RUN`, or in a mapped group `INSTANCE`.
    """

    names: Names
    exits: Exits
    each: bool = False
    place: Mapping[str, str] = field(default_factory=lambda: RUN)

    def which(self, payload: str = "$states.input") -> dict[str, str]:
        """Which run, and which instance of it. payload: JSONata for the payload in the state's input."""
        if not self.each:
            return dict(self.place)
        return {"run": f"{{% {payload}.run %}}", "map_index": f"{{% {payload}.map_index %}}"}

    def call(self, kind: str, task: Task, payload: str = "$states.input", **fields: Any) -> dict[str, Any]:
        """`Arguments` that invoke the DAG's task function for this task. payload: as for `which`.

        The task's own code runs in the function that it asks for; the bookkeeping needs none.
        """
        function = f"${{{task.compute.function}}}" if kind in _OWN_CODE else TASK_FUNCTION
        return call(kind, **self.which(payload), function=function, task_id=task.task_id, **fields)


States = dict[str, asl.State]


@dataclass(frozen=True, slots=True)
class Lowering:
    """How one kind of operator becomes states.

    lower: the task's states, the one to enter first. settings: reads what `lower` needs from the live operator, as
    JSON; returns None where the operator's Python has to run after all. permissions: what the machine's role needs for
    them, given the machine's name. in_account: another entry of `LOWERINGS`, with its settings, that what the project
    says of its AWS account allows for the operator; None if this one stays.
    task_permissions: what the role of the task function needs. becomes: the same in words, for README's table.
    reads: ids of the other DAGs whose runs and tasks the task function reads; "*" for any. watches: buckets whose
    events it waits for; "*" for any. tells: what of the settings
    stands in the manifest, for who reads that. native: a service does the work, so Lambda's 15 minutes don't bind.
    sensor: it polls. tries: each of its tries begins anew, in Lambda, although it is native.
    """

    lower: Callable[[Task, Site], States]
    settings: Callable[[Any], Mapping[str, Any] | None] = lambda _operator: {}
    permissions: Callable[[Task, str], tuple[Permission, ...]] = lambda _task, _machine_name: ()
    task_permissions: Callable[[Task], tuple[Permission, ...]] = lambda _task: ()
    reads: Callable[[Task], tuple[str, ...]] = lambda _task: ()
    watches: Callable[[Task], tuple[str, ...]] = lambda _task: ()
    tells: tuple[str, ...] = ()
    native: bool = False
    sensor: bool = False
    tries: bool = False
    becomes: str = ""
    in_account: Callable[[Any, Account], tuple[str, Mapping[str, Any]] | None] = lambda _operator, _account: None


@dataclass(frozen=True, slots=True)
class Failing:
    """Where a task's failures lead: the state that records them, and the catchers that lead there (or to `skipped`)."""

    recorded_by: str
    catch: tuple[asl.Catcher, ...]


def failing(task: Task, site: Site, states: States) -> Callable[[str], Failing]:
    """Adds the state that records the task's failure and runs its callbacks.

    Returns what makes the catchers, given JSONata for the map of task states in the input of the state that fails.
    """
    skipped, failed = site.exits.skipped(), site.exits.failed()
    name = site.names.name(task.task_id, "failed")
    states[name] = asl.Task(
        INVOKE,
        site.call("record_failure", task, "$states.input.states", error="{% $states.input.error %}"),
        failed.next,
        output=failed.output("$states.input.states", outcome(task.task_id, "failed")),
        retry=(ANYTHING,),
    )

    def catchers(payload: str) -> Failing:
        own = skipped.output(payload, outcome(task.task_id, "skipped"))
        return Failing(
            name,
            (
                asl.Catcher(("AirflowSkipException",), skipped.next, own),
                asl.Catcher(("States.ALL",), name, failed_input(payload, "$states.errorOutput")),
            ),
        )

    return catchers


def asking(task: Task, site: Site, states: States, failed: Failing, again: str, *, service: bool) -> Failing:
    """Adds the states that ask Lambda whether the task is tried again, and wait for it; what leads there on an error.

    again: the state with which a try begins.
    """
    name, wait = site.names.name(task.task_id, "retry"), site.names.name(task.task_id, "wait")
    fields = {"service": True} if service else {}
    kept = "$states.input.states"
    states[name] = asl.Task(
        INVOKE,
        site.call("retry_task", task, kept, error="{% $states.input.error %}", **fields),
        wait,
        output=f"{{% {{'states': {kept}, 'wait': $states.result.Payload.wait}} %}}",
        retry=(asl.Retrier(("NoRetryLeft",), 0), ANYTHING),
        catch=(asl.Catcher(("States.ALL",), failed.recorded_by, failed_input(kept, "$states.input.error")),),
    )
    states[wait] = asl.Wait("{% $states.input.wait %}", again, f"{{% {kept} %}}", task.retry.attempts)
    skipped, otherwise = failed.catch
    return Failing(failed.recorded_by, (skipped, replace(otherwise, next=name)))


def failed_input(payload: str, error: str) -> str:
    """The input of the state that records a failure."""
    return f"{{% {{'states': {payload}, 'error': {error}}} %}}"


def entering(name: str, states: States) -> States:
    """The states with `name` first."""
    return {name: states[name]} | states
