"""`ServiceOperator`: any operator of a service that Step Functions waits for, from the rows of its class.

With a `Sync` the integration runs the job to its end, and stops it with the run: prepare → `….sync` → record. Else the
start is Python (one call, and what the provider does before it), and the state is asked for: start → ask / Choice /
Wait → record; then a run that is stopped leaves the job alone, unless the class has a `cancel`. Who asks is Step
Functions, or a Lambda where only boto3 will do: a connection's credentials, another region, an error that means
success, the class's own `asked` or `abandon`. A task that waits for nothing, or whose `wait_for_completion` a template
says, is Python as a whole (`ServiceTask`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dag_translator import asl
from dag_translator.lowering.lambdas import INVOKE, TRANSIENT
from dag_translator.model import Task
from dag_translator.operators import polling, python
from dag_translator.operators.lowering import Lowering, Permission, Site, States
from dag_translator.operators.polled import lower_polled
from dag_translator.operators.service import lower_call
from dag_translator.operators.service_rows import (
    ASKING,
    answer,
    asks_by_itself,
    elsewhere,
    permissions,
    sdk_resource,
    statements,
    unused,
    watched,
)


def settings(operator: Any) -> Mapping[str, Any] | None:
    """None: Python does it. how: "sync", "sdk" (Step Functions asks), "lambda" (a Lambda asks)."""
    kind = operator.operator_class
    watch, sync = kind.chosen_watch(operator), kind.sync
    waits = [getattr(operator, name, False) for name in ("wait_for_completion", "deferrable")]
    if watch is None or any(isinstance(each, str) for each in waits) or not kind.waits(operator):
        return None
    away = elsewhere(operator)
    by_lambda = away or watch.gone or asks_by_itself(kind)
    how = "sync" if sync is not None and not away else "lambda" if by_lambda else "sdk"
    delay, _ = kind.pace(operator)
    calls = kind.reads if how == "sync" else (*kind.starts, *kind.cancels)
    return {
        "how": how,
        "resource": sync.resource if how == "sync" else sdk_resource(watch.service, watch.action),
        "interval": max(1, math.ceil(delay)),
        "timeout": kind.longest(operator),
        "late": list(kind.too_late(operator)),
        "watch": watched(operator),
        "lambda": statements((*calls, *watch.grants), operator),
        **unused(operator),
        "machine": statements(sync.grants if how == "sync" else watch.grants if how == "sdk" else (), operator),
    }


def lower(task: Task, site: Site) -> States:
    if task.settings["how"] == "sync":
        resource = f"arn:aws:states:::{task.settings['resource']}.sync"
        return lower_call(task, site, resource, limit=task.settings["timeout"], tries=True)
    poll = polling.Poll(_ask(task, site), _answer(task), task.settings["interval"], kept=True)
    handle = "{% $states.input.poll.handle %}"
    return lower_polled(task, site, poll, first="start", keeps=True, tries=True, result=handle)


def _ask(task: Task, site: Site) -> asl.Task:
    if task.settings["how"] == "sdk":
        return asl.Task(task.settings["resource"], "{% $states.input.poll.arguments %}", None, retry=(ASKING,))
    fields = {"handle": "{% $states.input.poll.handle %}", "deadline": "{% $states.input.poll.deadline %}"}
    now = "{% $states.context.State.EnteredTime %}"
    return asl.Task(
        INVOKE, site.call("ask_service", task, "$states.input.states", now=now, **fields), None, retry=(TRANSIENT,)
    )


def _answer(task: Task) -> str:
    if task.settings["how"] == "lambda":
        return "$states.result.Payload"
    error, cause = task.settings["late"]
    late = f"{{'state': 'failed', 'error': {{'Error': '{error}', 'Cause': '{cause}'}}}}"
    return answer(task.settings["watch"], late)


def _permissions(task: Task, machine_name: str) -> tuple[Permission, ...]:
    rounds = () if task.settings["how"] == "sync" else polling.permissions(task, machine_name)
    return (*permissions(task.settings["machine"], f"what task {task.task_id} waits for"), *rounds)


def _task_permissions(task: Task) -> tuple[Permission, ...]:
    return permissions(task.settings["lambda"], f"what task {task.task_id} calls")


def _in_python(operator: Any) -> Mapping[str, Any]:
    kind = operator.operator_class
    watch = kind.chosen_watch(operator)
    watches = watch.grants if watch is not None else ()
    cancels = kind.cancels if watch is not None and kind.waits(operator) else ()
    return {"lambda": statements((*kind.starts, *watches, *cancels), operator), **unused(operator)}


_PYTHON = Lowering(python.lower, _in_python, task_permissions=_task_permissions)
LOWERINGS: Mapping[str, Lowering] = {
    "ServiceTask": _PYTHON,
    "AppflowRecordsShortCircuitOperator": _PYTHON,  # its `execute` is PythonOperator's
    "ServiceOperator": Lowering(
        lower,
        settings,
        _permissions,
        _task_permissions,
        native=True,
        tries=True,
    ),
}
