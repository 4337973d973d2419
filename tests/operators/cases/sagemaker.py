"""Amazon SageMaker."""

from __future__ import annotations

from typing import Any

from tests.operators.aws_fake import Failure
from tests.operators.cases import NO, STOPPED_JOB, Case, states

NEW = Failure("ValidationException", "Requested resource not found")
RESOURCES = '{"InstanceCount": "1", "InstanceType": "ml.m5.large", "VolumeSizeInGB": "30"}'
TRAINING = (
    'config={"TrainingJobName": "j", "RoleArn": "arn:aws:iam::1:role/r", "HyperParameters": {"epochs": "3"},'
    ' "AlgorithmSpecification": {"TrainingInputMode": "File"}, "OutputDataConfig": {"S3OutputPath": "s3://b"},'
    f' "ResourceConfig": {RESOURCES}, "StoppingCondition": {{"MaxRuntimeInSeconds": "60"}}}}'
)
PROCESSING = (
    f'config={{"ProcessingJobName": "j", "RoleArn": "r", "ProcessingResources": {{"ClusterConfig": {RESOURCES}}},'
    ' "AppSpecification": {"ImageUri": "i"}}'
)
TRANSFORM = (
    'config={"Model": {"ModelName": "m", "ExecutionRoleArn": "arn:aws:iam::1:role/r"}, "Transform": {'
    '"TransformJobName": "j", "ModelName": "m", "TransformOutput": {"S3OutputPath": "s3://b"},'
    ' "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b"}}},'
    ' "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": "1"}}}'
)
TUNING = (
    'config={"HyperParameterTuningJobName": "j", "HyperParameterTuningJobConfig": {"Strategy": "Random",'
    ' "ResourceLimits": {"MaxNumberOfTrainingJobs": "2", "MaxParallelTrainingJobs": "1"}}}'
)
ENDPOINT = 'config={"EndpointName": "e", "EndpointConfigName": "c"}'
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:thing/x"
AUTO = (
    'job_name="j", s3_input="s3://b/in", target_attribute="y", s3_output="s3://b/out", role_arn="arn:aws:iam::1:role/r"'
)
NOTEBOOK = 'instance_name="n"'
EXISTS = {"ModelName": "m"}


def job(kind: str, status: str) -> dict[str, Any]:
    return {f"{kind}Name": "j", f"{kind}Status": status}


def notebook(operator: str, action: str, reached: str, arguments: str = NOTEBOOK, result: Any = None) -> Case:
    told = states("NotebookInstanceStatus", "Pending", reached, NotebookInstanceArn=ARN)
    started: dict[str, Any] = {"NotebookInstanceArn": ARN} if action.startswith("Create") else {}
    return Case(
        *(operator, "sagemaker", arguments),
        {f"sagemaker:{action}": started, "sagemaker:DescribeNotebookInstance": told},
        (action, "DescribeNotebookInstance"),
        result,
        {"sagemaker:DescribeNotebookInstance": states("NotebookInstanceStatus", "Failed")},
    )


def sensor(name: str, argument: str, describe: str, field: str, good: str, bad: str) -> Case:
    asked = f"sagemaker:{describe}"
    return Case(
        *(name, "sagemaker", f'{argument}="x"'),
        {asked: states(field, "InProgress", good)},
        (describe,),
        failing={asked: states(field, bad, FailureReason="why")},
    )


SAGEMAKER = (
    Case(
        *("SageMakerTrainingOperator", "sagemaker", TRAINING),
        {
            "sagemaker:DescribeTrainingJob": [NEW, job("TrainingJob", "Completed")],
            "sagemaker:createTrainingJob.sync": job("TrainingJob", "Completed"),
        },
        ("DescribeTrainingJob", "CreateTrainingJob", "createTrainingJob.sync", "DescribeTrainingJob"),
        {"Training": job("TrainingJob", "Completed")},
        {"sagemaker:createTrainingJob.sync": STOPPED_JOB},
    ),
    Case(
        *("SageMakerTrainingOperator", "sagemaker", f'{TRAINING}, aws_conn_id="other", action_if_job_exists="fail"'),
        {
            "sagemaker:DescribeTrainingJob": [
                *(NEW, job("TrainingJob", "InProgress"), job("TrainingJob", "Completed")),
            ],
            "sagemaker:CreateTrainingJob": {"TrainingJobArn": ARN},
        },
        ("DescribeTrainingJob", "CreateTrainingJob", "DescribeTrainingJob"),
        {"Training": job("TrainingJob", "Completed")},
        {"sagemaker:DescribeTrainingJob": [NEW, {**job("TrainingJob", "Failed"), "FailureReason": "why"}]},
    ),
    Case(
        *("SageMakerProcessingOperator", "sagemaker", PROCESSING),
        {
            "iam:GetRole": {"Role": {"Arn": "arn:aws:iam::1:role/r"}},
            "sagemaker:DescribeProcessingJob": [NEW, job("ProcessingJob", "Completed")],
            "sagemaker:createProcessingJob.sync": job("ProcessingJob", "Completed"),
        },
        (
            "GetRole",
            "DescribeProcessingJob",
            "CreateProcessingJob",
            "createProcessingJob.sync",
            "DescribeProcessingJob",
        ),
        {"Processing": job("ProcessingJob", "Completed")},
        {"sagemaker:createProcessingJob.sync": STOPPED_JOB},
    ),
    Case(
        *("SageMakerTransformOperator", "sagemaker", TRANSFORM),
        {
            "sagemaker:DescribeTransformJob": [NEW, {**job("TransformJob", "Completed"), "ModelName": "m"}],
            "sagemaker:DescribeModel": [NEW, EXISTS],
            "sagemaker:CreateModel": {"ModelArn": ARN},
            "sagemaker:createTransformJob.sync": job("TransformJob", "Completed"),
        },
        (
            *("DescribeTransformJob", "DescribeModel", "CreateModel", "CreateTransformJob", "createTransformJob.sync"),
            *("DescribeTransformJob", "DescribeModel"),
        ),
        {"Model": EXISTS, "Transform": {**job("TransformJob", "Completed"), "ModelName": "m"}},
        {"sagemaker:createTransformJob.sync": STOPPED_JOB},
    ),
    Case(
        *("SageMakerTuningOperator", "sagemaker", TUNING),
        {
            "sagemaker:createHyperParameterTuningJob.sync": job("HyperParameterTuningJob", "Completed"),
            "sagemaker:DescribeHyperParameterTuningJob": job("HyperParameterTuningJob", "Completed"),
        },
        (
            *("CreateHyperParameterTuningJob", "createHyperParameterTuningJob.sync"),
            "DescribeHyperParameterTuningJob",
        ),
        {"Tuning": job("HyperParameterTuningJob", "Completed")},
        {"sagemaker:createHyperParameterTuningJob.sync": STOPPED_JOB},
    ),
    Case(
        *(
            "SageMakerModelOperator",
            "sagemaker",
            'config={"ModelName": "m", "ExecutionRoleArn": "arn:aws:iam::1:role/r"}',
        ),
        {"sagemaker:CreateModel": {"ModelArn": ARN}, "sagemaker:DescribeModel": EXISTS},
        ("CreateModel", "DescribeModel"),
        {"Model": EXISTS},
        {"sagemaker:CreateModel": NO},
    ),
    Case(
        *("SageMakerDeleteModelOperator", "sagemaker", 'config={"ModelName": "m"}'),
        {"sagemaker:DeleteModel": {}},
        ("DeleteModel",),
        failing={"sagemaker:DeleteModel": NO},
    ),
    Case(
        *("SageMakerEndpointConfigOperator", "sagemaker"),
        'config={"EndpointConfigName": "c", "ProductionVariants": [{"VariantName": "v", "ModelName": "m",'
        ' "InitialInstanceCount": "1", "InstanceType": "ml.m5.large"}]}',
        {
            "sagemaker:CreateEndpointConfig": {"EndpointConfigArn": ARN},
            "sagemaker:DescribeEndpointConfig": {"EndpointConfigName": "c"},
        },
        ("CreateEndpointConfig", "DescribeEndpointConfig"),
        {"EndpointConfig": {"EndpointConfigName": "c"}},
        {"sagemaker:CreateEndpointConfig": NO},
    ),
    Case(
        *("SageMakerEndpointOperator", "sagemaker", ENDPOINT),
        {
            "sagemaker:CreateEndpoint": Failure("ValidationException", "Cannot create already existing endpoint e"),
            "sagemaker:UpdateEndpoint": {"EndpointArn": ARN},
            "sagemaker:DescribeEndpoint": states("EndpointStatus", "Updating", "InService"),
            "sagemaker:DescribeEndpointConfig": {"EndpointConfigName": "c"},
        },
        ("CreateEndpoint", "UpdateEndpoint", "DescribeEndpoint", "DescribeEndpointConfig", "DescribeEndpoint"),
        {"EndpointConfig": {"EndpointConfigName": "c"}, "Endpoint": {"EndpointStatus": "InService"}},
        {"sagemaker:DescribeEndpoint": states("EndpointStatus", "Failed")},
    ),
    Case(
        *("SageMakerStartPipelineOperator", "sagemaker"),
        'pipeline_name="p", pipeline_params={"a": "{{ ds }}"}, wait_for_completion=True',
        {
            "sagemaker:StartPipelineExecution": {"PipelineExecutionArn": ARN},
            "sagemaker:DescribePipelineExecution": states("PipelineExecutionStatus", "Executing", "Succeeded"),
        },
        ("StartPipelineExecution", "DescribePipelineExecution"),
        ARN,
        {"sagemaker:DescribePipelineExecution": states("PipelineExecutionStatus", "Failed")},
    ),
    Case(
        *("SageMakerStopPipelineOperator", "sagemaker", 'pipeline_exec_arn="x", wait_for_completion=True'),
        {
            "sagemaker:StopPipelineExecution": {"PipelineExecutionArn": ARN},
            "sagemaker:DescribePipelineExecution": states("PipelineExecutionStatus", "Stopping", "Stopped"),
        },
        ("StopPipelineExecution", "DescribePipelineExecution"),
        "Stopped",
        {"sagemaker:StopPipelineExecution": NO},
    ),
    Case(
        *("SageMakerRegisterModelVersionOperator", "sagemaker"),
        'image_uri="i", model_url="s3://b/m", package_group_name="g"',
        {
            "sagemaker:CreateModelPackageGroup": {"ModelPackageGroupArn": ARN},
            "sagemaker:CreateModelPackage": {"ModelPackageArn": ARN},
            "sagemaker:DeleteModelPackageGroup": {},
        },
        ("CreateModelPackageGroup", "CreateModelPackage"),
        ARN,
        {"sagemaker:CreateModelPackage": NO},
    ),
    Case(
        *("SageMakerCreateExperimentOperator", "sagemaker", 'name="n", tags={"a": "b"}'),
        {"sagemaker:CreateExperiment": {"ExperimentArn": ARN}},
        ("CreateExperiment",),
        ARN,
        {"sagemaker:CreateExperiment": NO},
    ),
    Case(
        *("SageMakerAutoMLOperator", "sagemaker", AUTO),
        {
            "sagemaker:CreateAutoMLJob": {"AutoMLJobArn": ARN},
            "sagemaker:DescribeAutoMLJob": states(
                "AutoMLJobStatus", "InProgress", "Completed", BestCandidate={"CandidateName": "b"}
            ),
        },
        ("CreateAutoMLJob", "DescribeAutoMLJob"),
        {"CandidateName": "b"},
        {"sagemaker:DescribeAutoMLJob": states("AutoMLJobStatus", "Failed")},
    ),
    notebook(
        *("SageMakerCreateNotebookOperator", "CreateNotebookInstance", "InService"),
        f'{NOTEBOOK}, instance_type="ml.t3.medium", role_arn="arn:aws:iam::1:role/r"',
        ARN,
    ),
    notebook("SageMakerStartNoteBookOperator", "StartNotebookInstance", "InService"),
    notebook("SageMakerStopNotebookOperator", "StopNotebookInstance", "Stopped"),
    Case(
        *("SageMakerDeleteNotebookOperator", "sagemaker", NOTEBOOK),
        {
            "sagemaker:DeleteNotebookInstance": {},
            "sagemaker:DescribeNotebookInstance": [*states("NotebookInstanceStatus", "Deleting"), NEW],
        },
        ("DeleteNotebookInstance", "DescribeNotebookInstance"),
        failing={"sagemaker:DescribeNotebookInstance": states("NotebookInstanceStatus", "Failed")},
    ),
    sensor("SageMakerEndpointSensor", "endpoint_name", "DescribeEndpoint", "EndpointStatus", "InService", "Failed"),
    sensor(
        *("SageMakerTransformSensor", "job_name", "DescribeTransformJob", "TransformJobStatus", "Completed", "Failed")
    ),
    sensor(
        *("SageMakerTuningSensor", "job_name", "DescribeHyperParameterTuningJob", "HyperParameterTuningJobStatus"),
        *("Stopped", "Failed"),
    ),
    sensor("SageMakerTrainingSensor", "job_name", "DescribeTrainingJob", "TrainingJobStatus", "Completed", "Stopped"),
    sensor(
        *("SageMakerProcessingSensor", "job_name", "DescribeProcessingJob", "ProcessingJobStatus"),
        *("Completed", "Stopped"),
    ),
    sensor("SageMakerAutoMLSensor", "job_name", "DescribeAutoMLJob", "AutoMLJobStatus", "Completed", "Failed"),
    sensor(
        *("SageMakerPipelineSensor", "pipeline_exec_arn", "DescribePipelineExecution", "PipelineExecutionStatus"),
        *("Succeeded", "Failed"),
    ),
)
