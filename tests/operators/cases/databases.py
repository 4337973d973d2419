"""RDS, Neptune, DMS."""

from __future__ import annotations

import json
from typing import Any

from tests.operators.aws_fake import Failure
from tests.operators.cases import NO, Case, once, sensor, states, waits

NO_SNAPSHOT = Failure("DBSnapshotNotFound", "no snapshot s")
NO_INSTANCE = Failure("DBInstanceNotFound", "no instance i")
TYPE = 'db_type="instance", '
OF_CLUSTER = 'db_type="cluster", '
EXPORT = 'export_task_identifier="e"'
EXPORTED = f'{EXPORT}, source_arn="arn:x", s3_bucket_name="b", iam_role_arn="arn:r", kms_key_id="k"'


def snapshot(*values: str) -> list[Any]:
    return states("DBSnapshots[].Status", *values)


def instance(*values: str) -> list[Any]:
    return states("DBInstances[].DBInstanceStatus", *values)


def db_cluster(*values: str) -> list[Any]:
    return states("DBClusters[].Status", *values)


def export(*values: str) -> list[Any]:
    return states("ExportTasks[].Status", *values)


def rds(name: Any, arguments: Any, action: Any, describe: Any, told: Any, bad: Any, answer: Any = None) -> Case:
    """One that starts an action, and asks."""
    answer = answer or {}
    return Case(
        *(name, "rds", arguments),
        {f"rds:{action}": answer, f"rds:{describe}": told},
        (action, describe),
        json.dumps(answer),
        {f"rds:{describe}": bad},
    )


RDS = (
    rds(
        *("RdsCreateDbSnapshotOperator", f'{TYPE}db_identifier="i", db_snapshot_identifier="s", tags={{"a": "b"}}'),
        *("CreateDBSnapshot", "DescribeDBSnapshots", snapshot("creating", "available"), snapshot("failed")),
        {"DBSnapshot": {"DBSnapshotIdentifier": "s"}},
    ),
    rds(
        *("RdsCreateDbSnapshotOperator", f'{OF_CLUSTER}db_identifier="i", db_snapshot_identifier="s"'),
        *("CreateDBClusterSnapshot", "DescribeDBClusterSnapshots"),
        states("DBClusterSnapshots[].Status", "creating", "available"),
        states("DBClusterSnapshots[].Status", "failed"),
    ),
    rds(
        "RdsCopyDbSnapshotOperator",
        f'{TYPE}source_db_snapshot_identifier="s", target_db_snapshot_identifier="t", kms_key_id="k"',
        *("CopyDBSnapshot", "DescribeDBSnapshots", snapshot("copying", "available"), snapshot("deleting")),
    ),
    rds(
        *("RdsDeleteDbSnapshotOperator", f'{TYPE}db_snapshot_identifier="s"', "DeleteDBSnapshot"),
        *("DescribeDBSnapshots", [*snapshot("deleting"), NO_SNAPSHOT], snapshot("modifying")),
    ),
    rds(
        *("RdsStartExportTaskOperator", f"{EXPORTED}, waiter_interval=10", "StartExportTask", "DescribeExportTasks"),
        *(export("STARTING", "COMPLETE"), export("FAILED"), {"Status": "STARTING"}),
    ),
    rds(
        *("RdsCancelExportTaskOperator", EXPORT, "CancelExportTask", "DescribeExportTasks"),
        *(export("CANCELING", "CANCELED"), export("COMPLETE")),
    ),
    rds(
        *("RdsCreateEventSubscriptionOperator", 'subscription_name="e", sns_topic_arn="arn:t"'),
        *("CreateEventSubscription", "DescribeEventSubscriptions"),
        states("EventSubscriptionsList[].Status", "creating", "active"),
        states("EventSubscriptionsList[].Status", "topic-not-exist"),
    ),
    Case(
        *("RdsDeleteEventSubscriptionOperator", "rds", 'subscription_name="e"'),
        {"rds:DeleteEventSubscription": {}},
        ("DeleteEventSubscription",),
        "{}",
        {"rds:DeleteEventSubscription": NO},
    ),
    rds(
        "RdsCreateDbInstanceOperator",
        'db_instance_identifier="i", db_instance_class="db.t4g.micro", engine="postgres", '
        'rds_kwargs={"AllocatedStorage": 20}, deferrable=True',
        *("CreateDBInstance", "DescribeDBInstances", instance("creating", "available"), instance("failed")),
        {"DBInstance": {"DBInstanceIdentifier": "i"}},
    ),
    rds(
        *("RdsDeleteDbInstanceOperator", 'db_instance_identifier="i", rds_kwargs={"SkipFinalSnapshot": True}'),
        *("DeleteDBInstance", "DescribeDBInstances", [*instance("deleting"), NO_INSTANCE], instance("rebooting")),
    ),
    rds(
        *("RdsStartDbOperator", 'db_identifier="c", db_type="cluster"', "StartDBCluster", "DescribeDBClusters"),
        *(db_cluster("starting", "available"), db_cluster("deleting")),
    ),
    rds(
        *("RdsStartDbOperator", 'db_identifier="i", db_type="{{ \'instance\' }}"', "StartDBInstance"),
        *("DescribeDBInstances", instance("starting", "available"), instance("failed")),
    ),
    rds(
        *("RdsStopDbOperator", 'db_identifier="i", db_snapshot_identifier="s"', "StopDBInstance"),
        *("DescribeDBInstances", instance("stopping", "stopped"), instance("storage-full")),
    ),
    Case(
        *("RdsSnapshotExistenceSensor", "rds", f'{TYPE}db_snapshot_identifier="s", timeout=600'),
        {"rds:DescribeDBSnapshots": [NO_SNAPSHOT, *snapshot("creating", "available")]},
        ("DescribeDBSnapshots",),
        failing={"rds:DescribeDBSnapshots": NO_SNAPSHOT},
    ),
    Case(
        *("RdsExportTaskExistenceSensor", "rds", f'{EXPORT}, target_statuses=["complete"]'),
        {"rds:DescribeExportTasks": export("STARTING", "COMPLETE")},
        ("DescribeExportTasks",),
        failing={"rds:DescribeExportTasks": export("FAILED")},
    ),
    Case(
        *("RdsDbSensor", "rds", 'db_identifier="c", db_type="cluster", timeout=600'),
        {"rds:DescribeDBClusters": db_cluster("creating", "available")},
        ("DescribeDBClusters",),
        failing={"rds:DescribeDBClusters": db_cluster("creating")},
    ),
)


def task(*values: str) -> list[Any]:
    return states("ReplicationTasks[].Status", *values)


def replication(*values: str, **more: Any) -> list[Any]:
    return states("Replications[].Status", *values, **more)


TASK = 'replication_task_arn="arn:t"'
CONFIG = 'replication_config_arn="arn:c"'
ENDS = 'source_endpoint_arn="arn:s", target_endpoint_arn="arn:d"'
TABLES = 'tables_to_reload=[{"SchemaName": "s", "TableName": "a"}, {"SchemaName": "s", "TableName": "b"}]'
NO_TASK = Failure("ResourceNotFoundFault", "no task t")


def table(*values: str) -> list[Any]:
    return states("TableStatistics[].TableState", *values)


DMS = (
    waits(
        *("dms", "DmsCreateTaskOperator"),
        f'replication_task_id="t", replication_instance_arn="arn:i", table_mappings={{"rules": []}}, {ENDS}',
        ("dms:CreateReplicationTask", {"ReplicationTask": {"ReplicationTaskArn": "arn:t"}}),
        *("dms:DescribeReplicationTasks", task("creating", "ready"), task("failed"), "arn:t"),
    ),
    waits(
        *("dms", "DmsDeleteTaskOperator", TASK, ("dms:DeleteReplicationTask", {}), "dms:DescribeReplicationTasks"),
        *([*task("deleting"), NO_TASK], task("running")),
    ),
    Case(
        *("DmsModifyTaskOperator", "dms", f'{TASK}, migration_type="cdc"'),
        {
            "dms:DescribeReplicationTasks": task("modifying", "stopped", "modifying", "ready"),
            "dms:ModifyReplicationTask": {"ReplicationTask": {"MigrationType": "cdc"}},
        },
        ("DescribeReplicationTasks", "ModifyReplicationTask", "DescribeReplicationTasks"),
        {"MigrationType": "cdc"},
        {"dms:DescribeReplicationTasks": task("running")},
    ),
    once(
        *("dms", "DmsDescribeTasksOperator", 'describe_tasks_kwargs={"MaxRecords": 20}'),
        *("dms:DescribeReplicationTasks", {"ReplicationTasks": []}, [None, []]),
    ),
    once("dms", "DmsStartTaskOperator", TASK, "dms:StartReplicationTask", {}),
    once("dms", "DmsStopTaskOperator", TASK, "dms:StopReplicationTask", {}),
    waits(
        *("dms", "DmsReloadTablesOperator", f"{TASK}, {TABLES}"),
        *(("dms:ReloadTables", {"ReplicationTaskArn": "arn:t"}), "dms:DescribeTableStatistics"),
        *(table("Full load", "Table completed"), table("Table completed", "Table error"), "arn:t"),
    ),
    once(
        *("dms", "DmsCreateReplicationConfigOperator"),
        f'replication_config_id="c", compute_config={{}}, replication_type="full-load", table_mappings="{{}}", {ENDS}',
        "dms:CreateReplicationConfig",
        *({"ReplicationConfig": {"ReplicationConfigArn": "arn:c"}}, "arn:c"),
    ),
    once(
        *("dms", "DmsDescribeReplicationConfigsOperator", "", "dms:DescribeReplicationConfigs"),
        *({"ReplicationConfigs": []}, []),
    ),
    once(
        *("dms", "DmsDescribeReplicationsOperator", "filter=[]", "dms:DescribeReplications"),
        *({"Replications": []}, []),
    ),
    Case(
        *("DmsDeleteReplicationConfigOperator", "dms", CONFIG),
        {
            "dms:DescribeReplications": replication("running", "stopped"),
            "dms:DeleteReplicationConfig": {},
            "dms:DescribeReplicationConfigs": [{"ReplicationConfigs": [{}]}, NO_TASK],
        },
        ("DescribeReplications", "DeleteReplicationConfig", "DescribeReplicationConfigs"),
        failing={"dms:DescribeReplications": replication("running")},
    ),
    Case(
        *("DmsStartReplicationOperator", "dms", f'{CONFIG}, replication_start_type="reload-target"'),
        {
            "dms:DescribeReplications": replication("created", "running", "stopped"),
            "dms:StartReplication": {},
        },
        ("DescribeReplications", "StartReplication", "DescribeReplications"),
        failing={"dms:DescribeReplications": replication("created", "failed")},
    ),
    Case(
        *("DmsStartReplicationOperator", "dms", f'{CONFIG}, replication_start_type="resume-processing"'),
        {"dms:DescribeReplications": replication("running")},
        ("DescribeReplications",),
        failing={"dms:DescribeReplications": NO},
    ),
    Case(
        *("DmsStopReplicationOperator", "dms", CONFIG),
        {"dms:DescribeReplications": replication("running", "stopped"), "dms:StopReplication": {}},
        ("DescribeReplications", "StopReplication", "DescribeReplications"),
        failing={"dms:StopReplication": NO},
    ),
    sensor(
        *("dms", "DmsTaskCompletedSensor", TASK, "dms:DescribeReplicationTasks", task("running", "stopped")),
        task("failed"),
    ),
)
NEPTUNE = (
    Case(
        *("NeptuneStartDbClusterOperator", "neptune", 'db_cluster_id="c"'),
        {
            "neptune:DescribeDBClusters": db_cluster("stopped", "starting", "available"),
            "neptune:StartDBCluster": [Failure("InvalidClusterState", "busy"), {}],
        },
        ("DescribeDBClusters", "StartDBCluster", "DescribeDBClusters"),
        {"db_cluster_id": "c"},
        {"neptune:DescribeDBClusters": db_cluster("stopped", "migration-failed")},
    ),
    Case(
        *("NeptuneStopDbClusterOperator", "neptune", 'db_cluster_id="c"'),
        {"neptune:DescribeDBClusters": db_cluster("stopped")},
        ("DescribeDBClusters",),
        {"db_cluster_id": "c"},
        {"neptune:DescribeDBClusters": db_cluster("cloning-failed")},
    ),
)
DATABASES = (*RDS, *DMS, *NEPTUNE)
