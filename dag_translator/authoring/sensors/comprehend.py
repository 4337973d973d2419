"""Sensors on what Amazon Comprehend runs."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.comprehend import CLASSIFIER, PII_JOB, trained_states


class ComprehendBaseSensor(ServiceSensor):
    """What Comprehend's sensors share."""

    ui_color = "#66c3ff"
    service = "comprehend"
    __init__ = takes(deferrable=False)


class ComprehendStartPiiEntitiesDetectionJobCompletedSensor(ComprehendBaseSensor):
    """Done when the job is COMPLETED."""

    template_fields: Any = aws_template_fields("job_id")
    watch = PII_JOB
    __init__ = takes("job_id", max_retries=75, poke_interval=120)

    def arguments(self) -> dict[str, Any]:
        return {"JobId": self.job_id}


class ComprehendCreateDocumentClassifierCompletedSensor(ComprehendBaseSensor):
    """Done when the classifier is TRAINED; fail_on_warnings: and without warnings."""

    template_fields: Any = aws_template_fields("document_classifier_arn")
    watch = CLASSIFIER
    __init__ = takes("document_classifier_arn", fail_on_warnings=False, max_retries=75, poke_interval=120)

    def arguments(self) -> dict[str, Any]:
        return {"DocumentClassifierArn": self.document_classifier_arn}

    def success_states(self) -> tuple[str, ...]:
        return trained_states(self.fail_on_warnings)[0]

    def failure_states(self) -> tuple[str, ...]:
        return trained_states(self.fail_on_warnings)[1]
