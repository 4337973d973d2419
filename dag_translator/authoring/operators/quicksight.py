"""QuickSightCreateIngestionOperator."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator
from dag_translator.authoring.aws.rows import Grant, Watch, grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_INGESTION = "quicksight:{here}:dataset/{data_set_id}/ingestion/*"
INGESTION = Watch(
    "quicksight",
    "DescribeIngestion",
    "Ingestion.IngestionStatus",
    success=("COMPLETED",),
    failure=("FAILED", "CANCELLED"),
    reason="Ingestion.ErrorInfo",
    grants=(grant("quicksight:DescribeIngestion", _INGESTION),),
)
# QuickSight is to be told which account it is about.
ACCOUNT: Grant = grant("sts:GetCallerIdentity")


def ingestion_of(task: Any) -> dict[str, Any]:
    """What names a task's ingestion."""
    account = task.call("GetCallerIdentity", {}, "sts")["Account"]
    return {"AwsAccountId": account, "DataSetId": task.data_set_id, "IngestionId": task.ingestion_id}


class QuickSightCreateIngestionOperator(ServiceOperator):
    """Has a data set read anew into SPICE; the XCom is QuickSight's answer."""

    template_fields: Any = aws_template_fields(
        *("data_set_id", "ingestion_id", "ingestion_type", "wait_for_completion", "waiter_delay"),
        *("waiter_max_attempts", "check_interval"),
    )
    ui_color = "#ffd700"
    service, action = "quicksight", "CreateIngestion"
    starts = (grant("quicksight:CreateIngestion", _INGESTION), ACCOUNT)
    watch = INGESTION
    kept, returns = ("ingestion",), "ingestion"
    __init__ = takes(
        *("data_set_id", "ingestion_id"),
        ingestion_type="FULL_REFRESH",
        wait_for_completion=True,
        waiter_delay=30,
        waiter_max_attempts=4320,
        check_interval=None,
        deferrable=False,
    )

    def pace(self) -> tuple[float, float | None]:
        delay = self.waiter_delay if self.check_interval is None else self.check_interval
        return float(delay), float(self.waiter_max_attempts)

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        handle = ingestion_of(self)
        return {**handle, "ingestion": self.call(self.action, {**handle, "IngestionType": self.ingestion_type})}
