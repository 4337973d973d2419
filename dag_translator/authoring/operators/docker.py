"""DockerOperator: a command in a Docker image, on AWS as a container on ECS (Fargate).

What the container is (`container`) is deployed with the DAG as a task definition; its command and environment are
handed over at each try (`overrides`). Sources: `apache-airflow-providers-docker` 4; docker-py, `create_container`; ECS
API reference, ContainerDefinition and ContainerOverride; ECR user guide, "Making requests to Amazon ECR registries".
"""

from __future__ import annotations

import ast
import json
import math
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from dag_translator.authoring.aws.rows import takes
from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.exceptions import AirflowException, AirflowSkipException
from dag_translator.authoring.operators.aws import refuse

CONTAINER = "task"  # its name in the task definition
MOST_OVERRIDES = 8192  # characters that RunTask takes
# A private registry of ECR; its name has the endpoints of IPv4, of FIPS, or of both IPs.
ECR = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.(amazonaws\.com|on\.)[a-z.]*/(?P<name>[^:@]+)"
)
_PUBLIC_ECR = "public.ecr.aws/"
_REMOVALS = ("never", "success", "force")
_UNITS = {"b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
# Arguments of which the task definition is made: known when the DAG is deployed.
DEPLOYED: Mapping[str, Any] = {
    "image": None,
    "docker_conn_id": None,
    "cpus": 1.0,
    "mem_limit": None,
    "entrypoint": None,
    "working_dir": None,
    "user": None,
    "tty": False,
    "labels": None,
    "cap_add": None,
    "mount_tmp_dir": True,
    "tmp_dir": "/tmp/airflow",
}


class _Arguments(BaseOperator):
    __init__ = takes(
        "image",
        **{name: usual for name, usual in DEPLOYED.items() if name != "image"},
        api_version=None,
        command=None,
        container_name=None,
        docker_url=None,
        environment=None,
        private_environment=None,
        env_file=None,
        force_pull=False,
        host_tmp_dir=None,
        network_mode=None,
        tls_ca_cert=None,
        tls_client_cert=None,
        tls_client_key=None,
        tls_verify=True,
        tls_hostname=None,
        tls_ssl_version=None,
        mounts=None,
        xcom_all=False,
        dns=None,
        dns_search=None,
        auto_remove="never",
        shm_size=None,
        hostname=None,
        privileged=False,
        extra_hosts=None,
        retrieve_output=False,
        retrieve_output_path=None,
        timeout=60,
        device_requests=None,
        log_opts_max_size=None,
        log_opts_max_file=None,
        ipc_mode=None,
        skip_on_exit_code=None,
        port_bindings=None,
        ulimits=None,
    )


class DockerOperator(_Arguments):
    """Runs a command in an image; the return value is the last line of its output, or with xcom_all all of them."""

    template_fields: Any = ("image", "command", "environment", "env_file", "container_name", "mounts", "docker_conn_id")
    template_fields_renderers: Any = {"env_file": "yaml"}  # noqa: RUF012
    template_ext: Any = (".sh", ".bash", ".env")
    image: Any
    command: Any
    environment: Any
    xcom_all: Any
    skip_on_exit_code: Any
    auto_remove: Any

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        removes = self.auto_remove
        if not isinstance(removes, bool) and removes not in _REMOVALS:  # earlier providers took a bool
            known = "expected one of 'never', 'success', or 'force'."
            raise ValueError(f"Invalid `auto_remove` value {removes!r}, {known}")
        if type(self).execute is not DockerOperator.execute:
            refuse(
                f"{type(self).__name__}: an `execute` around DockerOperator's",
                "Docker is not there when it runs; do what comes before and after in tasks of their own",
            )

    def overrides(self) -> dict[str, Any]:
        """RunTask's `Overrides`, once templates are rendered. Raises AirflowException if they are too long."""
        own: dict[str, Any] = {"Name": CONTAINER}
        command = words(self.command)
        if command is not None:
            own["Command"] = command
        variables = self.environment or {}
        if not isinstance(variables, Mapping):
            raise AirflowException(f"environment is no dictionary: {variables!r}")
        if variables:
            own["Environment"] = [{"Name": str(name), "Value": _text(name, each)} for name, each in variables.items()]
        size = len(json.dumps(own))
        if size > MOST_OVERRIDES:
            raise AirflowException(
                f"command and environment have {size:,} characters, ECS takes {MOST_OVERRIDES:,}; let the container"
                " read what is long from S3"
            )
        return {"ContainerOverrides": [own]}

    def check(self, container: Mapping[str, Any], reason: str) -> None:
        """Raise for a container (as DescribeTasks tells of it) that failed, or whose exit code skips the task."""
        code, skips = container.get("exitCode"), self.skip_on_exit_code
        if code is not None and code in ([skips] if isinstance(skips, int) else skips or ()):
            raise AirflowSkipException(f"Docker container returned exit code {code}. Skipping.")
        if code is None:
            raise AirflowException(f"Docker container did not run: {container.get('reason') or reason}")
        if code != 0:
            raise AirflowException(f"Docker container failed: exit code {code}; {container.get('reason') or reason}")

    def result_of(self, lines: list[str]) -> list[str] | str | None:
        """The return value, from the lines of the output."""
        if not self.do_xcom_push or not lines:
            return None
        return lines if self.xcom_all else lines[-1]

    def execute(self, context: Any) -> Any:  # noqa: ARG002
        raise AirflowException("a container of an image runs on ECS, not here")


def container_of(argument: Callable[[str], Any]) -> dict[str, Any]:
    """What the task definition is made of; argument: gives the operator's. Raises ValueError for a mem_limit that
    Docker would not understand.

    cpu in units (1,024 are a core); limit: MiB of memory after which the container is killed, if there is a limit.
    docker_conn_id: the connection that logs in to the image's registry, if one has to.
    """
    limit, entrypoint = argument("mem_limit"), words(argument("entrypoint"))
    user, labels = argument("user"), argument("labels") or {}
    named = labels if isinstance(labels, Mapping) else dict.fromkeys(labels, "")
    given = {
        "docker_conn_id": None if needs_no_login(argument("image")) else argument("docker_conn_id") or None,
        "limit": None if limit in (None, 0) else max(6, math.ceil(byte_count(limit) / 1024**2)),
        "entry_point": entrypoint,
        "working_directory": argument("working_dir"),
        "user": None if user is None else str(user),
        "tty": bool(argument("tty")) or None,
        "labels": {str(name): str(value) for name, value in named.items()} or None,
        "capabilities": list(argument("cap_add") or ()) or None,
        "tmp_dir": argument("tmp_dir") if argument("mount_tmp_dir") else None,
    }
    own = {name: value for name, value in given.items() if value is not None}
    return {"image": argument("image"), "cpu": round(argument("cpus") * 1024), **own}


def needs_no_login(image: Any) -> bool:
    """Whether ECS pulls the image as its own role, or anybody may.

    >>> needs_no_login("123456789012.dkr.ecr.eu-west-1.amazonaws.com/etl:7"), needs_no_login("ghcr.io/team/etl:7")
    (True, False)
    """
    return isinstance(image, str) and (ECR.match(image) is not None or image.startswith(_PUBLIC_ECR))


def words(command: Any) -> list[str] | None:
    """A command as Docker takes it: text is split as a shell does, one that begins with `[` is a Python list.

    >>> words("echo 'a b'"), words('["x", "y"]')
    (['echo', 'a b'], ['x', 'y'])
    """
    if isinstance(command, str) and command.strip().startswith("["):
        command = ast.literal_eval(command)
    if command is None or command == "":
        return None
    return shlex.split(command) if isinstance(command, str) else [str(each) for each in command]


def byte_count(limit: float | str) -> float:
    """Docker's sizes: a number of bytes, or text like "128m".

    >>> byte_count("1g"), byte_count("512kb"), byte_count(5)
    (1073741824.0, 524288.0, 5)
    """
    if not isinstance(limit, str):
        return limit
    text = limit.strip().lower()
    text = text[:-1] if text[-2:-1].isalpha() and text.endswith("b") else text
    unit = text[-1:] if text[-1:].isalpha() else "b"
    try:
        return float(text.removesuffix(unit)) * _UNITS[unit]
    except (KeyError, ValueError):
        raise ValueError(f"mem_limit is {limit!r}, which is no size") from None


def _text(name: Any, value: Any) -> str:
    if value is None:
        raise AirflowException(f"environment: {name} has no value")
    return str(value)
