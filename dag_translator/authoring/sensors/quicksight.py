"""The sensor on an ingestion of Amazon QuickSight."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.quicksight import ACCOUNT, INGESTION, ingestion_of


class QuickSightSensor(ServiceSensor):
    """Done when the ingestion is COMPLETED."""

    template_fields: Any = ("data_set_id", "ingestion_id", "aws_conn_id")
    service = "quicksight"
    watch = INGESTION
    reads = (ACCOUNT,)
    __init__ = takes("data_set_id", "ingestion_id", max_retries=2160, deferrable=False)

    def arguments(self) -> dict[str, Any]:
        return ingestion_of(self)
