"""Operators of SageMaker's notebook instances."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_ARN = "sagemaker:{here}:notebook-instance/{instance_name}"
# As boto3's waiters.
_WATCH = Watch(
    "sagemaker",
    "DescribeNotebookInstance",
    "NotebookInstanceStatus",
    failure=("Failed",),
    reason="FailureReason",
    grants=(grant("sagemaker:DescribeNotebookInstance", _ARN),),
)


class _Notebook(ServiceOperator):
    template_fields: Any = aws_template_fields("instance_name", "wait_for_completion")
    ui_color = "#ff7300"
    service = "sagemaker"
    __init__ = takes("instance_name", wait_for_completion=True)

    def pace(self) -> tuple[float, float | None]:
        return 30.0, 60.0

    def request(self) -> dict[str, Any]:
        return {"NotebookInstanceName": self.instance_name}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return {"NotebookInstanceName": self.instance_name}


class SageMakerCreateNotebookOperator(_Notebook):
    """Makes a notebook instance; the XCom is its ARN."""

    template_fields: Any = aws_template_fields(
        *("instance_name", "instance_type", "role_arn", "volume_size_in_gb", "volume_kms_key_id"),
        *("lifecycle_config_name", "direct_internet_access", "root_access", "wait_for_completion"),
        "create_instance_kwargs",
    )
    action = "CreateNotebookInstance"
    starts = (
        grant("sagemaker:CreateNotebookInstance sagemaker:AddTags sagemaker:DescribeNotebookInstance", _ARN),
        passes_role("sagemaker"),
    )
    watch = replace(_WATCH, success=("InService",))
    __init__ = takes(
        *("instance_type", "role_arn"),
        volume_size_in_gb=None,
        volume_kms_key_id=None,
        lifecycle_config_name=None,
        direct_internet_access=None,
        root_access=None,
        create_instance_kwargs=None,
    )

    def request(self) -> dict[str, Any]:
        more = dict(self.create_instance_kwargs or {})
        tags = more.pop("tags", None)
        return {
            **super().request(),
            "InstanceType": self.instance_type,
            "RoleArn": self.role_arn,
            "VolumeSizeInGB": self.volume_size_in_gb,
            "KmsKeyId": self.volume_kms_key_id,
            "LifecycleConfigName": self.lifecycle_config_name,
            "DirectInternetAccess": self.direct_internet_access,
            "RootAccess": self.root_access,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()] if tags else None,
            **more,
        }

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return self.call("DescribeNotebookInstance", handle or {})["NotebookInstanceArn"]


class SageMakerStartNoteBookOperator(_Notebook):
    """Starts a notebook instance. (Spelt as in the provider.)"""

    action = "StartNotebookInstance"
    starts = (grant("sagemaker:StartNotebookInstance", _ARN),)
    watch = replace(_WATCH, success=("InService",))


class SageMakerStopNotebookOperator(_Notebook):
    """Stops a notebook instance."""

    action = "StopNotebookInstance"
    starts = (grant("sagemaker:StopNotebookInstance", _ARN),)
    watch = replace(_WATCH, success=("Stopped",))


class SageMakerDeleteNotebookOperator(_Notebook):
    """Deletes a notebook instance, which has to be stopped."""

    action = "DeleteNotebookInstance"
    starts = (grant("sagemaker:DeleteNotebookInstance", _ARN),)
    watch = replace(_WATCH, gone=("ValidationException",))
