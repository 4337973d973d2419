"""Operators of AWS Database Migration Service's serverless replications."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask
from dag_translator.authoring.aws.rows import Grant, Watch, grant, takes
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.dms import PATIENCE

_CONFIG = "dms:{here}:replication-config:*"
_REPLICATIONS = Watch(
    "dms",
    "DescribeReplications",
    "Replications.Status",
    reason="Replications.FailureMessages",
    grants=(grant("dms:DescribeReplications"),),
)
_ENDED = ("failed", "stopped", "created")


def _filtered(arn: Any) -> dict[str, Any]:
    return {"Filters": [{"Name": "replication-config-arn", "Values": [arn]}]}


class DmsCreateReplicationConfigOperator(ServiceTask):
    """Makes a serverless replication; the XCom is its ARN."""

    template_fields: Any = aws_template_fields(
        *("replication_config_id", "source_endpoint_arn", "target_endpoint_arn", "compute_config"),
        *("replication_type", "table_mappings"),
    )
    service, action = "dms", "CreateReplicationConfig"
    starts = (
        grant("dms:CreateReplicationConfig", "dms:{here}:endpoint:*", "dms:{here}:subgrp:*", _CONFIG),
        grant("dms:AddTagsToResource", _CONFIG, given="additional_config_kwargs"),
    )
    returns = "ReplicationConfig.ReplicationConfigArn"
    __init__ = takes(
        *("replication_config_id", "source_endpoint_arn", "target_endpoint_arn", "compute_config"),
        *("replication_type", "table_mappings"),
        additional_config_kwargs=None,
    )

    def request(self) -> dict[str, Any]:
        return {
            "ReplicationConfigIdentifier": self.replication_config_id,
            "SourceEndpointArn": self.source_endpoint_arn,
            "TargetEndpointArn": self.target_endpoint_arn,
            "ComputeConfig": self.compute_config,
            "ReplicationType": self.replication_type,
            "TableMappings": self.table_mappings,
            **(self.additional_config_kwargs or {}),
        }


class DmsDescribeReplicationConfigsOperator(ServiceTask):
    """Describes serverless replications; the XCom is the list."""

    template_fields: Any = aws_template_fields("filter")
    service, action = "dms", "DescribeReplicationConfigs"
    starts: tuple[Grant, ...] = (grant("dms:DescribeReplicationConfigs"),)
    answers = "ReplicationConfigs"
    __init__ = takes(filter=None)

    def request(self) -> dict[str, Any]:
        return {"Filters": self.filter or []}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get(self.answers, [])


class DmsDescribeReplicationsOperator(DmsDescribeReplicationConfigsOperator):
    """Describes the runs of serverless replications; the XCom is the list."""

    action, answers = "DescribeReplications", "Replications"
    starts = _REPLICATIONS.grants


class _Replication(ServiceOperator):
    service = "dms"

    def state(self) -> tuple[str, str]:
        """The replication's status, and that of its capacity, in small letters."""
        (found, *_) = self.call("DescribeReplications", _filtered(self.replication_config_arn))["Replications"]
        return found.get("Status", "").lower(), found.get("ProvisionData", {}).get("ProvisionState", "").lower()

    def patiently(self, ready: Callable[[str, str], bool]) -> tuple[str, str]:
        """The state, once it is ready; a Lambda's time long at most."""
        for _ in range(max(1, int(PATIENCE / max(1, self.waiter_delay)))):
            status, capacity = self.state()
            if ready(status, capacity):
                return status, capacity
            time.sleep(self.waiter_delay)
        raise AirflowException(f"{self.replication_config_arn} is still {status}, its capacity {capacity}")

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return _filtered(self.replication_config_arn)

    def request(self) -> dict[str, Any]:
        return {"ReplicationConfigArn": self.replication_config_arn}

    def waits(self) -> bool:
        return bool(self.wait_for_completion)


class DmsDeleteReplicationConfigOperator(_Replication):
    """Deletes a serverless replication that has ended, and waits until it is gone."""

    template_fields: Any = aws_template_fields("replication_config_arn")
    action = "DeleteReplicationConfig"
    starts = (grant("dms:DeleteReplicationConfig", _CONFIG), *_REPLICATIONS.grants)
    watch = Watch(
        "dms",
        "DescribeReplicationConfigs",
        "ReplicationConfigs.ReplicationConfigArn",
        gone=("ResourceNotFoundFault",),
        grants=(grant("dms:DescribeReplicationConfigs"),),
    )
    __init__ = takes(
        *("replication_config_arn",),
        wait_for_completion=True,
        deferrable=False,
        waiter_delay=60,
        waiter_max_attempts=60,
    )

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        self.patiently(lambda status, capacity: capacity != "deprovisioning" and status in _ENDED)
        return self.handle(self.call(self.action, self.request()))


class DmsStartReplicationOperator(_Replication):
    """Starts a serverless replication, and waits until it has stopped by itself. One that can't be started, as it
    runs, is left alone."""

    template_fields: Any = aws_template_fields(
        *("replication_config_arn", "replication_start_type", "cdc_start_time", "cdc_start_pos", "cdc_stop_pos")
    )
    action = "StartReplication"
    starts = (grant("dms:StartReplication", _CONFIG), *_REPLICATIONS.grants)
    watch = replace(_REPLICATIONS, success=("stopped",), failure=("failed",))
    kept = ("idle",)
    __init__ = takes(
        *("replication_config_arn", "replication_start_type"),
        cdc_start_time=None,
        cdc_start_pos=None,
        cdc_stop_pos=None,
        wait_for_completion=True,
        waiter_delay=30,
        waiter_max_attempts=60,
        deferrable=False,
    )

    def request(self) -> dict[str, Any]:
        begin = self.cdc_start_time
        return {
            **super().request(),
            "StartReplicationType": self.replication_start_type,
            "CdcStartTime": datetime.fromisoformat(begin) if isinstance(begin, str) else begin,
            "CdcStartPosition": self.cdc_start_pos,
            "CdcStopPosition": self.cdc_stop_pos,
        }

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        if self.cdc_start_time is not None and self.cdc_start_pos is not None:
            raise ValueError("Only one of cdc_start_time or cdc_start_pos should be provided.")
        status, capacity = self.patiently(lambda _status, capacity: capacity != "deprovisioning")
        if status not in _ENDED or capacity not in ("deprovisioned", ""):
            self.log.info("not in a startable state: %s, its capacity %s", status, capacity)
            return {**self.handle({}), "idle": True}
        return self.handle(self.call(self.action, self.request()))

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        return ("success", "not started") if handle.get("idle") else super().asked(handle)


class DmsStopReplicationOperator(_Replication):
    """Stops a serverless replication, and waits until it is stopped."""

    template_fields: Any = aws_template_fields("replication_config_arn")
    action = "StopReplication"
    starts = (grant("dms:StopReplication", _CONFIG), *_REPLICATIONS.grants)
    watch = replace(_REPLICATIONS, success=("stopped",))
    __init__ = takes(
        *("replication_config_arn",),
        wait_for_completion=True,
        waiter_delay=30,
        waiter_max_attempts=60,
        deferrable=False,
    )

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        status, _ = self.state()
        return self.handle({} if status == "stopped" else self.call(self.action, self.request()))
