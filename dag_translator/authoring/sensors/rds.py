"""Sensors on Amazon RDS. What is not there yet is awaited, so a Lambda asks."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.enumerations import RdsDbType
from dag_translator.authoring.aws.operator import error_code
from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.aws.sensor import ServiceSensorTask
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.rds import CLUSTER_SNAPSHOT, EXPORT, SNAPSHOT, of_cluster, watch_of
from dag_translator.authoring.operators.rds_databases import CLUSTER, INSTANCE

_MISSING = (
    *("DBSnapshotNotFound", "DBClusterSnapshotNotFoundFault", "DBInstanceNotFound", "DBClusterNotFoundFault"),
    *("ExportTaskNotFound", "ExportTaskNotFoundFault"),
)


class RdsBaseSensor(ServiceSensorTask):
    """What RDS's sensors share: target_statuses, in small letters."""

    ui_color, ui_fgcolor = "#ddbb77", "#ffffff"
    service = "rds"
    watch = INSTANCE
    __init__ = takes(hook_params=None)

    def success_states(self) -> tuple[str, ...]:
        return tuple(self.target_statuses or ("available",))

    def error_states(self) -> tuple[str, ...]:
        return ()

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        try:
            _, told = super().asked(handle)
        except Exception as error:
            if error_code(error) not in _MISSING:
                raise
            return "running", "not there"
        state = told.lower()
        if state in type(self).error_states(self):
            return "failed", state
        return ("success" if state in type(self).success_states(self) else "running"), state


class RdsSnapshotExistenceSensor(RdsBaseSensor):
    """Done when the snapshot has one of target_statuses: available unless given."""

    template_fields: Any = aws_template_fields("db_snapshot_identifier", "target_statuses")
    watch = SNAPSHOT
    __init__ = takes("db_type", "db_snapshot_identifier", target_statuses=None)

    def chosen_watch(self) -> Any:
        return watch_of(self.db_type, SNAPSHOT, CLUSTER_SNAPSHOT)

    def arguments(self) -> dict[str, Any]:
        kind = "DBCluster" if of_cluster(self.db_type) else "DB"
        return {f"{kind}SnapshotIdentifier": self.db_snapshot_identifier}


class RdsExportTaskExistenceSensor(RdsBaseSensor):
    """Done when the export has one of target_statuses: any but failed unless given. error_statuses fail it."""

    template_fields: Any = aws_template_fields("export_task_identifier", "target_statuses", "error_statuses")
    watch = EXPORT
    __init__ = takes("export_task_identifier", target_statuses=None, error_statuses=None)

    def error_states(self) -> tuple[str, ...]:
        return tuple(self.error_statuses or ("failed",))

    def success_states(self) -> tuple[str, ...]:
        return tuple(self.target_statuses or ("starting", "in_progress", "complete", "canceling", "canceled"))

    def arguments(self) -> dict[str, Any]:
        return {"ExportTaskIdentifier": self.export_task_identifier}


class RdsDbSensor(RdsBaseSensor):
    """Done when the DB instance or cluster has one of target_statuses: available unless given."""

    template_fields: Any = aws_template_fields("db_identifier", "db_type", "target_statuses")
    __init__ = takes("db_identifier", db_type=RdsDbType.INSTANCE, target_statuses=None)

    def chosen_watch(self) -> Any:
        return watch_of(self.db_type, INSTANCE, CLUSTER)

    def arguments(self) -> dict[str, Any]:
        kind = "Cluster" if of_cluster(self.db_type) else "Instance"
        return {f"DB{kind}Identifier": self.db_identifier}
