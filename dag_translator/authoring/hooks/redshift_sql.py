"""RedshiftSQLHook: Redshift over redshift_connector. (Without a driver: RedshiftDataOperator and RedshiftDataHook.)"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.hooks import database_tokens
from dag_translator.authoring.hooks.drivers import driver
from dag_translator.authoring.hooks.postgres import PRIMARY_KEY
from dag_translator.authoring.hooks.sql import DbApiHook


class RedshiftSQLHook(DbApiHook):
    """The connection's extra goes to the driver; with `iam` in it, user and password come from `database_tokens`."""

    conn_name_attr = "redshift_conn_id"
    default_conn_name = "redshift_default"
    conn_type = "redshift"
    hook_name = "Amazon Redshift"
    supports_autocommit = True

    def __init__(self, *args: Any, aws_conn_id: str | None = "aws_default", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.aws_conn_id = aws_conn_id

    def get_conn(self) -> Any:
        module = driver("RedshiftSQLHook", "redshift_connector", packages="redshift_connector")
        return module.connect(**{**self._arguments(), **self.connection_extra})

    def _arguments(self) -> dict[str, Any]:
        one = self.connection
        login, password, port = one.login, one.password, one.port
        if self.connection_extra.get("iam", False):
            login, password, port = self.get_iam_token(one)
        given = {
            "user": login,
            "password": password,
            "port": port,
            "host": one.host,
            "database": self.schema or one.schema,
        }
        return {name: value for name, value in given.items() if value}

    def get_iam_token(self, connection: Any) -> tuple[str, str, int]:
        """User, password and port."""
        extra, database = connection.extra_dejson, self.schema or connection.schema
        if extra.get("is_serverless", False):
            found = database_tokens.redshift_serverless(
                self.aws_conn_id,
                connection,
                extra.get("serverless_work_group"),
                database,
                durationSeconds=extra.get("serverless_token_duration_seconds", 3600),
            )
        else:
            found = database_tokens.redshift(self.aws_conn_id, connection, extra.get("cluster_identifier"), database)
        return (*found, connection.port or 5439)

    def get_table_primary_key(self, table: str, schema: str | None = "public") -> list[str] | None:
        found = self.get_records(PRIMARY_KEY, (schema, table))
        return [row[0] for row in found] or None

    def _must_quote(self, word: str) -> bool:
        # Names are folded to lower case, so quotes change nothing there but for reserved words.
        return super()._must_quote(word) or word == word.lower()
