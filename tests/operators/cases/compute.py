"""EC2, ECS, CloudFormation."""

from __future__ import annotations

from typing import Any

from tests.operators.aws_fake import Failure
from tests.operators.cases import NO, Case, states

NO_STACK = Failure("ValidationError", "Stack with id s does not exist")
ONE = 'instance_id="i-1"'
SEVERAL = 'instance_ids=["i-1", "i-2"]'
STACK = 'stack_name="s"'
CLUSTER = {"clusterArn": "arn:c", "status": "PROVISIONING"}
DEFINITION = {"taskDefinition": {"taskDefinitionArn": "arn:d"}}


def instances(*values: str) -> list[Any]:
    return states("Reservations[].Instances[].State.Name", *values)


def two(*values: str) -> dict[str, Any]:
    return {"Reservations": [{"Instances": [{"State": {"Name": each}}]} for each in values]}


def stacks(*values: str) -> list[Any]:
    return states("Stacks[].StackStatus", *values)


CAN = {"Reservations": [{"Instances": [{"InstanceId": "i-1", "HibernationOptions": {"Configured": True}}]}]}
CANNOT = {"Reservations": [{"Instances": [{"InstanceId": "i-1", "HibernationOptions": {"Configured": False}}]}]}

COMPUTE = (
    Case(
        *("EC2StartInstanceOperator", "ec2", f"{ONE}, execution_timeout=timedelta(seconds=60)"),
        {"ec2:StartInstances": {}, "ec2:DescribeInstances": instances("pending", "running")},
        ("StartInstances", "DescribeInstances"),
        failing={"ec2:DescribeInstances": instances("pending")},
    ),
    Case(
        *("EC2StopInstanceOperator", "ec2", f"{ONE}, execution_timeout=timedelta(seconds=60)"),
        {"ec2:StopInstances": {}, "ec2:DescribeInstances": instances("stopping", "stopped")},
        ("StopInstances", "DescribeInstances"),
        failing={"ec2:DescribeInstances": instances("stopping")},
    ),
    Case(
        *("EC2CreateInstanceOperator", "ec2"),
        'image_id="ami-1", config={"InstanceType": "t4g.micro"}, wait_for_completion=True',
        {
            "ec2:RunInstances": {"Instances": [{"InstanceId": "i-1"}, {"InstanceId": "i-2"}]},
            "ec2:DescribeInstances": [two("running", "pending"), two("running", "running")],
            "ec2:TerminateInstances": {},
        },
        ("RunInstances", "DescribeInstances"),
        ["i-1", "i-2"],
        {"ec2:DescribeInstances": two("running", "terminated")},
    ),
    Case(
        *("EC2TerminateInstanceOperator", "ec2", f"{SEVERAL}, wait_for_completion=True"),
        {"ec2:TerminateInstances": {}, "ec2:DescribeInstances": [two("terminated", "terminated")]},
        ("TerminateInstances", "DescribeInstances"),
        failing={"ec2:DescribeInstances": two("terminated", "pending")},
    ),
    Case(
        *("EC2RebootInstanceOperator", "ec2", SEVERAL),
        {"ec2:RebootInstances": {}},
        ("RebootInstances",),
        failing={"ec2:RebootInstances": NO},
    ),
    Case(
        *("EC2HibernateInstanceOperator", "ec2", 'instance_ids="i-1", wait_for_completion=True'),
        {"ec2:DescribeInstances": [CAN, *instances("stopping", "stopped")], "ec2:StopInstances": {}},
        ("DescribeInstances", "StopInstances", "DescribeInstances"),
        failing={"ec2:DescribeInstances": CANNOT},
    ),
    Case(
        *("EC2InstanceStateSensor", "ec2", f'{ONE}, target_state="running", timeout=600'),
        {"ec2:DescribeInstances": instances("pending", "running")},
        ("DescribeInstances",),
        failing={"ec2:DescribeInstances": instances("stopped")},
    ),
    Case(
        *("EcsCreateClusterOperator", "ecs", 'cluster_name="c"'),
        {
            "ecs:CreateCluster": {"cluster": CLUSTER},
            "ecs:DescribeClusters": states("clusters[].status", "PROVISIONING", "ACTIVE"),
        },
        ("CreateCluster", "DescribeClusters"),
        CLUSTER,
        {"ecs:DescribeClusters": states("clusters[].status", "FAILED")},
    ),
    Case(
        *("EcsDeleteClusterOperator", "ecs", 'cluster_name="c"'),
        {
            "ecs:DeleteCluster": {"cluster": CLUSTER},
            "ecs:DescribeClusters": states("clusters[].status", "DEPROVISIONING", "INACTIVE"),
        },
        ("DeleteCluster", "DescribeClusters"),
        CLUSTER,
        {"ecs:DescribeClusters": states("clusters[].status", "FAILED")},
    ),
    Case(
        *("EcsRegisterTaskDefinitionOperator", "ecs"),
        'family="f", container_definitions=[{"name": "n", "image": "i"}], register_task_kwargs={"cpu": "256"}',
        {"ecs:RegisterTaskDefinition": DEFINITION},
        ("RegisterTaskDefinition",),
        "arn:d",
        {"ecs:RegisterTaskDefinition": NO},
    ),
    Case(
        *("EcsDeregisterTaskDefinitionOperator", "ecs", 'task_definition="f:1"'),
        {"ecs:DeregisterTaskDefinition": DEFINITION},
        ("DeregisterTaskDefinition",),
        "arn:d",
        {"ecs:DeregisterTaskDefinition": NO},
    ),
    Case(
        *("EcsClusterStateSensor", "ecs", 'cluster_name="c"'),
        {"ecs:DescribeClusters": states("clusters[].status", "PROVISIONING", "ACTIVE")},
        ("DescribeClusters",),
        failing={"ecs:DescribeClusters": states("clusters[].status", "FAILED")},
    ),
    Case(
        *("EcsTaskDefinitionStateSensor", "ecs", 'task_definition="f:1", target_state="INACTIVE"'),
        {"ecs:DescribeTaskDefinition": states("taskDefinition.status", "INACTIVE")},
        ("DescribeTaskDefinition",),
        failing={"ecs:DescribeTaskDefinition": states("taskDefinition.status", "ACTIVE")},
    ),
    Case(
        *("CloudFormationCreateStackOperator", "cloud_formation"),
        f'{STACK}, cloudformation_parameters={{"TemplateBody": "{{{{ ds }}}}", "RoleARN": "arn:aws:iam::1:role/r"}}',
        {"cloudformation:CreateStack": {"StackId": "arn:s"}},
        ("CreateStack",),
        failing={"cloudformation:CreateStack": NO},
    ),
    Case(
        *("CloudFormationDeleteStackOperator", "cloud_formation", STACK),
        {"cloudformation:DeleteStack": {}},
        ("DeleteStack",),
        failing={"cloudformation:DeleteStack": NO},
    ),
    Case(
        *("CloudFormationCreateStackSensor", "cloud_formation", STACK),
        {"cloudformation:DescribeStacks": [NO_STACK, *stacks("CREATE_IN_PROGRESS", "CREATE_COMPLETE")]},
        ("DescribeStacks",),
        failing={"cloudformation:DescribeStacks": stacks("ROLLBACK_COMPLETE")},
    ),
    Case(
        *("CloudFormationDeleteStackSensor", "cloud_formation", STACK),
        {"cloudformation:DescribeStacks": [*stacks("DELETE_IN_PROGRESS"), NO_STACK]},
        ("DescribeStacks",),
        failing={"cloudformation:DescribeStacks": stacks("DELETE_FAILED")},
    ),
)
