"""One DAG: its state machine, one for re-runs, their role, the task function and its role, schedules, rules on assets,
logs, alarms.

Reads the DAG's definition and manifest and nothing else of the DAG. The definition's placeholders become the ARNs of
function *versions*; the roles are the manifest's permissions plus the right to invoke versions of those functions.

Invariant: the stack stands alone; what it needs of the platform it knows by name or reads from SSM parameters.
"""

from __future__ import annotations

from datetime import UTC, datetime

from aws_cdk import CfnOutput, Stack, Tags
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.asset_rules import add_asset_list, add_asset_rules
from infra.dag_deployment import DagDeployment
from infra.dag_functions import DagFunctions
from infra.dag_machines import DagMachines
from infra.monitoring import add_dag_alarms
from infra.permissions import arn
from infra.platform_stack import DAG_TAG, DISPATCHER, ENVIRONMENT_TAG
from infra.schedules import add_schedules, timetable_text
from infra.settings import Settings

_STANDARD_PARAMETER = 4_096  # characters; a larger parameter is an advanced one, which costs $0.05 a month


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
        self.machine = DagMachines(self, deployment, DagFunctions(self, deployment, settings), settings).main
        self._tell_timetable()
        add_schedules(self, self.manifest, self.machine.attr_arn, settings, now or datetime.now(UTC))
        dispatcher_arn = arn("lambda", f"function:{settings.function(DISPATCHER.part)}")
        add_asset_rules(self, self.manifest, self.machine.attr_arn, settings, dispatcher_arn)
        add_asset_list(self, self.manifest, settings)
        add_dag_alarms(self, settings, deployment.dag_id, self.machine.attr_arn)
        CfnOutput(self, "StateMachineArn", value=self.machine.attr_arn)

    def _tell_timetable(self) -> None:
        """The DAG's timetable as a parameter, also of DAGs whose schedules are over."""
        told = timetable_text(self.manifest, self.settings, in_part=self.deployment.rerun is not None)
        large = len(told) > _STANDARD_PARAMETER
        ssm.StringParameter(
            self,
            "Timetable",
            parameter_name=self.settings.dag_parameter(self.deployment.machine_name),
            string_value=told,
            tier=ssm.ParameterTier.ADVANCED if large else ssm.ParameterTier.STANDARD,
            description=f"When runs of {self.deployment.machine_name} are due",
        )
