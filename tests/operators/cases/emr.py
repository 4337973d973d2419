"""Amazon EMR, EMR Serverless, EMR on EKS."""

from __future__ import annotations

from typing import Any

from tests.operators.cases import NO, NOW, STOPPED_JOB, Case, states


def cluster(*values: str) -> list[Any]:
    return states("Cluster.Status.State", *values)


JOB_FLOW: dict[str, Any] = {"emr:RunJobFlow": {"JobFlowId": "j-1"}}
CREATE = 'job_flow_overrides={"Name": "{{ ds }}", "Instances": {"InstanceCount": 1}}, waiter_delay=60'
APPLICATION = {"applicationId": "a1", "arn": "arn:aws:x", "releaseLabel": "r", "type": "SPARK", "createdAt": NOW}


def application(*values: str) -> list[Any]:
    told = {**APPLICATION, "updatedAt": NOW}
    return [{"application": {**told, "state": each}} for each in values]


def job_run(*values: str) -> list[Any]:
    told = {"applicationId": "a1", "jobRunId": "r1", "arn": "arn:aws:x", "createdBy": "me", "createdAt": NOW}
    more = {"updatedAt": NOW, "executionRole": "arn:aws:x", "stateDetails": "why", "releaseLabel": "r"}
    return [{"jobRun": {**told, **more, "jobDriver": {}, "state": each}} for each in values]


def execution(state: str) -> dict[str, Any]:
    return {"NotebookExecution": {"Status": state, "LastStateChangeReason": "why"}}


STEPS = 'steps=[{"Name": "{{ ds }}", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["a"]}}]'
DRIVER = 'job_driver={"sparkSubmit": {"entryPoint": "s3://b/x.py", "entryPointArguments": ["{{ ds }}"]}}'
CONTAINER_DRIVER = DRIVER.replace("sparkSubmit", "sparkSubmitJobDriver") + ', tags={"a": "b"}'
NOTEBOOK = 'editor_id="e", relative_path="x.ipynb", cluster_id="j-1", service_role="r"'

EMR = (
    Case(
        *("EmrCreateJobFlowOperator", "emr", f'{CREATE}, wait_policy="wait_for_steps_completion"'),
        {**JOB_FLOW, "emr:DescribeCluster": cluster("STARTING", "TERMINATED")},
        ("RunJobFlow", "DescribeCluster"),
        "j-1",
        {"emr:DescribeCluster": cluster("TERMINATED_WITH_ERRORS"), "emr:TerminateJobFlows": {}},
    ),
    Case("EmrCreateJobFlowOperator", "emr", CREATE, JOB_FLOW, ("RunJobFlow",), "j-1", {"emr:RunJobFlow": NO}),
    Case(
        *("EmrAddStepsOperator", "emr", f'job_flow_id="j-1", wait_for_completion=True, {STEPS}'),
        {
            "emr:AddJobFlowSteps": {"StepIds": ["s-1", "s-2"]},
            "emr:ListSteps": [
                {"Steps": [{"Status": {"State": "COMPLETED"}}, {"Status": {"State": each}}]}
                for each in ("RUNNING", "COMPLETED")
            ],
        },
        ("AddJobFlowSteps", "ListSteps"),
        ["s-1", "s-2"],
        {"emr:ListSteps": {"Steps": [{"Status": {"State": "FAILED"}}]}},
    ),
    Case(
        *("EmrAddStepsOperator", "emr", f'job_flow_name="mine", cluster_states=["WAITING"], {STEPS}'),
        {
            "emr:ListClusters": {"Clusters": [{"Id": "j-2", "Name": "mine"}, {"Id": "j-3", "Name": "other"}]},
            "emr:AddJobFlowSteps": {"StepIds": ["s-1"]},
        },
        ("ListClusters", "AddJobFlowSteps"),
        ["s-1"],
        {"emr:ListClusters": {"Clusters": []}},
    ),
    Case(
        *("EmrTerminateJobFlowOperator", "emr", 'job_flow_id="j-1", deferrable=True'),
        {"emr:TerminateJobFlows": {}, "emr:DescribeCluster": cluster("TERMINATING", "TERMINATED")},
        ("TerminateJobFlows", "DescribeCluster"),
        failing={"emr:DescribeCluster": cluster("TERMINATED_WITH_ERRORS")},
    ),
    Case(
        *("EmrModifyClusterOperator", "emr", 'cluster_id="j-1", step_concurrency_level=3'),
        {"emr:ModifyCluster": {"StepConcurrencyLevel": 3}},
        ("ModifyCluster",),
        3,
        {"emr:ModifyCluster": NO},
    ),
    Case(
        *("EmrStartNotebookExecutionOperator", "emr", f"{NOTEBOOK}, wait_for_completion=True"),
        {
            "emr:StartNotebookExecution": {"NotebookExecutionId": "n-1"},
            "emr:DescribeNotebookExecution": [execution("STARTING"), execution("RUNNING")],
        },
        ("StartNotebookExecution", "DescribeNotebookExecution"),
        "n-1",
        {"emr:DescribeNotebookExecution": execution("FAILED")},
    ),
    Case(
        *("EmrStopNotebookExecutionOperator", "emr", 'notebook_execution_id="n-1", wait_for_completion=True'),
        {"emr:StopNotebookExecution": {}, "emr:DescribeNotebookExecution": execution("STOPPED")},
        ("StopNotebookExecution", "DescribeNotebookExecution"),
        failing={"emr:StopNotebookExecution": NO},
    ),
    Case(
        *("EmrServerlessStartJobOperator", "emr", f'application_id="a1", execution_role_arn="r" * 20, {DRIVER}'),
        {
            "emr-serverless:GetApplication": application("CREATED"),
            "emr-serverless:startJobRun.sync": {"ApplicationId": "a1", "JobRunId": "r1"},
        },
        ("GetApplication", "StartJobRun", "startJobRun.sync"),
        "r1",
        {"emr-serverless:startJobRun.sync": STOPPED_JOB},
    ),
    Case(
        *(
            "EmrServerlessStartJobOperator",
            "emr",
            f'application_id="a1", execution_role_arn="r" * 20, {DRIVER}, region_name="us-west-2"',
        ),
        {
            "emr-serverless:GetApplication": application("CREATED"),
            "emr-serverless:StartJobRun": {"applicationId": "a1", "jobRunId": "r1", "arn": "arn:aws:x"},
            "emr-serverless:GetJobRun": job_run("RUNNING", "SUCCESS"),
        },
        ("GetApplication", "StartJobRun", "GetJobRun"),
        "r1",
        {"emr-serverless:GetJobRun": job_run("FAILED")},
    ),
    Case(
        *("EmrServerlessCreateApplicationOperator", "emr", 'release_label="emr-7", job_type="SPARK"'),
        {
            "emr-serverless:CreateApplication": {"applicationId": "a1", "arn": "arn:aws:x"},
            "emr-serverless:GetApplication": application("CREATED", "STARTING", "STARTED"),
            "emr-serverless:StartApplication": {},
        },
        ("CreateApplication", "GetApplication", "StartApplication", "GetApplication"),
        "a1",
        {"emr-serverless:GetApplication": application("CREATED", "TERMINATED")},
    ),
    Case(
        *("EmrServerlessStopApplicationOperator", "emr", 'application_id="a1", force_stop=True'),
        {
            "emr-serverless:ListJobRuns": {"jobRuns": []},
            "emr-serverless:StopApplication": {},
            "emr-serverless:GetApplication": application("STOPPING", "STOPPED"),
        },
        ("ListJobRuns", "StopApplication", "GetApplication"),
        failing={"emr-serverless:GetApplication": application("TERMINATED")},
    ),
    Case(
        *("EmrServerlessDeleteApplicationOperator", "emr", 'application_id="a1"'),
        {
            "emr-serverless:StopApplication": {},
            "emr-serverless:GetApplication": application("STOPPED", "TERMINATED"),
            "emr-serverless:DeleteApplication": {},
        },
        ("StopApplication", "GetApplication", "DeleteApplication", "GetApplication"),
        failing={"emr-serverless:DeleteApplication": NO},
    ),
    Case(
        *(
            "EmrContainerOperator",
            "emr",
            'name="n", virtual_cluster_id="v", execution_role_arn="r" * 20, release_label="emr-7", ' + CONTAINER_DRIVER,
        ),
        {"emr-containers:startJobRun.sync": {"Id": "c1", "VirtualClusterId": "v"}},
        ("StartJobRun", "startJobRun.sync"),
        "c1",
        {"emr-containers:startJobRun.sync": STOPPED_JOB},
    ),
    Case(
        *("EmrEksCreateClusterOperator", "emr"),
        'virtual_cluster_name="v", eks_cluster_name="k", eks_namespace="n"',
        {"emr-containers:CreateVirtualCluster": {"id": "v1"}},
        ("CreateVirtualCluster",),
        "v1",
        {"emr-containers:CreateVirtualCluster": NO},
    ),
    Case(
        *("EmrJobFlowSensor", "emr", 'job_flow_id="j-1", target_states=["WAITING"]'),
        {"emr:DescribeCluster": cluster("STARTING", "WAITING")},
        ("DescribeCluster",),
        failing={"emr:DescribeCluster": cluster("TERMINATED_WITH_ERRORS")},
    ),
    Case(
        *("EmrStepSensor", "emr", 'job_flow_id="j-1", step_id="s-1"'),
        {"emr:DescribeStep": states("Step.Status.State", "RUNNING", "COMPLETED")},
        ("DescribeStep",),
        failing={"emr:DescribeStep": states("Step.Status.State", "CANCELLED")},
    ),
    Case(
        *("EmrNotebookExecutionSensor", "emr", 'notebook_execution_id="n-1"'),
        {"emr:DescribeNotebookExecution": [execution("RUNNING"), execution("FINISHED")]},
        ("DescribeNotebookExecution",),
        failing={"emr:DescribeNotebookExecution": execution("FAILED")},
    ),
    Case(
        *("EmrServerlessJobSensor", "emr", 'application_id="a1", job_run_id="r1"'),
        {"emr-serverless:GetJobRun": job_run("RUNNING", "SUCCESS")},
        ("GetJobRun",),
        failing={"emr-serverless:GetJobRun": job_run("CANCELLED")},
    ),
    Case(
        *("EmrServerlessApplicationSensor", "emr", 'application_id="a1"'),
        {"emr-serverless:GetApplication": application("STARTING", "STARTED")},
        ("GetApplication",),
        failing={"emr-serverless:GetApplication": application("TERMINATED")},
    ),
    Case(
        *("EmrContainerSensor", "emr", 'virtual_cluster_id="v", job_id="c1"'),
        {"emr-containers:DescribeJobRun": states("jobRun.state", "RUNNING", "COMPLETED")},
        ("DescribeJobRun",),
        failing={"emr-containers:DescribeJobRun": states("jobRun.state", "FAILED")},
    ),
)
