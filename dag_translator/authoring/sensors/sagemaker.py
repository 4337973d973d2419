"""Sensors on Amazon SageMaker. print_log and verbose have no effect: the logs stay in their log groups.

As in the provider a state counts as success that is neither a failure nor one of those on the way.
"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.operators.aws import aws_template_fields


def _watch(kind: str, resource: str, state: str, success: tuple[str, ...], failure: tuple[str, ...]) -> Watch:
    asks = (grant(f"sagemaker:Describe{kind}", f"sagemaker:{{here}}:{resource}/*"),)
    return Watch("sagemaker", f"Describe{kind}", state, success, failure, reason="FailureReason", grants=asks)


class SageMakerBaseSensor(ServiceSensor):
    """What they share. argument: the operator's, and the field of the request that it is."""

    ui_color = "#ededed"
    service = "sagemaker"
    argument: tuple[str, str] = ("", "")
    __init__ = takes(resource_type="job")

    def arguments(self) -> dict[str, Any]:
        name, field = self.argument
        return {field: getattr(self, name)}


class SageMakerEndpointSensor(SageMakerBaseSensor):
    """Done when the endpoint is InService."""

    template_fields: Any = aws_template_fields("endpoint_name")
    argument = ("endpoint_name", "EndpointName")
    watch = _watch("Endpoint", "endpoint", "EndpointStatus", ("InService", "OutOfService"), ("Failed",))
    __init__ = takes("endpoint_name")


class SageMakerTransformSensor(SageMakerBaseSensor):
    """Done when the transform job has ended."""

    template_fields: Any = aws_template_fields("job_name")
    argument = ("job_name", "TransformJobName")
    watch = _watch("TransformJob", "transform-job", "TransformJobStatus", ("Completed", "Stopped"), ("Failed",))
    __init__ = takes("job_name")


class SageMakerTuningSensor(SageMakerBaseSensor):
    """Done when the tuning job has ended."""

    template_fields: Any = aws_template_fields("job_name")
    argument = ("job_name", "HyperParameterTuningJobName")
    watch = _watch(
        *("HyperParameterTuningJob", "hyper-parameter-tuning-job", "HyperParameterTuningJobStatus"),
        *(("Completed", "Stopped"), ("Failed",)),
    )
    __init__ = takes("job_name")


class SageMakerTrainingSensor(SageMakerBaseSensor):
    """Done when the training job is Completed."""

    template_fields: Any = aws_template_fields("job_name")
    argument = ("job_name", "TrainingJobName")
    watch = _watch("TrainingJob", "training-job", "TrainingJobStatus", ("Completed",), ("Failed", "Stopped"))
    __init__ = takes("job_name", print_log=True)


class SageMakerProcessingSensor(SageMakerBaseSensor):
    """Done when the processing job is Completed."""

    template_fields: Any = aws_template_fields("job_name")
    argument = ("job_name", "ProcessingJobName")
    watch = _watch("ProcessingJob", "processing-job", "ProcessingJobStatus", ("Completed",), ("Failed", "Stopped"))
    __init__ = takes("job_name")


class SageMakerAutoMLSensor(SageMakerBaseSensor):
    """Done when the AutoML job has ended."""

    template_fields: Any = aws_template_fields("job_name")
    argument = ("job_name", "AutoMLJobName")
    watch = _watch("AutoMLJob", "automl-job", "AutoMLJobStatus", ("Completed", "Stopped"), ("Failed",))
    __init__ = takes("job_name")


class SageMakerPipelineSensor(SageMakerBaseSensor):
    """Done when the pipeline's execution has ended."""

    template_fields: Any = aws_template_fields("pipeline_exec_arn")
    argument = ("pipeline_exec_arn", "PipelineExecutionArn")
    watch = _watch("PipelineExecution", "pipeline", "PipelineExecutionStatus", ("Succeeded", "Stopped"), ("Failed",))
    __init__ = takes("pipeline_exec_arn", verbose=True)
