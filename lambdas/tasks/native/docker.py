"""`DockerOperator`: what ECS is asked to run, and what the container's end means.

Its log is read where the task definition sends it: the group that `AIRSTEP_CONTAINER_LOGS` names, a stream for each
ECS task. Source: ECS developer guide, "Using the awslogs log driver".
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from lambdas.tasks.native.jobs import camel, task_of
from lambdas.tasks.native.work import NativeWork


def request(operator: Any, context: Any) -> dict[str, Any]:
    """RunTask's overrides. Raises AirflowException for an instance that wants another container than is deployed."""
    from dag_translator.authoring.exceptions import AirflowException
    from dag_translator.authoring.operators.docker import DEPLOYED

    whole = context["dag"].get_task(operator.task_id)
    fixed = whole.fixed_arguments() if whole.is_mapped else {}
    for name, usual in DEPLOYED.items() if whole.is_mapped else ():
        if getattr(operator, name) != fixed.get(name, usual):
            raise AirflowException(f"{name} is part of the task definition: a task can't be mapped over it")
    overrides: dict[str, Any] = operator.overrides()
    return overrides


def result(operator: Any, answer: Any, _context: Any) -> Any:
    """`answer` is the ECS task, or {"error"} of one that failed."""
    task = camel(task_of(answer["error"]) if "error" in answer else answer)
    (container,) = task["containers"]
    operator.check(container, task.get("stoppedReason") or "")
    return operator.result_of(_lines(operator, task["taskArn"]) if operator.do_xcom_push else [])


def _lines(operator: Any, arn: str) -> list[str]:
    """The container's output; with xcom_all all of it, else its last line."""
    group = os.environ.get("AIRSTEP_CONTAINER_LOGS")
    if not group:  # simulated
        return []
    from dag_translator.authoring.hooks.aws import AwsBaseHook
    from dag_translator.authoring.operators.docker import CONTAINER

    client = AwsBaseHook(aws_conn_id=None, client_type="logs").get_conn()
    place = {"logGroupName": group, "logStreamName": f"{CONTAINER}/{CONTAINER}/{arn.rpartition('/')[2]}"}
    if not operator.xcom_all:
        events = client.get_log_events(**place, startFromHead=False, limit=1)["events"]
        return [str(each["message"]).rstrip() for each in events[-1:]]
    return [str(each["message"]).rstrip() for each in _all_events(client, place)]


def _all_events(client: Any, place: dict[str, str]) -> Iterator[Any]:
    more: dict[str, str] = {}
    while True:
        page = client.get_log_events(**place, startFromHead=True, **more)
        yield from page["events"]
        if page["nextForwardToken"] == more.get("nextToken"):  # CloudWatch's way to say that this is all
            return
        more = {"nextToken": page["nextForwardToken"]}


DOCKER = NativeWork(request, result)
