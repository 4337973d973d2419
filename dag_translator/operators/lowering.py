"""What an operator's file provides to the translator, and the helpers that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dag_translator import asl
from dag_translator.lowering.exits import Exits, outcome
from dag_translator.lowering.lambdas import ANYTHING, INVOKE, call
from dag_translator.model import Task
from dag_translator.names import StateNames


@dataclass(frozen=True, slots=True)
class Permission:
    """IAM actions on resources (ARNs; `${AWS::Partition}`, `${AWS::Region}`, `${AWS::AccountId}` stand open).

    condition: of the statement, in IAM's words.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str
    condition: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Site:
    """Where a task is lowered: the machine's names, and the ways out."""

    names: StateNames
    exits: Exits


States = dict[str, asl.State]


@dataclass(frozen=True, slots=True)
class Lowering:
    """How one kind of operator becomes states.

    lower: the task's states, the one to enter first. settings: reads what `lower` needs from the live operator, as
    JSON; returns None where the operator's Python has to run after all. permissions: what the machine's role needs for
    them, given the machine's name.
    task_permissions: what the role of the task function needs. becomes: the same in words, for README's table.
    native: a service does the work, so Lambda's 15 minutes don't bind. sensor: it polls.
    """

    lower: Callable[[Task, Site], States]
    settings: Callable[[Any], Mapping[str, Any] | None] = lambda _operator: {}
    permissions: Callable[[Task, str], tuple[Permission, ...]] = lambda _task, _machine_name: ()
    task_permissions: Callable[[Task], tuple[Permission, ...]] = lambda _task: ()
    native: bool = False
    sensor: bool = False
    becomes: str = ""


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
        call("record_failure", task_id=task.task_id, error="{% $states.input.error %}"),
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


def failed_input(payload: str, error: str) -> str:
    """The input of the state that records a failure."""
    return f"{{% {{'states': {payload}, 'error': {error}}} %}}"


def entering(name: str, states: States) -> States:
    """The states with `name` first."""
    return {name: states[name]} | states
