"""Lets our own code run ECS containers that need no Docker, and tells ministack how they ended.

Invariant: ministack keeps task definitions and tasks. Which containers are ours is said once, by `wanted`; a task of
any other stays as ministack leaves it, running for ever.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from infra.local.ministack import internals
from infra.local.ministack.gateway import Answer, Gateway, Handler, Scope


@dataclass(frozen=True, slots=True)
class Container:
    """What a task's only container runs: as its definition says, and the overrides. log: options of its `awslogs`."""

    task_arn: str
    scope: Scope
    image: str
    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Mapping[str, str]


class Runs(Protocol):
    """Whoever runs containers."""

    def wanted(self, container: Container) -> bool: ...

    def start(self, container: Container) -> None: ...

    def stop(self, task_arn: str, reason: str) -> bool:
        """Whether it runs; then it is asked to end."""
        ...


def run_containers_with(gateway: Gateway, runs: Runs) -> None:
    """Let `runs` run the containers that it wants."""

    def make(original: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Answer:
            target = headers.get("x-amz-target", "")
            action = target.rpartition(".")[2]
            if action == "StopTask":
                request = json.loads(body or b"{}")
                arn = _task_arn(gateway.scope(), request)
                if runs.stop(arn, request.get("reason") or "Task stopped by user"):
                    _wants_stopped(arn)
                    asked = {"cluster": request.get("cluster", "default"), "tasks": [arn]}
                    others = headers | {"x-amz-target": target.replace("StopTask", "DescribeTasks")}
                    status, given, answer = await original(method, path, others, json.dumps(asked).encode(), query)
                    return status, given, json.dumps({"task": json.loads(answer)["tasks"][0]}).encode()
            answered = await original(method, path, headers, body, query)
            if action == "RunTask" and answered[0] < 400:
                for task in json.loads(answered[2])["tasks"]:
                    container = _container(gateway.scope(), task)
                    if container is not None and runs.wanted(container):
                        runs.start(container)
            return answered

        return handle

    gateway.replace_handler("ecs", make)


def tell_stopped(gateway: Gateway, container: Container, reason: str, code: str, exit_code: int) -> None:
    """The container has ended. code: ECS's stopCode."""
    ecs: Any = internals.module("services.ecs")
    with gateway.acting_for(container.scope):
        task = ecs._tasks.get(container.task_arn)
        if task is not None:
            task["desiredStatus"] = "RUNNING"  # what should stop counts as stopped there
            ecs._mark_task_stopped(container.task_arn, task, reason, code, exit_code=exit_code)


def _wants_stopped(task_arn: str) -> None:
    """It is asked to end; ministack would say at once that it has."""
    ecs: Any = internals.module("services.ecs")
    ecs._tasks[task_arn]["desiredStatus"] = "STOPPED"


def _task_arn(scope: Scope, request: Mapping[str, Any]) -> str:
    """StopTask takes an ARN or an id."""
    task, cluster = str(request.get("task", "")), str(request.get("cluster") or "default")
    if task.startswith("arn:"):
        return task
    return f"arn:aws:ecs:{scope.region}:{scope.account}:task/{cluster.rpartition('/')[2]}/{task}"


def _container(scope: Scope, task: Mapping[str, Any]) -> Container | None:
    """The container of a task that has one only."""
    ecs: Any = internals.module("services.ecs")
    definition = ecs._task_defs.get(task["taskDefinitionArn"].rpartition("/")[2]) or {}
    given = definition.get("containerDefinitions") or []
    if len(given) != 1:
        return None
    (made,) = given
    overrides = task.get("overrides", {}).get("containerOverrides", ())
    own: Mapping[str, Any] = next((each for each in overrides if each.get("name") == made["name"]), {})
    variables = [*made.get("environment", ()), *own.get("environment", ())]
    return Container(
        task_arn=task["taskArn"],
        scope=scope,
        image=made["image"],
        name=made["name"],
        command=(*made.get("entryPoint", ()), *(own.get("command") or made.get("command", ()))),
        environment={each["name"]: each["value"] for each in variables},
        log=(made.get("logConfiguration") or {}).get("options") or {},
    )
