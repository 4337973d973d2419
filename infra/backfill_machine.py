"""The state machine that carries out backfills, as data: what CreateStateMachine takes, with placeholders, and what its
role may do.

    plan ─► anything to do? ─► runs (distributed Map, max_active_runs at once) ─► summarise
                               │ cancelled? ─► wanted? ─► run (startExecution.sync:2) ─► done
                               │   └─ held ◄── paused
                               │                          └ name taken ─► look ─► still runs? ─► run again

`plan` writes the runs to S3, where the map reads them, and the map writes its children's results there, so no payload
grows with the number of dates: 100,000 take the same 256 KiB. Each date is a child with a history of its own. A run
that fails is an outcome, not an error. Before a run starts, its child looks whether the backfill was cancelled; what
is under way goes on, as in Airflow. While the backfill is paused its children hold still, each with a task token that
`unpause` answers: that costs nothing. Stopping the execution stops its runs too.

Invariant: no child fails, so the map cannot. Sources: Step Functions developer guide, "Distributed mode", "IAM policies
for using Distributed Map states", "Start a new state machine from a running execution".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dag_translator import asl, asl_json
from dag_translator.lowering.lambdas import ANYTHING, INVOKE, INVOKE_AND_WAIT, TRANSIENT

State = dict[str, Any]

FUNCTION, TABLE = "${BackfillFunction}", "${Table}"
_INPUT = "{% $states.input %}"
_START = "arn:aws:states:::states:startExecution.sync:2"
# Throttling and the like. A run that failed is States.TaskFailed: that is not tried again.
_NOT_STARTED = asl.Retrier(
    (
        *("StepFunctions.AWSStepFunctionsException", "StepFunctions.ExecutionLimitExceededException"),
        *("StepFunctions.SdkClientException", "StepFunctions.ThrottlingException"),
    ),
    attempts=8,
    interval=2,
    backoff=2,
    max_delay=300,
    full_jitter=True,
)


def definition() -> dict[str, Any]:
    """The whole definition."""
    return {
        "Comment": "Runs a DAG for dates of the past: see the backfill's item in the table for what became of them",
        "QueryLanguage": "JSONata",
        "StartAt": "plan",
        "States": {
            "plan": _plan(),
            "anything to do?": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": "{% $exists($states.input.refused) %}", "Next": "refused"},
                    {"Condition": "{% $states.input.start %}", "Next": "runs"},
                ],
                "Default": "nothing to do",
            },
            "refused": {"Type": "Fail", "Error": "BackfillRefused", "Cause": "{% $states.input.refused %}"},
            "nothing to do": {"Type": "Succeed"},
            "runs": _runs(),
            "summarise": _summarise(),
        },
    }


def _plan() -> State:
    execution = {"Id": "{% $states.context.Execution.Id %}", "Name": "{% $states.context.Execution.Name %}"}
    payload = {"kind": "plan", "execution": execution, "event": _INPUT}
    return {
        "Type": "Task",
        "Comment": "Which dates, by the DAG's own timetable and the runs that exist",
        "Resource": INVOKE,
        "Arguments": {"FunctionName": FUNCTION, "Payload": payload},
        "Retry": [_retry(TRANSIENT), _retry(ANYTHING)],
        "Output": "{% $states.result.Payload %}",
        "Next": "anything to do?",
    }


def _runs() -> State:
    selected = {
        "row": "{% $states.input.row %}",
        "machine": "{% $states.input.machine %}",
        "name": "{% $states.context.Map.Item.Value.name %}",
        "spare": "{% $states.context.Map.Item.Value.spare %}",
        "input": "{% $merge([$states.context.Map.Item.Value.input, $states.input.conf]) %}",
    }
    return {
        "Type": "Map",
        "Comment": "One child for each date",
        "Label": "runs",
        "MaxConcurrency": "{% $states.input.max_active_runs %}",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Arguments": {"Bucket": "{% $states.input.items.Bucket %}", "Key": "{% $states.input.items.Key %}"},
        },
        "ItemSelector": selected,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "cancelled?",
            "States": _one_date(),
        },
        "ToleratedFailurePercentage": 100,
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Arguments": {
                "Bucket": "{% $states.input.results.Bucket %}",
                "Prefix": "{% $states.input.results.Prefix %}",
            },
        },
        "Output": {"dag_id": "{% $states.input.dag_id %}", "backfill_id": "{% $states.input.backfill_id %}"},
        "Next": "summarise",
    }


def _one_date() -> dict[str, State]:
    """The child's states. Its output is one small object: what came of starting the run."""
    ask = {
        "TableName": TABLE,
        "Key": "{% $states.input.row %}",
        "ConsistentRead": True,
        "ProjectionExpression": "is_cancelled, is_paused",
    }
    said = ", ".join(f"'{name}': $states.result.Item.is_{name}.BOOL" for name in ("cancelled", "paused"))
    return {
        "cancelled?": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:getItem",
            "Arguments": ask,
            "Retry": [_retry(ANYTHING)],
            "Output": f"{{% $merge([$states.input, {{{said}}}]) %}}",
            "Next": "wanted?",
        },
        "wanted?": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $states.input.cancelled = true %}", "Output": _outcome("cancelled"), "Next": "done"},
                {"Condition": "{% $states.input.paused = true %}", "Next": "held"},
            ],
            "Default": "run",
        },
        "held": _held(),
        "run": _start("name", "look"),
        "look": {
            "Type": "Task",
            "Comment": "The name is taken: by an execution that still runs, or by one that ended and left no run",
            "Resource": "arn:aws:states:::aws-sdk:sfn:describeExecution",
            "Arguments": {
                "ExecutionArn": "{% $replace($states.input.machine, ':stateMachine:', ':execution:') & ':'"
                " & $states.input.name %}"
            },
            "Retry": [_retry(ANYTHING)],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": _outcome("error"), "Next": "done"}],
            "Output": "{% $merge([$states.input, {'status': $states.result.Status}]) %}",
            "Next": "still runs?",
        },
        "still runs?": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $states.input.status = 'RUNNING' %}", "Output": _outcome("in flight"), "Next": "done"}
            ],
            "Default": "run again",
        },
        "run again": _start("spare", None),
        "done": {"Type": "Succeed"},
    }


def _held() -> State:
    """Holds still until the backfill goes on, and looks again then. An execution may wait for a year."""
    payload = {"kind": "hold", "row": "{% $states.input.row %}", "token": "{% $states.context.Task.Token %}"}
    return {
        "Type": "Task",
        "Comment": "The backfill is paused",
        "Resource": INVOKE_AND_WAIT,
        "Arguments": {"FunctionName": FUNCTION, "Payload": payload},
        "Retry": [_retry(TRANSIENT), _retry(ANYTHING)],
        "Output": _INPUT,
        "Next": "cancelled?",
    }


def _start(name: str, taken: str | None) -> State:
    """Start the DAG's machine and wait for its end. taken: where to go when the execution's name is."""
    catch: list[State] = [{"ErrorEquals": ["States.ALL"], "Output": _outcome("failed"), "Next": "done"}]
    if taken is not None:
        catch.insert(0, {"ErrorEquals": ["StepFunctions.ExecutionAlreadyExistsException"], "Next": taken})
        catch[0]["Output"] = _INPUT
    return {
        "Type": "Task",
        "Comment": "The run",
        "Resource": _START,
        "Arguments": {
            "StateMachineArn": "{% $states.input.machine %}",
            "Name": f"{{% $states.input.{name} %}}",
            "Input": "{% $states.input.input %}",
        },
        "Retry": [_retry(_NOT_STARTED)],
        "Catch": catch,
        "Output": _outcome("success"),
        "Next": "done",
    }


def _outcome(state: str) -> State:
    return {"run_id": "{% $states.input.input.run_id %}", "outcome": state}


def _summarise() -> State:
    given = {"dag_id": "{% $states.input.dag_id %}", "backfill_id": "{% $states.input.backfill_id %}"}
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Arguments": {"FunctionName": FUNCTION, "Payload": {"kind": "summarise", **given}},
        "Retry": [_retry(TRANSIENT), _retry(ANYTHING)],
        "Output": "{% $merge([$states.input, $states.result.Payload]) %}",
        "End": True,
    }


def _retry(retrier: asl.Retrier) -> State:
    return asl_json.retrier_to_json(retrier)


def permissions(machine: str, table: str, bucket: str, function: str) -> list[Mapping[str, Any]]:
    """What the machine's role may do, in a manifest's words; starting the DAGs' machines is granted by their tag.

    machine: its name; table, bucket: names; function: the backfill function's name.
    """
    states = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}"
    here = "${AWS::Region}:${AWS::AccountId}"
    objects = f"arn:${{AWS::Partition}}:s3:::{bucket}/backfill/*"
    return [
        {
            "actions": ["lambda:InvokeFunction"],
            "resources": [f"arn:${{AWS::Partition}}:lambda:{here}:function:{function}:*"],
            "reason": "plan, held, summarise",
        },
        {
            "actions": ["dynamodb:GetItem"],
            "resources": [f"arn:${{AWS::Partition}}:dynamodb:{here}:table/{table}"],
            "reason": "cancelled?",
        },
        {
            "actions": [
                *("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
            ],
            "resources": [objects],
            "reason": "the map's items and results",
        },
        {
            "actions": ["states:StartExecution"],
            "resources": [f"{states}:stateMachine:{machine}"],
            "reason": "the map's children",
        },
        {
            # Of the map's children, and of the runs: executions have no tags to tell them by.
            "actions": ["states:DescribeExecution", "states:StopExecution"],
            "resources": [f"{states}:execution:*"],
            "reason": "runs that are waited for",
        },
        {
            "actions": ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            "resources": [
                f"arn:${{AWS::Partition}}:events:{here}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
            ],
            "reason": "how Step Functions learns that a run has ended",
        },
    ]
