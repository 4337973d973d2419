"""Part of the freeze pass: what a task wants to run on, from `executor_config={"airstep": {…}}`.

    memory               MB of the Lambda function, 128–10,240
    timeout              seconds or timedelta, at most 900: of the Lambda function
    ephemeral_storage    MB under /tmp, 512–10,240
    layers               ARNs of further layers
    compute              "lambda", or "fargate": a container on ECS, with up to 120 GB of memory and 200 GB of disk, and
                         as much time as it takes

A task that says nothing of the kind and has a longer execution_timeout than a Lambda could keep runs in a container.
Tasks that want the same share a function (a container's definition), which is called by what they want. Limits: Lambda
developer guide, "Lambda quotas"; ECS developer guide, "Task CPU and memory", "Fargate task ephemeral storage".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from dag_translator.errors import Severity
from dag_translator.model import Compute

# Lambda ends a function after its time (15 minutes at most); half a minute of it is for recording what happened.
LAST_SECONDS = 30.0
LONGEST_TASK = 870.0
MOST_LAYERS = 4  # of Lambda's five, one is Airstep's own
_LIMITS = {"memory": (128, 10_240), "timeout": (1, 900), "ephemeral_storage": (512, 10_240)}
_FARGATE_LIMITS = {"memory": (512, 122_880), "ephemeral_storage": (512, 204_800)}
_FREE_STORAGE = 20 * 1024  # MB that every container has
# CPU units → memory in MB: least, most, step.
_FARGATE_SIZES = (
    (256, 512, 512, 512),
    (256, 1024, 2048, 1024),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
)
IN_CONTAINER = "runs-in-container"
_CONTAINER = (
    "deploying it takes the settings fargateCluster, fargateSubnets and fargateSecurityGroups; a lower "
    "execution_timeout needs none"
)
_USUAL = Compute()
_UNITS = {"memory": "MB", "timeout": "seconds", "ephemeral_storage": "MB"}
_OPTIONS = (*_LIMITS, "layers", "compute")
_EXAMPLE = 'write executor_config={"airstep": {"memory": 2048}}, with any of ' + ", ".join(_OPTIONS)
_KUBERNETES = 'there is no Kubernetes; size the task with executor_config={"airstep": {"memory": MB}}'
_RESOURCES = frozenset({"request_memory", "request_cpu", "limit_memory", "limit_cpu"})

Found = tuple[str, str, str, Severity]  # code, message, hint, severity


def compute_of(executor_config: Any) -> Compute:
    """What the task runs on, with what is wrong about it."""
    config = executor_config or {}
    if not isinstance(config, Mapping):
        return Compute(problems=(("invalid-argument", "executor_config is no dictionary", _EXAMPLE, "refused"),))
    problems = list(_others(config))
    wanted = config.get("airstep") or {}
    if not isinstance(wanted, Mapping):
        problems.append(("invalid-argument", "executor_config['airstep'] is no dictionary", _EXAMPLE, "refused"))
        return Compute(problems=tuple(problems))
    unknown = sorted(set(wanted) - set(_OPTIONS), key=str)
    problems += [
        ("invalid-argument", f"executor_config has no option {name!r}", _EXAMPLE, "refused") for name in unknown
    ]
    on = wanted.get("compute", "lambda")
    if on not in ("lambda", "fargate"):
        what = f"executor_config: compute is {on!r}"
        problems.append(("invalid-compute", what, 'write "lambda" or "fargate"', "refused"))
    fargate = on == "fargate"
    limits = _FARGATE_LIMITS if fargate else _LIMITS
    for name in ("timeout", "layers") if fargate else ():
        if wanted.get(name) is not None:
            what = f"executor_config: {name} is for Lambda functions, the task runs in a container"
            hint = "use execution_timeout" if name == "timeout" else "put the packages into requirements.txt"
            problems.append(("invalid-compute", what, hint, "refused"))
    sizes = {name: _size(name, wanted.get(name), limits[name], fargate, problems) for name in limits}
    layers = () if fargate else _layers(wanted.get("layers"), problems)
    return Compute(**sizes, layers=layers, on="fargate" if fargate else "lambda", problems=tuple(problems))


def with_time(compute: Compute, timeout: float | None, executor_config: Any) -> Compute:
    """What a Python task with this execution_timeout (seconds) runs on, unless it chose something itself.

    >>> with_time(Compute(memory=2048), 3600, None).container, with_time(Compute(), 600, None).on
    ('Container2048MB', 'lambda')
    """
    config = executor_config if isinstance(executor_config, Mapping) else {}
    chosen = set(config.get("airstep") or ()) & {"compute", "timeout", "layers"}
    if timeout is None or timeout <= LONGEST_TASK or compute.on != "lambda" or chosen:
        return compute
    message = (
        f"execution_timeout is {timeout / 60:g} minutes, a Lambda runs for at most {LONGEST_TASK / 60:g}: "
        "the task runs in a Fargate container"
    )
    note: Found = (IN_CONTAINER, message, _CONTAINER, "approximated")
    return replace(compute, on="fargate", problems=(*compute.problems, note))


def container_of(compute: Compute) -> dict[str, Any]:
    """The container in the manifest: CPU units and MB of memory, as Fargate has them, and GiB of disk if it is
    more than every container has.

    >>> container_of(Compute(memory=9000, on="fargate"))
    {'cpu': 2048, 'memory': 9216}
    """
    cpu, memory = fargate_size(0, compute.memory)
    disk = math.ceil(compute.ephemeral_storage / 1024)
    return {"cpu": cpu, "memory": memory, **({"disk": disk} if compute.ephemeral_storage > _FREE_STORAGE else {})}


def fargate_size(cpu: int, memory: int) -> tuple[int, int]:
    """The smallest size that Fargate has with as many CPU units and MB. Raises ValueError if there is none.

    >>> fargate_size(1024, 0), fargate_size(256, 3000)
    ((1024, 2048), (512, 3072))
    """
    for units, least, most, step in _FARGATE_SIZES:
        if cpu <= units and memory <= most:
            return units, max(least, math.ceil(memory / step) * step)
    raise ValueError(f"no container has {cpu / 1024:g} CPUs and {memory:,} MB")


def row_of(compute: Compute) -> dict[str, Any]:
    """The function in the manifest; what is as usual is left out, save memory and timeout."""
    return {
        "memory": compute.memory,
        "timeout": compute.timeout,
        **(
            {"ephemeral_storage": compute.ephemeral_storage}
            if compute.ephemeral_storage != _USUAL.ephemeral_storage
            else {}
        ),
        **({"layers": list(compute.layers)} if compute.layers else {}),
    }


def _size(name: str, given: Any, limits: tuple[int, int], fargate: bool, problems: list[Found]) -> int:
    usual: int = getattr(_USUAL, name)
    if given is None:
        return usual
    if name == "timeout" and isinstance(given, timedelta):
        given = given.total_seconds()
    least, most = limits
    what = "a container" if fargate else "a Lambda function"
    if (
        isinstance(given, int | float)
        and not isinstance(given, bool)
        and least <= given <= most
        and given == int(given)
    ):
        return int(given)
    message = f"executor_config: {name} is {given!r}, {what} takes {least:,} to {most:,} {_UNITS[name]}"
    problems.append(("invalid-compute", message, f"give a whole number from {least} to {most}", "refused"))
    return usual


def _layers(given: Any, problems: list[Found]) -> tuple[str, ...]:
    if given is None:
        return ()
    listed = list(given) if isinstance(given, list | tuple) else []
    if not isinstance(given, list | tuple) or not all(isinstance(each, str) and ":layer:" in each for each in listed):
        message = "executor_config: layers is no list of ARNs of layer versions"
        problems.append(("invalid-compute", message, 'write ["arn:aws:lambda:…:layer:name:1"]', "refused"))
        return ()
    return tuple(listed)


def _others(config: Mapping[Any, Any]) -> Iterator[Found]:
    """What is meant for Airflow's own executors. That a Kubernetes pod gets so much memory changes no outcome."""
    for name in sorted(set(config) - {"airstep"}, key=str):
        if _only_resources(config[name]):
            message = f"executor_config[{name!r}] has no effect: tasks run in Lambda"
            yield "unused-argument", message, _KUBERNETES, "approximated"
        else:
            message = f"executor_config[{name!r}] is not supported: tasks run in Lambda"
            yield "unsupported-executor-config", message, _KUBERNETES, "refused"


def _only_resources(value: Any) -> bool:
    """Whether a pod_override, or Airflow 1's dictionary, says nothing but how much memory and CPU there is."""
    plain = value.to_dict() if hasattr(value, "to_dict") else value
    if not isinstance(plain, Mapping):
        return False
    given = {name: each for name, each in plain.items() if each not in (None, {}, [])}
    if set(given) <= _RESOURCES:
        return True
    spec = {name: each for name, each in (given.get("spec") or {}).items() if each not in (None, {}, [])}
    if set(given) - {"spec"} or set(spec) - {"containers"}:
        return False
    containers = [{name for name, each in one.items() if each not in (None, {}, [])} for one in spec["containers"]]
    return all(names <= {"name", "resources"} for names in containers)
