"""Operators of Amazon Comprehend: jobs that find personal data, document classifiers."""

from __future__ import annotations

import time
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_JOB = "comprehend:{here}:pii-entities-detection-job/*"
_CLASSIFIER = "comprehend:{here}:document-classifier/*"
PII_JOB = Watch(
    "comprehend",
    "DescribePiiEntitiesDetectionJob",
    "PiiEntitiesDetectionJobProperties.JobStatus",
    success=("COMPLETED",),
    failure=("FAILED", "STOP_REQUESTED", "STOPPED"),
    reason="PiiEntitiesDetectionJobProperties.Message",
    grants=(grant("comprehend:DescribePiiEntitiesDetectionJob", _JOB),),
)
CLASSIFIER = Watch(
    "comprehend",
    "DescribeDocumentClassifier",
    "DocumentClassifierProperties.Status",
    success=("TRAINED", "TRAINED_WITH_WARNING"),
    failure=("DELETING", "STOP_REQUESTED", "STOPPED", "IN_ERROR"),
    reason="DocumentClassifierProperties.Message",
    grants=(grant("comprehend:DescribeDocumentClassifier", _CLASSIFIER),),
)


def trained_states(strict: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Good and bad states; strict (fail_on_warnings): a warning is a failure."""
    if strict:
        return CLASSIFIER.success[:1], (*CLASSIFIER.failure, "TRAINED_WITH_WARNING")
    return CLASSIFIER.success, CLASSIFIER.failure


class ComprehendBaseOperator(ServiceOperator):
    """What the operators of jobs share."""

    template_fields: Any = aws_template_fields(
        *("input_data_config", "output_data_config", "data_access_role_arn", "language_code")
    )
    service = "comprehend"
    __init__ = takes("input_data_config", "output_data_config", "data_access_role_arn", "language_code")

    def request(self) -> dict[str, Any]:
        return {
            "InputDataConfig": self.input_data_config,
            "OutputDataConfig": self.output_data_config,
            "DataAccessRoleArn": self.data_access_role_arn,
            "LanguageCode": self.language_code,
        }


class ComprehendStartPiiEntitiesDetectionJobOperator(ComprehendBaseOperator):
    """Finds personal data in documents; the XCom is the job's id."""

    action = "StartPiiEntitiesDetectionJob"
    starts = (
        grant("comprehend:StartPiiEntitiesDetectionJob comprehend:TagResource", _JOB),
        passes_role("comprehend"),
    )
    watch = PII_JOB
    returns = "JobId"
    __init__ = takes(
        *("mode",),
        start_pii_entities_kwargs=None,
        wait_for_completion=True,
        waiter_delay=60,
        waiter_max_attempts=20,
        deferrable=False,
    )

    def request(self) -> dict[str, Any]:
        own = dict(self.start_pii_entities_kwargs or {})
        if own.get("JobName") is None:
            own["JobName"] = f"start_pii_entities_detection_job-{int(time.time())}"
        return {**super().request(), "Mode": self.mode, **own}

    def start(self, context: Any) -> dict[str, Any]:
        job = self.call(self.action, self.request())["JobId"]
        self.link(context, "comprehend_pii_detection", job_id=job)
        return {"JobId": job}


class ComprehendCreateDocumentClassifierOperator(ServiceOperator):
    """Trains a classifier of documents; the XCom is its ARN."""

    template_fields: Any = aws_template_fields(
        *("document_classifier_name", "input_data_config", "mode", "data_access_role_arn", "language_code"),
        *("output_data_config", "document_classifier_kwargs"),
    )
    service, action = "comprehend", "CreateDocumentClassifier"
    starts = (
        grant("comprehend:CreateDocumentClassifier comprehend:TagResource", _CLASSIFIER),
        passes_role("comprehend"),
    )
    watch = CLASSIFIER
    returns = "DocumentClassifierArn"
    __init__ = takes(
        *("document_classifier_name", "input_data_config", "mode", "data_access_role_arn", "language_code"),
        fail_on_warnings=False,
        output_data_config=None,
        document_classifier_kwargs=None,
        wait_for_completion=True,
        waiter_delay=60,
        waiter_max_attempts=60,
        deferrable=False,
    )

    def request(self) -> dict[str, Any]:
        return {
            "DocumentClassifierName": self.document_classifier_name,
            "InputDataConfig": self.input_data_config,
            "Mode": self.mode,
            "DataAccessRoleArn": self.data_access_role_arn,
            "LanguageCode": self.language_code,
            "OutputDataConfig": self.output_data_config,
            **(self.document_classifier_kwargs or {}),
        }

    def start(self, context: Any) -> dict[str, Any]:
        arn = self.call(self.action, self.request())["DocumentClassifierArn"]
        self.link(context, "comprehend_document_classifier", arn=arn)
        return {"DocumentClassifierArn": arn}

    def success_states(self) -> tuple[str, ...]:
        return trained_states(self.fail_on_warnings)[0]

    def failure_states(self) -> tuple[str, ...]:
        return trained_states(self.fail_on_warnings)[1]
