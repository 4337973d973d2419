"""Sensors on the state of what a service runs: Lambda functions, Step Functions' executions, EKS, ECS."""

from __future__ import annotations

import json
from typing import Any

from dag_translator.authoring.aws.operator import error_code
from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.aws.sensor import ServiceSensor
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.clients import EksHook
from dag_translator.authoring.operators import ecs_resources, eks
from dag_translator.authoring.operators.aws import aws_template_fields
from dag_translator.authoring.sensors.aws import AwsBaseSensor


class LambdaFunctionStateSensor(ServiceSensor):
    """Done when the function has one of target_states: Active unless given."""

    template_fields: Any = aws_template_fields("function_name", "qualifier")
    service = "lambda"
    watch = Watch(
        "lambda",
        "GetFunction",
        "Configuration.State",
        success=("Active",),
        failure=("Failed",),
        reason="Configuration.StateReason",
        grants=(grant("lambda:GetFunction", "lambda:{here}:function:{function_name}"),),
    )
    __init__ = takes("function_name", qualifier=None, target_states=None)

    def arguments(self) -> dict[str, Any]:
        qualifier = {"Qualifier": self.qualifier} if self.qualifier else {}
        return {"FunctionName": self.function_name, **qualifier}

    def success_states(self) -> tuple[str, ...]:
        return tuple(self.target_states or ("Active",))


class StepFunctionExecutionSensor(ServiceSensor):
    """Done when the execution has SUCCEEDED; the XCom `output` is its output."""

    template_fields: Any = aws_template_fields("execution_arn")
    ui_color = "#66c3ff"
    service = "stepfunctions"
    watch = Watch(
        "stepfunctions",
        "DescribeExecution",
        "status",
        success=("SUCCEEDED",),
        failure=("FAILED", "TIMED_OUT", "ABORTED"),
        grants=(grant("states:DescribeExecution", "states:{here}:execution:*"),),
    )
    __init__ = takes("execution_arn")

    def arguments(self) -> dict[str, Any]:
        return {"executionArn": self.execution_arn}

    def found(self, context: Any) -> None:
        told = self.call("DescribeExecution", self.arguments())
        context["ti"].xcom_push(key="output", value=json.loads(told["output"]) if "output" in told else None)


def _word(state: Any) -> str:
    """A state given as text or as a member of the provider's enumerations."""
    return str(getattr(state, "value", state)).upper()


class EksBaseSensor(AwsBaseSensor):
    """A sensor of your own on EKS: `get_state`, and `get_terminal_states`, which fail it but for target_state."""

    aws_hook_class: Any = EksHook

    def __init__(self, *, cluster_name: str, target_state: Any, target_state_type: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cluster_name = cluster_name
        given = isinstance(target_state, target_state_type)
        self.target_state: Any = target_state if given else target_state_type(str(target_state).upper())

    def get_state(self) -> Any:
        raise NotImplementedError

    def get_terminal_states(self) -> frozenset[Any]:
        raise NotImplementedError

    def poke(self, context: Any) -> bool:  # noqa: ARG002
        state = self.get_state()
        if state in self.get_terminal_states() - {self.target_state}:
            raise AirflowException(
                f"Terminal state reached. Current state: {state}, Expected state: {self.target_state}"
            )
        return bool(state == self.target_state)


class _EksSensor(ServiceSensor):
    service = "eks"
    ui_color, ui_fgcolor = "#ff9900", "#232F3E"
    terminal: tuple[str, ...] = ()

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        return {**super()._hook_parameters, "region_name": self.region_name or self.region}

    def success_states(self) -> tuple[str, ...]:
        return (_word(self.target_state),)

    def failure_states(self) -> tuple[str, ...]:
        return tuple(state for state in self.terminal if state != _word(self.target_state))

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        """What is not there is NONEXISTENT."""
        try:
            return super().asked(handle)
        except Exception as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
        return ("success" if _word(self.target_state) == "NONEXISTENT" else "failed"), "NONEXISTENT"


class EksClusterStateSensor(_EksSensor):
    """Done when the cluster has target_state."""

    template_fields: Any = aws_template_fields("cluster_name", "target_state")
    watch = eks.CLUSTER
    terminal = ("ACTIVE", "FAILED")
    __init__ = takes("cluster_name", target_state="ACTIVE", region=None)

    def arguments(self) -> dict[str, Any]:
        return {"name": self.cluster_name}


class EksNodegroupStateSensor(_EksSensor):
    """Done when the node group has target_state."""

    template_fields: Any = aws_template_fields("cluster_name", "nodegroup_name", "target_state")
    watch = eks.GROUP
    terminal = ("ACTIVE", "CREATE_FAILED", "DELETE_FAILED")
    __init__ = takes("cluster_name", "nodegroup_name", target_state="ACTIVE", region=None)

    def arguments(self) -> dict[str, Any]:
        return {"clusterName": self.cluster_name, "nodegroupName": self.nodegroup_name}


class EksFargateProfileStateSensor(_EksSensor):
    """Done when the Fargate profile has target_state."""

    template_fields: Any = aws_template_fields("cluster_name", "fargate_profile_name", "target_state")
    watch = eks.PROFILE
    terminal = ("ACTIVE", "CREATE_FAILED", "DELETE_FAILED")
    __init__ = takes("cluster_name", "fargate_profile_name", target_state="ACTIVE", region=None)

    def arguments(self) -> dict[str, Any]:
        return {"clusterName": self.cluster_name, "fargateProfileName": self.fargate_profile_name}


class EcsBaseSensor(ServiceSensor):
    """What ECS's sensors share: target_state, and failure_states but for that."""

    service = "ecs"
    terminal: tuple[str, ...] = ()

    def success_states(self) -> tuple[str, ...]:
        return (_word(self.target_state),)

    def failure_states(self) -> tuple[str, ...]:
        given: Any = self.failure_states  # the argument, where it is given, has the method's name
        states = self.terminal if callable(given) or not given else tuple(_word(each) for each in given)
        return tuple(state for state in states if state != _word(self.target_state))


class EcsClusterStateSensor(EcsBaseSensor):
    """Done when the cluster has target_state: ACTIVE unless given."""

    template_fields: Any = aws_template_fields("cluster_name", "target_state", "failure_states")
    watch = ecs_resources.CLUSTER
    terminal = ("FAILED", "INACTIVE")
    __init__ = takes("cluster_name", target_state="ACTIVE", failure_states=None)

    def arguments(self) -> dict[str, Any]:
        return {"clusters": [self.cluster_name]}


class EcsTaskDefinitionStateSensor(EcsBaseSensor):
    """Done when the task definition has target_state: ACTIVE unless given."""

    template_fields: Any = aws_template_fields("task_definition", "target_state", "failure_states")
    watch = Watch(
        "ecs",
        "DescribeTaskDefinition",
        "taskDefinition.status",
        # The action supports no resources.
        grants=(grant("ecs:DescribeTaskDefinition"),),
    )

    def __init__(self, *, task_definition: str, target_state: Any = "ACTIVE", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.task_definition = task_definition
        self.target_state = target_state
        vars(self)["failure_states"] = None  # a template field that the provider sets by itself

    def arguments(self) -> dict[str, Any]:
        return {"taskDefinition": self.task_definition}

    def failure_states(self) -> tuple[str, ...]:
        return ("INACTIVE",) if _word(self.target_state) == "ACTIVE" else ("ACTIVE",)


class EcsTaskStateSensor(EcsBaseSensor):
    """Done when the task has target_state: RUNNING unless given."""

    template_fields: Any = aws_template_fields("cluster", "task", "target_state", "failure_states")
    watch = Watch(
        "ecs",
        "DescribeTasks",
        "tasks.lastStatus",
        reason="tasks.stoppedReason",
        grants=(grant("ecs:DescribeTasks", "ecs:{here}:task/*"),),
    )
    terminal = ("STOPPED",)
    __init__ = takes("cluster", "task", target_state="RUNNING", failure_states=None)

    def arguments(self) -> dict[str, Any]:
        return {"cluster": self.cluster, "tasks": [self.task]}
