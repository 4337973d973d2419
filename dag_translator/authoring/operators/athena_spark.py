"""AthenaSparkOperator: a calculation in a session of Athena for Apache Spark."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator
from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_WORKGROUP = "athena:{here}:workgroup/*"
CALCULATION = Watch(
    "athena",
    "GetCalculationExecution",
    "Status.State",
    success=("COMPLETED",),
    failure=("FAILED", "CANCELED"),
    reason="Status.StateChangeReason",
    grants=(grant("athena:GetCalculationExecution", _WORKGROUP),),
)


class AthenaSparkOperator(ServiceOperator):
    """Runs code in a session; the XCom says where its results are. A calculation that takes too long is stopped.
    log_query has no effect: the code is in the task's rendered fields."""

    template_fields: Any = aws_template_fields("session_id", "code_block", "description")
    template_ext: Any = (".py",)
    ui_color = "#44b5e2"
    service, action = "athena", "StartCalculationExecution"
    starts = (grant("athena:StartCalculationExecution athena:StopCalculationExecution", _WORKGROUP),)
    watch = CALCULATION
    __init__ = takes(
        *("session_id", "code_block"),
        description=None,
        client_request_token=None,
        waiter_delay=30,
        waiter_max_attempts=120,
        log_query=True,
    )

    def waits(self) -> bool:
        return True

    def request(self) -> dict[str, Any]:
        return {
            "SessionId": self.session_id,
            "CodeBlock": self.code_block,
            "Description": self.description,
            "ClientRequestToken": self.client_request_token,
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"CalculationExecutionId": answer["CalculationExecutionId"]}

    def abandon(self, handle: dict[str, Any]) -> None:
        self.cancel(handle)

    def cancel(self, handle: dict[str, Any]) -> None:
        self.call("StopCalculationExecution", handle)

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        told = self.call("GetCalculationExecution", handle or {})
        status, result = told.get("Status", {}), told.get("Result", {})
        times = {name: status.get(f"{name.capitalize()}DateTime") for name in ("submission", "completion")}
        return {
            "calculation_execution_id": (handle or {})["CalculationExecutionId"],
            "state": status.get("State"),
            "state_change_reason": status.get("StateChangeReason"),
            **{f"{name}_time": str(each) if each else None for name, each in times.items()},
            "session_id": told.get("SessionId") or self.session_id,
            "working_directory": told.get("WorkingDirectory"),
            "stdout_s3_uri": result.get("StdOutS3Uri"),
            "stderr_s3_uri": result.get("StdErrorS3Uri"),
            "result_s3_uri": result.get("ResultS3Uri"),
            "result_type": result.get("ResultType"),
        }
