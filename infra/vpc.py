"""A VPC for task functions, where the project's settings name one: databases in a private network need it.

Only functions that run the DAGs' own Python are put there; the platform's stay outside, as they call AWS alone. A
function in a VPC reaches what its subnets' routes reach and nothing else, so they need a NAT gateway, or endpoints for
DynamoDB, S3, Lambda, EventBridge, Secrets Manager, Systems Manager, SES and what the tasks call besides.

Sources: Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC", with its policy that
keeps the functions' own code from using what Lambda needs for itself.
"""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from infra.permissions import arn
from infra.settings import Settings

# With these Lambda makes, and removes, the function's network interfaces. IAM knows no resources for most of them.
_INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


def put_into_vpc(function: lambda_.Function, name: str, dag_id: str, settings: Settings) -> None:
    """Attach the task function of this name to the VPC, if its DAG is to be in one.

    The local AWS has no networks: there the function runs as any other.
    """
    if settings.target == "local" or not settings.is_in_vpc(dag_id):
        return
    resource = function.node.default_child
    assert isinstance(resource, lambda_.CfnFunction)
    resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
        subnet_ids=list(settings.vpc_subnets), security_group_ids=list(settings.vpc_security_groups)
    )
    function.add_to_role_policy(
        iam.PolicyStatement(sid="NetworkInterfaces", actions=list(_INTERFACES), resources=["*"])
    )
    function.add_to_role_policy(
        iam.PolicyStatement(
            sid="NetworkInterfacesNotByTasks",
            effect=iam.Effect.DENY,
            actions=[*_INTERFACES, "ec2:DetachNetworkInterface"],
            resources=["*"],
            conditions={"ArnEquals": {"lambda:SourceFunctionArn": arn("lambda", f"function:{name}")}},
        )
    )
