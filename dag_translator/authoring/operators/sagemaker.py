"""Jobs on Amazon SageMaker: training, processing, transform, tuning. Step Functions runs them (`.sync`).

config is the request of the Create action. `S3Operations` in it, which would upload files, is refused. The XCom is what
the Describe action tells when the job has ended, dates as Python shows them, as in the provider.
"""

from __future__ import annotations

import json
import time
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, error_code
from dag_translator.authoring.aws.rows import Grant, Sync, Watch, grant, passes_role, takes
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields, refuse

_JOB = {"wait_for_completion": True, "check_interval": 30, "max_ingestion_time": None, "deferrable": False}
_NAMED = {"max_attempts": None, "action_if_job_exists": "timestamp"}
ROLES = (passes_role("sagemaker"), grant("iam:GetRole", "iam::{account}:role/*"))


def job_grants(kind: str, resource: str, rule: str = "") -> tuple[Grant, ...]:
    """What a job of a kind ("TrainingJob") needs; rule: the managed rule by which Step Functions hears of its end."""
    arn = f"sagemaker:{{here}}:{resource}/*"
    listens = (grant("events:PutTargets events:PutRule events:DescribeRule", f"events:{{here}}:rule/{rule}"),)
    return (
        grant(f"sagemaker:Create{kind} sagemaker:Describe{kind} sagemaker:Stop{kind} sagemaker:AddTags", arn),
        grant("sagemaker:ListTags"),
        *ROLES[:1],
        *(listens if rule else ()),
    )


class SageMakerBaseOperator(ServiceOperator):
    """What they share. integers: paths in config of numbers that templates make text of; roles: of IAM roles' names."""

    template_fields: Any = aws_template_fields("config")
    template_fields_renderers: Any = {"config": "json"}  # noqa: RUF012
    ui_color = "#ededed"
    service = "sagemaker"
    integers: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config: Any = config
        if isinstance(config, dict) and "S3Operations" in config:
            refuse("S3Operations in a config", "upload or make the bucket in a task of its own")

    def request(self) -> dict[str, Any]:
        """The config with its numbers and its roles' ARNs."""
        for path in self.integers:
            _change(self.config, path.split("."), int)
        for path in self.roles:
            _change(self.config, path.split("."), self._role_arn)
        config: dict[str, Any] = self.config
        return config

    def _role_arn(self, role: str) -> str:
        return role if "/" in role else str(self.call("GetRole", {"RoleName": role}, "iam")["Role"]["Arn"])

    def free_name(self, name: str, describe: str, field: str, action: str, kind: str = "job") -> str:
        """A name that no job has: this one, or with a time stamp behind it. action: "fail" or "timestamp"."""
        wanted = name
        while self._is_there(describe, {field: name}):
            if action == "fail":
                raise AirflowException(f"A SageMaker {kind} with name {name} already exists.")
            stamp = str(int(time.time()))
            name = f"{wanted[: 63 - len(stamp) - 1]}-{stamp}"
        return name

    def _is_there(self, describe: str, request: dict[str, Any]) -> bool:
        try:
            self.call(describe, request)
        except Exception as error:
            # SageMaker's answer for a job that does not exist.
            if error_code(error) in ("ValidationException", "ResourceNotFound"):
                return False
            raise
        return True


def _change(config: Any, path: list[str], change: Any) -> None:
    if isinstance(config, list):
        for each in config:
            _change(each, path, change)
    elif path[0] in config:
        if len(path) > 1:
            _change(config[path[0]], path[1:], change)
        else:
            config[path[0]] = change(config[path[0]])


def serialized(answer: dict[str, Any]) -> Any:
    """As the provider pushes it."""
    return json.loads(json.dumps(answer, default=repr))


class _Job(SageMakerBaseOperator):
    """result: the key of the XCom. name: config's field of the job's name."""

    result: str = ""
    name: str = ""

    def waits(self) -> bool:
        return bool(self.wait_for_completion)

    def pace(self) -> tuple[float, float | None]:
        every, limit = max(1.0, float(self.check_interval)), self.max_ingestion_time
        deferred = (getattr(self, "max_attempts", None) or 60) if self.deferrable else None
        return every, float(limit) / every if limit else deferred

    def named(self) -> dict[str, Any]:
        """config's part that is the job's."""
        config: dict[str, Any] = self.config
        return config

    def prepared(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        self.request()
        job = self.named()
        if getattr(self, "check_if_job_exists", True) and hasattr(self, "action_if_job_exists"):
            assert self.watch is not None
            job[self.name] = self.free_name(job[self.name], self.watch.action, self.name, self.action_if_job_exists)
        return job

    def start(self, context: Any) -> dict[str, Any]:
        job = self.prepared(context)
        self.call(self.action, job)
        return {self.name: job[self.name]}

    def synced(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {self.name: answer.get(self.name) or self.named()[self.name]}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        assert handle is not None
        assert self.watch is not None
        return {self.result: serialized(self.call(self.watch.action, handle))}


def _watch(kind: str, resource: str) -> Watch:
    """Of the provider's waiters."""
    described = (grant(f"sagemaker:Describe{kind}", f"sagemaker:{{here}}:{resource}/*"),)
    failed = ("Failed", "Stopped")
    return Watch(
        "sagemaker",
        f"Describe{kind}",
        f"{kind}Status",
        ("Completed",),
        failed,
        reason="FailureReason",
        grants=described,
    )


class SageMakerTrainingOperator(_Job):
    """Trains a model; the XCom is {"Training": …}."""

    action, name, result = "CreateTrainingJob", "TrainingJobName", "Training"
    integers = (
        "ResourceConfig.InstanceCount",
        "ResourceConfig.VolumeSizeInGB",
        "StoppingCondition.MaxRuntimeInSeconds",
    )
    roles = ("RoleArn",)
    reads = ROLES[1:]
    starts = (*job_grants("TrainingJob", "training-job"), *reads)
    sync = Sync(
        "sagemaker:createTrainingJob",
        ("HyperParameters", "Environment"),
        job_grants("TrainingJob", "training-job", "StepFunctionsGetEventsForSageMakerTrainingJobsRule"),
    )
    watch = _watch("TrainingJob", "training-job")
    __init__ = takes(print_log=True, check_if_job_exists=True, **_JOB, **_NAMED)


class SageMakerProcessingOperator(_Job):
    """Runs a processing job; the XCom is {"Processing": …}."""

    template_fields: Any = aws_template_fields("config", "output_files_to_xcom")
    action, name, result = "CreateProcessingJob", "ProcessingJobName", "Processing"
    integers = (
        "ProcessingResources.ClusterConfig.InstanceCount",
        "ProcessingResources.ClusterConfig.VolumeSizeInGB",
        "StoppingCondition.MaxRuntimeInSeconds",
    )
    roles = ("RoleArn",)
    reads = (*ROLES[1:], grant("s3:GetObject", "s3:::*", given="output_files_to_xcom"))
    starts = (*job_grants("ProcessingJob", "processing-job"), *reads)
    sync = Sync(
        "sagemaker:createProcessingJob",
        ("Environment",),
        job_grants("ProcessingJob", "processing-job", "StepFunctionsGetEventsForSageMakerProcessingJobsRule"),
    )
    watch = _watch("ProcessingJob", "processing-job")
    __init__ = takes(output_files_to_xcom=None, print_log=True, **_JOB, **_NAMED)

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:
        found = {row["result_name"]: self._output(row) for row in self.output_files_to_xcom or ()}
        files = {name: value for name, value in found.items() if value is not None}
        return {**super().finish(handle, context), **({"OutputFiles": files} if files else {})}

    def _output(self, row: dict[str, str]) -> Any:
        """The JSON of an output's file; None if the job has no such output."""
        outputs = self.config.get("ProcessingOutputConfig", {}).get("Outputs", [])
        found = [each for each in outputs if each["OutputName"] == row["output_name"]]
        if not found:
            return None
        uri = f"{found[0]['S3Output']['S3Uri'].rstrip('/')}/{row['file_name']}"
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            return json.loads(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
        except json.JSONDecodeError:
            return {"_error": f"Invalid JSON at {uri}"}
        except Exception as error:
            missing = error_code(error) == "NoSuchKey"
            return {"_error": f"File not found: {uri}" if missing else f"Failed to read from {uri}"}


class SageMakerTransformOperator(_Job):
    """Runs a batch transform, for a model that it makes if config has one; the XCom is {"Model": …, "Transform": …}."""

    action, name, result = "CreateTransformJob", "TransformJobName", "Transform"
    integers = tuple(
        f"{prefix}{name}"
        for prefix in ("Transform.", "")
        for name in ("TransformResources.InstanceCount", "MaxConcurrentTransforms", "MaxPayloadInMB")
    )
    roles = ("Model.ExecutionRoleArn",)
    reads = (
        grant("sagemaker:DescribeModel sagemaker:CreateModel sagemaker:AddTags", "sagemaker:{here}:model/*"),
        *ROLES,
    )
    starts = (*job_grants("TransformJob", "transform-job"), *reads)
    sync = Sync(
        "sagemaker:createTransformJob",
        ("Environment",),
        job_grants("TransformJob", "transform-job", "StepFunctionsGetEventsForSageMakerTransformJobsRule"),
    )
    watch = _watch("TransformJob", "transform-job")
    __init__ = takes(
        check_if_job_exists=True, check_if_model_exists=True, action_if_model_exists="timestamp", **_JOB, **_NAMED
    )

    def named(self) -> dict[str, Any]:
        part: dict[str, Any] = self.config.get("Transform", self.config)
        return part

    def prepared(self, context: Any) -> dict[str, Any]:
        job, model = super().prepared(context), self.config.get("Model")
        if model:
            if self.check_if_model_exists:
                action = self.action_if_model_exists
                model["ModelName"] = self.free_name(model["ModelName"], "DescribeModel", "ModelName", action, "model")
                if "ModelName" in job:
                    job["ModelName"] = model["ModelName"]
            self.call("CreateModel", model)
        name = job[self.name]
        self.link(context, "sagemaker_transform_job_details", job_name=name)
        return job

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:
        told = super().finish(handle, context)
        model = self.call("DescribeModel", {"ModelName": told["Transform"]["ModelName"]})
        return {"Model": serialized(model), **told}


class SageMakerTuningOperator(_Job):
    """Tunes hyperparameters; the XCom is {"Tuning": …}."""

    action, name, result = "CreateHyperParameterTuningJob", "HyperParameterTuningJobName", "Tuning"
    integers = (
        "HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs",
        "HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs",
        "TrainingJobDefinition.ResourceConfig.InstanceCount",
        "TrainingJobDefinition.ResourceConfig.VolumeSizeInGB",
        "TrainingJobDefinition.StoppingCondition.MaxRuntimeInSeconds",
    )
    roles = ("TrainingJobDefinition.RoleArn",)
    reads = ROLES[1:]
    starts = (*job_grants("HyperParameterTuningJob", "hyper-parameter-tuning-job"), *reads)
    sync = Sync(
        "sagemaker:createHyperParameterTuningJob",
        ("StaticHyperParameters", "Environment"),
        job_grants(
            "HyperParameterTuningJob",
            "hyper-parameter-tuning-job",
            "StepFunctionsGetEventsForSageMakerTuningJobsRule",
        ),
    )
    watch = _watch("HyperParameterTuningJob", "hyper-parameter-tuning-job")
    __init__ = takes(**_JOB)
