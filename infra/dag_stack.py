"""One DAG: its state machine, the machine's role, the task function and its role, schedules, logs, an alarm.

Reads the DAG's definition and manifest and nothing else of the DAG. The definition's placeholders become the ARNs of
function *versions*; the roles are the manifest's permissions plus the right to invoke versions of those functions.

Invariant: the stack stands alone; what it needs of the platform it knows by name or reads from SSM parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws_cdk import Aws, CfnOutput, Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from dag_translator.errors import InternalError
from infra.functions import FunctionSpec, add_function, store_environment
from infra.monitoring import add_dag_alarms
from infra.packaging import DAGS_PREFIX, Package
from infra.permissions import arn, bucket_objects, pattern, rows_of_other_dags, statements, table_rows
from infra.platform_stack import DAG_TAG, ENVIRONMENT_TAG, LAYER_PARAMETER, SIGNAL, SIGNAL_PARAMETER
from infra.schedules import add_schedules
from infra.settings import Settings

HANDLER = "lambdas.task_function.handler"
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_SIGNAL = "SignalFunction"
# A template holds 1 MB and its stack's update is compared as a whole; larger definitions travel as an asset.
_INLINE_LIMIT = 100_000
_STANDARD_PARAMETER = 4_096  # characters; a larger parameter is an advanced one, which costs $0.05 a month
_TRACING = ("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments")
# Step Functions manages its log delivery itself; these actions know no resources.
# Source: Step Functions developer guide, "Logging to CloudWatch Logs", "IAM policies for logging".
_LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)


@dataclass(frozen=True, slots=True)
class DagDeployment:
    """A translated DAG with its task function's package.

    platform_digests: of what the SSM parameters point to, so that a DAG stack is updated when the platform changed.
    """

    manifest: Mapping[str, Any]
    definition: Mapping[str, Any]
    package: Package
    platform_digests: Mapping[str, str]

    @property
    def dag_id(self) -> str:
        return str(self.manifest["dag_id"])

    @property
    def machine_name(self) -> str:
        return str(self.manifest["machine_name"])


class DagStack(Stack):
    """The stack of one DAG; see the module. now: schedules that are over by then are left out."""

    def __init__(
        self,
        scope: Construct,
        stack_name: str,
        deployment: DagDeployment,
        settings: Settings,
        now: datetime | None = None,
    ) -> None:
        super().__init__(scope, stack_name, stack_name=stack_name, description=f"Airstep: the DAG {deployment.dag_id}")
        Tags.of(self).add(ENVIRONMENT_TAG, settings.prefix)
        Tags.of(self).add(DAG_TAG, deployment.dag_id)
        self.settings = settings
        self.deployment = deployment
        self.manifest = deployment.manifest
        self.function_names: set[str] = set()
        self.versions = self._add_functions()
        self.machine = self._add_machine()
        self._tell_timetable()
        add_schedules(self, self.manifest, self.machine.attr_arn, settings, now or datetime.now(UTC))
        add_dag_alarms(self, settings, deployment.dag_id, self.machine.attr_arn)
        CfnOutput(self, "StateMachineArn", value=self.machine.attr_arn)

    # -- functions --------------------------------------------------------------------------------------------------

    def _add_functions(self) -> dict[str, str]:
        """The functions that the definition names; placeholder → ARN of the version that this deployment made."""
        text = json.dumps(self.deployment.definition, ensure_ascii=False)
        wanted = set(_PLACEHOLDER.findall(text))
        versions = {}
        if _SIGNAL in wanted:
            versions[_SIGNAL] = self._platform_value(SIGNAL_PARAMETER)
            self.function_names.add(self.settings.function(SIGNAL.part))
        layer_arn = self._platform_value(LAYER_PARAMETER)
        layer = lambda_.LayerVersion.from_layer_version_arn(self, "Layer", layer_arn)
        for name, size in self.manifest["functions"].items():
            versions[name] = self._add_function(name, size, layer).current_version.function_arn
        if unknown := wanted - set(versions):
            raise InternalError(
                f"{self.deployment.dag_id}: the definition names {sorted(unknown)}, the manifest does not"
            )
        return versions

    def _add_function(self, name: str, size: Mapping[str, Any], layer: lambda_.ILayerVersion) -> lambda_.Function:
        if unknown := set(size) - {"memory", "timeout"}:
            raise InternalError(
                f"{self.deployment.dag_id}: function {name} wants {sorted(unknown)}, which nothing sets"
            )
        dag_id, settings = self.deployment.dag_id, self.settings
        part = self.deployment.machine_name if name == "TaskFunction" else f"{self.deployment.machine_name}-{name}"
        spec = FunctionSpec(
            name=settings.function(part),
            handler=HANDLER,
            package=self.deployment.package,
            description=f"Runs the tasks of the DAG {dag_id}",
            environment={
                **store_environment(settings),
                "AIRSTEP_DAGS_FOLDER": DAGS_PREFIX,
                "AIRSTEP_DAG_FILE": f"{DAGS_PREFIX}/{self.manifest['file']}",
                "AIRSTEP_DAG_ID": dag_id,
                # Airflow's own names for its settings.
                "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": str(settings.create_cron_data_intervals),
                "AIRFLOW__SCHEDULER__CREATE_DELTA_DATA_INTERVALS": str(settings.create_delta_data_intervals),
                "AIRSTEP_SIGNAL_FUNCTION": settings.function(SIGNAL.part),
                "AIRSTEP_LAYER": self.deployment.platform_digests[LAYER_PARAMETER][:16],
            },
            timeout=int(size.get("timeout") or 900),
            memory=int(size.get("memory") or settings.memory),
        )
        self.function_names.add(spec.name)
        function = add_function(self, name, spec, layer, settings)
        granted = settings.task_permissions
        for statement in statements(
            [*self.manifest["task_permissions"], *granted.get("*", ()), *granted.get(dag_id, ())]
        ):
            function.add_to_role_policy(statement)
        executions = f"execution/{arn('states', f'execution:{self.deployment.machine_name}')}:*"
        own = pattern(dag_id)
        partitions = (f"{own}/*", f"dag/{own}", f"watch/{own}/*", executions)
        table = arn("dynamodb", f"table/{settings.table}")
        function.add_to_role_policy(table_rows(table, partitions))
        if others := self.manifest.get("reads"):
            function.add_to_role_policy(rows_of_other_dags(table, others))
        signal = arn("lambda", f"function:{settings.function(SIGNAL.part)}")
        function.add_to_role_policy(
            iam.PolicyStatement(sid="Wake", actions=["lambda:InvokeFunction"], resources=[signal])
        )
        bucket = f"arn:{Aws.PARTITION}:s3:::{settings.bucket(Aws.ACCOUNT_ID, Aws.REGION)}"
        function.add_to_role_policy(bucket_objects(bucket, f"xcom/{own}/", f"conf/{own}/"))
        return function

    def _tell_timetable(self) -> None:
        """The DAG's timetable as a parameter: backfills need it, of DAGs too whose schedules are over."""
        schedule = self.manifest["schedule"]
        told = json.dumps({"dag_id": self.deployment.dag_id, "spec": schedule["spec"] if schedule else None})
        large = len(told) > _STANDARD_PARAMETER
        ssm.StringParameter(
            self,
            "Timetable",
            parameter_name=self.settings.dag_parameter(self.deployment.machine_name),
            string_value=told,
            tier=ssm.ParameterTier.ADVANCED if large else ssm.ParameterTier.STANDARD,
            description=f"When runs of {self.deployment.machine_name} are due",
        )

    def _platform_value(self, name: str) -> str:
        return ssm.StringParameter.value_for_string_parameter(self, self.settings.parameter(name))

    # -- state machine ----------------------------------------------------------------------------------------------

    def _add_machine(self) -> stepfunctions.CfnStateMachine:
        log_group = self._add_log_group()
        group_arn = arn("logs", f"log-group:{log_group.log_group_name}:*") if log_group else None
        machine = stepfunctions.CfnStateMachine(
            self,
            "StateMachine",
            state_machine_name=self.deployment.machine_name,
            state_machine_type="STANDARD",
            role_arn=self._add_machine_role().role_arn,
            definition_substitutions=self.versions,
            tracing_configuration=stepfunctions.CfnStateMachine.TracingConfigurationProperty(enabled=True),
            logging_configuration=self._logging(group_arn) if group_arn else None,
            tags=self._digest_tags(),
            **self._definition(),
        )
        if log_group:
            machine.node.add_dependency(log_group)
        return machine

    def _digest_tags(self) -> list[stepfunctions.CfnStateMachine.TagsEntryProperty | dict[str, Any]]:
        """A new signal function changes the machine, so that its definition gets the new version."""
        if _SIGNAL not in self.versions:
            return []
        digest = self.deployment.platform_digests[SIGNAL_PARAMETER][:16]
        return [stepfunctions.CfnStateMachine.TagsEntryProperty(key=f"airstep:{SIGNAL_PARAMETER}", value=digest)]

    def _definition(self) -> dict[str, Any]:
        """The definition, readable in the template when it is small, as an asset when it is not."""
        # In ASCII: CloudFormation gives other characters of a template back as question marks, so that each diff
        # would find a change.
        text = json.dumps(self.deployment.definition, indent=1)
        if len(text.encode()) <= _INLINE_LIMIT:
            return {"definition_string": text}
        folder = self.settings.cache_folder / "definitions"
        folder.mkdir(parents=True, exist_ok=True)
        file = Path(folder / f"{self.deployment.machine_name}.asl.json")
        file.write_text(json.dumps(self.deployment.definition, separators=(",", ":")))
        stored = s3_assets.Asset(self, "Definition", path=str(file))
        location = stepfunctions.CfnStateMachine.S3LocationProperty(
            bucket=stored.s3_bucket_name, key=stored.s3_object_key
        )
        return {"definition_s3_location": location}

    def _add_machine_role(self) -> iam.Role:
        """The machine's role. Its policies are part of it, so the machine never exists before they do."""
        own = [*statements(self.manifest["permissions"])]
        # Any version of them: a run that is under way goes on with the definition, and so the versions, it began with.
        functions = [arn("lambda", f"function:{name}:*") for name in sorted(self.function_names)]
        own.append(iam.PolicyStatement(sid="Functions", actions=["lambda:InvokeFunction"], resources=functions))
        observing = [iam.PolicyStatement(actions=[f"xray:{action}" for action in _TRACING], resources=["*"])]
        if self.settings.log_level != "OFF":
            observing.append(iam.PolicyStatement(actions=list(_LOG_DELIVERY), resources=["*"]))
        return iam.Role(
            self,
            "StateMachineRole",
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            # IAM takes Latin letters only, which a dag_id may lack.
            description=f"What the states of {self.deployment.machine_name} may do",
            inline_policies={
                "States": iam.PolicyDocument(statements=own),
                "Observability": iam.PolicyDocument(statements=observing),
            },
        )

    def _add_log_group(self) -> logs.CfnLogGroup | None:
        if self.settings.log_level == "OFF":
            return None
        return logs.CfnLogGroup(
            self,
            "StateMachineLogs",
            # The prefix that keeps the account's log resource policy short, see the Step Functions guide on logging.
            log_group_name=f"/aws/vendedlogs/states/{self.settings.prefix}-{self.deployment.machine_name}",
            retention_in_days=self.settings.log_retention_days,
        )

    def _logging(self, group_arn: str) -> stepfunctions.CfnStateMachine.LoggingConfigurationProperty:
        properties = stepfunctions.CfnStateMachine
        group = properties.CloudWatchLogsLogGroupProperty(log_group_arn=group_arn)
        return properties.LoggingConfigurationProperty(
            level=self.settings.log_level,
            include_execution_data=self.settings.log_execution_data,
            destinations=[properties.LogDestinationProperty(cloud_watch_logs_log_group=group)],
        )
