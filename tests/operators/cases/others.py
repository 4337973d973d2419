"""Redshift, EKS, Step Functions, and sensors on what services run."""

from __future__ import annotations

from typing import Any

from tests.operators.aws_fake import Failure
from tests.operators.cases import NO, Case, states

CLUSTER = 'cluster_identifier="c"'
WAIT = ", wait_for_completion=True"
GONE = Failure("ClusterNotFound", "no cluster c")
NO_SNAPSHOT = Failure("ClusterSnapshotNotFound", "no snapshot s")
MISSING = Failure("ResourceNotFoundException", "no such thing")
ARN = "arn:aws:states:eu-west-1:1:execution:m:e"
VPC = 'resources_vpc_config={"subnetIds": ["s"]}'


def redshift(*values: str) -> list[Any]:
    return states("Clusters[].ClusterStatus", *values)


def snapshots(*values: str) -> list[Any]:
    return states("Snapshots[].Status", *values)


def eks(operator: str, arguments: str, action: str, describe: str, path: str, *told: Any, bad: Any) -> Case:
    return Case(
        *(operator, "eks", arguments + WAIT),
        {f"eks:{action}": {}, f"eks:{describe}": list(told), "eks:DeleteNodegroup": {}, "eks:DeleteCluster": {}}
        if "Create" in action
        else {f"eks:{action}": {}, f"eks:{describe}": list(told)},
        (action, describe),
        failing={f"eks:{describe}": states(path, bad)},
    )


GROUP, PROFILE = "nodegroup.status", "fargateProfile.status"
IN_CLUSTER = 'cluster_name="c"'

OTHERS = (
    Case(
        *("RedshiftDataOperator", "redshift_data", 'sql=["a", "b"], database="d", return_sql_result=True'),
        {
            "redshift-data:BatchExecuteStatement": {"Id": "q"},
            "redshift-data:DescribeStatement": [
                {"Id": "q", "Status": "STARTED"},
                {"Id": "q", "Status": "FINISHED", "SubStatements": [{"Id": "q:1"}, {"Id": "q:2"}]},
            ],
            "redshift-data:GetStatementResult": {"Records": []},
        },
        ("BatchExecuteStatement", "DescribeStatement", "GetStatementResult"),
        [{"Records": []}, {"Records": []}],
        {"redshift-data:DescribeStatement": {"Id": "q", "Status": "FAILED", "Error": "why"}},
    ),
    Case(
        *("RedshiftCreateClusterOperator", "redshift_cluster"),
        f'{CLUSTER}, node_type="ra3", master_username="m", master_user_password="p", number_of_nodes=2{WAIT}',
        {
            "redshift:CreateCluster": {"Cluster": {}},
            "redshift:DescribeClusters": redshift("creating", "available"),
            "redshift:DeleteCluster": {},
        },
        ("CreateCluster", "DescribeClusters"),
        failing={"redshift:DescribeClusters": redshift("creating")},
    ),
    Case(
        *("RedshiftPauseClusterOperator", "redshift_cluster", CLUSTER + WAIT),
        {
            "redshift:PauseCluster": [Failure("InvalidClusterState", "busy"), {}],
            "redshift:DescribeClusters": redshift("pausing", "paused"),
        },
        ("PauseCluster", "DescribeClusters"),
        failing={"redshift:DescribeClusters": redshift("deleting")},
    ),
    Case(
        *("RedshiftResumeClusterOperator", "redshift_cluster", CLUSTER + WAIT),
        {"redshift:ResumeCluster": {}, "redshift:DescribeClusters": redshift("resuming", "available")},
        ("ResumeCluster", "DescribeClusters"),
        failing={"redshift:DescribeClusters": redshift("deleting")},
    ),
    Case(
        *("RedshiftDeleteClusterOperator", "redshift_cluster", CLUSTER),
        {"redshift:DeleteCluster": {}, "redshift:DescribeClusters": [*redshift("deleting"), GONE]},
        ("DeleteCluster", "DescribeClusters"),
        failing={"redshift:DescribeClusters": redshift("available")},
    ),
    Case(
        *("RedshiftCreateClusterSnapshotOperator", "redshift_cluster", f'{CLUSTER}, snapshot_identifier="s"{WAIT}'),
        {
            "redshift:DescribeClusters": redshift("available"),
            "redshift:CreateClusterSnapshot": {},
            "redshift:DescribeClusterSnapshots": snapshots("creating", "available"),
        },
        ("DescribeClusters", "CreateClusterSnapshot", "DescribeClusterSnapshots"),
        failing={"redshift:DescribeClusters": redshift("paused")},
    ),
    Case(
        *("RedshiftDeleteClusterSnapshotOperator", "redshift_cluster", f'{CLUSTER}, snapshot_identifier="s"'),
        {
            "redshift:DeleteClusterSnapshot": {},
            "redshift:DescribeClusterSnapshots": [*snapshots("deleting"), NO_SNAPSHOT],
        },
        ("DeleteClusterSnapshot", "DescribeClusterSnapshots"),
        failing={"redshift:DeleteClusterSnapshot": NO},
    ),
    Case(
        *("RedshiftClusterSensor", "redshift_cluster", f"{CLUSTER}, timeout=600"),
        {"redshift:DescribeClusters": redshift("creating", "available")},
        ("DescribeClusters",),
        failing={"redshift:DescribeClusters": redshift("creating")},
    ),
    Case(
        *("EksCreateClusterOperator", "eks"),
        f'{IN_CLUSTER}, cluster_role_arn="r", nodegroup_role_arn="n", {VPC}{WAIT}',
        {
            "eks:CreateCluster": {},
            "eks:DescribeCluster": states("cluster.status", "CREATING", "ACTIVE"),
            "eks:DescribeNodegroup": [MISSING, *states(GROUP, "CREATING", "ACTIVE")],
            "eks:CreateNodegroup": {},
            "eks:DeleteCluster": {},
        },
        (
            *("CreateCluster", "DescribeCluster", "DescribeNodegroup", "CreateNodegroup", "DescribeCluster"),
            *("DescribeNodegroup", "DescribeCluster", "DescribeNodegroup"),
        ),
        failing={"eks:DescribeCluster": states("cluster.status", "FAILED")},
    ),
    Case(
        *("EksDeleteClusterOperator", "eks", f"{IN_CLUSTER}, force_delete_compute=True{WAIT}"),
        {
            "eks:DescribeCluster": [*states("cluster.status", *["ACTIVE"] * 3, "DELETING"), MISSING],
            "eks:ListNodegroups": [{"nodegroups": ["g"]}, {"nodegroups": ["g"]}, {"nodegroups": []}],
            "eks:DescribeNodegroup": states(GROUP, "ACTIVE", "DELETING"),
            "eks:DeleteNodegroup": {},
            "eks:ListFargateProfiles": {"fargateProfileNames": []},
            "eks:DeleteCluster": {},
        },
        (
            *("DescribeCluster", "ListNodegroups", "DescribeNodegroup", "DeleteNodegroup", "ListFargateProfiles"),
            *("DescribeCluster", "ListNodegroups", "DescribeNodegroup", "ListFargateProfiles"),
            *("DescribeCluster", "ListNodegroups", "ListFargateProfiles", "DeleteCluster", "DescribeCluster"),
        ),
        failing={"eks:DescribeCluster": states("cluster.status", "FAILED")},
    ),
    eks(
        *("EksCreateNodegroupOperator", f'{IN_CLUSTER}, nodegroup_subnets="[\'s\']", nodegroup_role_arn="r"'),
        *("CreateNodegroup", "DescribeNodegroup", GROUP, *states(GROUP, "CREATING", "ACTIVE")),
        bad="CREATE_FAILED",
    ),
    eks(
        *("EksDeleteNodegroupOperator", f'{IN_CLUSTER}, nodegroup_name="g"', "DeleteNodegroup", "DescribeNodegroup"),
        *(GROUP, *states(GROUP, "DELETING"), MISSING),
        bad="DELETE_FAILED",
    ),
    eks(
        "EksCreateFargateProfileOperator",
        f'{IN_CLUSTER}, pod_execution_role_arn="r", selectors=[{{"namespace": "n"}}]',
        *("CreateFargateProfile", "DescribeFargateProfile", PROFILE, *states(PROFILE, "CREATING", "ACTIVE")),
        bad="CREATE_FAILED",
    ),
    eks(
        *("EksDeleteFargateProfileOperator", f'{IN_CLUSTER}, fargate_profile_name="p"', "DeleteFargateProfile"),
        *("DescribeFargateProfile", PROFILE, *states(PROFILE, "DELETING"), MISSING),
        bad="DELETE_FAILED",
    ),
    Case(
        *("StepFunctionGetExecutionOutputOperator", "step_function", f'execution_arn="{ARN}"'),
        {"stepfunctions:DescribeExecution": {"status": "SUCCEEDED", "output": '{"a": 1}'}},
        ("DescribeExecution",),
        {"a": 1},
        {"stepfunctions:DescribeExecution": NO},
    ),
    Case(
        *("StepFunctionExecutionSensor", "step_function", f'execution_arn="{ARN}"'),
        {"stepfunctions:DescribeExecution": [{"status": "RUNNING"}, {"status": "SUCCEEDED", "output": "{}"}]},
        ("DescribeExecution",),
        failing={"stepfunctions:DescribeExecution": {"status": "TIMED_OUT"}},
    ),
    Case(
        *("LambdaFunctionStateSensor", "lambda_function", 'function_name="f"'),
        {"lambda:GetFunction": states("Configuration.State", "Pending", "Active")},
        ("GetFunction",),
        failing={"lambda:GetFunction": states("Configuration.State", "Failed")},
    ),
    Case(
        *("BatchSensor", "batch", 'job_id="j"'),
        {"batch:DescribeJobs": states("jobs[].status", "RUNNING", "SUCCEEDED")},
        ("DescribeJobs",),
        failing={"batch:DescribeJobs": states("jobs[].status", "FAILED")},
    ),
    Case(
        *("BatchComputeEnvironmentSensor", "batch", 'compute_environment="e"'),
        {"batch:DescribeComputeEnvironments": states("computeEnvironments[].status", "CREATING", "VALID")},
        ("DescribeComputeEnvironments",),
        failing={"batch:DescribeComputeEnvironments": {"computeEnvironments": []}},
    ),
    Case(
        *("BatchJobQueueSensor", "batch", 'job_queue="q", treat_non_existing_as_deleted=True'),
        {"batch:DescribeJobQueues": [*states("jobQueues[].status", "DELETING"), {"jobQueues": []}]},
        ("DescribeJobQueues",),
        failing={"batch:DescribeJobQueues": states("jobQueues[].status", "INVALID")},
    ),
    Case(
        *("EksClusterStateSensor", "eks", f"{IN_CLUSTER}"),
        {"eks:DescribeCluster": states("cluster.status", "CREATING", "ACTIVE")},
        ("DescribeCluster",),
        failing={"eks:DescribeCluster": MISSING},
    ),
    Case(
        *("EksNodegroupStateSensor", "eks", f'{IN_CLUSTER}, nodegroup_name="g", target_state="nonexistent"'),
        {"eks:DescribeNodegroup": [*states(GROUP, "DELETING"), MISSING]},
        ("DescribeNodegroup",),
        failing={"eks:DescribeNodegroup": states(GROUP, "DELETE_FAILED")},
    ),
    Case(
        *("EksFargateProfileStateSensor", "eks", f'{IN_CLUSTER}, fargate_profile_name="p"'),
        {"eks:DescribeFargateProfile": states(PROFILE, "CREATING", "ACTIVE")},
        ("DescribeFargateProfile",),
        failing={"eks:DescribeFargateProfile": states(PROFILE, "CREATE_FAILED")},
    ),
    Case(
        *("EcsTaskStateSensor", "ecs", 'cluster="c", task="t"'),
        {"ecs:DescribeTasks": states("tasks[].lastStatus", "PENDING", "RUNNING")},
        ("DescribeTasks",),
        failing={"ecs:DescribeTasks": states("tasks[].lastStatus", "STOPPED")},
    ),
)
