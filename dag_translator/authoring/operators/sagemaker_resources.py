"""Operators of SageMaker besides its jobs: models, endpoints, pipelines."""

from __future__ import annotations

import time
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, error_code
from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.operators.sagemaker import ROLES, SageMakerBaseOperator, serialized

_PIPELINE = "sagemaker:{here}:pipeline/*"


class SageMakerModelOperator(SageMakerBaseOperator):
    """Makes a model; the XCom is {"Model": …}."""

    action = "CreateModel"
    roles = ("ExecutionRoleArn",)
    starts = (
        grant("sagemaker:CreateModel sagemaker:DescribeModel sagemaker:AddTags", "sagemaker:{here}:model/*"),
        *ROLES,
    )

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return {"Model": serialized(self.call("DescribeModel", {"ModelName": self.config["ModelName"]}))}


class SageMakerDeleteModelOperator(SageMakerBaseOperator):
    """Deletes a model."""

    action = "DeleteModel"
    starts = (grant("sagemaker:DeleteModel", "sagemaker:{here}:model/*"),)

    def request(self) -> dict[str, Any]:
        return {"ModelName": self.config["ModelName"]}


class SageMakerEndpointConfigOperator(SageMakerBaseOperator):
    """Makes an endpoint's configuration; the XCom is {"EndpointConfig": …}."""

    action = "CreateEndpointConfig"
    integers = ("ProductionVariants.InitialInstanceCount",)
    starts = (
        grant(
            "sagemaker:CreateEndpointConfig sagemaker:DescribeEndpointConfig sagemaker:AddTags",
            "sagemaker:{here}:endpoint-config/*",
        ),
    )

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        name = {"EndpointConfigName": self.config["EndpointConfigName"]}
        return {"EndpointConfig": serialized(self.call("DescribeEndpointConfig", name))}


class SageMakerEndpointOperator(SageMakerBaseOperator):
    """Makes or updates an endpoint, after its model and configuration if config has them."""

    integers = ("EndpointConfig.ProductionVariants.InitialInstanceCount",)
    roles = ("Model.ExecutionRoleArn",)
    starts = (
        grant("sagemaker:CreateModel", "sagemaker:{here}:model/*"),
        grant(
            "sagemaker:CreateEndpointConfig sagemaker:DescribeEndpointConfig sagemaker:AddTags",
            "sagemaker:{here}:endpoint-config/*",
        ),
        grant(
            "sagemaker:CreateEndpoint sagemaker:UpdateEndpoint sagemaker:DescribeEndpoint sagemaker:AddTags",
            *("sagemaker:{here}:endpoint/*", "sagemaker:{here}:endpoint-config/*"),
        ),
        *ROLES,
    )
    watch = Watch(
        "sagemaker",
        "DescribeEndpoint",
        "EndpointStatus",
        success=("InService",),
        failure=("Failed",),
        reason="FailureReason",
        grants=(grant("sagemaker:DescribeEndpoint", "sagemaker:{here}:endpoint/*"),),
    )
    __init__ = takes(
        wait_for_completion=True,
        check_interval=30,
        max_ingestion_time=None,
        operation="create",
        deferrable=False,
    )

    def pace(self) -> tuple[float, float | None]:
        # As in the provider: what is named a time is a number of attempts.
        return float(self.check_interval), float(self.max_ingestion_time or 36_000)

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        config = self.request()
        for action, part in (("CreateModel", "Model"), ("CreateEndpointConfig", "EndpointConfig")):
            if config.get(part):
                self.call(action, config[part])
        endpoint = config.get("Endpoint", config)
        operation = self.operation.lower()
        if operation not in ("create", "update"):
            raise ValueError('Invalid value! Argument operation has to be one of "create" and "update"')
        try:
            self.call("CreateEndpoint" if operation == "create" else "UpdateEndpoint", endpoint)
        except Exception as error:
            if operation != "create" or "Cannot create already existing endpoint" not in str(error):
                raise
            self.log.warning("endpoint %s exists already and is updated", endpoint["EndpointName"])
            self.call("UpdateEndpoint", {name: value for name, value in endpoint.items() if name != "Tags"})
        return {"EndpointName": endpoint["EndpointName"]}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        endpoint = self.config.get("Endpoint", self.config)
        configured = {"EndpointConfigName": endpoint["EndpointConfigName"]}
        return {
            "EndpointConfig": serialized(self.call("DescribeEndpointConfig", configured)),
            "Endpoint": serialized(self.call("DescribeEndpoint", {"EndpointName": endpoint["EndpointName"]})),
        }


class _Pipeline(ServiceOperator):
    ui_color = "#ededed"
    service = "sagemaker"
    watch = Watch(
        "sagemaker",
        "DescribePipelineExecution",
        "PipelineExecutionStatus",
        success=("Succeeded", "Stopped"),
        failure=("Failed",),
        reason="FailureReason",
        grants=(grant("sagemaker:DescribePipelineExecution", _PIPELINE),),
    )

    def pace(self) -> tuple[float, float | None]:
        return float(self.check_interval), float(self.waiter_max_attempts)


_PIPELINE_WAITER = {
    "wait_for_completion": False,
    "check_interval": 30,
    "waiter_max_attempts": 9999,
    "verbose": True,
    "deferrable": False,
}


class SageMakerStartPipelineOperator(_Pipeline):
    """Starts a pipeline; the XCom is the execution's ARN."""

    template_fields: Any = aws_template_fields("pipeline_name", "display_name", "pipeline_params")
    action = "StartPipelineExecution"
    starts = (grant("sagemaker:StartPipelineExecution", "sagemaker:{here}:pipeline/{pipeline_name}"),)
    __init__ = takes(
        "pipeline_name", display_name="airflow-triggered-execution", pipeline_params=None, **_PIPELINE_WAITER
    )

    def request(self) -> dict[str, Any]:
        given = [{"Name": name, "Value": value} for name, value in (self.pipeline_params or {}).items()]
        display = self.display_name
        return {
            "PipelineName": self.pipeline_name,
            "PipelineExecutionDisplayName": display,
            "PipelineParameters": given,
        }

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("PipelineExecutionArn")


class SageMakerStopPipelineOperator(_Pipeline):
    """Stops a pipeline's execution; the XCom is its state."""

    template_fields: Any = aws_template_fields("pipeline_exec_arn")
    action = "StopPipelineExecution"
    starts = (grant("sagemaker:StopPipelineExecution sagemaker:DescribePipelineExecution", _PIPELINE),)
    __init__ = takes("pipeline_exec_arn", fail_if_not_running=False, **_PIPELINE_WAITER)

    def request(self) -> dict[str, Any]:
        return {"PipelineExecutionArn": self.pipeline_exec_arn}

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        for left in reversed(range(5)):
            try:
                self.call(self.action, self.request())
                break
            except Exception as error:
                if error_code(error) == "ConflictException" and left:
                    time.sleep(0.3)  # it was between two steps
                    continue
                ended = "Only pipelines with 'Executing' status can be stopped" in str(error)
                if self.fail_if_not_running or not ended:
                    raise
                break
        return self.request()

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return self.call("DescribePipelineExecution", self.request())["PipelineExecutionStatus"]
