"""Any operator whose `execute` is Python: one state, the Lambda that runs it.

It pulls its inputs, renders its templates, runs, and pushes its XComs; `Retry` carries the user's retries, unless a
retry policy decides about them. What outgrows Lambda runs in a container, if `executor_config` says so: see
`container`.
"""

from __future__ import annotations

from dag_translator import asl
from dag_translator.lowering.lambdas import INVOKE, TRANSIENT, retriers, timeout
from dag_translator.model import Task
from dag_translator.operators import container
from dag_translator.operators.lowering import Lowering, Permission, Site, States, asking, entering, failing


def lower(task: Task, site: Site) -> States:
    if task.compute.on == "fargate":
        return container.lower(task, site)
    name = site.names.name(task.task_id)
    states: States = {}
    success = site.exits.success()
    failed = failing(task, site, states)("$states.input")
    if task.retry.asks:
        failed = asking(task, site, states, failed, name, service=False)
    states[name] = asl.Task(
        INVOKE,
        site.call("run_task", task, attempt="{% $states.context.State.RetryCount %}"),
        success.next,
        output=success.output("$states.input", "$states.result.Payload"),
        retry=(TRANSIENT,) if task.retry.asks else retriers(task.retry),
        catch=failed.catch,
        timeout=timeout(task),
        comment=task.doc,
    )
    return entering(name, states)


def permissions(task: Task, machine_name: str) -> tuple[Permission, ...]:
    return container.permissions(task, machine_name) if task.compute.on == "fargate" else ()


LOWERING = Lowering(lower, permissions=permissions)
