"""Operators of AWS Database Migration Service's replication tasks."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask
from dag_translator.authoring.aws.rows import Watch, at, grant, judge, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_TASK = "dms:{here}:task:*"
TASKS = Watch(
    "dms",
    "DescribeReplicationTasks",
    "ReplicationTasks.Status",
    reason="ReplicationTasks.LastFailureMessage",
    grants=(grant("dms:DescribeReplicationTasks"),),
)
_MODIFIABLE = ("stopped", "ready", "failed")
# A Lambda has 15 minutes.
PATIENCE = 800


def filtered(arn: Any) -> dict[str, Any]:
    """What a task is asked for with."""
    return {"Filters": [{"Name": "replication-task-arn", "Values": [arn]}], "WithoutSettings": True}


class _Waiting(ServiceOperator):
    """As the provider does it: at most 60 questions, one in 15 seconds."""

    service = "dms"
    poll_interval, max_attempts = 15, 60

    def waits(self) -> bool:
        return True


class DmsCreateTaskOperator(_Waiting):
    """Makes a replication task, and waits until it is ready; the XCom is its ARN."""

    template_fields: Any = aws_template_fields(
        *("replication_task_id", "source_endpoint_arn", "target_endpoint_arn", "replication_instance_arn"),
        *("table_mappings", "migration_type", "create_task_kwargs"),
    )
    action = "CreateReplicationTask"
    starts = (
        grant("dms:CreateReplicationTask", "dms:{here}:endpoint:*", "dms:{here}:rep:*", _TASK),
        grant("dms:AddTagsToResource", _TASK, given="create_task_kwargs"),
    )
    watch = replace(
        TASKS,
        success=("ready",),
        failure=("starting", "running", "stopping", "stopped", "failed", "modifying", "testing", "deleting"),
    )
    kept, returns = ("arn",), "arn"
    __init__ = takes(
        *("replication_task_id", "source_endpoint_arn", "target_endpoint_arn", "replication_instance_arn"),
        *("table_mappings",),
        migration_type="full-load",
        create_task_kwargs=None,
    )

    def request(self) -> dict[str, Any]:
        return {
            "ReplicationTaskIdentifier": self.replication_task_id,
            "SourceEndpointArn": self.source_endpoint_arn,
            "TargetEndpointArn": self.target_endpoint_arn,
            "ReplicationInstanceArn": self.replication_instance_arn,
            "MigrationType": self.migration_type,
            "TableMappings": json.dumps(self.table_mappings),
            **(self.create_task_kwargs or {}),
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        arn = answer["ReplicationTask"]["ReplicationTaskArn"]
        return {**filtered(arn), "arn": arn}


class DmsDeleteTaskOperator(_Waiting):
    """Deletes a replication task, and waits until it is gone."""

    template_fields: Any = aws_template_fields("replication_task_arn")
    action = "DeleteReplicationTask"
    starts = (grant("dms:DeleteReplicationTask", _TASK),)
    watch = replace(
        TASKS, gone=("ResourceNotFoundFault",), failure=("ready", "creating", "stopped", "running", "failed")
    )
    __init__ = takes(replication_task_arn=None)

    def request(self) -> dict[str, Any]:
        return {"ReplicationTaskArn": self.replication_task_arn}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return filtered(self.replication_task_arn)


class DmsModifyTaskOperator(ServiceOperator):
    """Changes a replication task that is stopped, ready or failed; the XCom is the task as DMS describes it."""

    template_fields: Any = aws_template_fields(
        *("replication_task_arn", "table_mappings", "migration_type", "replication_task_settings", "cdc_start_time"),
        *("cdc_start_position", "cdc_stop_position"),
    )
    service, action = "dms", "ModifyReplicationTask"
    starts = (grant("dms:ModifyReplicationTask", _TASK), *TASKS.grants)
    watch = replace(
        TASKS,
        success=(*_MODIFIABLE, "running", "stopping"),
        failure=("creating", "starting", "moving", "testing", "failed-move", "deleting"),
    )
    kept, returns = ("task",), "task"
    __init__ = takes(
        *("replication_task_arn",),
        table_mappings=None,
        migration_type=None,
        replication_task_settings=None,
        cdc_start_time=None,
        cdc_start_position=None,
        cdc_stop_position=None,
        wait_for_completion=True,
        deferrable=False,
        waiter_delay=30,
        waiter_max_attempts=60,
    )

    def waits(self) -> bool:
        return bool(self.wait_for_completion)

    def request(self) -> dict[str, Any]:
        if self.cdc_start_time is not None and self.cdc_start_position is not None:
            raise ValueError("Only one of cdc_start_time or cdc_start_position can be provided.")
        mappings, settings = self.table_mappings, self.replication_task_settings
        return {
            "ReplicationTaskArn": self.replication_task_arn,
            "TableMappings": None if mappings is None else json.dumps(mappings),
            "MigrationType": self.migration_type,
            "ReplicationTaskSettings": None if settings is None else json.dumps(settings),
            "CdcStartTime": self.cdc_start_time,
            "CdcStartPosition": self.cdc_start_position,
            "CdcStopPosition": self.cdc_stop_position,
        }

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        status = self._status()
        for _ in range(max(1, int(PATIENCE / max(1, self.waiter_delay)))):
            if status != "modifying":
                break
            time.sleep(self.waiter_delay)
            status = self._status()
        if status not in _MODIFIABLE:
            raise RuntimeError(
                f"Replication task {self.replication_task_arn} is in state '{status}' and must be in a modifiable "
                "state (stopped, ready, or failed) before modification. Use DmsStopTaskOperator to stop it first."
            )
        task = self.call(self.action, self.request()).get("ReplicationTask", {})
        return {**filtered(self.replication_task_arn), "task": json.loads(json.dumps(task, default=str))}

    def _status(self) -> str:
        found = at(self.call(TASKS.action, filtered(self.replication_task_arn)), TASKS.state)
        if not found:
            raise ValueError(f"Replication task {self.replication_task_arn} not found.")
        return str(found[0]).lower()


class DmsDescribeTasksOperator(ServiceTask):
    """Describes replication tasks; the XCom is [marker, tasks]."""

    template_fields: Any = aws_template_fields("describe_tasks_kwargs")
    service, action = "dms", "DescribeReplicationTasks"
    starts = TASKS.grants
    __init__ = takes(describe_tasks_kwargs=None)

    def request(self) -> dict[str, Any]:
        return self.describe_tasks_kwargs or {}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return [(handle or {}).get("Marker"), (handle or {}).get("ReplicationTasks", [])]


class DmsStartTaskOperator(ServiceTask):
    """Starts a replication task."""

    template_fields: Any = aws_template_fields(
        *("replication_task_arn", "start_replication_task_type", "start_task_kwargs")
    )
    service, action = "dms", "StartReplicationTask"
    starts = (grant("dms:StartReplicationTask", _TASK),)
    __init__ = takes("replication_task_arn", start_replication_task_type="start-replication", start_task_kwargs=None)

    def request(self) -> dict[str, Any]:
        own = {"StartReplicationTaskType": self.start_replication_task_type, **(self.start_task_kwargs or {})}
        return {"ReplicationTaskArn": self.replication_task_arn, **own}


class DmsStopTaskOperator(ServiceTask):
    """Stops a replication task."""

    template_fields: Any = aws_template_fields("replication_task_arn")
    service, action = "dms", "StopReplicationTask"
    starts = (grant("dms:StopReplicationTask", _TASK),)
    __init__ = takes(replication_task_arn=None)

    def request(self) -> dict[str, Any]:
        return {"ReplicationTaskArn": self.replication_task_arn}


_RELOADED = Watch(
    "dms",
    "DescribeTableStatistics",
    "TableStatistics.TableState",
    success=("Table completed",),
    failure=("Table cancelled", "Table does not exist", "Table error"),
    grants=(grant("dms:DescribeTableStatistics", _TASK),),
)
_VALIDATED = replace(
    _RELOADED,
    state="TableStatistics.ValidationState",
    success=("Validated",),
    failure=(*("Mismatched records", "Suspended records", "No primary key", "Table error", "Error", "Not enabled"),),
)


class DmsReloadTablesOperator(ServiceOperator):
    """Has tables loaded anew; the XCom is the task's ARN. A Lambda asks for one table after the other."""

    template_fields: Any = aws_template_fields("replication_task_arn", "tables_to_reload", "reload_option")
    service, action = "dms", "ReloadTables"
    starts = (grant("dms:ReloadTables", _TASK),)
    watch = _RELOADED
    returns = "ReplicationTaskArn"
    __init__ = takes(
        *("replication_task_arn", "tables_to_reload"),
        reload_option="data-reload",
        wait_for_completion=True,
        deferrable=False,
        waiter_delay=30,
        waiter_max_attempts=60,
    )

    def waits(self) -> bool:
        return bool(self.wait_for_completion)

    def request(self) -> dict[str, Any]:
        tables = {"TablesToReload": self.tables_to_reload, "ReloadOption": self.reload_option}
        return {"ReplicationTaskArn": self.replication_task_arn, **tables}

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        watch = _VALIDATED if self.reload_option == "validate-only" else _RELOADED
        states = [judge(watch, self.call(watch.action, self._of(handle, table))) for table in self.tables_to_reload]
        for wanted in ("failed", "running"):
            for state, told in states:
                if state == wanted:
                    return state, told
        return "success", "all tables"

    @staticmethod
    def _of(handle: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
        names = {"schema-name": table["SchemaName"], "table-name": table["TableName"]}
        return {**handle, "Filters": [{"Name": name, "Values": [value]} for name, value in names.items()]}
