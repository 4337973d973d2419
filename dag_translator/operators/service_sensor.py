"""`ServiceSensor`: any sensor on a service, from the `Watch` of its class: prepare (templates) → ask / Choice / Wait,
no Lambda while it waits. What asks elsewhere, or has a say in what a failure means, is Python.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dag_translator import asl
from dag_translator.model import Task
from dag_translator.operators import polling, sensor
from dag_translator.operators.lowering import Lowering, Permission, Site, States
from dag_translator.operators.polled import lower_polled
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

TIMED_OUT = "{'Error': 'AirflowSensorTimeout', 'Cause': 'Sensor has timed out'}"
# What a sensor may be told about failures and pauses, which is Python's business.
_OWN_RULES = ("silent_fail", "never_fail", "exponential_backoff")


def settings(operator: Any) -> Mapping[str, Any] | None:
    kind = operator.operator_class
    watch = kind.chosen_watch(operator)
    if (
        watch is None  # a base class, whose subclass polls by itself
        or watch.gone
        or asks_by_itself(kind)
        or elsewhere(operator)
        or any(getattr(operator, name, False) for name in _OWN_RULES)
    ):
        return None
    return {
        **polling.settings(operator),
        "interval": polling.seconds(kind.pace(operator)),
        "soft_fail": bool(getattr(operator, "soft_fail", False)),
        "resource": sdk_resource(watch.service, watch.action),
        "watch": watched(operator),
        "lambda": statements(kind.reads, operator),
        **unused(operator),
        "machine": statements(watch.grants, operator),
    }


def lower(task: Task, site: Site) -> States:
    late = f"{{'state': '{'skipped' if task.settings['soft_fail'] else 'failed'}', 'error': {TIMED_OUT}}}"
    ask = asl.Task(task.settings["resource"], "{% $states.input.poll.arguments %}", None, retry=(ASKING,))
    wait = max(1, math.ceil(task.settings["interval"]))
    poll = polling.Poll(ask, answer(task.settings["watch"], late), wait, kept=True)
    return lower_polled(task, site, poll, tries=True, result=None)


def _permissions(task: Task, machine_name: str) -> tuple[Permission, ...]:
    asking = permissions(task.settings["machine"], f"what task {task.task_id} waits for")
    return (*asking, *polling.permissions(task, machine_name))


def _in_python(operator: Any) -> Mapping[str, Any]:
    watch = operator.operator_class.chosen_watch(operator)
    watching = watch.grants if watch is not None else ()
    grants = statements((*operator.operator_class.reads, *watching), operator)
    return {**polling.settings(operator), "lambda": grants, **unused(operator)}


def _task_permissions(task: Task) -> tuple[Permission, ...]:
    return permissions(task.settings["lambda"], f"what task {task.task_id} asks")


LOWERINGS: Mapping[str, Lowering] = {
    "ServiceSensorTask": Lowering(sensor.lower, _in_python, polling.permissions, _task_permissions, sensor=True),
    "ServiceSensor": Lowering(
        lower,
        settings,
        _permissions,
        _task_permissions,
        native=True,
        sensor=True,
        tries=True,
    ),
}
