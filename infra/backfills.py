"""Backfills in the platform's stack: the machine, its role, and the rule that starts it from an event.

    EventBridge event (source `airstep`, detail-type `BackfillRequested`) → rule → machine → DAGs' machines

The event is what the command sends, and anybody else who may: see `lambdas.backfill` for its detail.
"""

from __future__ import annotations

from aws_cdk import Aws, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.backfill_machine import definition, permissions
from infra.dag_deployment import PARTITION, deployable
from infra.permissions import arn, bucket_objects, statements
from infra.settings import BACKFILL_DETAIL_TYPE, BACKFILL_SOURCE, Settings


def add_backfills(
    scope: Construct,
    settings: Settings,
    function: lambda_.Function,
    bucket_arn: str,
    dead_letters: sqs.IQueue,
    own_machines: dict[str, dict[str, str]],
) -> stepfunctions.CfnStateMachine:
    """Add machine and rule. own_machines: the condition under which a state machine is one of this environment's."""
    _grant(settings, function, bucket_arn)
    bucket = settings.bucket("${AWS::AccountId}", "${AWS::Region}")
    allowed = statements(permissions(settings.backfill_machine, settings.table, bucket, function_name(settings)))
    start = iam.PolicyStatement(
        sid="Runs",
        actions=["states:StartExecution"],
        resources=[arn("states", "stateMachine:*")],
        conditions=own_machines,
    )
    role = iam.Role(
        scope,
        "BackfillMachineRole",
        assumed_by=iam.ServicePrincipal(
            "states.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        ),
        description="What the states of the backfill machine may do",
        inline_policies={"States": iam.PolicyDocument(statements=[*allowed, start])},
    )
    machine = stepfunctions.CfnStateMachine(
        scope,
        "BackfillMachine",
        state_machine_name=settings.backfill_machine,
        state_machine_type="STANDARD",
        role_arn=role.role_arn,
        definition_string=deployable(definition(), indent=1),
        definition_substitutions={
            "BackfillFunction": function.current_version.function_arn,
            PARTITION: Aws.PARTITION,
            "Table": settings.table,
        },
    )
    _add_rule(scope, settings, machine, dead_letters)
    return machine


def function_name(settings: Settings) -> str:
    """The backfill function's name."""
    return settings.function("backfill")


def _grant(settings: Settings, function: lambda_.Function, bucket_arn: str) -> None:
    """The function reads timetables, writes the runs' file, and looks whether another backfill still runs."""
    parameters = arn("ssm", f"parameter{settings.dag_parameter('*')}")
    executions = arn("states", f"execution:{settings.backfill_machine}:*")
    function.add_to_role_policy(bucket_objects(bucket_arn, "backfill/"))
    machine = arn("states", f"stateMachine:{settings.backfill_machine}")
    for action, resources in (
        ("ssm:GetParameter", [parameters]),
        ("states:DescribeExecution", [executions]),
        # A token names its machine; of what waits inside the map that is `machine/label`.
        ("states:SendTaskSuccess", [machine, f"{machine}/*"]),
    ):
        function.add_to_role_policy(iam.PolicyStatement(actions=[action], resources=resources))


def _add_rule(
    scope: Construct, settings: Settings, machine: stepfunctions.CfnStateMachine, dead_letters: sqs.IQueue
) -> None:
    known = stepfunctions.StateMachine.from_state_machine_arn(scope, "BackfillTarget", machine.attr_arn)
    events.Rule(
        scope,
        "BackfillRequested",
        rule_name=f"{settings.prefix}-backfill-requested",
        description="Requests to run a DAG for dates of the past",
        event_pattern=events.EventPattern(source=[BACKFILL_SOURCE], detail_type=[BACKFILL_DETAIL_TYPE]),
        targets=[
            targets.SfnStateMachine(
                known, dead_letter_queue=dead_letters, retry_attempts=10, max_event_age=Duration.hours(2)
            )
        ],
    )
