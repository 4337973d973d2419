"""`AthenaSensor`: prepare (templates) → Wait / poll / Choice on `athena:getQueryExecution`, no Lambda while it waits.

Source: `apache-airflow-providers-amazon` 9, `sensors/athena.py`: FAILED and CANCELLED fail the task, QUEUED and RUNNING
go on, every `sleep_time` seconds, until the sensor's `timeout`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dag_translator import asl
from dag_translator.model import Task
from dag_translator.operators import polling
from dag_translator.operators.athena import THROTTLED
from dag_translator.operators.lowering import Lowering, Permission, Site, States
from dag_translator.operators.polled import lower_polled
from dag_translator.operators.service import unused_arguments

GET_QUERY = "arn:aws:states:::aws-sdk:athena:getQueryExecution"

_STATUS = "$states.result.QueryExecution.Status"
# The deadline is epoch milliseconds, set when the sensor is prepared.
_FAILED = f"{{'Error': 'AirflowException', 'Cause': 'Athena sensor failed: the query is ' & {_STATUS}.State}}"
_TIMED_OUT = "{'Error': 'AirflowSensorTimeout', 'Cause': 'Sensor has timed out'}"
_LATE = "$toMillis($states.context.State.EnteredTime) >= $states.input.poll.deadline"


def settings(operator: Any) -> Mapping[str, Any]:
    """The provider polls every `sleep_time` seconds, inside each poke."""
    interval = polling.seconds(operator.sleep_time)
    soft_fail = bool(getattr(operator, "soft_fail", False))
    return {
        **polling.settings(operator),
        "interval": interval,
        "soft_fail": soft_fail,
        **unused_arguments(operator),
    }


def _answer(task: Task) -> str:
    """The status as an answer: the provider's failure states fail the task; past its deadline the sensor times out."""
    late = f"{{'state': '{'skipped' if task.settings['soft_fail'] else 'failed'}', 'error': {_TIMED_OUT}}}"
    return (
        f"{_STATUS}.State = 'SUCCEEDED' ? {{'state': 'success'}}"
        f" : {_STATUS}.State in ['FAILED', 'CANCELLED'] ? {{'state': 'failed', 'error': {_FAILED}}}"
        f" : {_LATE} ? {late} : {{'state': 'up_for_reschedule'}}"
    )


def lower(task: Task, site: Site) -> States:
    ask = asl.Task(
        GET_QUERY,
        {"QueryExecutionId": "{% $states.input.poll.arguments.QueryExecutionId %}"},
        None,
        retry=THROTTLED,
    )
    wait = max(1, math.ceil(task.settings["interval"]))
    poll = polling.Poll(ask, _answer(task), wait, kept=True)
    return lower_polled(task, site, poll, tries=False, result=None)


def permissions(task: Task, machine_name: str) -> tuple[Permission, ...]:
    """The query may be any workgroup's: only its id is known."""
    workgroups = "arn:${AWS::Partition}:athena:${AWS::Region}:${AWS::AccountId}:workgroup/*"
    reason = f"Athena query watched by task {task.task_id}"
    own = Permission(("athena:GetQueryExecution",), (workgroups,), reason)
    return (own, *polling.permissions(task, machine_name))


LOWERING = Lowering(
    lower, settings, permissions, native=True, sensor=True, becomes="polled: `athena:getQueryExecution`"
)
