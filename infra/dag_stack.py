"""One DAG: its state machine, the machine's role, the task function and its role, schedules, logs, an alarm.

Reads the DAG's definition and manifest and nothing else of the DAG. The definition's placeholders become the ARNs of
function *versions*; the roles are the manifest's permissions plus the right to invoke versions of those functions.

Invariant: the stack stands alone; what it needs of the platform it knows by name or reads from SSM parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws_cdk import Aws, CfnOutput, RemovalPolicy, Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from dag_translator.errors import InternalError
from infra.containers import Containers
from infra.functions import FunctionSpec, add_function, asset, store_environment
from infra.monitoring import add_dag_alarms
from infra.packaging import DAGS_PREFIX, Package
from infra.permissions import arn, statements, task_rights
from infra.platform_stack import DAG_TAG, ENVIRONMENT_TAG, LAYER_PARAMETER, SIGNAL, SIGNAL_PARAMETER
from infra.schedules import add_schedules
from infra.settings import Settings

HANDLER = "lambdas.task_function.handler"
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_SIGNAL = "SignalFunction"
# A template holds 1 MB and its stack's update is compared as a whole; larger definitions travel as an asset.
_INLINE_LIMIT = 100_000
# What the command has to know to start a run by hand.
_ABOUT_RUNS = ("max_active_runs", "max_consecutive_failed_dag_runs", "is_paused_upon_creation")
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
    environments: the layer with the packages that tasks have to themselves. parts: the definitions of a large DAG's
    further machines, by placeholder.
    """

    manifest: Mapping[str, Any]
    definition: Mapping[str, Any]
    package: Package
    platform_digests: Mapping[str, str]
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environments: Package | None = None

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
        self.containers: Containers | None = None
        self.versions = self._add_functions()
        self.machine = self._add_machines()
        self._tell_timetable()
        add_schedules(self, self.manifest, self.machine.attr_arn, settings, now or datetime.now(UTC))
        add_dag_alarms(self, settings, deployment.dag_id, self.machine.attr_arn)
        CfnOutput(self, "StateMachineArn", value=self.machine.attr_arn)

    # -- functions --------------------------------------------------------------------------------------------------

    def _add_functions(self) -> dict[str, str]:
        """The functions that the definition names; placeholder → ARN of the version that this deployment made."""
        deployment = self.deployment
        wanted = _placeholders([deployment.definition, *deployment.parts.values()]) - set(deployment.parts)
        versions = {}
        if _SIGNAL in wanted:
            versions[_SIGNAL] = self._platform_value(SIGNAL_PARAMETER)
            self.function_names.add(self.settings.function(SIGNAL.part))
        layer_arn = self._platform_value(LAYER_PARAMETER)
        layer = lambda_.LayerVersion.from_layer_version_arn(self, "Layer", layer_arn)
        own = self._add_environments()
        for name, size in self.manifest["functions"].items():
            versions[name] = self._add_function(name, size, layer, own).current_version.function_arn
        if self.manifest.get("containers"):
            self.containers = Containers(
                self,
                self.manifest,
                self.settings,
                function=versions["TaskFunction"],
                function_name=self.settings.function(self.deployment.machine_name),
                rights=task_rights(self.manifest, self.settings),
            )
            versions |= self.containers.substitutions
        if unknown := wanted - set(versions):
            raise InternalError(
                f"{self.deployment.dag_id}: the definition names {sorted(unknown)}, the manifest does not"
            )
        return versions

    def _add_environments(self) -> tuple[lambda_.ILayerVersion, ...]:
        package = self.deployment.environments
        if package is None:
            return ()
        code = asset(package, self.settings.cache_folder)
        described = f"Packages that tasks of {self.deployment.machine_name} have to themselves"
        name = self.settings.function(self.deployment.machine_name)
        made = lambda_.LayerVersion(self, "Environments", layer_version_name=name, code=code, description=described)
        made.apply_removal_policy(RemovalPolicy.RETAIN)  # earlier function versions stay usable, and inspectable
        return (made,)

    def _add_function(
        self, name: str, size: Mapping[str, Any], layer: lambda_.ILayerVersion, own: tuple[lambda_.ILayerVersion, ...]
    ) -> lambda_.Function:
        if unknown := set(size) - {"memory", "timeout", "ephemeral_storage", "layers"}:
            raise InternalError(
                f"{self.deployment.dag_id}: function {name} wants {sorted(unknown)}, which nothing sets"
            )
        dag_id, settings = self.deployment.dag_id, self.settings
        own_name = name.removeprefix("TaskFunction")
        part = f"{self.deployment.machine_name}-{own_name}" if own_name else self.deployment.machine_name
        further = [
            lambda_.LayerVersion.from_layer_version_arn(self, f"{name}Layer{number}", layer_arn)
            for number, layer_arn in enumerate(size.get("layers", ()), 1)
        ]
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
                **({"AIRFLOW__EMAIL__FROM_EMAIL": settings.mail_from} if settings.mail_from else {}),
                "AIRSTEP_SIGNAL_FUNCTION": settings.function(SIGNAL.part),
                "AIRSTEP_LAYER": self.deployment.platform_digests[LAYER_PARAMETER][:16],
            },
            timeout=int(size.get("timeout") or 900),
            memory=int(size.get("memory") or settings.memory),
            layers=(*own, *further),
            storage=size.get("ephemeral_storage"),
        )
        self.function_names.add(spec.name)
        function = add_function(self, name, spec, layer, settings)
        for statement in task_rights(self.manifest, settings):
            function.add_to_role_policy(statement)
        return function

    def _tell_timetable(self) -> None:
        """The DAG's timetable as a parameter, and how many runs there may be: what backfills and the command need, also
        of DAGs whose schedules are over."""
        schedule = self.manifest["schedule"]
        told = json.dumps(
            {
                "dag_id": self.deployment.dag_id,
                "spec": schedule["spec"] if schedule else None,
                "runs": {name: self.manifest[name] for name in _ABOUT_RUNS if self.manifest.get(name)},
            }
        )
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

    # -- state machines ---------------------------------------------------------------------------------------------

    def _add_machines(self) -> stepfunctions.CfnStateMachine:
        """The DAG's machine, after its parts: definitions name versions of those, so that a run that is under way goes
        on with the parts it began with.
        """
        role, log_group = self._add_machine_role(), self._add_log_group()
        arns = dict(self.versions)
        # Inner parts have the lower numbers.
        for number, (placeholder, name) in enumerate(self.manifest["parts"].items(), 1):
            part = self._add_machine(placeholder, name, self.deployment.parts[placeholder], arns, role, log_group)
            version = stepfunctions.CfnStateMachineVersion(
                self,
                f"{placeholder}Version",
                state_machine_arn=part.attr_arn,
                state_machine_revision_id=part.attr_state_machine_revision_id,
                description=f"Part {number} of {self.deployment.machine_name}",
            )
            version.apply_removal_policy(RemovalPolicy.RETAIN)
            arns[placeholder] = version.attr_arn
        definition = self.deployment.definition
        return self._add_machine("StateMachine", self.deployment.machine_name, definition, arns, role, log_group)

    def _add_machine(
        self,
        construct_id: str,
        name: str,
        definition: Mapping[str, Any],
        arns: Mapping[str, str],
        role: iam.Role,
        log_group: logs.CfnLogGroup | None,
    ) -> stepfunctions.CfnStateMachine:
        """arns: of what its definition names, and of others."""
        group_arn = arn("logs", f"log-group:{log_group.log_group_name}:*") if log_group else None
        machine = stepfunctions.CfnStateMachine(
            self,
            construct_id,
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition_substitutions={each: arns[each] for each in sorted(_placeholders([definition]))},
            tracing_configuration=stepfunctions.CfnStateMachine.TracingConfigurationProperty(enabled=True),
            logging_configuration=self._logging(group_arn) if group_arn else None,
            tags=self._digest_tags(),
            **self._definition(name, definition),
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

    def _definition(self, name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
        """The definition, readable in the template when it is small, as an asset when it is not."""
        # In ASCII: CloudFormation gives other characters of a template back as question marks, so that each diff
        # would find a change.
        text = json.dumps(definition, indent=1)
        if len(text.encode()) <= _INLINE_LIMIT:
            return {"definition_string": text}
        folder = self.settings.cache_folder / "definitions"
        folder.mkdir(parents=True, exist_ok=True)
        file = Path(folder / f"{name}.asl.json")
        file.write_text(json.dumps(definition, separators=(",", ":")))
        main = name == self.deployment.machine_name
        stored = s3_assets.Asset(self, "Definition" if main else f"{name}Definition", path=str(file))
        location = stepfunctions.CfnStateMachine.S3LocationProperty(
            bucket=stored.s3_bucket_name, key=stored.s3_object_key
        )
        return {"definition_s3_location": location}

    def _add_machine_role(self) -> iam.Role:
        """The machine's role. Its policies are part of it, so the machine never exists before they do."""
        own = [*statements(self.manifest["permissions"])]
        # Any version of them: a run that is under way goes on with the definition, and so the versions, it began with.
        own += self.containers.machine_rights() if self.containers is not None else []
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


def _placeholders(definitions: Iterable[Mapping[str, Any]]) -> set[str]:
    return {name for each in definitions for name in _PLACEHOLDER.findall(json.dumps(each, ensure_ascii=False))}
