"""The manifest: what CDK and the command need to know of a translated DAG besides its definition. Plain JSON.

The shape is `Manifest`'s fields; `infra/` and `infra/cli/` read nothing else of the translation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dag_translator import asl
from dag_translator.authoring import environments
from dag_translator.check import Estimates
from dag_translator.compute import container_of, row_of
from dag_translator.errors import Problem
from dag_translator.lowering import mapped_groups
from dag_translator.model import Compute, Dag, MappedGroup, Task
from dag_translator.names import machine_name, part_name, rerun_name, subjects
from dag_translator.operators import LOWERINGS, docker, mapped, notifying
from dag_translator.operators.lowering import Permission
from dag_translator.operators.service import ARN, HERE
from dag_translator.operators.trigger_dagrun import nested
from dag_translator.regions import Region, parts_of
from dag_translator.secret_names import secret_permissions
from dag_translator.secret_reader import SecretNames

# Source: EventBridge user guide, "Using IAM policy conditions in Amazon EventBridge".
ASSET_EVENTS = Permission(
    ("events:PutEvents",),
    ("arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default",),
    "updates of assets",
    {"StringEquals": {"events:source": "airstep", "events:detail-type": "AssetUpdated"}},
)


def manifest(
    dag: Dag,
    region: Region | None,
    machine: asl.Machine,
    estimates: Estimates,
    problems: Sequence[Problem],
    secrets: SecretNames,
) -> dict[str, Any]:
    """The manifest of a translated DAG. secrets: the Variables and Connections that it uses.

    assets: the tasks' outlets and inlets, if there are any. tasks: one row each, in topological order, with the names
    of its states. permissions: of the machine's role; environments: packages that tasks have to themselves, if any do.
    task_permissions: of the task function's role beyond Airstep's own; reads, if any: ids of the DAGs whose rows it
    reads; watches, if any: the buckets whose events its sensors wait for. parts: the further machines of a DAG that is
    too large for one, placeholder → name. problems: what is approximated.
    """
    name = machine_name(dag.dag_id)
    return {
        "dag_id": dag.dag_id,
        "machine_name": name,
        "rerun_machine_name": rerun_name(dag.dag_id),
        "parts": part_names(machine, name),
        "file": dag.file,
        "description": dag.description,
        "tags": list(dag.tags),
        "is_paused_upon_creation": dag.is_paused_upon_creation,
        "schedule": dag.schedule,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        **_if_set("max_consecutive_failed_dag_runs", dag.max_consecutive_failed_dag_runs),
        "start_date": dag.start_date,
        "end_date": dag.end_date,
        "timezone": dag.timezone,
        **({"assets": dag.assets} if dag.assets else {}),
        "tasks": _tasks(dag, machine),
        "functions": {each.function: row_of(each) for each in (Compute(), *(task.compute for task in dag.tasks))},
        **_environments(dag),
        **_containers(dag),
        **_images(dag),
        "permissions": machine_permissions(dag, region, machine, name),
        "task_permissions": [
            *(_permission(each) for each in secret_permissions(secrets)),
            *([_permission(ASSET_EVENTS)] if dag.assets.get("outlets") else []),
            *(_permission(each) for task in dag.tasks for each in LOWERINGS[task.lowering].task_permissions(task)),
            *(_permission(each) for each in notifying.permissions(dag.messages)),
        ],
        **_reads(dag, secrets),
        **_watches(dag),
        "estimates": asdict(estimates),
        "problems": [problem.to_json() for problem in problems],
    }


def part_names(machine: asl.Machine, name: str) -> dict[str, str]:
    """The machines beside the machine of this name: placeholder → name."""
    return {asl.placeholder(number): part_name(name, number) for number in sorted(asl.parts(machine))}


def machine_permissions(dag: Dag, region: Region | None, machine: asl.Machine, name: str) -> list[dict[str, Any]]:
    """What the role of the machine of this name, and of its parts, may do."""
    parts = {number: part_name(name, number) for number in sorted(asl.parts(machine))}
    home = {} if region is None else {task_id: parts[number] for task_id, number in parts_of(region).items()}
    return [
        *(_permission(each) for task in dag.tasks for each in _permissions(task, home.get(task.task_id, name))),
        *(_permission(each) for group in dag.mapped_groups for each in _group_permissions(group, dag, home, name)),
        *(_permission(each) for part in parts.values() for each in _part_permissions(part)),
    ]


def _containers(dag: Dag) -> dict[str, Any]:
    """The containers that tasks run in; nothing if none does."""
    wanted = [task.compute for task in dag.tasks if task.compute.on == "fargate"]
    return {"containers": {each.container: container_of(each) for each in wanted}} if wanted else {}


def _images(dag: Dag) -> dict[str, Any]:
    """The containers of images, by the placeholders of their task definitions; nothing if there are none."""
    found = {docker.placeholder(task): task.settings["container"] for task in dag.tasks if "container" in task.settings}
    return {"images": found} if found else {}


def _environments(dag: Dag) -> dict[str, Any]:
    """Packages that tasks have to themselves, by the environment's name; nothing if no task has."""
    wanted = [task.environment for task in dag.tasks if task.environment is not None]
    found = {
        environments.key(each.requirements): {
            "requirements": list(each.requirements),
            "python_version": each.python_version,
        }
        for each in wanted
        if each.requirements or each.python_version
    }
    return {"environments": found} if found else {}


def _if_set(name: str, value: int) -> dict[str, int]:
    return {name: value} if value > 0 else {}


def _reads(dag: Dag, names: SecretNames) -> dict[str, list[str]]:
    """The other DAGs whose rows in the table the task function reads, if there are any."""
    others = {dag_id for task in dag.tasks for dag_id in LOWERINGS[task.lowering].reads(task)}
    others |= {"*"} if names.dags.any_because else names.dags.names
    others -= {dag.dag_id}
    return {"reads": ["*"] if "*" in others else sorted(others)} if others else {}


def _watches(dag: Dag) -> dict[str, list[str]]:
    """The buckets for whose objects the task function registers its sensors, if there are any."""
    buckets = {bucket for task in dag.tasks for bucket in LOWERINGS[task.lowering].watches(task)}
    return {"watches": ["*"] if "*" in buckets else sorted(buckets)} if buckets else {}


def _tasks(dag: Dag, machine: asl.Machine) -> list[dict[str, Any]]:
    states: dict[str, list[str]] = {task.task_id: [] for task in dag.tasks}
    for name in (name for inner in asl.machines(machine) for name in inner.states):
        for task_id in subjects(name):
            if task_id in states:
                states[task_id].append(name)
    return [_task(task, states[task.task_id], dag.is_mapped(task.task_id)) for task in dag.tasks]


def _task(task: Task, states: list[str], is_mapped: bool) -> dict[str, Any]:
    lowering = LOWERINGS[task.lowering]
    return {
        "task_id": task.task_id,
        "operator": task.operator,
        "trigger_rule": task.trigger_rule,
        "upstream": list(task.upstream),
        "group": task.group,
        "retries": task.retry.attempts,
        "line": task.line,
        "states": states,
        "is_sensor": lowering.sensor,
        "is_native": lowering.native,
        "is_mapped": is_mapped,
        **({"compute": task.compute.on} if task.compute.on != "lambda" else {}),
        **{name: task.settings[name] for name in lowering.tells if name in task.settings},
    }


def _group_permissions(group: MappedGroup, dag: Dag, home: Mapping[str, str], name: str) -> tuple[Permission, ...]:
    return mapped_groups.permissions(group, dag, home.get(group.members[0], name))


def _permissions(task: Task, machine: str) -> tuple[Permission, ...]:
    lowering = LOWERINGS[task.lowering]
    return (*lowering.permissions(task, machine), *mapped.permissions(task, lowering, machine))


def _part_permissions(part: str) -> tuple[Permission, ...]:
    return nested(f"{ARN}:states:{HERE}:stateMachine:{part}", True, "a part of the DAG")


def _permission(permission: Permission) -> dict[str, Any]:
    return {
        "actions": list(permission.actions),
        "resources": list(permission.resources),
        "reason": permission.reason,
        **({"condition": dict(permission.condition)} if permission.condition else {}),
    }
