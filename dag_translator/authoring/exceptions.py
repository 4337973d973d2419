"""Airflow's exceptions, as far as DAG files and operators raise or catch them.

AirflowException
├── AirflowSkipException          the task is skipped, never retried
├── AirflowFailException          the task fails, never retried
├── AirflowSensorTimeout          a sensor's own timeout: fails, never retried
├── AirflowRescheduleException    a sensor asks to be poked again later
├── AirflowNotFoundException      no such connection
├── AirflowBadRequest, AirflowConfigException, AirflowTimetableInvalid, AirflowDagCycleException, …
├── DuplicateTaskIdFound, TaskAlreadyInTaskGroup, TaskNotFound, ParamValidationError, XComNotFound
└── DownstreamTasksSkipped        raised by Airflow's own operators; ours answer `tasks_to_skip` instead
AirflowTaskTimeout, AirflowTaskTerminated, TaskDeferred
                                  BaseExceptions: a user's `except Exception` must not swallow them
AirflowRuntimeError               a missing Variable (Airflow 3); also a KeyError, as in Airflow 2
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any


class AirflowException(Exception):
    """Base of Airflow's errors."""

    status_code = 500


class AirflowSkipException(AirflowException):
    """The task is to be skipped."""


class AirflowFailException(AirflowException):
    """The task is to fail without a retry."""


class AirflowSensorTimeout(AirflowException):
    """A sensor waited longer than its `timeout`."""


class AirflowRescheduleException(AirflowException):
    """A sensor wants to be poked again at `reschedule_date`."""

    def __init__(self, reschedule_date: datetime) -> None:
        super().__init__()
        self.reschedule_date = reschedule_date


class AirflowNotFoundException(AirflowException):
    """The requested object, such as a connection, does not exist."""

    status_code = 404


class AirflowBadRequest(AirflowException):
    """The request makes no sense."""

    status_code = 400


class AirflowConfigException(AirflowException):
    """No such configuration option."""


class AirflowTimetableInvalid(AirflowException):
    """The schedule makes no sense."""


class AirflowDagCycleException(AirflowException):
    """Tasks wait for each other."""


class AirflowDagDuplicatedIdException(AirflowException):
    """Two DAGs have the same id."""


class AirflowClusterPolicyViolation(AirflowException):
    """A DAG violates a policy."""


class AirflowOptionalProviderFeatureException(AirflowException):
    """An optional part of a provider is missing."""


class AirflowProviderDeprecationWarning(DeprecationWarning):
    """A provider's deprecation."""


class RemovedInAirflow3Warning(DeprecationWarning):
    """A deprecation of Airflow 2."""


class RemovedInAirflow4Warning(DeprecationWarning):
    """A deprecation of Airflow 3."""


class AirflowTaskTimeout(BaseException):
    """The task ran longer than its `execution_timeout`."""


class AirflowTaskTerminated(BaseException):
    """The task was stopped from outside."""


class TaskDeferred(BaseException):
    """An operator asks to be resumed by `method_name` once `trigger` fires."""

    def __init__(
        self,
        *,
        trigger: Any,
        method_name: str,
        kwargs: dict[str, Any] | None = None,
        timeout: timedelta | int | float | None = None,
    ) -> None:
        super().__init__()
        self.trigger = trigger
        self.method_name = method_name
        self.kwargs = kwargs
        self.timeout = timeout


class TaskDeferralError(AirflowException):
    """A deferred task failed while deferred."""


class TaskDeferralTimeout(AirflowException):
    """A deferred task waited too long."""


class DownstreamTasksSkipped(AirflowException):
    """Names the tasks to skip."""

    def __init__(self, *, tasks: Any) -> None:
        super().__init__()
        self.tasks = tasks


class DuplicateTaskIdFound(AirflowException):
    """Two tasks or groups of a DAG have the same id."""


class TaskAlreadyInTaskGroup(AirflowException):
    """A task is added to a second group."""

    def __init__(self, task_id: str, existing_group_id: str | None, new_group_id: str | None) -> None:
        where = f"group {existing_group_id!r}" if existing_group_id else "the DAG's root group"
        super().__init__(f"cannot add {task_id!r} to {new_group_id!r} (already in {where})")


class TaskNotFound(AirflowException):
    """No such task in the DAG."""


class NodeNotFound(TaskNotFound, KeyError):
    """No such task or group, by subscript."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class DagNotFound(AirflowNotFoundException):
    """No such DAG."""


class DagRunNotFound(AirflowNotFoundException):
    """No such DAG run."""


class DagRunAlreadyExists(AirflowBadRequest):
    """A DAG run with this id exists."""


class TaskInstanceNotFound(AirflowNotFoundException):
    """No such task instance."""


class PoolNotFound(AirflowNotFoundException):
    """No such pool."""


class ConnectionNotUnique(AirflowException):
    """Several connections of one name."""


class ParamValidationError(AirflowException, ValueError):
    """A parameter does not fit its schema."""


class XComNotFound(AirflowException):
    """An XCom that another task refers to does not exist."""

    def __init__(self, dag_id: str, task_id: str, key: str) -> None:
        super().__init__(f'XComArg result from {task_id} at {dag_id} with key="{key}" is not found!')
        self.dag_id = dag_id
        self.task_id = task_id
        self.key = key


class XComForMappingNotPushed(TypeError):
    """A task that others map over pushed nothing."""

    def __str__(self) -> str:
        return "did not push XCom for task mapping"


class UnmappableXComTypePushed(TypeError):
    """A task that others map over pushed something that has no items."""


class FailFastDagInvalidTriggerRule(AirflowException):
    """A fail-fast DAG has a task with a trigger rule of its own."""


class AirflowRuntimeError(KeyError):
    """A Variable does not exist. Airflow 2 raises KeyError, Airflow 3 AirflowRuntimeError: catching either works."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class AirflowExternalTaskSensorException(AirflowException):
    """What an ExternalTaskSensor raises."""


class ExternalDagNotFoundError(AirflowExternalTaskSensorException):
    """The other DAG does not exist."""


class ExternalTaskNotFoundError(AirflowExternalTaskSensorException):
    """The other DAG has no such task."""


class ExternalTaskFailedError(AirflowExternalTaskSensorException):
    """A task of the other DAG is in one of failed_states."""


class ExternalTaskGroupFailedError(AirflowExternalTaskSensorException):
    """A task group of the other DAG is in failed_states."""


class ExternalDagFailedError(AirflowExternalTaskSensorException):
    """The run of the other DAG is in one of failed_states."""


class DuplicateStateError(AirflowExternalTaskSensorException):
    """A state is among allowed, skipped and failed ones more than once."""
