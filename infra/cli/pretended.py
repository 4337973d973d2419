"""What AWS services answer in a simulation, by resource: the one table.

A row's `answer` is given the task's id, the call's arguments and the state that the job is in ("running", "success",
"failed"), and has the shape of the service's own. A job either takes the task's duration in one call (`.sync`), or is
started at once and asked about again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dag_translator.authoring.pods.job import EMPTY_XCOM, XCOM_CONTAINER
from infra.local.engine import TaskFailed
from lambdas.tasks.native.spelling import sdk_name

Json = Any


@dataclass(frozen=True, slots=True)
class Pretended:
    """kind: "job" takes the task's duration and may fail with `error`; "start" answers at once, or fails; "ask" tells
    how far the job is."""

    kind: Literal["job", "start", "ask"]
    answer: Callable[[str, Json, str], Json]
    error: str = "States.TaskFailed"


_QUERY_STATES = {"running": "RUNNING", "success": "SUCCEEDED", "failed": "FAILED"}


def _query(task_id: str, _arguments: Json, state: str) -> Json:
    status = {"State": _QUERY_STATES[state], "StateChangeReason": "simulated"}
    told = {"QueryExecutionId": f"simulated-{task_id}", "Query": "", "Status": status, "Statistics": {}}
    return {"QueryExecution": told}


def _execution(_task_id: str, arguments: Json, _state: str) -> Json:
    machine = str(arguments["StateMachineArn"]).replace(":stateMachine:", ":execution:")
    return {"ExecutionArn": f"{machine}:{arguments.get('Name', 'simulated')}", "StartDate": 0}


def _invoked(_task_id: str, _arguments: Json, _state: str) -> Json:
    return {"ExecutedVersion": "1", "Payload": None, "StatusCode": 200}


def _glue_run(task_id: str, arguments: Json, _state: str) -> Json:
    return {"Id": f"simulated-{task_id}", "JobRunId": f"simulated-{task_id}", "JobName": arguments["JobName"]}


def _ecs_task(task_id: str, _arguments: Json, _state: str) -> Json:
    return {"TaskArn": f"simulated-{task_id}", "Containers": [{"ExitCode": 0}]}


def _ecs_started(task_id: str, arguments: Json, state: str) -> Json:
    return {"Tasks": [_ecs_task(task_id, arguments, state)], "Failures": []}


def _batch_job(task_id: str, _arguments: Json, _state: str) -> Json:
    return {"JobId": f"simulated-{task_id}"}


def _pod_job(_task_id: str, _arguments: Json, _state: str) -> Json:
    return {"kind": "Job", "logs": {"pods": {"simulated": {"containers": {XCOM_CONTAINER: {"log": EMPTY_XCOM}}}}}}


def _no_pods(_task_id: str, _arguments: Json, _state: str) -> Json:
    return {"ResponseBody": {"kind": "PodList", "items": []}, "StatusCode": 200, "StatusText": "OK"}


# Of the operators whose class says by rows what their service does (`authoring.aws`).
ANY_JOB = Pretended("job", lambda _task_id, _arguments, _state: {})


def pretended_watch(operator: Any) -> Pretended:
    """What the operator's watch is answered: an answer with the state where it looks for it."""

    def answer(_task_id: str, _arguments: Json, state: str) -> Json:
        states = {"success": operator.success_states(), "failed": operator.failure_states()}.get(state, ())
        if state == "failed" and not states:
            raise TaskFailed("States.TaskFailed", "simulated: the work fails")
        told: Json = next(iter(states), "simulated")
        for name in reversed(operator.watch.state.split(".")):
            told = {sdk_name(name): told}
        return told

    return Pretended("ask", answer)


PRETENDED: Mapping[str, Pretended] = {
    "athena:startQueryExecution.sync": Pretended("job", _query, "Athena.FAILED"),
    "aws-sdk:athena:getQueryExecution": Pretended("ask", _query),
    "glue:startJobRun": Pretended("start", _glue_run),
    "glue:startJobRun.sync": Pretended("job", _glue_run),
    "ecs:runTask": Pretended("start", _ecs_started),
    "ecs:runTask.sync": Pretended("job", _ecs_task),
    "batch:submitJob": Pretended("start", _batch_job),
    "batch:submitJob.sync": Pretended("job", _batch_job),
    "eks:runJob.sync": Pretended("job", _pod_job),
    "eks:call": Pretended("ask", _no_pods),
    "lambda:invoke": Pretended("job", _invoked, "Exception"),
    "states:startExecution": Pretended("start", _execution),
    "states:startExecution.sync:2": Pretended("job", _execution),
}
