"""The sensor on an EC2 instance's state."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.ec2 import INSTANCES


class EC2InstanceStateSensor(ServiceSensor):
    """Done when the instance has target_state: running, stopped or terminated."""

    template_fields: Any = aws_template_fields("target_state", "instance_id")
    ui_color, ui_fgcolor = "#cc8811", "#ffffff"
    service = "ec2"
    watch = replace(INSTANCES, reason="")
    valid_states = ("running", "stopped", "terminated")

    def __init__(self, *, target_state: str, instance_id: str, deferrable: bool = False, **kwargs: Any) -> None:
        if target_state not in self.valid_states:
            raise ValueError(f"Invalid target_state: {target_state}")
        super().__init__(**kwargs)
        self.target_state = target_state
        self.instance_id = instance_id
        self.deferrable = deferrable

    def arguments(self) -> dict[str, Any]:
        return {"InstanceIds": [self.instance_id]}

    def success_states(self) -> tuple[str, ...]:
        return (self.target_state,)
