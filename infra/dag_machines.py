"""A DAG's state machines: the one for its runs and the one for re-runs, each with its parts, their role and their logs.

The role is the manifest's permissions plus the right to invoke versions of the DAG's functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_stepfunctions as stepfunctions

from infra.clusters import let_in
from infra.dag_deployment import PARTITION, DagDeployment, deployable, placeholders
from infra.dag_functions import SIGNAL_PLACEHOLDER, DagFunctions
from infra.functions import KEPT
from infra.permissions import arn, statements
from infra.platform_stack import SIGNAL_PARAMETER
from infra.settings import Settings
from infra.vpc import waiting_for_network

# A template holds 1 MB and its stack's update is compared as a whole; larger definitions travel as an asset.
_INLINE_LIMIT = 100_000
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

Definition = Mapping[str, Any]


class DagMachines:
    """The state machines in a DAG's stack; main: the one that runs begin with."""

    def __init__(self, scope: Stack, deployment: DagDeployment, functions: DagFunctions, settings: Settings) -> None:
        self._scope = scope
        self._deployment = deployment
        self._manifest = deployment.manifest
        self._functions = functions
        self._settings = settings
        self._role, self._log_group = self._add_role(), self._add_log_group()
        let_in(scope, self._manifest, settings, self._role)
        self.main = self._add_machines()

    def _add_machines(self) -> stepfunctions.CfnStateMachine:
        deployment = self._deployment
        if deployment.rerun is not None:
            again = deployment.rerun
            self._add_with_parts("Rerun", deployment.rerun_name, again.definition, again.parts, again.part_names)
        name, parts = deployment.machine_name, self._manifest["parts"]
        return self._add_with_parts("", name, deployment.definition, deployment.parts, parts)

    def _add_with_parts(
        self,
        kind: str,
        name: str,
        definition: Definition,
        parts: Mapping[str, Definition],
        names: Mapping[str, str],
    ) -> stepfunctions.CfnStateMachine:
        """A machine, after its parts: definitions name versions of those, so that a run that is under way goes on with
        the parts it began with.
        """
        arns = dict(self._functions.versions)
        # Inner parts have the lower numbers.
        for number, (placeholder, part_name) in enumerate(names.items(), 1):
            part = self._add_machine(f"{kind}{placeholder}", part_name, parts[placeholder], arns)
            version = stepfunctions.CfnStateMachineVersion(
                self._scope,
                f"{kind}{placeholder}Version",
                state_machine_arn=part.attr_arn,
                state_machine_revision_id=part.attr_state_machine_revision_id,
                description=f"Part {number} of {name}",
            )
            version.apply_removal_policy(KEPT)
            arns[placeholder] = version.attr_arn
        return self._add_machine("RerunMachine" if kind else "StateMachine", name, definition, arns)

    def _add_machine(
        self,
        construct_id: str,
        name: str,
        definition: Definition,
        arns: Mapping[str, str],
    ) -> stepfunctions.CfnStateMachine:
        """arns: of what its definition names, and of others."""
        log_group = self._log_group
        group_arn = arn("logs", f"log-group:{log_group.log_group_name}:*") if log_group else None
        machine = stepfunctions.CfnStateMachine(
            self._scope,
            construct_id,
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=self._role.role_arn,
            definition_substitutions={
                PARTITION: Aws.PARTITION,
                **{each: arns[each] for each in sorted(placeholders([definition]))},
            },
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
        if SIGNAL_PLACEHOLDER not in self._functions.versions:
            return []
        digest = self._deployment.platform_digests[SIGNAL_PARAMETER][:16]
        return [stepfunctions.CfnStateMachine.TagsEntryProperty(key=f"airstep:{SIGNAL_PARAMETER}", value=digest)]

    def _definition(self, name: str, definition: Definition) -> dict[str, Any]:
        """The definition, readable in the template when it is small, as an asset when it is not."""
        text = self._text(definition, indent=1)
        if len(text.encode()) <= _INLINE_LIMIT:
            return {"definition_string": text}
        folder = self._settings.cache_folder / "definitions"
        folder.mkdir(parents=True, exist_ok=True)
        file = Path(folder / f"{name}.asl.json")
        file.write_text(self._text(definition, separators=(",", ":")))
        main = name == self._deployment.machine_name
        stored = s3_assets.Asset(self._scope, "Definition" if main else f"{name}Definition", path=str(file))
        location = stepfunctions.CfnStateMachine.S3LocationProperty(
            bucket=stored.s3_bucket_name, key=stored.s3_object_key
        )
        return {"definition_s3_location": location}

    def _text(self, definition: Definition, **how: Any) -> str:
        text = deployable(definition, **how)
        return waiting_for_network(text) if self._settings.is_in_vpc(self._deployment.dag_id) else text

    def _add_role(self) -> iam.Role:
        """The machine's role. Its policies are part of it, so the machine never exists before they do."""
        again = self._deployment.rerun
        own = [*statements([*self._manifest["permissions"], *(again.permissions if again is not None else ())])]
        # Any version of them: a run that is under way goes on with the definition, and so the versions, it began with.
        containers = self._functions.containers
        own += containers.machine_rights() if containers is not None else []
        own += self._functions.images.machine_rights() if self._functions.images is not None else []
        functions = [arn("lambda", f"function:{name}:*") for name in sorted(self._functions.names)]
        own.append(iam.PolicyStatement(sid="Functions", actions=["lambda:InvokeFunction"], resources=functions))
        observing = [iam.PolicyStatement(actions=[f"xray:{action}" for action in _TRACING], resources=["*"])]
        if self._settings.log_level != "OFF":
            observing.append(iam.PolicyStatement(actions=list(_LOG_DELIVERY), resources=["*"]))
        return iam.Role(
            self._scope,
            "StateMachineRole",
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            # IAM takes Latin letters only, which a dag_id may lack.
            description=f"What the states of {self._deployment.machine_name} may do",
            inline_policies={
                "States": iam.PolicyDocument(statements=own),
                "Observability": iam.PolicyDocument(statements=observing),
            },
        )

    def _add_log_group(self) -> logs.CfnLogGroup | None:
        if self._settings.log_level == "OFF":
            return None
        return logs.CfnLogGroup(
            self._scope,
            "StateMachineLogs",
            # The prefix that keeps the account's log resource policy short, see the Step Functions guide on logging.
            log_group_name=f"/aws/vendedlogs/states/{self._settings.prefix}-{self._deployment.machine_name}",
            retention_in_days=self._settings.log_retention_days,
        )

    def _logging(self, group_arn: str) -> stepfunctions.CfnStateMachine.LoggingConfigurationProperty:
        properties = stepfunctions.CfnStateMachine
        group = properties.CloudWatchLogsLogGroupProperty(log_group_arn=group_arn)
        return properties.LoggingConfigurationProperty(
            level=self._settings.log_level,
            include_execution_data=self._settings.log_execution_data,
            destinations=[properties.LogDestinationProperty(cloud_watch_logs_log_group=group)],
        )
