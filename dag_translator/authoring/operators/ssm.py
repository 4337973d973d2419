"""Operators of AWS Systems Manager's Run Command."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask
from dag_translator.authoring.aws.rows import Watch, at, grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields

# One for each instance, the first 50 of them; all have to end well.
COMMAND = Watch(
    "ssm",
    "ListCommandInvocations",
    "CommandInvocations.Status",
    success=("Success",),
    failure=("Cancelled", "TimedOut", "Failed"),
    every=True,
    reason="CommandInvocations.StatusDetails",
    grants=(grant("ssm:ListCommandInvocations"),),
)
_TOLD = {
    "status": "Status",
    "response_code": "ResponseCode",
    "standard_output": "StandardOutputContent",
    "standard_error": "StandardErrorContent",
    "execution_start_time": "ExecutionStartDateTime",
    "execution_end_time": "ExecutionEndDateTime",
    "document_name": "DocumentName",
    "comment": "Comment",
}


def exit_states(watch: Watch, strict: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Good and bad states; unless strict (fail_on_nonzero_exit) a command may fail by itself."""
    if strict:
        return watch.success, watch.failure
    return (*watch.success, "Failed"), tuple(state for state in watch.failure if state != "Failed")


class SsmRunCommandOperator(ServiceOperator):
    """Runs a command on instances; the XCom is its id. It is over when all its invocations are."""

    template_fields: Any = aws_template_fields("document_name", "run_command_kwargs")
    service, action = "ssm", "SendCommand"
    starts = (
        grant(
            "ssm:SendCommand",
            *("ssm:*:*:document/{document_name}", "ec2:{here}:instance/*", "ssm:{here}:managed-instance/*"),
        ),
        grant("iam:PassRole", "iam::{account}:role/*", given="run_command_kwargs"),
    )
    watch = replace(COMMAND, failure=(*COMMAND.failure, "Cancelling"))
    returns = "CommandId"
    __init__ = takes(
        *("document_name",),
        run_command_kwargs=None,
        wait_for_completion=True,
        waiter_delay=120,
        waiter_max_attempts=75,
        fail_on_nonzero_exit=True,
        deferrable=False,
    )

    def request(self) -> dict[str, Any]:
        return {"DocumentName": self.document_name, **(self.run_command_kwargs or {})}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"CommandId": answer["Command"]["CommandId"]}

    def success_states(self) -> tuple[str, ...]:
        return exit_states(self.watch, self.fail_on_nonzero_exit)[0]

    def failure_states(self) -> tuple[str, ...]:
        return exit_states(self.watch, self.fail_on_nonzero_exit)[1]


class SsmGetCommandInvocationOperator(ServiceTask):
    """What a command said on one instance, or on all: {"command_id", "invocations": [{"instance_id", …}]}."""

    template_fields: Any = aws_template_fields("command_id", "instance_id")
    service = "ssm"
    starts = (grant("ssm:GetCommandInvocation ssm:ListCommandInvocations"),)
    returns = "*"
    __init__ = takes("command_id", instance_id=None)

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        command = {"CommandId": self.command_id}
        instances = [self.instance_id]
        if not self.instance_id:
            instances = at(self.call("ListCommandInvocations", command), "CommandInvocations.InstanceId")
        return {"command_id": self.command_id, "invocations": [self._told(command, each) for each in instances]}

    def _told(self, command: dict[str, Any], instance: str) -> dict[str, Any]:
        try:
            answer = self.call("GetCommandInvocation", {**command, "InstanceId": instance})
        except Exception as error:
            self.log.warning("Failed to get output for instance %s: %s", instance, error)
            return {"instance_id": instance, "error": str(error)}
        return {"instance_id": instance, **{ours: answer.get(name, "") for ours, name in _TOLD.items()}}
