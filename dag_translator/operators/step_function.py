"""`StepFunctionStartExecutionOperator`: prepare → `states:startExecution` (`.sync:2` when deferrable) → record.

Source: Step Functions developer guide, "Start a new state machine from a running execution" and its IAM page;
`apache-airflow-providers-amazon` 9, `operators/step_function.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dag_translator import asl
from dag_translator.model import Task
from dag_translator.operators.lowering import Lowering, Permission, Site, States
from dag_translator.operators.service import ARN, HERE, literal, lower_call, unused_arguments
from dag_translator.operators.trigger_dagrun import EXISTS, START, TRANSIENT, nested


def settings(operator: Any) -> Mapping[str, Any]:
    waits = bool(getattr(operator, "deferrable", False))
    limit = {"limit": operator.waiter_delay * operator.waiter_max_attempts} if waits else {}
    return {
        "waits": waits,
        "machine": literal(getattr(operator, "state_machine_arn", None)),
        **limit,
        **unused_arguments(operator),
    }


def lower(task: Task, site: Site) -> States:
    resource = asl.START_AND_WAIT if task.settings["waits"] else START
    return lower_call(task, site, resource, retry=(TRANSIENT, EXISTS), limit=task.settings.get("limit"))


def permissions(task: Task, _machine_name: str) -> tuple[Permission, ...]:
    machine = task.settings["machine"] or f"{ARN}:states:{HERE}:stateMachine:*"
    return nested(machine, task.settings["waits"], f"the state machine that task {task.task_id} starts")


LOWERING = Lowering(
    lower,
    settings,
    permissions,
    native=True,
    becomes="`states:startExecution`; with `wait_for_completion` `.sync:2`",
)
