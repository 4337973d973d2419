"""Tasks whose work an AWS service does: what to ask the service for, and what its answer means.

The key is the name of the Airflow class whose `execute` (or `poke`) the service stands in for; a user's subclass that
keeps it is treated alike. One file per operator family, one line per operator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.tasks.native import athena, calls, docker, http, jobs, kubernetes, service, trigger_dagrun
from lambdas.tasks.native.work import NativeWork

NATIVE: Mapping[str, NativeWork] = {
    "AthenaOperator": athena.OPERATOR,
    "AthenaSensor": athena.SENSOR,
    "TriggerDagRunOperator": trigger_dagrun.OPERATOR,
    "LambdaInvokeFunctionOperator": calls.INVOKE,
    "StepFunctionStartExecutionOperator": calls.START_EXECUTION,
    "GlueJobOperator": jobs.GLUE,
    "EcsRunTaskOperator": jobs.ECS,
    "BatchOperator": jobs.BATCH,
    "DockerOperator": docker.DOCKER,
    "KubernetesPodOperator": kubernetes.POD,
    "HttpOperator": http.OPERATOR,
    "ServiceOperator": service.OPERATOR,
    "ServiceSensor": service.SENSOR,
}


# With several instances they are Python.
_ALONE = frozenset({"HttpOperator"})


def instances_are_native(task: Any) -> bool:
    """Whether a service may do the work of a task that has several instances."""
    kind = task.operator_class if task.is_mapped else type(task)
    return any(each.__name__ in NATIVE.keys() - _ALONE for each in kind.__mro__)


def native_work(task: Any) -> NativeWork:
    """The row for a task, by its class or the nearest of its base classes."""
    for kind in type(task).__mro__:
        if kind.__name__ in NATIVE:
            return NATIVE[kind.__name__]
    raise TypeError(f"task {task.task_id!r}: no AWS service does the work of {type(task).__name__}")
