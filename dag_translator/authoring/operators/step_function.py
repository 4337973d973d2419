"""StepFunctionStartExecutionOperator: starts an execution. Step Functions does it natively; `execute` is for
subclasses."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.hooks.services import StepFunctionHook
from dag_translator.authoring.loading import coded
from dag_translator.authoring.operators.aws import AwsBaseOperator, aws_template_fields


class StepFunctionStartExecutionOperator(AwsBaseOperator):
    """Starts an execution of `state_machine_arn`; the XCom is its ARN.

    deferrable: wait for its end, for at most waiter_delay x waiter_max_attempts seconds. is_redrive_execution is
    refused.
    """

    template_fields: Any = aws_template_fields(
        *("state_machine_arn", "name", "state_machine_input", "is_redrive_execution")
    )
    aws_hook_class = StepFunctionHook
    ui_color = "#f9c915"

    def __init__(
        self,
        *,
        state_machine_arn: str,
        name: str | None = None,
        is_redrive_execution: bool = False,
        state_machine_input: dict[str, Any] | str | None = None,
        waiter_max_attempts: int = 30,
        waiter_delay: int = 60,
        deferrable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.state_machine_arn = state_machine_arn
        self.name = name
        self.is_redrive_execution = is_redrive_execution
        self.state_machine_input = state_machine_input
        self.waiter_max_attempts = waiter_max_attempts
        self.waiter_delay = waiter_delay
        self.deferrable = deferrable
        if is_redrive_execution:
            raise coded(
                ValueError("StepFunctionStartExecutionOperator: is_redrive_execution is not supported"),
                "unsupported-argument",
                "call redrive_execution in a @task, with StepFunctionHook().get_conn()",
            )

    def execute(self, context: Any) -> str:  # noqa: ARG002
        arn: str = self.hook.start_execution(self.state_machine_arn, self.name, self.state_machine_input)
        return arn
