"""`ProvidersManager`: what the installed provider distributions say of themselves in their entry points.

A distribution names, under the entry point group `apache_airflow_provider`, a function that answers with a dict; used
of it are "connection-types" and "dialects".
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, NamedTuple

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.loading import coded

# Connection types that Airstep has hooks for, whether or not their provider is installed.
_OWN_HOOKS = {
    "aws": "airflow.providers.amazon.aws.hooks.base_aws.AwsGenericHook",
    "http": "airflow.providers.http.hooks.http.HttpHook",
    "smtp": "airflow.providers.smtp.hooks.smtp.SmtpHook",
}


class ProviderInfo(NamedTuple):
    """A distribution's version, and what it says of itself."""

    version: str
    data: Mapping[str, Any]


class HookInfo(NamedTuple):
    """Which hook serves a type of connection, and the name of its argument for the connection's id."""

    hook_class_name: str
    connection_type: str
    package_name: str
    hook_name: str

    @property
    def connection_id_attribute_name(self) -> str:
        return str(getattr(import_string(self.hook_class_name), "conn_name_attr", "conn_id"))


class DialectInfo(NamedTuple):
    """A SQL dialect of `airflow.providers.common.sql`."""

    name: str
    dialect_class_name: str
    provider_name: str


class ProvidersManager:
    """All instances say the same."""

    @property
    def providers(self) -> Mapping[str, ProviderInfo]:
        return _providers()

    @property
    def hooks(self) -> Mapping[str, HookInfo]:
        """Connection type → its hook."""
        found = {kind: HookInfo(name, kind, "airstep", kind) for kind, name in _OWN_HOOKS.items()}
        for package, provider in _providers().items():
            for each in provider.data.get("connection-types", ()):
                kind, name = each["connection-type"], each["hook-class-name"]
                found.setdefault(kind, HookInfo(name, kind, package, each.get("hook-name", kind)))
        return found

    @property
    def dialects(self) -> Mapping[str, DialectInfo]:
        dialects = [
            DialectInfo(each["dialect-type"], each["dialect-class-name"], package)
            for package, provider in _providers().items()
            for each in provider.data.get("dialects", ())
        ]
        return {dialect.name: dialect for dialect in dialects}


@functools.cache
def _providers() -> Mapping[str, ProviderInfo]:
    """Package name → what it says; read once."""
    found: dict[str, ProviderInfo] = {}
    for entry in entry_points(group="apache_airflow_provider"):
        if entry.dist is not None and entry.name == "provider_info":
            found.setdefault(entry.dist.name, ProviderInfo(entry.dist.version, entry.load()()))
    return found


def hook_of(connection: Any, hook_params: Mapping[str, Any] | None = None) -> Any:
    """The hook for a connection, by its type. Raises AirflowException if no installed provider has one."""
    info = ProvidersManager().hooks.get(connection.conn_type)
    if info is None:
        raise coded(
            AirflowException(f'Unknown hook type "{connection.conn_type}" of connection {connection.conn_id!r}'),
            "unknown-connection-type",
            "add the provider distribution that has it to requirements.txt",
        )
    hook_class = import_string(info.hook_class_name)
    return hook_class(**{info.connection_id_attribute_name: connection.conn_id}, **(hook_params or {}))


def import_string(dotted_path: str) -> Any:
    """`import_string("a.b.C")`: the attribute C of the module a.b."""
    module, _, name = dotted_path.rpartition(".")
    if not module:
        raise ImportError(f"{dotted_path} doesn't look like a module path")
    try:
        return getattr(importlib.import_module(module), name)
    except AttributeError:
        raise ImportError(f'Module "{module}" does not define a "{name}" attribute/class') from None
