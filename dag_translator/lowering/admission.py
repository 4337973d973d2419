"""What stands around a task whose start depends on more than its own run: slots, and the run before.

    t · await past   holds the task until it, and with wait_for_downstream the tasks below it, succeeded in the DagRun
                     before
    t · admit        holds the task until there are slots for it: of its pool, of max_active_tis_per_dag,
                     max_active_tasks
    t · release      on every way out: gives the slots back, and tells the next DagRun that the task is done
    t · tell next    on the ways out of a task without slots that the next DagRun may wait for

The first two wait with a task token, which costs nothing, and every one of them may be called twice. A task that asks
for none of this has none of these states. See `lambdas.waiting.slots` and `lambdas.waiting.past`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dag_translator import asl, names, regions
from dag_translator.lowering.exits import Exit, Exits
from dag_translator.lowering.lambdas import ANYTHING, INVOKE, INVOKE_AND_WAIT, SIGNAL_FUNCTION
from dag_translator.model import Dag, Expansion, Task
from dag_translator.operators.lowering import Lowering, Names, Site, States
from dag_translator.regions import Mapped, Parallel, Part, Region, Series, Step

_PASSING = "{% $states.input %}"
_TOKEN = "{% $states.context.Task.Token %}"


def lower(task: Task, lowering: Lowering, site: Site) -> States:
    """The task's states, with what stands around them; the one to enter first. Inside a `Map`: slots alone."""
    if not task.limits and not (task.past or task.is_awaited):
        return lowering.lower(task, site)
    leaving: States = {}
    ways = {state: _leaving(task, site, leaving, state) for state in ("success", "skipped", "failed")}
    inner = lowering.lower(task, replace(site, exits=Exits(**ways)))
    states: States = {}
    if task.limits:
        states[site.names.name(task.task_id, "admit")] = admitting(task, site, "$states.input", next(iter(inner)))
    states |= inner | leaving
    return states if site.each else awaiting(task, site.names, states)


def awaiting(task: Task, free: Names, states: States) -> States:
    """The states, with the wait for the DagRun before in front of them if the task depends on it."""
    if not task.past:
        return states
    payload = {"kind": "await_past", "run": "{% $run %}", "task_id": task.task_id, **task.past, "token": _TOKEN}
    return {
        free.name(task.task_id, "await past"): _call(INVOKE_AND_WAIT, payload, next(iter(states)), _PASSING)
    } | states


def admitting(task: Task, site: Site, payload: str, following: str) -> asl.Task:
    """The state that waits for slots. payload: JSONata for the payload in its input, which it passes on."""
    asked = {**_which("admit", task, site, payload), "limits": dict(task.limits), "token": _TOKEN}
    return _call(INVOKE_AND_WAIT, asked, following, _PASSING)


def releasing(task: Task, site: Site, payload: str, following: str | None, output: str = _PASSING) -> asl.Task:
    """The state that gives slots back."""
    return _call(INVOKE, {**_which("release", task, site, payload), "limits": dict(task.limits)}, following, output)


def telling(task: Task, free: Names, states: States, way: Callable[[], Exit]) -> Callable[[], Exit]:
    """The way out of a mapped task that the next DagRun may wait for; adds its state to `states`."""
    if not task.is_awaited:
        return way

    def leave() -> Exit:
        exit_ = way()
        name = free.name(task.task_id, "tell next")
        payload = {"kind": "tell_next", "run": "{% $run %}", "task_id": task.task_id, "state": _state(task)}
        states[name] = _call(INVOKE, payload, exit_.next, exit_.output("$states.input"))
        return Exit(name)

    return leave


def _leaving(task: Task, site: Site, states: States, state: str) -> Callable[[], Exit]:
    """One way out: past the state that gives back and tells. Made when it is asked for, once."""
    found: list[Exit] = []

    def leave() -> Exit:
        if not found:
            found.append(_left(task, site, states, state))
        return found[0]

    return leave


def _left(task: Task, site: Site, states: States, state: str) -> Exit:
    way: Exit = getattr(site.exits, state)()
    tells = task.is_awaited and not site.each and state != "failed"
    if not task.limits and not tells:
        return way
    output = way.output("$states.input")
    if task.limits:
        made = releasing(task, site, "$states.input", way.next, output)
        if tells:
            arguments = {**made.arguments, "Payload": {**made.arguments["Payload"], "tells_next": True}}
            made = replace(made, arguments=arguments)
    else:
        payload = {"kind": "tell_next", "run": "{% $run %}", "task_id": task.task_id}
        made = _call(INVOKE, payload, way.next, output)
    same = next((name for name, other in states.items() if other == made), None)
    name = same or site.names.name(task.task_id, "release" if task.limits else "tell next")
    states[name] = made
    return Exit(name)


def _which(kind: str, task: Task, site: Site, payload: str) -> dict[str, Any]:
    return {"kind": kind, **site.which(payload), "task_id": task.task_id}


def _call(resource: str, payload: dict[str, Any], following: str | None, output: str) -> asl.Task:
    arguments = {"FunctionName": SIGNAL_FUNCTION, "Payload": payload}
    return asl.Task(resource, arguments, following, output=output, retry=(ANYTHING,))


def _state(task: Task) -> str:
    return f"{{% {names.state_of(task.task_id)} %}}"


def limited(dag: Dag, region: Region | None) -> Dag:
    """The DAG with its max_active_tasks among the limits of its tasks, if more of them could ever run side by side."""
    if dag.max_active_tasks is None or region is None or _width(dag, region) <= dag.max_active_tasks:
        return dag
    limit = {"max_active_tasks": dag.max_active_tasks}
    tasks = tuple(
        replace(task, limits={"priority_weight": task.priority_weight, **task.limits, **limit})
        if task.takes_slots
        else task
        for task in dag.tasks
    )
    return replace(dag, tasks=tasks)


def _width(dag: Dag, region: Region) -> float:
    """How many tasks run side by side at most (never less than really do)."""
    match region:
        case Step(task_id):
            task = dag.by_id[task_id]
            if not task.takes_slots:
                return 0
            if task.expansion is None:
                return 1
            return _instances(task.expansion)
        case Mapped(group_id, body):
            (group,) = (each for each in dag.mapped_groups if each.group_id == group_id)
            width = _width(dag, body)
            return width and width * _instances(group.expansion)
        case Series(steps):
            return max(_width(dag, step) for step in steps)
        case Parallel(branches):
            return sum(_width(dag, branch) for branch in branches)
        case Part(_, inner):
            return _width(dag, inner)
        case regions.Signal() | regions.Await() | regions.Gather():
            return 0


def _instances(expansion: Expansion) -> float:
    """How many run side by side at most."""
    return min((each for each in (expansion.length, expansion.at_once) if each is not None), default=float("inf"))
