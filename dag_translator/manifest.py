"""The manifest: what CDK and the command need to know of a translated DAG besides its definition. Plain JSON.

The shape is `Manifest`'s fields; `infra/` and `infra/cli/` read nothing else of the translation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dag_translator import asl
from dag_translator.check import Estimates
from dag_translator.errors import Problem
from dag_translator.model import Dag, Task
from dag_translator.names import machine_name
from dag_translator.operators import LOWERINGS, mapped
from dag_translator.operators.lowering import Permission
from dag_translator.secret_names import SecretNames, secret_permissions

# Memory in MB and the longest run in seconds of the function that runs a DAG's Python.
TASK_FUNCTION = {"memory": 512, "timeout": 900}


def manifest(
    dag: Dag, machine: asl.Machine, estimates: Estimates, problems: Sequence[Problem], secrets: SecretNames
) -> dict[str, Any]:
    """The manifest of a translated DAG. secrets: the Variables and Connections that it uses.

    tasks: one row each, in topological order, with the names of its states. permissions: of the machine's role;
    task_permissions: of the task function's role beyond Airstep's own; reads, if any: ids of the
    DAGs whose rows it reads. problems: what is approximated.
    """
    name = machine_name(dag.dag_id)
    return {
        "dag_id": dag.dag_id,
        "machine_name": name,
        "file": dag.file,
        "description": dag.description,
        "tags": list(dag.tags),
        "is_paused_upon_creation": dag.is_paused_upon_creation,
        "schedule": dag.schedule,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "start_date": dag.start_date,
        "end_date": dag.end_date,
        "timezone": dag.timezone,
        "tasks": _tasks(dag, machine),
        "functions": {"TaskFunction": TASK_FUNCTION},
        "permissions": [_permission(each) for task in dag.tasks for each in _permissions(task, name)],
        "task_permissions": [
            *(_permission(each) for each in secret_permissions(secrets)),
            *(_permission(each) for task in dag.tasks for each in LOWERINGS[task.lowering].task_permissions(task)),
        ],
        **_reads(dag),
        "estimates": asdict(estimates),
        "problems": [problem.to_json() for problem in problems],
    }


def _reads(dag: Dag) -> dict[str, list[str]]:
    """The other DAGs whose rows in the table the task function reads, if there are any."""
    others = {dag_id for task in dag.tasks for dag_id in LOWERINGS[task.lowering].reads(task)} - {dag.dag_id}
    return {"reads": ["*"] if "*" in others else sorted(others)} if others else {}


def _tasks(dag: Dag, machine: asl.Machine) -> list[dict[str, Any]]:
    names = [name for inner in asl.machines(machine) for name in inner.states]
    return [_task(task, names) for task in dag.tasks]


def _task(task: Task, names: list[str]) -> dict[str, Any]:
    lowering = LOWERINGS[task.lowering]
    own = (f"{task.task_id} · ", f"{task.task_id}?")
    return {
        "task_id": task.task_id,
        "operator": task.operator,
        "trigger_rule": task.trigger_rule,
        "upstream": list(task.upstream),
        "group": task.group,
        "retries": task.retry.attempts,
        "line": task.line,
        "states": [name for name in names if name == task.task_id or name.startswith(own)],
        "is_sensor": lowering.sensor,
        "is_native": lowering.native,
        "is_mapped": task.expansion is not None,
        **{name: task.settings[name] for name in lowering.tells if name in task.settings},
    }


def _permissions(task: Task, machine_name: str) -> tuple[Permission, ...]:
    lowering = LOWERINGS[task.lowering]
    return (*lowering.permissions(task, machine_name), *mapped.permissions(task, lowering, machine_name))


def _permission(permission: Permission) -> dict[str, Any]:
    return {
        "actions": list(permission.actions),
        "resources": list(permission.resources),
        "reason": permission.reason,
        **({"condition": dict(permission.condition)} if permission.condition else {}),
    }
