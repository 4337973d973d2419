"""Sensors on applications of Amazon Managed Service for Apache Flink."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.kinesis_analytics import STARTED, STOPPED

_PACE = {"max_retries": 75, "poke_interval": 120}


class KinesisAnalyticsV2BaseSensor(ServiceSensor):
    """What the two share."""

    ui_color = "#66c3ff"
    service = "kinesisanalyticsv2"
    __init__ = takes("application_name", deferrable=False)

    def arguments(self) -> dict[str, Any]:
        return {"ApplicationName": self.application_name}


class KinesisAnalyticsV2StartApplicationCompletedSensor(KinesisAnalyticsV2BaseSensor):
    """Done when the application is RUNNING."""

    template_fields: Any = aws_template_fields("application_name")
    watch = STARTED
    __init__ = takes(**_PACE)


class KinesisAnalyticsV2StopApplicationCompletedSensor(KinesisAnalyticsV2BaseSensor):
    """Done when the application is READY, that is stopped."""

    template_fields: Any = aws_template_fields("application_name")
    watch = STOPPED
    __init__ = takes(**_PACE)
