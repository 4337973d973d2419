"""`airflow.sdk.io`: the fsspec file system of a scheme, with the credentials of an Airflow connection.

`file` and S3's schemes are known here; others are what installed provider distributions say they have ("filesystems"),
in modules with `schemes` and `get_fs(conn_id, storage_options)`.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from dag_translator.authoring.loading import coded
from dag_translator.authoring.providers.manager import ProvidersManager

Properties = dict[str, str]
LOCAL = ("", "file", "local")
_S3 = ("s3", "s3a", "s3n")
_MAKE_ROOM = "add {0} to requirements.txt, in the DAG folder or beside it"


class ObjectStore:
    """A file system by its protocol and connection. fs: made when first asked for."""

    def __init__(self, protocol: str, conn_id: str | None, fs: Any = None, storage_options: Any = None) -> None:
        self.protocol = protocol
        self.conn_id = conn_id
        self.storage_options = storage_options
        if fs is not None:
            self.fs = fs

    @functools.cached_property
    def fs(self) -> Any:
        return get_fs(self.protocol, self.conn_id, self.storage_options)

    @property
    def fsid(self) -> str:
        try:
            return str(self.fs.fsid)
        except NotImplementedError:
            return f"{self.fs.protocol}-{self.conn_id or 'env'}"

    def __str__(self) -> str:
        return f"{self.protocol}-{self.conn_id}" if self.conn_id else self.protocol

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ObjectStore):
            return NotImplemented
        return self.conn_id == other.conn_id and bool(self.fs == other.fs)

    def __hash__(self) -> int:
        return hash((self.conn_id, self.protocol))


_ATTACHED: dict[str, ObjectStore] = {}


def attach(
    protocol: str | None = None,
    conn_id: str | None = None,
    alias: str | None = None,
    encryption_type: str | None = "",  # noqa: ARG001 (Airflow does nothing with it either)
    fs: Any = None,
    **more: Any,
) -> ObjectStore:
    """The store of a protocol and connection, or of an alias; the same each time in a process."""
    if alias and alias in _ATTACHED:
        return _ATTACHED[alias]
    if not protocol:
        raise ValueError(f"No registered store with alias: {alias}" if alias else "No protocol specified and no alias")
    name = alias or (f"{protocol}-{conn_id}" if conn_id else protocol)
    if name not in _ATTACHED:
        _ATTACHED[name] = ObjectStore(protocol, conn_id, fs, **more)
    return _ATTACHED[name]


def get_fs(scheme: str, conn_id: str | None = None, storage_options: Mapping[str, Any] | None = None) -> Any:
    """The file system of a scheme.

    Raises ValueError for a scheme that nothing installed has, ModuleNotFoundError if fsspec's package for it lacks.
    """
    make = _makers().get(scheme)
    if make is None:
        raise coded(
            ValueError(f"No filesystem registered for scheme {scheme}"),
            "unknown-filesystem",
            "add the provider distribution that has it to requirements.txt, or attach() a file system of your own",
        )
    options = dict(storage_options or {})
    if len(inspect.signature(make).parameters) > 1:
        return make(conn_id, options)
    if options:
        raise AttributeError(f"Filesystem {scheme} does not support storage options, but options were passed")
    return make(conn_id)


def has_fs(scheme: str) -> bool:
    return scheme in _makers()


def _makers() -> Mapping[str, Callable[..., Any]]:
    """Scheme → what makes its file system, from a connection's id and options."""
    found: dict[str, Callable[..., Any]] = dict.fromkeys(LOCAL, _local) | dict.fromkeys(_S3, _s3)
    for provider in ProvidersManager().providers.values():
        for name in provider.data.get("filesystems", ()):
            if name.startswith("airflow.providers.amazon."):
                continue
            module = importlib.import_module(name)
            for scheme in getattr(module, "schemes", ()):
                found.setdefault(scheme, module.get_fs)
    return found


def _local(_: str | None, options: Mapping[str, Any]) -> Any:
    return package("fsspec.implementations.local", "fsspec").LocalFileSystem(**options)


def _s3(conn_id: str | None, options: Mapping[str, Any]) -> Any:
    """Without a connection the credentials are the task's own, which s3fs finds as boto3 does."""
    s3fs = package("s3fs", "s3fs")
    if conn_id is None:
        return s3fs.S3FileSystem(**options)
    from dag_translator.authoring.hooks.aws import AwsBaseHook

    hook = AwsBaseHook(aws_conn_id=conn_id)
    credentials = hook.get_session().get_credentials()
    if credentials is None:
        return s3fs.S3FileSystem(**{"anon": True, **options})
    known = credentials.get_frozen_credentials()
    client = {"region_name": hook.region_name, "endpoint_url": hook.conn_config.get("endpoint_url")}
    given = {
        "key": known.access_key,
        "secret": known.secret_key,
        "token": known.token,
        "client_kwargs": {name: value for name, value in client.items() if value is not None},
    }
    return s3fs.S3FileSystem(**{**given, **options})


def package(module: str, distribution: str) -> Any:
    """A module of the user's packages. Raises ModuleNotFoundError that says what to add to requirements.txt."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        lacks = ModuleNotFoundError(f"No module named {error.name!r}", name=error.name)
        raise coded(lacks, "missing-module", _MAKE_ROOM.format(distribution)) from None
