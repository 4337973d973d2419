"""Sensors on replication tasks of AWS Database Migration Service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.dms import TASKS, filtered


class DmsTaskBaseSensor(ServiceSensor):
    """Done when the task has one of target_statuses; termination_statuses fail it."""

    template_fields: Any = aws_template_fields("replication_task_arn")
    service = "dms"
    watch = replace(TASKS, reason="ReplicationTasks.StopReason")
    __init__ = takes("replication_task_arn", target_statuses=None, termination_statuses=None)

    def arguments(self) -> dict[str, Any]:
        return filtered(self.replication_task_arn)

    def success_states(self) -> tuple[str, ...]:
        return tuple(self.target_statuses or ())

    def failure_states(self) -> tuple[str, ...]:
        return tuple(self.termination_statuses or ())


class DmsTaskCompletedSensor(DmsTaskBaseSensor):
    """Done when the task is stopped."""

    def success_states(self) -> tuple[str, ...]:
        return ("stopped",)

    def failure_states(self) -> tuple[str, ...]:
        return ("creating", "deleting", "failed", "failed-move", "modifying", "moving", "ready", "testing")
