"""Small functions of Airflow's core that provider code uses."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from dag_translator.authoring.types import NOTSET, ArgNotSet

DEFAULT_FORMAT_PREFIX = "airflow.ctx."
ENV_VAR_FORMAT_PREFIX = "AIRFLOW_CTX_"
# What the context says of the running task: the end of the variable's name, the object that has it, its attribute.
_CONTEXT_VARIABLES = (
    ("dag_email", "task", "email"),
    ("dag_owner", "task", "owner"),
    ("dag_id", "task_instance", "dag_id"),
    ("task_id", "task_instance", "task_id"),
    ("logical_date", "dag_run", "logical_date"),
    ("try_number", "task_instance", "try_number"),
    ("dag_run_id", "dag_run", "run_id"),
)
AIRFLOW_VAR_NAME_FORMAT_MAPPING = {
    f"AIRFLOW_CONTEXT_{name.upper()}": {
        "default": f"{DEFAULT_FORMAT_PREFIX}{name}",
        "env_var_format": f"{ENV_VAR_FORMAT_PREFIX}{name.upper()}",
    }
    for name, _, _ in _CONTEXT_VARIABLES
}
_ESCAPE_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class TaskInstanceKey(NamedTuple):
    """Names one try of a task."""

    dag_id: str
    task_id: str
    run_id: str
    try_number: int = 1
    map_index: int = -1


def context_to_airflow_vars(context: Mapping[str, Any], in_env_var_format: bool = False) -> dict[str, str]:
    """What the context says of the task, as variables for another process or a query."""
    kind = "env_var_format" if in_env_var_format else "default"
    found = {}
    for name, owner, attribute in _CONTEXT_VARIABLES:
        value = getattr(context.get(owner), attribute, None)
        if value:
            key = AIRFLOW_VAR_NAME_FORMAT_MAPPING[f"AIRFLOW_CONTEXT_{name.upper()}"][kind]
            found[key] = value.isoformat() if isinstance(value, datetime) else _text(value)
    return found


def _text(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def context_merge(context: Any, *args: Any, **kwargs: Any) -> None:
    """`context.update(…)`."""
    context.update(*args, **kwargs)


class KeywordParameters:
    """The keyword arguments that a function wants."""

    def __init__(self, kwargs: Mapping[str, Any]) -> None:
        self._kwargs = kwargs

    @classmethod
    def determine(cls, func: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]) -> KeywordParameters:
        """Those of `kwargs` that func takes besides `args`. ValueError if `args` give one of them already."""
        import inspect

        parameters = inspect.signature(func).parameters
        positional = [
            p for p in list(parameters.values())[: len(args)] if p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD)
        ]
        for parameter in positional:
            if parameter.name in kwargs:
                raise ValueError(f"The key {parameter.name!r} in args is a part of kwargs and therefore reserved.")
        if any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters.values()):
            return cls(kwargs)
        return cls({name: kwargs[name] for name in parameters if name in kwargs})

    def unpacking(self) -> Mapping[str, Any]:
        return self._kwargs


def determine_kwargs(func: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those of `kwargs` that func takes besides `args`."""
    return KeywordParameters.determine(func, args, kwargs).unpacking()


def is_arg_set(value: Any) -> bool:
    """Whether an argument was given."""
    return value is not NOTSET and not isinstance(value, ArgNotSet)


@contextmanager
def timeout(seconds: float = 1, error_message: str = "Timeout") -> Iterator[None]:
    """AirflowTaskTimeout in the block when it takes longer; a limit around it goes on afterwards. Main thread only."""
    import signal
    import time

    from dag_translator.authoring.exceptions import AirflowTaskTimeout

    def on_alarm(*_: Any) -> None:
        raise AirflowTaskTimeout(f"{error_message}, PID: {os.getpid()}")

    began = time.monotonic()
    handler = signal.signal(signal.SIGALRM, on_alarm)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 0.001))


def add_deprecated_classes(
    module_imports: Mapping[str, Mapping[str, str]],
    package: str,
    override_deprecated_classes: Any = None,  # noqa: ARG001 - for annotations only
    extra_message: str | None = None,
    message: str | None = None,
) -> None:
    """Modules of a package that are not there any more: their names come from where they are now, with a warning.

    module_imports: the module below `package` (or `package` itself) → old name (or "*") → where it is now.
    """
    from types import ModuleType

    for module, names in module_imports.items():
        path = module if module == package else f"{package}.{module}"
        old = sys.modules.get(path) if module == package else ModuleType(path)
        if old is not None:
            answer = functools.partial(_moved, path, names, extra_message, message)
            old.__getattr__ = answer  # type: ignore[method-assign]
            sys.modules[path] = old


def _moved(path: str, names: Mapping[str, str], extra: str | None, message: str | None, name: str) -> Any:
    import warnings

    from dag_translator.authoring.exceptions import AirflowProviderDeprecationWarning
    from dag_translator.authoring.providers.manager import import_string

    target = names.get(name) or (f"{names['*']}.{name}" if "*" in names else None)
    if target is None:
        raise AttributeError(f"The module `{path}` has no attribute `{name}`.")
    text = (message or "The `{module}.{name}` attribute is deprecated. Please use `{target}`.").format(
        module=path, name=name, target=target
    )
    warnings.warn(f"{text} {extra}" if extra else text, AirflowProviderDeprecationWarning, stacklevel=2)
    return import_string(target)


def qualname(value: Any) -> str:
    """The dotted path of a class or function."""
    return f"{value.__module__}.{getattr(value, '__qualname__', getattr(value, '__name__', ''))}"


def iter_namespace(package: Any) -> Iterator[Any]:
    """The modules of a namespace package, as pkgutil tells them."""
    import pkgutil

    return pkgutil.iter_modules(package.__path__, f"{package.__name__}.")


def to_boolean(value: str | None) -> bool:
    return value is not None and str(value).lower() in ("on", "t", "true", "y", "yes", "1")


def get_hostname() -> str:
    import socket

    return socket.getfqdn()


def getuser() -> str:
    import getpass

    return getpass.getuser()


def md5(data: Any = b"", **_: Any) -> Any:
    """hashlib.md5 for what is no secret."""
    return hashlib.md5(data, usedforsecurity=False)


def convert_camel_to_snake(camel_str: str) -> str:
    return re.sub(r"(?!^)([A-Z]+)", r"_\1", camel_str).lower()


def remove_escape_codes(text: str) -> str:
    """Without a terminal's colours."""
    return _ESCAPE_CODES.sub("", text)


@contextmanager
def patch_environ(new_env_variables: Mapping[str, str]) -> Iterator[None]:
    """Environment variables in the block."""
    before = {name: os.environ.get(name) for name in new_env_variables}
    os.environ.update(new_env_variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def pod_mutation_hook(pod: Any) -> None:
    """A deployment may change pods here; this one does not."""
