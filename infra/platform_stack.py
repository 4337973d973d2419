"""What all DAGs share: table, bucket, signal function, dispatcher, run-ended function, schedules' group and role, and
the backfill machine with its function (`infra.backfills`).

DAG stacks refer to these by the names in `settings`; what changes with a deployment (the signal function's version, the
layer) they read from SSM parameters, so the platform can be redeployed while DAG stacks stand.

Invariant: on a real account, table and bucket survive the stack.
"""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Aws, CfnOutput, Duration, RemovalPolicy, Stack, Tags
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.backfills import add_backfills
from infra.functions import FunctionSpec, add_function, asset, store_environment
from infra.monitoring import add_platform_alarms
from infra.packaging import Package, Packager
from infra.permissions import arn, bucket_objects, table_rows
from infra.settings import Settings

ENVIRONMENT_TAG = "airstep:environment"
DAG_TAG = "airstep:dag-id"
SIGNAL_PARAMETER = "signal-function"
LAYER_PARAMETER = "layer"
_BUCKETS_OF_A_RULE = 25  # names have up to 63 characters, an event pattern 2,048


@dataclass(frozen=True, slots=True)
class PlatformPart:
    """One of the platform's functions: what it is called, which module handles it, how large it is."""

    part: str
    module: str
    description: str
    timeout: int
    memory: int = 256


SIGNAL = PlatformPart(
    "signal", "lambdas.signal_function", "Lets tasks of a run wait for each other across branches", 30
)
DISPATCHER = PlatformPart("dispatcher", "lambdas.dispatcher", "Starts DAG runs when their schedules are due", 60)
RUN_ENDED = PlatformPart(
    "run-ended", "lambdas.run_ended", "Closes the records of runs that ended, starts what waits for them", 60
)
BACKFILL = PlatformPart(
    "backfill", "lambdas.backfill", "Says which runs a backfill starts, and what became of them", 600, 1024
)


class PlatformStack(Stack):
    """The platform stack; see the module."""

    def __init__(self, scope: Construct, settings: Settings, layer: Package, packager: Packager) -> None:
        super().__init__(
            scope,
            settings.platform_stack,
            stack_name=settings.platform_stack,
            description="Airstep: what all DAGs share",
        )
        Tags.of(self).add(ENVIRONMENT_TAG, settings.prefix)
        self.settings = settings
        self.table = self._add_table()
        self.bucket = self._add_bucket()
        self.layer = self._add_layer(layer)
        self.signal, self.dispatcher, self.run_ended, self.backfill = (
            self._add_function(part, packager) for part in (SIGNAL, DISPATCHER, RUN_ENDED, BACKFILL)
        )
        self.own_machines = {"StringEquals": {f"aws:ResourceTag/{ENVIRONMENT_TAG}": settings.prefix}}
        self.dead_letters = self._add_schedules()
        self._grant()
        self._watch_executions()
        self._watch_objects()
        add_backfills(self, settings, self.backfill, self.bucket.bucket_arn, self.dead_letters, self.own_machines)
        self._tell_dag_stacks()
        functions = [self.signal, self.dispatcher, self.run_ended, self.backfill]
        add_platform_alarms(self, settings, functions, self.dead_letters)

    def _add_table(self) -> dynamodb.Table:
        local = self.settings.target == "local"
        return dynamodb.Table(
            self,
            "Table",
            table_name=self.settings.table,
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires",
            # A table that is there already (its stack was deleted, or its first deployment failed) is taken over:
            # `airstep deploy` says --import-existing-resources.
            deletion_protection=not local,
            removal_policy=RemovalPolicy.DESTROY if local else RemovalPolicy.RETAIN,
        )

    def _add_bucket(self) -> s3.Bucket:
        local = self.settings.target == "local"
        days = self.settings.run_retention_days
        return s3.Bucket(
            self,
            "Bucket",
            bucket_name=self.settings.bucket(Aws.ACCOUNT_ID, Aws.REGION),
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            lifecycle_rules=[
                *(
                    s3.LifecycleRule(id=prefix, prefix=f"{prefix}/", expiration=Duration.days(days))
                    for prefix in ("xcom", "conf", "backfill")
                    if days
                ),
                s3.LifecycleRule(id="uploads", abort_incomplete_multipart_upload_after=Duration.days(7)),
            ],
            # A first deployment that fails takes its empty bucket along: the next one makes it anew.
            removal_policy=RemovalPolicy.DESTROY if local else RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )

    def _add_layer(self, package: Package) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            "Layer",
            layer_version_name=self.settings.prefix,
            description="Python packages of Airstep's functions and of the DAGs' requirements",
            code=asset(package, self.settings.cache_folder),
            removal_policy=RemovalPolicy.RETAIN,  # earlier function versions stay usable, and inspectable
        )

    def _add_function(self, part: PlatformPart, packager: Packager) -> lambda_.Function:
        spec = FunctionSpec(
            name=self.settings.function(part.part),
            handler=f"{part.module}.handler",
            package=packager.platform_function(part.module),
            description=part.description,
            environment={**store_environment(self.settings), **self._own_environment(part)},
            timeout=part.timeout,
            memory=part.memory,
        )
        construct_id = "".join(word.capitalize() for word in part.part.split("-"))
        return add_function(self, construct_id, spec, self.layer, self.settings)

    def _own_environment(self, part: PlatformPart) -> dict[str, str]:
        """Where timetables are; where the others put one-time schedules, and whom those call."""
        if part is BACKFILL:
            return {"AIRSTEP_DAG_PARAMETERS": self.settings.dag_parameter("")}
        return {
            "AIRSTEP_SCHEDULE_GROUP": self.settings.prefix,
            "AIRSTEP_SCHEDULER_ROLE_ARN": scheduler_role_arn(self.settings),
            "AIRSTEP_DISPATCHER_ARN": arn("lambda", f"function:{self.settings.function(DISPATCHER.part)}"),
            "AIRSTEP_DEAD_LETTERS_ARN": arn("sqs", self.settings.dead_letters),
        }

    def _add_schedules(self) -> sqs.Queue:
        """The group that schedules are in, the role that they start the dispatcher with, and where lost ones end up."""
        settings = self.settings
        dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=settings.dead_letters,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        scheduler.CfnScheduleGroup(self, "ScheduleGroup", name=settings.prefix)
        group = arn("scheduler", f"schedule-group/{settings.prefix}")
        trusted = iam.ServicePrincipal(
            "scheduler.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID, "aws:SourceArn": group}},
        )
        role = iam.Role(
            self,
            "SchedulerRole",
            role_name=scheduler_role_name(settings),
            assumed_by=trusted,
            description="With what schedules start the dispatcher",
        )
        invoke = iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.dispatcher.function_arn])
        role.add_to_policy(invoke)
        role.add_to_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[dead_letters.queue_arn]))
        self._let_asset_rules_in(dead_letters)
        # Schedules and rules only hand an event over; what fails after that, Lambda tries twice more.
        for function in (self.dispatcher, self.run_ended):
            function.configure_async_invoke(on_failure=destinations.SqsDestination(dead_letters), retry_attempts=2)
        return dead_letters

    def _let_asset_rules_in(self, dead_letters: sqs.Queue) -> None:
        """DAG stacks' rules about assets may call the dispatcher, and put aside what they can't deliver."""
        rules = arn("events", f"rule/{self.settings.asset_rules}*")
        caller = iam.ServicePrincipal("events.amazonaws.com")
        self.dispatcher.add_permission("AssetRules", principal=caller, source_arn=rules)
        dead_letters.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AssetRules",
                principals=[caller],
                actions=["sqs:SendMessage"],
                resources=[dead_letters.queue_arn],
                conditions={"ArnLike": {"aws:SourceArn": rules}},
            )
        )

    def _grant(self) -> None:
        """What the platform's functions may do. Table and bucket are theirs as a whole: they serve every DAG."""
        machines = arn("states", "stateMachine:*")
        for function in (self.signal, self.dispatcher, self.run_ended, self.backfill):
            function.add_to_role_policy(table_rows(self.table.table_arn))
        group = arn("scheduler", f"schedule/{self.settings.prefix}/*")
        for function in (self.signal, self.dispatcher, self.run_ended):
            # A token names its machine. Any of the three wakes who waits for a slot, and makes sure of a sweep.
            function.add_to_role_policy(iam.PolicyStatement(actions=["states:SendTaskSuccess"], resources=[machines]))
            for action, resource in (
                ("scheduler:CreateSchedule", group),
                ("iam:PassRole", scheduler_role_arn(self.settings)),
            ):
                function.add_to_role_policy(iam.PolicyStatement(actions=[action], resources=[resource]))
        self.dispatcher.add_to_role_policy(
            # The sweep looks whether the runs that it knows still go on; executions have no tags to tell them by.
            iam.PolicyStatement(actions=["states:DescribeExecution"], resources=[arn("states", "execution:*")])
        )
        for function in (self.dispatcher, self.run_ended):
            function.add_to_role_policy(bucket_objects(self.bucket.bucket_arn, "conf/"))
            function.add_to_role_policy(
                iam.PolicyStatement(
                    actions=["states:StartExecution"], resources=[machines], conditions=self.own_machines
                )
            )

        # Task functions, which are called so, in whatever version: they answer for timetables that are user code, and
        # have the callbacks of runs whose machines are over.
        tasks = arn("lambda", f"function:{self.settings.prefix}-*")
        for function in (self.dispatcher, self.run_ended, self.backfill):
            function.add_to_role_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[tasks]))

    def _watch_executions(self) -> None:
        """Tell the run-ended function of every execution that ended: it closes records, and starts what waits."""
        events.Rule(
            self,
            "ExecutionEnded",
            rule_name=f"{self.settings.prefix}-execution-ended",
            description="Executions that ended, however",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]},
            ),
            targets=[targets.LambdaFunction(self.run_ended, retry_attempts=10, max_event_age=Duration.hours(2))],
        )

    def _watch_objects(self) -> None:
        """Tell the signal function of new objects in the buckets that the project vouches for."""
        buckets = sorted(set(self.settings.s3_event_buckets))
        for number, first in enumerate(range(0, len(buckets), _BUCKETS_OF_A_RULE), 1):
            events.Rule(
                self,
                f"ObjectCreated{number}",
                rule_name=f"{self.settings.prefix}-object-created-{number}",
                description="Objects that were created in buckets of the setting s3EventBuckets",
                event_pattern=events.EventPattern(
                    source=["aws.s3"],
                    detail_type=["Object Created"],
                    detail={"bucket": {"name": buckets[first : first + _BUCKETS_OF_A_RULE]}},
                ),
                targets=[targets.LambdaFunction(self.signal, retry_attempts=10, max_event_age=Duration.hours(2))],
            )

    def _tell_dag_stacks(self) -> None:
        values = {
            SIGNAL_PARAMETER: (self.signal.current_version.function_arn, "Version of the signal function"),
            LAYER_PARAMETER: (self.layer.layer_version_arn, "Version of the layer"),
        }
        for name, (value, description) in values.items():
            ssm.StringParameter(
                self,
                f"Parameter-{name}",
                parameter_name=self.settings.parameter(name),
                string_value=value,
                description=description,
            )
        CfnOutput(self, "TableName", value=self.table.table_name)
        CfnOutput(self, "BucketName", value=self.bucket.bucket_name)
        CfnOutput(self, "DispatcherName", value=self.dispatcher.function_name)


def scheduler_role_arn(settings: Settings) -> str:
    """ARN of the role that schedules start the dispatcher with."""
    return f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/{scheduler_role_name(settings)}"


def scheduler_role_name(settings: Settings) -> str:
    """Roles are global in an account, so the name says the region as well."""
    return f"{settings.prefix}-scheduler-{Aws.REGION}"
