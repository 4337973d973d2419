"""Operators of one database, as Airflow 1 and 2 have them: those of `sql`, with a connection of another name."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.operators.sql import BaseSQLOperator, SQLExecuteQueryOperator
from dag_translator.authoring.operators.sql_checks import (
    SQLCheckOperator,
    SQLIntervalCheckOperator,
    SQLValueCheckOperator,
)

_SNOWFLAKE = ("warehouse", "database", "role", "schema", "authenticator", "session_parameters")


class PostgresOperator(SQLExecuteQueryOperator):
    """SQL on PostgreSQL. runtime_parameters: the session's settings."""

    template_fields: Any = ("sql", "parameters", "postgres_conn_id", *BaseSQLOperator.template_fields)
    conn_id_field = "postgres_conn_id"

    def __init__(
        self,
        *,
        postgres_conn_id: str = "postgres_default",
        runtime_parameters: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if runtime_parameters:
            options = " ".join(f"-c {name}={value}" for name, value in runtime_parameters.items())
            kwargs["hook_params"] = {"options": options, **(kwargs.get("hook_params") or {})}
        super().__init__(conn_id=postgres_conn_id, **kwargs)
        self.postgres_conn_id = postgres_conn_id
        self.runtime_parameters = runtime_parameters


class MySqlOperator(SQLExecuteQueryOperator):
    """SQL on MySQL."""

    template_fields: Any = ("sql", "parameters", "mysql_conn_id", *BaseSQLOperator.template_fields)
    conn_id_field = "mysql_conn_id"

    def __init__(self, *, mysql_conn_id: str = "mysql_default", **kwargs: Any) -> None:
        super().__init__(conn_id=mysql_conn_id, **kwargs)
        self.mysql_conn_id = mysql_conn_id


class SqliteOperator(SQLExecuteQueryOperator):
    """SQL on SQLite."""

    conn_id_field = "sqlite_conn_id"

    def __init__(self, *, sqlite_conn_id: str = "sqlite_default", **kwargs: Any) -> None:
        super().__init__(conn_id=sqlite_conn_id, **kwargs)
        self.sqlite_conn_id = sqlite_conn_id


class RedshiftSQLOperator(SQLExecuteQueryOperator):
    """SQL on Redshift."""

    conn_id_field = "redshift_conn_id"

    def __init__(self, *, redshift_conn_id: str = "redshift_default", **kwargs: Any) -> None:
        super().__init__(conn_id=redshift_conn_id, **kwargs)
        self.redshift_conn_id = redshift_conn_id


class _Snowflake:
    """warehouse, database, role, schema, authenticator, session_parameters: before the connection's."""

    conn_id_field = "snowflake_conn_id"

    def __init__(
        self,
        *,
        snowflake_conn_id: str = "snowflake_default",
        warehouse: str | None = None,
        database: str | None = None,
        role: str | None = None,
        schema: str | None = None,
        authenticator: str | None = None,
        session_parameters: dict[str, Any] | None = None,
        hook_params: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        values = (warehouse, database, role, schema, authenticator, session_parameters)
        given = {name: value for name, value in zip(_SNOWFLAKE, values, strict=True) if value}
        super().__init__(conn_id=snowflake_conn_id, hook_params={**given, **(hook_params or {})}, **kwargs)  # type: ignore[call-arg]
        self.snowflake_conn_id = snowflake_conn_id


class SnowflakeOperator(_Snowflake, SQLExecuteQueryOperator):
    """SQL on Snowflake."""


class SnowflakeCheckOperator(_Snowflake, SQLCheckOperator):
    """SQLCheckOperator on Snowflake."""


class SnowflakeValueCheckOperator(_Snowflake, SQLValueCheckOperator):
    """SQLValueCheckOperator on Snowflake."""


class SnowflakeIntervalCheckOperator(_Snowflake, SQLIntervalCheckOperator):
    """SQLIntervalCheckOperator on Snowflake."""
