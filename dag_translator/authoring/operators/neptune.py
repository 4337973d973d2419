"""Operators of Amazon Neptune's DB clusters. The XCom is {"db_cluster_id"}. IAM knows Neptune by RDS's names."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, error_code
from dag_translator.authoring.aws.rows import Watch, grant
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields

_CLUSTER = "rds:{here}:cluster:{db_cluster_id}"
CLUSTER = Watch(
    "neptune",
    "DescribeDBClusters",
    "DBClusters.Status",
    failure=(
        *("deleting", "inaccessible-encryption-credentials", "inaccessible-encryption-credentials-recoverable"),
        "migration-failed",
    ),
    grants=(grant("rds:DescribeDBClusters", _CLUSTER),),
)
_BROKEN = (*CLUSTER.failure[1:], "cloning-failed")
_BUSY = ("InvalidDBInstanceState", "InvalidDBInstanceStateFault", "InvalidClusterState", "InvalidDBClusterStateFault")
# Seconds of a Lambda's 15 minutes.
_PATIENCE = 800


class NeptuneStartDbClusterOperator(ServiceOperator):
    """Starts a cluster, unless it is available; while it is busy it is tried again."""

    template_fields: Any = aws_template_fields("cluster_id")
    service, action = "neptune", "StartDBCluster"
    starts = (grant("rds:StartDBCluster", _CLUSTER), *CLUSTER.grants)
    watch = replace(CLUSTER, success=("available",))

    def __init__(
        self,
        *,
        db_cluster_id: str,
        wait_for_completion: bool = True,
        waiter_delay: int = 30,
        waiter_max_attempts: int = 60,
        deferrable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.db_cluster_id = db_cluster_id
        self.cluster_id = db_cluster_id  # what is rendered; the argument's name tells permissions
        self.wait_for_completion = wait_for_completion
        self.waiter_delay = waiter_delay
        self.waiter_max_attempts = waiter_max_attempts
        self.deferrable = deferrable

    def request(self) -> dict[str, Any]:
        return {"DBClusterIdentifier": self.cluster_id}

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        status = self.call(CLUSTER.action, self.request())["DBClusters"][0]["Status"].lower()
        if status in _BROKEN:
            raise AirflowException(f"Neptune cluster {self.cluster_id} is in error state {status}")
        if status not in self.watch.success:
            self._insist(max(1, int(_PATIENCE / max(1, self.waiter_delay))))
        return self.request()

    def _insist(self, attempts: int) -> None:
        for left in reversed(range(attempts)):
            try:
                self.call(self.action, self.request())
                return
            except Exception as error:
                if error_code(error) not in _BUSY or not left:
                    raise
                self.log.warning("the cluster is busy: %s; %d attempts left", error, left)
            time.sleep(self.waiter_delay)

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return {"db_cluster_id": self.cluster_id}


class NeptuneStopDbClusterOperator(NeptuneStartDbClusterOperator):
    """Stops a cluster, unless it is stopped; while it is busy it is tried again."""

    action = "StopDBCluster"
    starts = (grant("rds:StopDBCluster", _CLUSTER), *CLUSTER.grants)
    watch = replace(CLUSTER, success=("stopped",))
