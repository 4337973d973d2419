"""A Python task that outgrows Lambda: a container on ECS (Fargate) runs the same code, a Lambda reads what came of it.

The container writes the try's outcome where a Lambda would, and exits with 0 if that is the task's end, with 1 if it
may be tried again: so the user's `Retry` counts tries, and a container that was lost is one. `task · outcome` answers
with the record, or raises what the task ended with. It is `.sync`: stopping the run stops the container.
What a container may say is 8,192 characters (`Overrides`), so it gets the run's name and reads the rest from the table.
Source: Step Functions developer guide, "Run Amazon ECS/Fargate tasks"; ECS API reference, RunTask.
"""

from __future__ import annotations

import math

from dag_translator import asl, names
from dag_translator.lowering.lambdas import INVOKE, NEVER_RETRIED, TRANSIENT, user_retrier
from dag_translator.model import Task
from dag_translator.operators.lowering import Permission, Site, States, entering, failing
from dag_translator.operators.service import ARN, HERE

RUN_TASK = "arn:aws:states:::ecs:runTask.sync"
CONTAINER = "task"  # its name in the task definition
EVENT = "AIRSTEP_EVENT"
# Until the container runs: Fargate finds a place, loads the image, the code is fetched.
_START_SECONDS = 600
BUSY = asl.Retrier(
    (
        *("ECS.ThrottlingException", "ECS.ServerException", "ECS.SdkClientException"),
        *("AmazonECS.Unknown", "ECS.AmazonECSException"),  # no capacity
    ),
    attempts=6,
    interval=5,
    backoff=2,
    full_jitter=True,
)


def lower(task: Task, site: Site) -> States:
    """The container, the Lambda that reads its outcome, and the one for failures."""
    name, told = site.names.name(task.task_id), site.names.name(task.task_id, "outcome")
    states: States = {}
    success = site.exits.success()
    catch = failing(task, site, states)("$states.input").catch
    own = (user_retrier(task.retry),) if task.retry.attempts else ()
    states[name] = asl.Task(
        RUN_TASK,
        _arguments(task, site),
        told,
        output="{% $states.input %}",
        retry=(BUSY, *own),
        catch=catch,
        timeout=None if task.timeout is None else math.ceil(task.timeout) + _START_SECONDS,
        comment=task.doc,
    )
    states[told] = asl.Task(
        INVOKE,
        site.call("task_outcome", task),
        success.next,
        output=success.output("$states.input", "$states.result.Payload"),
        retry=(NEVER_RETRIED, TRANSIENT),
        catch=catch,
    )
    return entering(name, states)


def permissions(task: Task, _machine_name: str) -> tuple[Permission, ...]:
    """What follows the container. The right to start it is the stack's to give, which knows its roles."""
    reason = f"container of task {task.task_id}"
    rule = f"{ARN}:events:{HERE}:rule/StepFunctionsGetEventsForECSTaskRule"
    return (
        Permission(("ecs:StopTask", "ecs:DescribeTasks"), (f"{ARN}:ecs:{HERE}:task/*",), reason),
        Permission(("events:PutTargets", "events:PutRule", "events:DescribeRule"), (rule,), reason),
    )


def _arguments(task: Task, site: Site) -> asl.Json:
    run = "$states.input.run" if site.each else "$run"
    index = ", 'map_index': $states.input.map_index" if site.each else ""
    event = (
        f"{{'dag_id': {run}.dag_id, 'run_id': {run}.run_id, 'execution': {run}.execution, "
        f"'task_id': {names.literal(task.task_id)}{index}, 'attempt': $states.context.State.RetryCount}}"
    )
    variable = {"Name": EVENT, "Value": f"{{% $string({event}) %}}"}
    overrides = {"ContainerOverrides": [{"Name": CONTAINER, "Environment": [variable]}]}
    return on_fargate(str(task.compute.container), overrides)


def on_fargate(definition: str, overrides: asl.Json) -> asl.Json:
    """RunTask's request. definition: the placeholder of the task definition; where it runs is the stack's to say."""
    return {
        "LaunchType": "FARGATE",
        "Cluster": "${ContainerCluster}",
        "TaskDefinition": f"${{{definition}}}",
        "NetworkConfiguration": {
            "AwsvpcConfiguration": {
                "Subnets": "{% [$split('${ContainerSubnets}', ',')] %}",
                "SecurityGroups": "{% [$split('${ContainerSecurityGroups}', ',')] %}",
                "AssignPublicIp": "${ContainerPublicIp}",
            }
        },
        "Overrides": overrides,
    }
