"""Operators of Amazon RDS: DB instances and clusters. The XCom is the service's answer as JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.enumerations import RdsDbType
from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.rds import NOT_AVAILABLE, NOT_DELETED, RdsBaseOperator, RdsTyped

INSTANCE = Watch(
    "rds",
    "DescribeDBInstances",
    "DBInstances.DBInstanceStatus",
    grants=(grant("rds:DescribeDBInstances", "rds:{here}:db:*"),),
)
CLUSTER = Watch(
    "rds",
    "DescribeDBClusters",
    "DBClusters.Status",
    grants=(grant("rds:DescribeDBClusters", "rds:{here}:cluster:*"),),
)
_INSTANCE = "rds:{here}:db:{db_instance_identifier}"
_NOT_STOPPED = (
    *("available", "delete-precheck", "deleting", "failed", "inaccessible-encryption-credentials"),
    *("inaccessible-encryption-credentials-recoverable", "incompatible-network", "incompatible-option-group"),
    *("incompatible-parameters", "incompatible-restore", "insufficient-capacity", "restore-error", "storage-full"),
)
_WAITER: dict[str, Any] = {"wait_for_completion": True, "waiter_delay": 30, "waiter_max_attempts": 40}


class _Instance(RdsBaseOperator):
    def start(self, context: Any) -> dict[str, Any] | None:
        answer = self.call(self.action, self.prepared(context))
        return {"DBInstanceIdentifier": self.db_instance_identifier, **self.told(answer)}


class RdsCreateDbInstanceOperator(_Instance):
    """Makes a DB instance. rds_kwargs: what else CreateDBInstance takes."""

    template_fields: Any = aws_template_fields("db_instance_identifier", "db_instance_class", "engine", "rds_kwargs")
    action = "CreateDBInstance"
    starts = (
        grant(
            "rds:CreateDBInstance rds:AddTagsToResource",
            *(_INSTANCE, "rds:{here}:cluster:*", "rds:{here}:og:*", "rds:{here}:pg:*", "rds:{here}:secgrp:*"),
            "rds:{here}:subgrp:*",
        ),
        grant("iam:PassRole", "iam::{account}:role/*", given="rds_kwargs"),
    )
    watch = replace(INSTANCE, success=("available",), failure=NOT_AVAILABLE, every=True)
    __init__ = takes(
        *("db_instance_identifier", "db_instance_class", "engine"),
        rds_kwargs=None,
        wait_for_completion=True,
        deferrable=False,
        waiter_delay=30,
        waiter_max_attempts=60,
    )

    def request(self) -> dict[str, Any]:
        return {
            "DBInstanceIdentifier": self.db_instance_identifier,
            "DBInstanceClass": self.db_instance_class,
            "Engine": self.engine,
            **(self.rds_kwargs or {}),
        }


class RdsDeleteDbInstanceOperator(_Instance):
    """Deletes a DB instance. rds_kwargs: what else DeleteDBInstance takes."""

    template_fields: Any = aws_template_fields("db_instance_identifier", "rds_kwargs")
    action = "DeleteDBInstance"
    starts = (
        grant("rds:DeleteDBInstance", _INSTANCE),
        grant("rds:CreateDBSnapshot rds:AddTagsToResource", _INSTANCE, "rds:{here}:snapshot:*", given="rds_kwargs"),
    )
    watch = replace(INSTANCE, gone=("DBInstanceNotFound", "DBInstanceNotFoundFault"), failure=NOT_DELETED)
    __init__ = takes(
        *("db_instance_identifier",),
        rds_kwargs=None,
        wait_for_completion=True,
        deferrable=False,
        waiter_delay=30,
        waiter_max_attempts=60,
    )

    def request(self) -> dict[str, Any]:
        return {"DBInstanceIdentifier": self.db_instance_identifier, **(self.rds_kwargs or {})}


class RdsStartDbOperator(RdsTyped):
    """Starts a DB instance or cluster."""

    template_fields: Any = aws_template_fields("db_identifier", "db_type")
    starts = (
        grant(
            "rds:StartDBInstance rds:StartDBCluster",
            *("rds:{here}:db:{db_identifier}", "rds:{here}:cluster:{db_identifier}"),
        ),
    )
    instance = replace(INSTANCE, success=("available",), failure=NOT_AVAILABLE, every=True)
    cluster = replace(CLUSTER, success=("available",), failure=NOT_AVAILABLE, every=True)
    watch = instance
    __init__ = takes("db_identifier", db_type=RdsDbType.INSTANCE, deferrable=False, **_WAITER)

    def typed(self, cluster: bool) -> tuple[str, dict[str, Any], dict[str, Any]]:
        kind = "Cluster" if cluster else "Instance"
        handle = {f"DB{kind}Identifier": self.db_identifier}
        return f"StartDB{kind}", handle, handle


class RdsStopDbOperator(RdsTyped):
    """Stops a DB instance or cluster. db_snapshot_identifier: of a snapshot that is made of the instance before."""

    template_fields: Any = aws_template_fields("db_identifier", "db_snapshot_identifier", "db_type")
    starts = (
        grant(
            "rds:StopDBInstance rds:StopDBCluster",
            *("rds:{here}:db:{db_identifier}", "rds:{here}:cluster:{db_identifier}"),
        ),
        grant(
            "rds:CreateDBSnapshot",
            *("rds:{here}:db:{db_identifier}", "rds:{here}:snapshot:{db_snapshot_identifier}"),
            given="db_snapshot_identifier",
        ),
    )
    instance = replace(INSTANCE, success=("stopped",), failure=_NOT_STOPPED, every=True)
    cluster = replace(CLUSTER, success=("stopped",), every=True)
    watch = instance
    __init__ = takes(
        "db_identifier", db_type=RdsDbType.INSTANCE, db_snapshot_identifier=None, deferrable=False, **_WAITER
    )

    def typed(self, cluster: bool) -> tuple[str, dict[str, Any], dict[str, Any]]:
        kind = "Cluster" if cluster else "Instance"
        handle = {f"DB{kind}Identifier": self.db_identifier}
        if self.db_snapshot_identifier and cluster:
            self.log.warning("'db_snapshot_identifier' does not apply to db clusters. Remove it to silence this.")
        snapshot = None if cluster else self.db_snapshot_identifier or None
        return f"StopDB{kind}", {**handle, "DBSnapshotIdentifier": snapshot} if snapshot else handle, handle
