"""Operators of SageMaker's model packages, experiments and AutoML."""

from __future__ import annotations

from enum import Enum
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator
from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields, refuse
from dag_translator.authoring.operators.sagemaker import ROLES, serialized


class ApprovalStatus(Enum):
    """Of a model package."""

    APPROVED = "Approved"
    REJECTED = "Rejected"
    PENDING_MANUAL_APPROVAL = "PendingManualApproval"


class _Plain(ServiceOperator):
    ui_color = "#ededed"
    service = "sagemaker"


class _Extended(_Plain):
    """extras: more of the request. config: the provider takes one and does not look at it."""

    def __init__(self, *, config: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if config:
            refuse(f"{type(self).__name__}: config", "write it into extras, which are sent")


class SageMakerRegisterModelVersionOperator(_Extended):
    """Registers a model in a package group, which it makes if need be; the XCom is the package's ARN."""

    template_fields: Any = aws_template_fields(
        *("image_uri", "model_url", "package_group_name", "package_group_desc", "package_desc", "model_approval")
    )
    starts = (
        grant(
            "sagemaker:CreateModelPackageGroup sagemaker:DeleteModelPackageGroup",
            "sagemaker:{here}:model-package-group/{package_group_name}",
        ),
        grant(
            "sagemaker:CreateModelPackage",
            *("sagemaker:{here}:model-package-group/*", "sagemaker:{here}:model-package/*"),
        ),
    )
    __init__ = takes(
        *("image_uri", "model_url", "package_group_name"),
        package_group_desc="",
        package_desc="",
        model_approval=ApprovalStatus.PENDING_MANUAL_APPROVAL,
        extras=None,
    )

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        group, made = {"ModelPackageGroupName": self.package_group_name}, True
        try:
            self.call("CreateModelPackageGroup", {**group, "ModelPackageGroupDescription": self.package_desc})
        except Exception as error:
            if "Model Package Group already exists" not in str(error):
                raise
            made = False
        csv = ["text/csv"]
        request = {
            "InferenceSpecification": {
                "Containers": [{"Image": self.image_uri, "ModelDataUrl": self.model_url}],
                "SupportedContentTypes": csv,
                "SupportedResponseMIMETypes": csv,
            },
            **group,
            "ModelPackageDescription": self.package_desc,
            "ModelApprovalStatus": getattr(self.model_approval, "value", self.model_approval),
            **(self.extras or {}),
        }
        try:
            return self.call("CreateModelPackage", request)
        except Exception:
            if made:
                self.call("DeleteModelPackageGroup", group)
            raise

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("ModelPackageArn")


class SageMakerCreateExperimentOperator(_Plain):
    """Makes an experiment; the XCom is its ARN."""

    template_fields: Any = aws_template_fields("name", "description", "tags")
    action = "CreateExperiment"
    starts = (grant("sagemaker:CreateExperiment sagemaker:AddTags", "sagemaker:{here}:experiment/{name}"),)
    __init__ = takes("name", description=None, tags=None)

    def request(self) -> dict[str, Any]:
        tags = [{"Key": key, "Value": value} for key, value in (self.tags or {}).items()]
        return {"ExperimentName": self.name, "Description": self.description, "Tags": tags}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("ExperimentArn")


class SageMakerAutoMLOperator(_Extended):
    """Has a model found and trained; the XCom is the best candidate."""

    template_fields: Any = aws_template_fields(
        *("job_name", "s3_input", "target_attribute", "s3_output", "role_arn", "compressed_input", "time_limit"),
        *("autodeploy_endpoint_name", "extras"),
    )
    action = "CreateAutoMLJob"
    starts = (
        grant("sagemaker:CreateAutoMLJob sagemaker:DescribeAutoMLJob", "sagemaker:{here}:automl-job/*"),
        *ROLES[:1],
    )
    watch = Watch(
        "sagemaker",
        "DescribeAutoMLJob",
        "AutoMLJobStatus",
        success=("Completed", "Stopped"),
        failure=("Failed",),
        reason="FailureReason",
        grants=(grant("sagemaker:DescribeAutoMLJob", "sagemaker:{here}:automl-job/*"),),
    )
    __init__ = takes(
        *("job_name", "s3_input", "target_attribute", "s3_output", "role_arn"),
        compressed_input=False,
        time_limit=None,
        autodeploy_endpoint_name=None,
        extras=None,
        wait_for_completion=True,
        check_interval=30,
    )

    def request(self) -> dict[str, Any]:
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": self.s3_input}}
        packed = {"CompressionType": "Gzip"} if self.compressed_input else {}
        limit, endpoint = self.time_limit, self.autodeploy_endpoint_name
        criteria = {"CompletionCriteria": {"MaxAutoMLJobRuntimeInSeconds": int(limit)}} if limit else None
        return {
            "AutoMLJobName": self.job_name,
            "InputDataConfig": [{"DataSource": source, "TargetAttributeName": self.target_attribute, **packed}],
            "OutputDataConfig": {"S3OutputPath": self.s3_output},
            "RoleArn": self.role_arn,
            "AutoMLJobConfig": criteria,
            "ModelDeployConfig": {"EndpointName": endpoint} if endpoint else None,
            **(self.extras or {}),
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return {"AutoMLJobName": self.job_name}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        best = self.call("DescribeAutoMLJob", handle or {}).get("BestCandidate") if self.waits() else None
        return serialized(best) if best else None
