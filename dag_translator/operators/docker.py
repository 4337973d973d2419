"""DockerOperator: the same image and command as a container on ECS (Fargate). Prepare → the container → record.

What ECS can't give a container is refused where it would change the outcome, and noted where it would not. The task
definition is the stack's, which knows the cluster, the roles and the secrets of registries; so the image has to be
known when the DAG is deployed. Every end of the container is judged by Lambda: an exit code may skip the task. Sources:
ECS developer guide, "Amazon ECS task definition differences for Fargate"; `apache-airflow-providers-docker` 4.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from dag_translator.authoring.operators.docker import DEPLOYED, container_of
from dag_translator.compute import fargate_size
from dag_translator.model import Task
from dag_translator.operators import container
from dag_translator.operators.lowering import Lowering, Site, States
from dag_translator.operators.service import ARGUMENTS, judged, literal, lower_call, note

_OWN_DEFINITION = "write a task definition of your own for EC2 instances, and run it with EcsRunTaskOperator"
_NETWORK = "on Fargate a container has the network of `fargateSubnets`; name hosts in Route 53, or " + _OWN_DEFINITION
_SECRETS = "let the container read it from Secrets Manager, with the role that the setting `dockerRole` names"
# What would change the outcome.
_REFUSED: Mapping[str, str] = {
    "mounts": "let the container copy what it needs from S3; or mount EFS in a task definition of your own "
    "(EcsRunTaskOperator)",
    "privileged": _OWN_DEFINITION,
    "device_requests": f"for GPUs use BatchOperator, or {_OWN_DEFINITION}",
    "ipc_mode": _OWN_DEFINITION,
    "shm_size": _OWN_DEFINITION,
    "ulimits": _OWN_DEFINITION,
    "dns": _NETWORK,
    "dns_search": _NETWORK,
    "extra_hosts": _NETWORK,
    "hostname": _NETWORK,
    "port_bindings": _NETWORK,
    "retrieve_output": "print the result as the last line, which is the task's XCom",
    "env_file": "give the variables in environment={…}; a DAG file may read them from a file",
    "private_environment": _SECRETS,
}
# What has no effect, with its value in Airflow if nobody gives one.
_UNUSED: Mapping[str, Any] = {
    **dict.fromkeys(("api_version", "docker_url", "host_tmp_dir", "container_name", "log_opts_max_size")),
    **dict.fromkeys(("log_opts_max_file", "tls_ca_cert", "tls_client_cert", "tls_client_key", "tls_hostname")),
    "tls_ssl_version": None,
    "tls_verify": True,
    "timeout": 60,
}
_PLAIN_NETWORKS = (None, "bridge", "default", "host")


def settings(operator: Any) -> Mapping[str, Any]:
    refusals = [*_refusals(operator)]
    if refusals:
        return {"refusals": refusals}
    notes = [
        note("unused-argument", f"{name} has no effect: ECS runs the container", "leave it out")
        for name, usual in _UNUSED.items()
        if getattr(operator, name, usual) != usual
    ]
    network = getattr(operator, "network_mode", None)
    if network is not None:
        message = f"network_mode {network!r} has no effect: a container has a network of its own"
        notes.append(note("unused-argument", message, "leave it out"))
    made = _sized(operator)
    login = {name: made[name] for name in ("docker_conn_id",) if name in made}
    if not login and getattr(operator, "docker_conn_id", None):
        message = "docker_conn_id has no effect: ECS needs no login to pull from ECR"
        notes.append(note("unused-argument", message, "leave it out"))
    return {"image": operator.image, **login, "container": made, **({"notes": notes} if notes else {})}


def _refusals(operator: Any) -> Iterator[list[str]]:
    code = "unsupported-argument"
    for name, hint in _REFUSED.items():
        if getattr(operator, name, None) not in (None, False, [], (), {}):
            yield note(code, f"DockerOperator: {name} is not supported on ECS", hint)
    network = getattr(operator, "network_mode", None)
    if network not in _PLAIN_NETWORKS:
        yield note(code, f"DockerOperator: network_mode {network!r} is not supported on ECS", _NETWORK)
    added = getattr(operator, "cap_add", None) or ()
    if any(str(each).upper().removeprefix("CAP_") != "SYS_PTRACE" for each in added):
        yield note(code, "DockerOperator: cap_add may be SYS_PTRACE alone on Fargate", _OWN_DEFINITION)
    mapped = [name for name in DEPLOYED if name in getattr(operator, "mapped_over", ())]
    if mapped:
        what = f"DockerOperator: {', '.join(mapped)} can't be mapped over: the task definition is deployed with the DAG"
        yield note(code, what, "write one task for each value")
    elif literal(getattr(operator, "image", None)) is None:
        what = "DockerOperator: image is a template: the task definition is deployed with the DAG"
        hint = "write the image's name, or take it from os.environ; or use EcsRunTaskOperator"
        yield note(code, what, hint)
    elif getattr(operator, "docker_conn_id", None) and literal(operator.docker_conn_id) is None:
        what = "DockerOperator: docker_conn_id is a template: the task definition is deployed with the DAG"
        yield note(code, what, "write the connection's id, or take it from os.environ")
    else:
        try:
            _sized(operator)
        except ValueError as error:
            yield note("invalid-argument", f"DockerOperator: {error}", "Fargate has up to 16 CPUs and 120 GB of memory")


def _sized(operator: Any) -> dict[str, Any]:
    """The container, with what Fargate calls its size. Raises ValueError."""
    made = container_of(lambda name: getattr(operator, name, DEPLOYED[name]))
    cpu, memory = fargate_size(made["cpu"], made.get("limit", 0))
    return {**made, "cpu": cpu, "memory": memory}


def placeholder(task: Task) -> str:
    """What stands for its task definition; tasks that want the same container share one."""
    text = json.dumps(task.settings["container"], sort_keys=True)
    return f"Image{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def lower(task: Task, site: Site) -> States:
    return lower_call(
        task,
        site,
        container.RUN_TASK,
        arguments=container.on_fargate(placeholder(task), ARGUMENTS),
        retry=(container.BUSY,),
        caught=judged,
        tries=True,
    )


LOWERINGS: Mapping[str, Lowering] = {
    "DockerOperator": Lowering(
        lower,
        settings,
        container.permissions,
        tells=("image", "docker_conn_id"),
        native=True,
        tries=True,
        becomes="`ecs:runTask.sync` of the image, on Fargate",
    )
}
