"""Which hook belongs to which kind of connection, for what gets a connection's id alone.

>>> hook_class("sqlite", "x").__name__
'SqliteHook'
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from dag_translator.authoring.exceptions import AirflowException

# Airflow's conn_type → module and class.
_HOOKS = {
    "postgres": ("postgres", "PostgresHook"),
    "mysql": ("mysql", "MySqlHook"),
    "redshift": ("redshift_sql", "RedshiftSQLHook"),
    "snowflake": ("snowflake", "SnowflakeHook"),
    "sqlite": ("sqlite", "SqliteHook"),
    "http": ("http", "HttpHook"),
    "slack": ("slack", "SlackHook"),
    "slackwebhook": ("slack", "SlackWebhookHook"),
    "aws": ("aws", "AwsGenericHook"),
}


def hook_class(conn_type: str | None, conn_id: str | None) -> Any:
    if conn_type not in _HOOKS:
        known = ", ".join(_HOOKS)
        raise AirflowException(
            f'Unknown hook type "{conn_type}" of connection {conn_id!r}; there are hooks for {known}'
        )
    module, name = _HOOKS[conn_type]
    return getattr(import_module(f"dag_translator.authoring.hooks.{module}"), name)
