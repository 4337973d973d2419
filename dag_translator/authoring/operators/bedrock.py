"""Operators of Amazon Bedrock's models: invocation, customization, throughput, batch inference, evaluation."""

from __future__ import annotations

import json
import time
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.operators.aws import aws_template_fields

# An argument may be a model's id, its ARN, or an inference profile's, which reaches into other regions.
MODELS = (
    *("bedrock:*::foundation-model/*", "bedrock:{here}:inference-profile/*", "bedrock:{here}:custom-model/*"),
    *("bedrock:{here}:application-inference-profile/*", "bedrock:{here}:provisioned-model/*"),
    *("bedrock:{here}:imported-model/*", "bedrock:{here}:custom-model-deployment/*", "bedrock:{here}:prompt/*"),
)
CUSTOMIZATION = Watch(
    "bedrock",
    "GetModelCustomizationJob",
    "status",
    success=("Completed",),
    failure=("Failed", "Stopping", "Stopped"),
    reason="failureMessage",
    grants=(grant("bedrock:GetModelCustomizationJob", "bedrock:{here}:model-customization-job/*"),),
)
THROUGHPUT = Watch(
    "bedrock",
    "GetProvisionedModelThroughput",
    "status",
    success=("InService",),
    failure=("Failed",),
    reason="failureMessage",
    grants=(grant("bedrock:GetProvisionedModelThroughput", "bedrock:{here}:provisioned-model/*"),),
)
INFERENCE = Watch(
    "bedrock",
    "GetModelInvocationJob",
    "status",
    success=("Completed",),
    failure=("Failed", "Stopped", "PartiallyCompleted", "Expired", "Stopping"),
    reason="message",
    grants=(grant("bedrock:GetModelInvocationJob", "bedrock:{here}:model-invocation-job/*"),),
)
_IN_USE = "The provided job name is currently in use."


class BedrockInvokeModelOperator(ServiceTask):
    """Has a model answer; the XCom is its answer, whose form is the model's own."""

    template_fields: Any = aws_template_fields("model_id", "input_data", "content_type", "accept_type")
    service, action = "bedrock-runtime", "InvokeModel"
    starts = (grant("bedrock:InvokeModel", *MODELS),)
    __init__ = takes("model_id", "input_data", content_type=None, accept_type=None)

    def request(self) -> dict[str, Any]:
        body = json.dumps(self.input_data)
        return {"body": body, "modelId": self.model_id, "contentType": self.content_type, "accept": self.accept_type}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"body": json.loads(answer["body"].read())}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {})["body"]


class BedrockCustomizeModelOperator(ServiceOperator):
    """Trains a custom model; the XCom is the job's ARN. ensure_unique_job_name: a name in use gets a number."""

    template_fields: Any = aws_template_fields(
        *("job_name", "custom_model_name", "role_arn", "base_model_id", "hyperparameters", "ensure_unique_job_name"),
        *("customization_job_kwargs",),
    )
    service, action = "bedrock", "CreateModelCustomizationJob"
    starts = (
        grant("bedrock:CreateModelCustomizationJob", *MODELS[:3], "bedrock:{here}:model-customization-job/*"),
        grant("bedrock:TagResource", "bedrock:{here}:*", given="customization_job_kwargs"),
        passes_role("bedrock"),
    )
    watch = CUSTOMIZATION
    kept, returns = ("jobArn",), "jobArn"
    __init__ = takes(
        *("job_name", "custom_model_name", "role_arn", "base_model_id", "training_data_uri", "output_data_uri"),
        *("hyperparameters",),
        ensure_unique_job_name=True,
        customization_job_kwargs=None,
        wait_for_completion=True,
        waiter_delay=120,
        waiter_max_attempts=75,
        deferrable=False,
    )

    def request(self) -> dict[str, Any]:
        return {
            "jobName": self.job_name,
            "customModelName": self.custom_model_name,
            "roleArn": self.role_arn,
            "baseModelIdentifier": self.base_model_id,
            "trainingDataConfig": {"s3Uri": self.training_data_uri},
            "outputDataConfig": {"s3Uri": self.output_data_uri},
            "hyperParameters": self.hyperparameters,
            **(self.customization_job_kwargs or {}),
        }

    def start(self, context: Any) -> dict[str, Any]:
        request = self.prepared(context)
        while True:
            try:
                answer = self.call(self.action, request)
            except Exception as error:
                if _IN_USE not in str(error) or not self.ensure_unique_job_name:
                    raise
                request["jobName"] = f"{request['jobName']}-{int(time.time())}"
            else:
                return {"jobIdentifier": request["jobName"], "jobArn": answer["jobArn"]}


class BedrockCreateProvisionedModelThroughputOperator(ServiceOperator):
    """Buys throughput for a model; the XCom is the provisioned model's ARN."""

    template_fields: Any = aws_template_fields("model_units", "provisioned_model_name", "model_id")
    service, action = "bedrock", "CreateProvisionedModelThroughput"
    starts = (grant("bedrock:CreateProvisionedModelThroughput bedrock:TagResource", *MODELS[:5]),)
    watch = THROUGHPUT
    returns = "provisionedModelId"
    __init__ = takes(
        *("model_units", "provisioned_model_name", "model_id"),
        create_throughput_kwargs=None,
        wait_for_completion=True,
        waiter_delay=60,
        waiter_max_attempts=20,
        deferrable=False,
    )

    def request(self) -> dict[str, Any]:
        own = {"provisionedModelName": self.provisioned_model_name, "modelId": self.model_id}
        return {"modelUnits": int(self.model_units), **own, **(self.create_throughput_kwargs or {})}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"provisionedModelId": answer["provisionedModelArn"]}


class BedrockBatchInferenceOperator(ServiceOperator):
    """Has a model answer a file of questions; the XCom is the job's ARN."""

    template_fields: Any = aws_template_fields(
        *("job_name", "role_arn", "model_id", "input_uri", "output_uri", "invoke_kwargs")
    )
    service, action = "bedrock", "CreateModelInvocationJob"
    starts = (
        grant("bedrock:CreateModelInvocationJob", *MODELS[:4], "bedrock:{here}:model-invocation-job/*"),
        grant("bedrock:TagResource", "bedrock:{here}:model-invocation-job/*", given="invoke_kwargs"),
        passes_role("bedrock"),
    )
    watch = INFERENCE
    returns = "jobIdentifier"
    __init__ = takes(
        *("job_name", "role_arn", "model_id", "input_uri", "output_uri"),
        invoke_kwargs=None,
        wait_for_completion=True,
        waiter_delay=60,
        waiter_max_attempts=20,
        deferrable=False,
    )

    def request(self) -> dict[str, Any]:
        return {
            "jobName": self.job_name,
            "roleArn": self.role_arn,
            "modelId": self.model_id,
            "inputDataConfig": {"s3InputDataConfig": {"s3Uri": self.input_uri}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": self.output_uri}},
            **(self.invoke_kwargs or {}),
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"jobIdentifier": answer["jobArn"]}


class BedrockCreateEvaluationJobOperator(ServiceTask):
    """Begins to evaluate a model; the XCom is the job's ARN."""

    template_fields: Any = aws_template_fields(
        *("job_name", "role_arn", "job_description", "evaluation_config", "inference_config", "output_data_config")
    )
    service, action = "bedrock", "CreateEvaluationJob"
    starts = (
        grant("bedrock:CreateEvaluationJob", *MODELS[:5], "bedrock:{here}:evaluation-job/*"),
        passes_role("bedrock"),
    )
    returns = "jobArn"
    __init__ = takes(
        *("job_name", "role_arn", "evaluation_config", "inference_config", "output_data_config"), job_description=None
    )

    def request(self) -> dict[str, Any]:
        return {
            "jobName": self.job_name,
            "roleArn": self.role_arn,
            "evaluationConfig": self.evaluation_config,
            "inferenceConfig": self.inference_config,
            "outputDataConfig": self.output_data_config,
            "jobDescription": self.job_description,
        }
