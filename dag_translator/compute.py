"""Part of the freeze pass: what a task wants to run on, from `executor_config={"airstep": {…}}`.

    memory               MB of the Lambda function, 128–10,240
    timeout              seconds or timedelta, at most 900: of the Lambda function
    ephemeral_storage    MB under /tmp, 512–10,240
    layers               ARNs of further layers
    compute              "lambda"

Tasks that want the same share a function, which is called by what they want. Limits: Lambda developer guide, "Lambda
quotas".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from dag_translator.errors import Severity
from dag_translator.model import Compute

MOST_LAYERS = 4  # of Lambda's five, one is Airstep's own
_LIMITS = {"memory": (128, 10_240), "timeout": (1, 900), "ephemeral_storage": (512, 10_240)}
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
    sizes = {name: _size(name, wanted.get(name), problems) for name in _LIMITS}
    layers = _layers(wanted.get("layers"), problems)
    if wanted.get("compute", "lambda") != "lambda":
        what = f"compute {wanted['compute']!r} is not supported"
        problems.append(("unsupported-compute", what, "leave it out: tasks run in Lambda", "refused"))
    return Compute(**sizes, layers=layers, problems=tuple(problems))


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


def _size(name: str, given: Any, problems: list[Found]) -> int:
    usual: int = getattr(_USUAL, name)
    if given is None:
        return usual
    if name == "timeout" and isinstance(given, timedelta):
        given = given.total_seconds()
    least, most = _LIMITS[name]
    if (
        isinstance(given, int | float)
        and not isinstance(given, bool)
        and least <= given <= most
        and given == int(given)
    ):
        return int(given)
    message = f"executor_config: {name} is {given!r}, a Lambda function takes {least:,} to {most:,} {_UNITS[name]}"
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
