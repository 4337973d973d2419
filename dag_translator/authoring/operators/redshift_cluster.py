"""Operators of Amazon Redshift's clusters and their snapshots.

A cluster that is busy refuses to be changed: resume, pause and delete then try again, in their Lambda.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, error_code
from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields

_CLUSTER = "redshift:{here}:cluster:{cluster_identifier}"
_SNAPSHOT = "redshift:{here}:snapshot:{cluster_identifier}/{snapshot_identifier}"
CLUSTER = Watch(
    "redshift",
    "DescribeClusters",
    "Clusters.ClusterStatus",
    grants=(grant("redshift:DescribeClusters", _CLUSTER),),
)
_WAITER = {"wait_for_completion": False, "deferrable": False, "poll_interval": 30, "max_attempts": 30}
_BUSY = ("InvalidClusterState", "InvalidClusterStateFault")
# Arguments of CreateCluster whose name is not the API's in snake_case.
_API_NAMES = {"db_name": "DBName"}
_SENT = (
    *("db_name", "cluster_type", "cluster_security_groups", "vpc_security_group_ids", "cluster_subnet_group_name"),
    *("availability_zone", "preferred_maintenance_window", "cluster_parameter_group_name"),
    *("automated_snapshot_retention_period", "manual_snapshot_retention_period", "port", "cluster_version"),
    *("allow_version_upgrade", "encrypted", "hsm_client_certificate_identifier", "hsm_configuration_identifier"),
    *("elastic_ip", "tags", "kms_key_id", "enhanced_vpc_routing", "additional_info", "iam_roles"),
    *("maintenance_track_name", "snapshot_schedule_identifier", "availability_zone_relocation"),
    *("aqua_configuration_status", "default_iam_role_arn"),
)
_CREATED = {
    "cluster_type": "multi-node",
    "db_name": "dev",
    "automated_snapshot_retention_period": 1,
    "port": 5439,
    "cluster_version": "1.0",
    "allow_version_upgrade": True,
    "encrypted": False,
    "enhanced_vpc_routing": False,
}


class _Cluster(ServiceOperator):
    template_fields: Any = aws_template_fields("cluster_identifier")
    ui_color, ui_fgcolor = "#eeaa11", "#ffffff"
    service = "redshift"

    def request(self) -> dict[str, Any]:
        return {"ClusterIdentifier": self.cluster_identifier}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return {"ClusterIdentifier": self.cluster_identifier}

    def insist(self, attempts: int, pause: float) -> None:
        """Call the action, again and again while the cluster is busy. pause: seconds between."""
        for left in reversed(range(attempts)):
            try:
                self.call(self.action, self.request())
                return
            except Exception as error:
                if error_code(error) not in _BUSY or not left:
                    raise
                self.log.warning("the cluster is busy: %s; %d attempts left", error, left)
            time.sleep(pause)


class RedshiftCreateClusterOperator(_Cluster):
    """Makes a cluster."""

    template_fields: Any = aws_template_fields(
        *("cluster_identifier", "node_type", "master_username", "master_user_password", "number_of_nodes"),
        *("publicly_accessible", *_SENT),
    )
    action = "CreateCluster"
    starts = (
        grant("redshift:CreateCluster redshift:CreateTags redshift:DeleteCluster", _CLUSTER),
        grant("iam:PassRole", "iam::{account}:role/*", given="iam_roles"),
    )
    watch = replace(CLUSTER, success=("available",), failure=("deleting",))
    __init__ = takes(
        *("cluster_identifier", "node_type", "master_username", "master_user_password"),
        **(dict.fromkeys(_SENT) | _CREATED),
        number_of_nodes=1,
        publicly_accessible=True,
        wait_for_completion=False,
        max_attempt=5,
        poll_interval=60,
        deferrable=False,
        delete_cluster_on_failure=True,
        cleanup_timeout_seconds=300,
    )

    def pace(self) -> tuple[float, float | None]:
        return float(self.poll_interval), float(self.max_attempt)

    def request(self) -> dict[str, Any]:
        given = {_api_name(name): getattr(self, name) for name in _SENT if getattr(self, name)}
        nodes = {"NumberOfNodes": self.number_of_nodes} if self.cluster_type == "multi-node" else {}
        return {
            "ClusterIdentifier": self.cluster_identifier,
            "NodeType": self.node_type,
            "MasterUsername": self.master_username,
            "MasterUserPassword": self.master_user_password,
            **given,
            **nodes,
            "PubliclyAccessible": self.publicly_accessible,
        }

    def abandon(self, handle: dict[str, Any]) -> None:
        if self.delete_cluster_on_failure:
            self.call("DeleteCluster", {**handle, "SkipFinalClusterSnapshot": True})


def _api_name(argument: str) -> str:
    return _API_NAMES.get(argument) or "".join(word.capitalize() for word in argument.split("_"))


class RedshiftResumeClusterOperator(_Cluster):
    """Resumes a paused cluster."""

    action = "ResumeCluster"
    starts = (grant("redshift:ResumeCluster", _CLUSTER),)
    watch = replace(CLUSTER, success=("available",), failure=("deleting",))
    __init__ = takes("cluster_identifier", **_WAITER)

    def waits(self) -> bool:
        return bool(self.wait_for_completion)

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        self.insist(10, 15)
        return self.handle({})


class RedshiftPauseClusterOperator(RedshiftResumeClusterOperator):
    """Pauses a cluster."""

    action = "PauseCluster"
    starts = (grant("redshift:PauseCluster", _CLUSTER),)
    watch = replace(CLUSTER, success=("paused",), failure=("deleting",))


class RedshiftDeleteClusterOperator(_Cluster):
    """Deletes a cluster, with a last snapshot or without."""

    action = "DeleteCluster"
    starts = (grant("redshift:DeleteCluster redshift:CreateClusterSnapshot", _CLUSTER, "redshift:{here}:snapshot:*"),)
    watch = replace(CLUSTER, gone=("ClusterNotFound", "ClusterNotFoundFault"))
    __init__ = takes(
        *("cluster_identifier",),
        skip_final_cluster_snapshot=True,
        final_cluster_snapshot_identifier=None,
        **(_WAITER | {"wait_for_completion": True}),
    )

    def request(self) -> dict[str, Any]:
        return {
            **super().request(),
            "SkipFinalClusterSnapshot": self.skip_final_cluster_snapshot,
            "FinalClusterSnapshotIdentifier": self.final_cluster_snapshot_identifier or "",
        }

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        # A Lambda has 15 minutes.
        self.insist(max(1, min(self.max_attempts, int(800 / max(1, self.poll_interval)))), self.poll_interval)
        return self.handle({})


class RedshiftCreateClusterSnapshotOperator(_Cluster):
    """Makes a snapshot of a cluster that is available."""

    template_fields: Any = aws_template_fields("cluster_identifier", "snapshot_identifier")
    action = "CreateClusterSnapshot"
    starts = (grant("redshift:CreateClusterSnapshot redshift:CreateTags", _SNAPSHOT, _CLUSTER), *CLUSTER.grants)
    # As the provider waits: for all of the cluster's snapshots.
    watch = Watch(
        "redshift",
        "DescribeClusterSnapshots",
        "Snapshots.Status",
        success=("available",),
        failure=("failed", "deleted"),
        every=True,
        grants=(grant("redshift:DescribeClusterSnapshots"),),
    )
    __init__ = takes(
        *("snapshot_identifier", "cluster_identifier"),
        retention_period=-1,
        tags=None,
        wait_for_completion=False,
        poll_interval=15,
        max_attempt=20,
        deferrable=False,
    )

    def pace(self) -> tuple[float, float | None]:
        return float(self.poll_interval), float(self.max_attempt)

    def request(self) -> dict[str, Any]:
        (cluster,) = self.call(CLUSTER.action, super().request())["Clusters"]
        if cluster["ClusterStatus"] != "available":
            raise AirflowException(
                "Redshift cluster must be in available state. "
                f"Redshift cluster current state is {cluster['ClusterStatus']}"
            )
        return {
            **super().request(),
            "SnapshotIdentifier": self.snapshot_identifier,
            "ManualSnapshotRetentionPeriod": self.retention_period,
            "Tags": self.tags or [],
        }


class RedshiftDeleteClusterSnapshotOperator(_Cluster):
    """Deletes a snapshot of a cluster."""

    template_fields: Any = aws_template_fields("cluster_identifier", "snapshot_identifier")
    action = "DeleteClusterSnapshot"
    starts = (grant("redshift:DeleteClusterSnapshot", _SNAPSHOT),)
    watch = Watch(
        "redshift",
        "DescribeClusterSnapshots",
        "Snapshots.Status",
        gone=("ClusterSnapshotNotFound", "ClusterSnapshotNotFoundFault"),
        grants=(grant("redshift:DescribeClusterSnapshots"),),
    )
    __init__ = takes("snapshot_identifier", "cluster_identifier", wait_for_completion=True, poll_interval=10)

    def request(self) -> dict[str, Any]:
        return {
            "SnapshotClusterIdentifier": self.cluster_identifier,
            "SnapshotIdentifier": self.snapshot_identifier,
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return {"SnapshotIdentifier": self.snapshot_identifier}
