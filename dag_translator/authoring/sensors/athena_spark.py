"""The sensor on a calculation of Athena for Apache Spark."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.athena_spark import CALCULATION
from dag_translator.authoring.operators.aws import aws_template_fields


class AthenaSparkSensor(ServiceSensor):
    """Done when the calculation is COMPLETED."""

    template_fields: Any = aws_template_fields("calculation_execution_id")
    service = "athena"
    watch = CALCULATION
    __init__ = takes("calculation_execution_id")

    def arguments(self) -> dict[str, Any]:
        return {"CalculationExecutionId": self.calculation_execution_id}
