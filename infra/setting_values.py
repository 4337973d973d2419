"""The values of settings, from `cdk.json` or the command line: brought to their types, and checked.

>>> convert("logRetentionDays", "30", 14), convert("fargateSubnets", "subnet-1, subnet-2", ())
(30, ('subnet-1', 'subnet-2'))
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CHOICES = {
    "architecture": ("arm64", "x86_64"),
    "dockerArchitecture": ("arm64", "x86_64"),
    "target": ("aws", "local"),
    "logLevel": ("OFF", "ERROR", "ALL"),
    "pythonVersion": ("3.11", "3.12", "3.13", "3.14"),
}
# What CloudWatch Logs accepts, up to two years.
_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
_CONNECTION = re.compile(r"arn:[\w-]+:events:[\w-]+:\d+:connection/[\w.-]+(/[\w-]+)?")
# The complete ARN: with fewer characters Secrets Manager guesses, and IAM matches nothing.
_SECRET = re.compile(r"arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}", re.ASCII)
_HTTPS = re.compile(r"https://[^\s?#*]+")
# How variables begin that are Lambda's own, or ours.
_TAKEN_VARIABLES = ("AWS_", "LAMBDA_", "AIRSTEP_")
_ENVIRONMENT_BYTES = 3000


def convert(name: str, value: Any, default: Any) -> Any:
    """Command-line context is text, `cdk.json` has JSON types: bring both to the field's type."""
    if name in _CHOICES and str(value) not in _CHOICES[name]:
        raise ValueError(f"{value!r} is none of {', '.join(_CHOICES[name])}")
    if name == "taskPermissions":
        return _permissions(value)
    if name == "httpConnections":
        return _http_connections(value)
    if name == "dockerCredentials":
        return _docker_credentials(value)
    if name == "environment":
        return _environment(value)
    if isinstance(default, bool):
        if str(value).lower() not in ("true", "false"):
            raise ValueError(f"{value!r} is neither true nor false")
        return str(value).lower() == "true"
    if isinstance(default, int):
        number = int(value)
        if name == "logRetentionDays" and number not in _RETENTION_DAYS:
            raise ValueError(f"{value!r} is none of {', '.join(map(str, _RETENTION_DAYS))}")
        return number
    if isinstance(default, tuple):
        listed = value if isinstance(value, list | tuple) else str(value).split(",")
        return tuple(str(each).strip() for each in listed if str(each).strip())
    if isinstance(default, Path) or name == "requirements":
        return Path(str(value))
    return str(value)


def _http_connections(value: Any) -> Mapping[str, Any]:
    """Check the shape that `http_connections` must have; on the command line it is JSON text."""
    given = json.loads(value) if isinstance(value, str) else value
    for each in given.values() if isinstance(given, Mapping) else [{}]:
        texts = {name: str(value) for name, value in each.items()} if isinstance(each, Mapping) else {}
        fits = set(texts) == {"connection", "url"}
        if not fits or not _CONNECTION.fullmatch(texts["connection"]) or not _HTTPS.fullmatch(texts["url"]):
            shape = (
                '{conn_id: {"connection": "arn:aws:events:REGION:ACCOUNT:connection/NAME/ID", "url": "https://HOST"}}'
            )
            raise ValueError(f"must be {shape}")
    return given  # type: ignore[no-any-return]


def _docker_credentials(value: Any) -> Mapping[str, str]:
    """Check the shape that `docker_credentials` must have; on the command line it is JSON text."""
    given = json.loads(value) if isinstance(value, str) else value
    if not isinstance(given, Mapping) or not all(_SECRET.fullmatch(str(each)) for each in given.values()):
        raise ValueError('must be {conn_id: "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-6RaNdM"}')
    return dict(given)


def _environment(value: Any) -> Mapping[str, str]:
    """Check variables by Lambda's rules: its own names are taken, and 4 KB hold Airstep's, too."""
    given = json.loads(value) if isinstance(value, str) else value
    if not isinstance(given, Mapping) or not all(isinstance(each, str) for each in given.values()):
        raise ValueError('must be {"NAME": "text", ...}')
    for name in given:
        if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or name.startswith(_TAKEN_VARIABLES):
            raise ValueError(
                f"{name!r} can't be set: a letter first, then letters, digits and _, and {', '.join(_TAKEN_VARIABLES)} "
                "are not the project's"
            )
    if sum(len(f"{name}={text}".encode()) for name, text in given.items()) > _ENVIRONMENT_BYTES:
        raise ValueError(f"more than {_ENVIRONMENT_BYTES} bytes; put what is long into Variables")
    return dict(given)


def _permissions(value: Any) -> Mapping[str, Any]:
    """Check the shape that `task_permissions` must have; on the command line it is JSON text."""
    given = json.loads(value) if isinstance(value, str) else value
    lists = given.values() if isinstance(given, Mapping) else [None]
    for each in lists:
        if not isinstance(each, list) or not all(set(one) >= {"actions", "resources"} for one in each):
            raise ValueError('must be {dag_id or "*": [{"actions": [...], "resources": [...]}, ...]}')
    return given  # type: ignore[no-any-return]
