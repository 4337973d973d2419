"""Operators of Amazon RDS: snapshots, their exports, event subscriptions. The XCom is the service's answer as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.enumerations import RdsDbType
from dag_translator.authoring.aws.operator import ServiceMixin, ServiceOperator, ServiceTask, tag_list
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.operators.aws import aws_template_fields

# What RDS's waiters of botocore take for a failure.
NOT_AVAILABLE = ("deleted", "deleting", "failed", "incompatible-restore", "incompatible-parameters")
NOT_DELETED = ("creating", "modifying", "rebooting", "resetting-master-credentials")
SNAPSHOT = Watch(
    "rds",
    "DescribeDBSnapshots",
    "DBSnapshots.Status",
    grants=(grant("rds:DescribeDBSnapshots", "rds:{here}:snapshot:*", "rds:{here}:db:*"),),
)
CLUSTER_SNAPSHOT = Watch(
    "rds",
    "DescribeDBClusterSnapshots",
    "DBClusterSnapshots.Status",
    grants=(grant("rds:DescribeDBClusterSnapshots", "rds:{here}:cluster-snapshot:*", "rds:{here}:cluster:*"),),
)
EXPORT = Watch(
    "rds",
    "DescribeExportTasks",
    "ExportTasks.Status",
    reason="ExportTasks.FailureCause",
    grants=(grant("rds:DescribeExportTasks"),),
)
_SNAPSHOTS = ("rds:{here}:snapshot:*", "rds:{here}:cluster-snapshot:*")
_SOURCES = ("rds:{here}:db:{db_identifier}", "rds:{here}:cluster:{db_identifier}")
_KEY = "kms:{here}:key/*"


def of_cluster(db_type: Any) -> bool:
    """Whether it is a DB cluster."""
    return str(db_type) == "cluster"


def undecided(db_type: Any) -> bool:
    """Whether only a run can say."""
    return "{{" in str(db_type)


def watch_of(db_type: Any, instance: Watch, cluster: Watch) -> Watch:
    """The watch of an instance or of a cluster."""
    if undecided(db_type):
        return replace(instance, grants=(*instance.grants, *cluster.grants))
    return cluster if of_cluster(db_type) else instance


class RdsBaseOperator(ServiceOperator):
    """What RDS's operators share."""

    ui_color, ui_fgcolor = "#eeaa88", "#ffffff"
    service = "rds"
    kept = ("told",)

    def told(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"told": json.dumps(answer, default=str)}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("told")


class RdsTyped(RdsBaseOperator):
    """db_type decides which actions it takes. Where only a run knows it a Lambda asks."""

    instance: Any = None
    cluster: Any = None

    def is_elsewhere(self, argument: Any) -> bool:
        # Not by super(): what is fixed of a mapped operator may stand in for `self`.
        return undecided(argument("db_type")) or ServiceMixin.is_elsewhere(self, argument)

    def chosen_watch(self) -> Any:
        return watch_of(self.db_type, self.instance, self.cluster)

    def start(self, context: Any) -> dict[str, Any] | None:  # noqa: ARG002
        action, request, handle = self.typed(RdsDbType(str(self.db_type)) is RdsDbType.CLUSTER)
        return {**handle, **self.told(self.call(action, request))}

    def typed(self, cluster: bool) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """The action, its request, what the watch asks with."""
        raise NotImplementedError


class _SnapshotOperator(RdsTyped):
    instance = replace(SNAPSHOT, success=("available",), failure=NOT_AVAILABLE, every=True)
    cluster = replace(CLUSTER_SNAPSHOT, success=("available",), failure=NOT_AVAILABLE, every=True)
    watch = instance
    waiter_max_attempts = 40


class RdsCreateDbSnapshotOperator(_SnapshotOperator):
    """Makes a snapshot of a DB instance or cluster."""

    template_fields: Any = aws_template_fields("db_snapshot_identifier", "db_identifier", "tags")
    starts = (
        grant(
            "rds:CreateDBSnapshot rds:CreateDBClusterSnapshot rds:AddTagsToResource",
            *_SOURCES,
            *("rds:{here}:snapshot:{db_snapshot_identifier}", "rds:{here}:cluster-snapshot:{db_snapshot_identifier}"),
        ),
    )
    __init__ = takes("db_type", "db_identifier", "db_snapshot_identifier", tags=None, wait_for_completion=True)

    def typed(self, cluster: bool) -> tuple[str, dict[str, Any], dict[str, Any]]:
        kind = "DBCluster" if cluster else "DB"
        handle = {f"{kind}SnapshotIdentifier": self.db_snapshot_identifier}
        source = {"DBClusterIdentifier" if cluster else "DBInstanceIdentifier": self.db_identifier}
        return f"Create{kind}Snapshot", {**source, **handle, "Tags": tag_list(self.tags)}, handle


class RdsCopyDbSnapshotOperator(_SnapshotOperator):
    """Copies a snapshot of a DB instance or cluster."""

    template_fields: Any = aws_template_fields(
        *("source_db_snapshot_identifier", "target_db_snapshot_identifier", "tags", "pre_signed_url"),
        *("option_group_name",),
    )
    starts = (
        grant("rds:CopyDBSnapshot rds:CopyDBClusterSnapshot rds:AddTagsToResource", *_SNAPSHOTS, "rds:{here}:og:*"),
        grant("kms:CreateGrant kms:DescribeKey", _KEY, given="kms_key_id"),
    )
    __init__ = takes(
        *("db_type", "source_db_snapshot_identifier", "target_db_snapshot_identifier"),
        kms_key_id="",
        tags=None,
        copy_tags=False,
        pre_signed_url="",
        option_group_name="",
        target_custom_availability_zone="",
        source_region="",
        wait_for_completion=True,
    )

    def typed(self, cluster: bool) -> tuple[str, dict[str, Any], dict[str, Any]]:
        kind = "DBCluster" if cluster else "DB"
        zone = self.target_custom_availability_zone
        own = {"OptionGroupName": self.option_group_name, "TargetCustomAvailabilityZone": zone}
        request = {
            f"Source{kind}SnapshotIdentifier": self.source_db_snapshot_identifier,
            f"Target{kind}SnapshotIdentifier": self.target_db_snapshot_identifier,
            "KmsKeyId": self.kms_key_id,
            "Tags": tag_list(self.tags),
            "CopyTags": self.copy_tags,
            "PreSignedUrl": self.pre_signed_url,
            **({} if cluster else own),
            "SourceRegion": self.source_region,
        }
        return f"Copy{kind}Snapshot", request, {f"{kind}SnapshotIdentifier": self.target_db_snapshot_identifier}


class RdsDeleteDbSnapshotOperator(_SnapshotOperator):
    """Deletes a snapshot of a DB instance or cluster."""

    template_fields: Any = aws_template_fields("db_snapshot_identifier")
    starts = (
        grant(
            "rds:DeleteDBSnapshot rds:DeleteDBClusterSnapshot",
            *("rds:{here}:snapshot:{db_snapshot_identifier}", "rds:{here}:cluster-snapshot:{db_snapshot_identifier}"),
        ),
    )
    instance = replace(SNAPSHOT, gone=("DBSnapshotNotFound", "DBSnapshotNotFoundFault"), failure=NOT_DELETED)
    cluster = replace(CLUSTER_SNAPSHOT, gone=("DBClusterSnapshotNotFoundFault",), failure=NOT_DELETED)
    watch = instance
    __init__ = takes("db_type", "db_snapshot_identifier", wait_for_completion=True)

    def typed(self, cluster: bool) -> tuple[str, dict[str, Any], dict[str, Any]]:
        kind = "DBCluster" if cluster else "DB"
        handle = {f"{kind}SnapshotIdentifier": self.db_snapshot_identifier}
        return f"Delete{kind}Snapshot", handle, handle


class _Named(RdsBaseOperator):
    """Asked by an identifier that an argument gives."""

    def start(self, context: Any) -> dict[str, Any] | None:
        answer = self.call(self.action, self.prepared(context))
        return {**self.handle(answer), **self.told(answer)}


class RdsStartExportTaskOperator(_Named):
    """Exports a snapshot to S3."""

    template_fields: Any = aws_template_fields(
        *("export_task_identifier", "source_arn", "s3_bucket_name", "iam_role_arn", "kms_key_id", "s3_prefix"),
        *("export_only",),
    )
    action = "StartExportTask"
    starts = (
        grant("rds:StartExportTask", *_SNAPSHOTS, "rds:{here}:cluster:*"),
        grant("kms:CreateGrant kms:DescribeKey", _KEY),
        passes_role("export.rds"),
    )
    watch = replace(EXPORT, success=("COMPLETE",), failure=("FAILED", "CANCELED"))
    __init__ = takes(
        *("export_task_identifier", "source_arn", "s3_bucket_name", "iam_role_arn", "kms_key_id"),
        s3_prefix="",
        export_only=None,
        wait_for_completion=True,
        waiter_interval=30,
        waiter_max_attempts=40,
    )

    def pace(self) -> tuple[float, float | None]:
        return float(self.waiter_interval), float(self.waiter_max_attempts)

    def request(self) -> dict[str, Any]:
        return {
            "ExportTaskIdentifier": self.export_task_identifier,
            "SourceArn": self.source_arn,
            "S3BucketName": self.s3_bucket_name,
            "IamRoleArn": self.iam_role_arn,
            "KmsKeyId": self.kms_key_id,
            "S3Prefix": self.s3_prefix,
            "ExportOnly": self.export_only or [],
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return {"ExportTaskIdentifier": self.export_task_identifier}


class RdsCancelExportTaskOperator(_Named):
    """Cancels the export of a snapshot."""

    template_fields: Any = aws_template_fields("export_task_identifier")
    action = "CancelExportTask"
    starts = (grant("rds:CancelExportTask"),)
    watch = replace(EXPORT, success=("CANCELED",), failure=("FAILED", "COMPLETE"))
    __init__ = takes("export_task_identifier", wait_for_completion=True, check_interval=30, max_attempts=40)

    def request(self) -> dict[str, Any]:
        return {"ExportTaskIdentifier": self.export_task_identifier}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return self.request()


class RdsCreateEventSubscriptionOperator(_Named):
    """Has RDS's events sent to an SNS topic."""

    template_fields: Any = aws_template_fields(
        *("subscription_name", "sns_topic_arn", "source_type", "event_categories", "source_ids", "tags")
    )
    action = "CreateEventSubscription"
    starts = (grant("rds:CreateEventSubscription rds:AddTagsToResource", "rds:{here}:es:{subscription_name}"),)
    watch = Watch(
        "rds",
        "DescribeEventSubscriptions",
        "EventSubscriptionsList.Status",
        success=("active",),
        failure=("no-permission", "topic-not-exist"),
        grants=(grant("rds:DescribeEventSubscriptions", "rds:{here}:es:{subscription_name}"),),
    )
    waiter_max_attempts = 40
    __init__ = takes(
        *("subscription_name", "sns_topic_arn"),
        source_type="",
        event_categories=None,
        source_ids=None,
        enabled=True,
        tags=None,
        wait_for_completion=True,
    )

    def request(self) -> dict[str, Any]:
        return {
            "SubscriptionName": self.subscription_name,
            "SnsTopicArn": self.sns_topic_arn,
            "SourceType": self.source_type,
            "EventCategories": self.event_categories or [],
            "SourceIds": self.source_ids or [],
            "Enabled": self.enabled,
            "Tags": tag_list(self.tags),
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return {"SubscriptionName": self.subscription_name}


class RdsDeleteEventSubscriptionOperator(ServiceTask):
    """Deletes an event subscription."""

    template_fields: Any = aws_template_fields("subscription_name")
    ui_color, ui_fgcolor = "#eeaa88", "#ffffff"
    service, action = "rds", "DeleteEventSubscription"
    starts = (grant("rds:DeleteEventSubscription", "rds:{here}:es:{subscription_name}"),)
    __init__ = takes("subscription_name")

    def request(self) -> dict[str, Any]:
        return {"SubscriptionName": self.subscription_name}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return json.dumps(handle, default=str)
