"""Operators of Amazon EC2's instances."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, many
from dag_translator.authoring.aws.rows import Watch, at, grant, takes
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields

INSTANCES = Watch(
    "ec2",
    "DescribeInstances",
    "Reservations.Instances.State.Name",
    every=True,
    reason="Reservations.Instances.StateTransitionReason",
    grants=(grant("ec2:DescribeInstances"),),
)
RUNNING = replace(INSTANCES, success=("running",), failure=("shutting-down", "terminated", "stopping"))
STOPPED = replace(INSTANCES, success=("stopped",), failure=("pending", "terminated"))
_ANY = "ec2:{here}:instance/*"
# What RunInstances may touch (Service Authorization Reference of EC2).
_RUN = (
    *("ec2:*::image/*", "ec2:*::snapshot/*", _ANY, "ec2:{here}:network-interface/*", "ec2:{here}:volume/*"),
    *("ec2:{here}:subnet/*", "ec2:{here}:security-group/*", "ec2:{here}:key-pair/*", "ec2:{here}:launch-template/*"),
    *("ec2:{here}:placement-group/*", "ec2:{here}:capacity-reservation/*"),
)
_PATIENCE = {"poll_interval": 20, "max_attempts": 20, "wait_for_completion": False}


class _One(ServiceOperator):
    """Of one instance, whose change is always awaited, for as long as it takes."""

    template_fields: Any = aws_template_fields("instance_id")
    ui_color, ui_fgcolor = "#eeaa11", "#ffffff"
    service = "ec2"
    __init__ = takes("instance_id", check_interval=15)

    def request(self) -> dict[str, Any]:
        return {"InstanceIds": [self.instance_id]}

    def start(self, context: Any) -> dict[str, Any]:
        self.call(self.action, self.request())
        self.link(context, "_instance_id", instance_id=self.instance_id)
        return self.request()

    def waits(self) -> bool:
        return True


class EC2StartInstanceOperator(_One):
    """Starts an instance, and waits until it is running."""

    action = "StartInstances"
    starts = (grant("ec2:StartInstances", "ec2:{here}:instance/{instance_id}"),)
    watch = replace(INSTANCES, success=("running",))


class EC2StopInstanceOperator(_One):
    """Stops an instance, and waits until it is stopped."""

    action = "StopInstances"
    starts = (grant("ec2:StopInstances", "ec2:{here}:instance/{instance_id}"),)
    watch = replace(INSTANCES, success=("stopped",))


class EC2CreateInstanceOperator(ServiceOperator):
    """Makes instances; the XCom is their ids. config: what else RunInstances takes."""

    template_fields: Any = aws_template_fields("image_id", "max_count", "min_count", "config", "wait_for_completion")
    service, action = "ec2", "RunInstances"
    starts = (
        grant("ec2:RunInstances", *_RUN),
        grant("ec2:CreateTags", *_RUN[2:5], given="config"),
        grant("iam:PassRole", "iam::{account}:role/*", given="config"),
    )
    cancels = (grant("ec2:TerminateInstances", _ANY),)
    watch = RUNNING
    __init__ = takes(
        *("image_id",), max_count=1, min_count=1, config=None, terminate_instance_on_failure=True, **_PATIENCE
    )

    def request(self) -> dict[str, Any]:
        counts = {"MinCount": self.min_count, "MaxCount": self.max_count}
        return {"ImageId": self.image_id, **counts, **(self.config or {})}

    def start(self, context: Any) -> dict[str, Any]:
        ids = at(self.call(self.action, self.request()), "Instances.InstanceId")
        self.link(context, "_instance_dashboard", instance_ids=",:".join(ids))
        return {"InstanceIds": ids}

    def abandon(self, handle: dict[str, Any]) -> None:
        if self.terminate_instance_on_failure:
            self.cancel(handle)

    def cancel(self, handle: dict[str, Any]) -> None:
        self.call("TerminateInstances", handle)

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {})["InstanceIds"]


class _Several(ServiceOperator):
    """instance_ids: one or several."""

    ui_color, ui_fgcolor = "#eeaa11", "#ffffff"
    service = "ec2"
    links = True
    __init__ = takes("instance_ids", **_PATIENCE)

    def request(self) -> dict[str, Any]:
        return {"InstanceIds": many(self.instance_ids)}

    def start(self, context: Any) -> dict[str, Any]:
        self.call(self.action, self.prepared(context))
        handle = {"InstanceIds": many(self.instance_ids)}
        if self.links:
            self.link(context, "_instance_dashboard", instance_ids=",:".join(handle["InstanceIds"]))
        return handle


class EC2TerminateInstanceOperator(_Several):
    """Terminates instances."""

    template_fields: Any = aws_template_fields("instance_ids", "wait_for_completion")
    action = "TerminateInstances"
    starts = (grant("ec2:TerminateInstances", _ANY),)
    watch = replace(INSTANCES, success=("terminated",), failure=("pending", "stopping"))
    links = False


class EC2RebootInstanceOperator(_Several):
    """Reboots instances."""

    template_fields: Any = aws_template_fields("instance_ids")
    action = "RebootInstances"
    starts = (grant("ec2:RebootInstances", _ANY),)
    watch = RUNNING


class EC2HibernateInstanceOperator(_Several):
    """Hibernates instances, which must be configured for it."""

    template_fields: Any = aws_template_fields("instance_ids")
    action = "StopInstances"
    starts = (grant("ec2:StopInstances", _ANY), *INSTANCES.grants)
    watch = STOPPED

    def request(self) -> dict[str, Any]:
        found = self.call("DescribeInstances", super().request())
        for instance in at(found, "Reservations.Instances"):
            if not (instance.get("HibernationOptions") or {}).get("Configured"):
                raise AirflowException(f"Instance {instance['InstanceId']} is not configured for hibernation")
        return {**super().request(), "Hibernate": True}
