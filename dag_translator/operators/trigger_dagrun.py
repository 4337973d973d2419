"""`TriggerDagRunOperator`: prepare → `states:startExecution` of the other DAG's machine → record.

With `wait_for_completion` it is `.sync:2`: Step Functions is told when the other run ends, and stopping this run stops
it. Source: Step Functions developer guide, "Start a new state machine from a running execution" and its IAM page;
`apache-airflow-providers-standard`, `operators/trigger_dagrun.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dag_translator import asl
from dag_translator.model import Task
from dag_translator.names import machine_name
from dag_translator.operators.lowering import Lowering, Permission, Site, States
from dag_translator.operators.service import ARN, HERE, INNER, literal, lower_call, note

START = "arn:aws:states:::states:startExecution"

ALREADY_EXISTS = "StepFunctions.ExecutionAlreadyExistsException"
# Starting the same execution twice is one start, so these may be repeated whatever the user says.
TRANSIENT = asl.Retrier(
    (
        "StepFunctions.ExecutionLimitExceededException",
        "StepFunctions.SdkClientException",
        "StepFunctions.StepFunctionsException",
        "StepFunctions.AWSStepFunctionsException",
    ),
    5,
    interval=1,
    backoff=2,
    full_jitter=True,
)
# That a run exists does not change; and a run whose failure is allowed is not tried again.
EXISTS = asl.Retrier((ALREADY_EXISTS,), 0)
ENDED = asl.Retrier(("States.TaskFailed",), 0)

# A retry is a run of its own, unless the user named the run or gave its date.
_TRY = (
    "($states.input.arguments.fixed or $states.context.State.RetryCount = 0"
    " ? '' : '__try' & ($states.context.State.RetryCount + 1))"
)
_RUN_ID = f"$states.input.arguments.run_id & {_TRY}"
ARGUMENTS = {
    # The machines of all DAGs are neighbours.
    "StateMachineArn": "{% $join([$split($states.context.StateMachine.Id, ':')[[0..5]],"
    " $states.input.arguments.machine], ':') %}",
    "Name": f"{{% $states.input.arguments.name & {_TRY} %}}",
    "Input": f"{{% $merge([$states.input.arguments.input, {{'run_id': {_RUN_ID},"
    " 'AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID': $states.context.Execution.Id}]) %}",
}


# With `reset_dag_run` the run stays the same, and each try needs an execution of its own.
AGAIN = {
    **ARGUMENTS,
    "Name": "{% $states.input.arguments.name"
    " & ($states.context.State.RetryCount = 0 ? '' : '__try' & ($states.context.State.RetryCount + 1)) %}",
}


def settings(operator: Any) -> Mapping[str, Any]:
    # Of a mapped task's arguments only those that were given are there.
    waits = bool(getattr(operator, "wait_for_completion", False))
    allowed = getattr(operator, "allowed_states", None) or ["success"]
    failed = getattr(operator, "failed_states", None)
    found: dict[str, Any] = {"waits": waits}
    dag_id = literal(getattr(operator, "trigger_dag_id", None))
    if dag_id is not None:
        found["machine"] = machine_name(dag_id)
    if waits and "failed" in map(str, allowed) and "failed" not in map(str, ["failed"] if failed is None else failed):
        found["failure_allowed"] = True
    if getattr(operator, "reset_dag_run", False):
        found["resets"] = True
    notes = []
    if waits and getattr(operator, "poke_interval", 60) != 60:
        message = "poke_interval has no effect: Step Functions is told when the other run ends"
        notes.append(note("unused-argument", message, "leave it out"))
    if getattr(operator, "note", None):
        notes.append(note("unused-argument", "note has no effect: a DagRun here has no notes", "put it into conf"))
    return found | ({"notes": notes} if notes else {})


def lower(task: Task, site: Site) -> States:
    allowed = task.settings.get("failure_allowed", False)

    def caught(record: str) -> tuple[asl.Catcher, ...]:
        errors = (ALREADY_EXISTS, "States.TaskFailed") if allowed else (ALREADY_EXISTS,)
        told = f"{{'run_id': {_RUN_ID}, 'error': $states.errorOutput}}"
        output = f"{{% {{'states': {INNER}, 'result': {told}, 'attempt': 0}} %}}"
        return (asl.Catcher(errors, record, output),)

    return lower_call(
        task,
        site,
        asl.START_AND_WAIT if task.settings["waits"] else START,
        retry=(TRANSIENT, EXISTS, *((ENDED,) if allowed else ())),
        arguments=AGAIN if task.settings.get("resets") else ARGUMENTS,
        result=f"{{'run_id': {_RUN_ID}, 'execution': $states.result.ExecutionArn}}",
        caught=caught,
    )


def permissions(task: Task, _machine_name: str) -> tuple[Permission, ...]:
    """A DAG that a template names may be any."""
    machine = f"{ARN}:states:{HERE}:stateMachine:{task.settings.get('machine', '*')}"
    return nested(machine, task.settings["waits"], f"the DAG that task {task.task_id} triggers")


def nested(machine: str, waits: bool, reason: str) -> tuple[Permission, ...]:
    """The developer guide's policies for starting executions of `machine` (an ARN), and of its versions and aliases:
    those are authorised by the machine's own ARN ("Authorization for versions and aliases").

    >>> nested("arn:aws:states:eu-west-1:1:stateMachine:etl:live", False, "")[0].resources
    ('arn:aws:states:eu-west-1:1:stateMachine:etl',)
    """
    machine = re.sub(r"(:stateMachine:[^:]+):[^:]+$", r"\1", machine)
    start = Permission(("states:StartExecution",), (machine,), reason)
    if not waits:
        return (start,)
    executions = f"{machine.replace(':stateMachine:', ':execution:')}:*"
    rule = f"{ARN}:events:{HERE}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    return (
        start,
        Permission(("states:DescribeExecution", "states:StopExecution"), (executions,), reason),
        Permission(("events:PutTargets", "events:PutRule", "events:DescribeRule"), (rule,), reason),
    )


LOWERING = Lowering(
    lower,
    settings,
    permissions,
    native=True,
    becomes="`states:startExecution`; with `wait_for_completion` `.sync:2`",
)
