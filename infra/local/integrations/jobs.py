"""`.sync` integrations: start a job, ask for its state until it is over, stop it when nobody waits any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from infra.local.engine import TaskCall, TaskFailed
from infra.local.engine.json_values import Json, dumps

FIRST_POLL: Final = 0.2
LONGEST_POLL: Final = 5.0

Act = Callable[[str, Json], Awaitable[Json]]
"""Makes an action of the job's service."""


@dataclass(frozen=True, slots=True)
class Job:
    """How to follow one kind of job.

    poll, stop: the action's name, and its arguments from the start's arguments and answer; result: what the task gives,
    from the poll's answer; verdict: True for success, False for failure, None while it runs, from the result.
    """

    poll: str
    poll_arguments: Callable[[Json, Json], Json]
    result: Callable[[Json], Json]
    verdict: Callable[[Json], bool | None]
    stop: str
    stop_arguments: Callable[[Json, Json], Json]


def by_state(
    state: Callable[[Json], str], good: tuple[str, ...], bad: tuple[str, ...]
) -> Callable[[Json], bool | None]:
    """A verdict from the name of a state."""

    def verdict(result: Json) -> bool | None:
        name = state(result)
        return True if name in good else False if name in bad else None

    return verdict


async def run_job(job: Job, act: Act, action: str, arguments: Json, call: TaskCall) -> Json:
    """Runs a job to its end and gives its result; raises TaskFailed."""
    started = await act(action, arguments)
    if started.get("Failures"):
        raise TaskFailed("ECS.AmazonECSException", dumps(started["Failures"]))
    call.submitted(started)
    pause = FIRST_POLL
    try:
        while True:
            result = job.result(await act(job.poll, job.poll_arguments(arguments, started)))
            good = job.verdict(result)
            if good is not None:
                break
            await call.sleep(pause)
            pause = min(pause * 1.5, LONGEST_POLL)
    except asyncio.CancelledError:
        await _stop(job, act, arguments, started)
        raise
    if not good:
        raise TaskFailed("States.TaskFailed", dumps(result))
    return result


async def _stop(job: Job, act: Act, arguments: Json, started: Json) -> None:
    try:
        await act(job.stop, job.stop_arguments(arguments, started))
    except TaskFailed:
        return  # Best effort, as on AWS: the job may be over by now.


def _ecs_verdict(task: Json) -> bool | None:
    """A task of which no container has an exit code did not start, or was lost."""
    if task["LastStatus"] not in ("STOPPED", "DELETED"):
        return None
    codes = [container.get("ExitCode") for container in task.get("Containers", [])]
    return 0 in codes and not any(codes)


JOBS: Final[dict[tuple[str, str], Job]] = {
    ("athena", "startQueryExecution"): Job(
        poll="getQueryExecution",
        poll_arguments=lambda _, started: {"QueryExecutionId": started["QueryExecutionId"]},
        result=lambda answer: answer,
        verdict=by_state(
            lambda result: result["QueryExecution"]["Status"]["State"], ("SUCCEEDED",), ("FAILED", "CANCELLED")
        ),
        stop="stopQueryExecution",
        stop_arguments=lambda _, started: {"QueryExecutionId": started["QueryExecutionId"]},
    ),
    ("glue", "startJobRun"): Job(
        poll="getJobRun",
        poll_arguments=lambda given, started: {"JobName": given["JobName"], "RunId": started["JobRunId"]},
        result=lambda answer: answer["JobRun"],
        verdict=by_state(
            lambda result: result["JobRunState"], ("SUCCEEDED",), ("FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED")
        ),
        stop="batchStopJobRun",
        stop_arguments=lambda given, started: {"JobName": given["JobName"], "JobRunIds": [started["JobRunId"]]},
    ),
    ("batch", "submitJob"): Job(
        poll="describeJobs",
        poll_arguments=lambda _, started: {"Jobs": [started["JobId"]]},
        result=lambda answer: answer["Jobs"][0],
        verdict=by_state(lambda result: result["Status"], ("SUCCEEDED",), ("FAILED",)),
        stop="terminateJob",
        stop_arguments=lambda _, started: {"JobId": started["JobId"], "Reason": "The task was stopped"},
    ),
    ("ecs", "runTask"): Job(
        poll="describeTasks",
        poll_arguments=lambda given, started: {
            "Cluster": given.get("Cluster", "default"),
            "Tasks": [started["Tasks"][0]["TaskArn"]],
        },
        result=lambda answer: answer["Tasks"][0],
        verdict=_ecs_verdict,
        stop="stopTask",
        stop_arguments=lambda given, started: {
            "Cluster": given.get("Cluster", "default"),
            "Task": started["Tasks"][0]["TaskArn"],
        },
    ),
    ("codebuild", "startBuild"): Job(
        poll="batchGetBuilds",
        poll_arguments=lambda _, started: {"Ids": [started["Build"]["Id"]]},
        result=lambda answer: {"Build": answer["Builds"][0]},
        verdict=by_state(
            lambda result: result["Build"]["BuildStatus"], ("SUCCEEDED",), ("FAILED", "FAULT", "STOPPED", "TIMED_OUT")
        ),
        stop="stopBuild",
        stop_arguments=lambda _, started: {"Id": started["Build"]["Id"]},
    ),
}
"""The kinds of jobs that are followed, by service and action."""
