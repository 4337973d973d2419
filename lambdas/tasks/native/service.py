"""`ServiceOperator` and `ServiceSensor`: any AWS service, from the rows of the operator's class.

What the polls ask with, the handle, travels through the machine as the API spells it (`handle`, for Lambda) and as Step
Functions does (`arguments`).
"""

from __future__ import annotations

from typing import Any

from lambdas.tasks.native.spelling import sdk_spelt
from lambdas.tasks.native.work import NativeWork
from lambdas.tasks.opening import fixed


def start(operator: Any, context: Any) -> dict[str, Any]:
    """The `.sync` integration's request; else the work is started, and this is the handle."""
    if _synced(operator):
        from dag_translator.authoring.aws.operator import present

        request: dict[str, Any] = sdk_spelt(present(operator.prepared(context)), operator.sync.maps)
        return request
    return _both(operator, operator.start(context) or {})


def finish(operator: Any, answer: Any, context: Any) -> Any:
    """answer: the handle, or what the `.sync` integration gave."""
    return operator.finish(operator.synced(answer) if _synced(operator) else answer, context)


def limit(operator: Any) -> float | None:
    """Seconds that are waited at most; None where Step Functions waits by itself."""
    return None if _synced(operator) else float(operator.longest())


def ask(sensor: Any, _context: Any) -> dict[str, Any]:
    """What a sensor asks with."""
    return _both(sensor, sensor.arguments())


def nothing(_sensor: Any, _answer: Any, _context: Any) -> None:
    """A sensor returns nothing."""


def _synced(operator: Any) -> bool:
    """As the translator decided it, which saw the arguments before templates were rendered."""
    task = operator.dag.get_task(operator.task_id)
    return operator.sync is not None and not operator.is_elsewhere(lambda name: fixed(task, name))


def _both(task: Any, handle: dict[str, Any]) -> dict[str, Any]:
    return {"handle": handle, "arguments": sdk_spelt(task.question(handle))}


OPERATOR = NativeWork(start, finish, limit)
SENSOR = NativeWork(ask, nothing, lambda sensor: float(sensor.timeout))
