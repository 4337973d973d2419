"""The sensor on a command of AWS Systems Manager."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.ssm import COMMAND, exit_states


class SsmRunCommandCompletedSensor(ServiceSensor):
    """Done when all invocations of the command have succeeded; unless fail_on_nonzero_exit they may fail."""

    template_fields: Any = aws_template_fields("command_id")
    service = "ssm"
    watch = COMMAND
    __init__ = takes("command_id", fail_on_nonzero_exit=True, deferrable=False, poke_interval=120, max_retries=75)

    def arguments(self) -> dict[str, Any]:
        return {"CommandId": self.command_id}

    def success_states(self) -> tuple[str, ...]:
        return exit_states(self.watch, self.fail_on_nonzero_exit)[0]

    def failure_states(self) -> tuple[str, ...]:
        return exit_states(self.watch, self.fail_on_nonzero_exit)[1]
