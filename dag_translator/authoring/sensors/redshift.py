"""RedshiftClusterSensor: waits for a cluster's status."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields


class RedshiftClusterSensor(ServiceSensor):
    """Done when the cluster has target_status."""

    template_fields: Any = aws_template_fields("cluster_identifier", "target_status")
    service = "redshift"
    watch = Watch(
        "redshift", "DescribeClusters", "Clusters.ClusterStatus", grants=(grant("redshift:DescribeClusters"),)
    )
    __init__ = takes("cluster_identifier", target_status="available", deferrable=False)

    def arguments(self) -> dict[str, Any]:
        return {"ClusterIdentifier": self.cluster_identifier}

    def success_states(self) -> tuple[str, ...]:
        return (self.target_status,)
