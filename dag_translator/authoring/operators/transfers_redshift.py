"""Between S3 and Redshift: COPY and UNLOAD, which Redshift runs with the task's own credentials or with a role.

The statement goes over RedshiftSQLHook (a driver, a network), or with redshift_data_api_kwargs through the Data API.
"""

from __future__ import annotations

import re
import time
from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.aws import AwsBaseHook
from dag_translator.authoring.hooks.base import BaseHook
from dag_translator.authoring.hooks.redshift_sql import RedshiftSQLHook
from dag_translator.authoring.types import NOTSET

_METHODS = ("APPEND", "REPLACE", "UPSERT")
_DATA_API = {
    "database": "Database",
    "cluster_identifier": "ClusterIdentifier",
    "db_user": "DbUser",
    "secret_arn": "SecretArn",
    "statement_name": "StatementName",
    "with_event": "WithEvent",
    "workgroup_name": "WorkgroupName",
}
_WAITING = ("wait_for_completion", "poll_interval")


class _RedshiftTransfer(BaseOperator):
    """What both directions share."""

    redshift_conn_id: str
    redshift_data_api_kwargs: dict[str, Any]
    aws_conn_id: Any
    conn_set: bool  # whether the user named the connection, which then has to exist
    verify: Any

    @property
    def use_redshift_data(self) -> bool:
        return bool(self.redshift_data_api_kwargs)

    def _credentials(self) -> tuple[str, str]:
        """For the statement: a role or keys, and the region if the connection has one."""
        named = self.conn_set and self.aws_conn_id
        extra = BaseHook.get_connection(self.aws_conn_id).extra_dejson if named else {}
        region = f"region '{extra['region']}'" if extra.get("region") else ""
        if extra.get("role_arn"):
            return f"aws_iam_role={extra['role_arn']}", region
        hook = AwsBaseHook(self.aws_conn_id, verify=self.verify, client_type="s3")
        found = hook.get_credentials()
        token = f";token={found.token}" if found.token else ""
        return f"aws_access_key_id={found.access_key};aws_secret_access_key={found.secret_key}{token}", region

    def _run(self, sql: str | list[str], autocommit: bool, parameters: Any = None) -> None:
        if self.use_redshift_data:
            self._run_by_data_api(sql, parameters)
        else:
            # The statement holds credentials.
            hook = RedshiftSQLHook(redshift_conn_id=self.redshift_conn_id, log_sql=False)
            hook.run(sql, autocommit=autocommit, parameters=parameters)

    def _run_by_data_api(self, sql: str | list[str], parameters: Any) -> None:
        given = self.redshift_data_api_kwargs
        for name in given:
            if name not in _DATA_API and name not in _WAITING:
                raise AirflowException(f"Cannot include param '{name}' in Redshift Data API kwargs")
        client = AwsBaseHook(self.redshift_conn_id, client_type="redshift-data").get_conn()
        common = {_DATA_API[name]: value for name, value in given.items() if name in _DATA_API}
        if isinstance(sql, list):
            answer = client.batch_execute_statement(Sqls=sql, **common)
        else:
            named = {"Parameters": parameters} if parameters else {}
            answer = client.execute_statement(Sql=sql, **named, **common)
        while given.get("wait_for_completion", True):
            state = client.describe_statement(Id=answer["Id"])
            if state["Status"] == "FINISHED":
                return
            if state["Status"] in ("FAILED", "ABORTED"):
                raise AirflowException(f"Statement {answer['Id']} ended {state['Status']}: {state.get('Error', '')}")
            time.sleep(given.get("poll_interval", 10))


class S3ToRedshiftOperator(_RedshiftTransfer):
    """COPYs s3_key, or what begins with it, into a table. method: APPEND, REPLACE (all rows), or UPSERT by upsert_keys.

    column_list: the file's columns. copy_options: as COPY has them, e.g. ["csv", "ignoreheader 1"].
    """

    template_fields: Any = (
        *("s3_bucket", "s3_key", "schema", "table", "column_list", "copy_options", "redshift_conn_id", "method"),
        *("redshift_data_api_kwargs", "aws_conn_id"),
    )
    ui_color = "#99e699"

    def __init__(
        self,
        *,
        table: str,
        s3_bucket: str,
        s3_key: str,
        schema: str | None = None,
        redshift_conn_id: str = "redshift_default",
        aws_conn_id: Any = NOTSET,
        verify: bool | str | None = None,
        column_list: list[str] | None = None,
        copy_options: list[str] | None = None,
        autocommit: bool = False,
        method: str = "APPEND",
        upsert_keys: list[str] | None = None,
        redshift_data_api_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schema = schema
        self.table = table
        self.s3_bucket = s3_bucket
        self.s3_key = s3_key
        self.redshift_conn_id = redshift_conn_id
        self.conn_set = aws_conn_id is not NOTSET
        self.aws_conn_id = aws_conn_id if self.conn_set else "aws_default"
        self.verify = verify
        self.column_list = column_list
        self.copy_options = copy_options or []
        self.autocommit = autocommit
        self.method = method
        self.upsert_keys = upsert_keys
        self.redshift_data_api_kwargs = redshift_data_api_kwargs or {}

    def execute(self, context: Any) -> None:  # noqa: ARG002
        if self.method not in _METHODS:
            raise AirflowException(f"Method not found! Available methods: {_METHODS}")
        table = f"{self.schema}.{self.table}" if self.schema else self.table
        target = f"#{self.table}" if self.method == "UPSERT" else table
        copy = self._copy(target)
        sql: str | list[str] = copy
        if self.method == "REPLACE":
            sql = ["BEGIN;", f"DELETE FROM {table};", copy, "COMMIT"]
        elif self.method == "UPSERT":
            same = " AND ".join(f"{self.table}.{key} = {target}.{key}" for key in self._keys())
            sql = [
                f"CREATE TABLE {target} (LIKE {table} INCLUDING DEFAULTS);",
                copy,
                "BEGIN;",
                f"DELETE FROM {table} USING {target} WHERE {same};",
                f"INSERT INTO {table} SELECT * FROM {target};",
                "COMMIT",
            ]
        self._run(sql, self.autocommit)

    def _copy(self, target: str) -> str:
        columns = f" ({', '.join(self.column_list)})" if self.column_list else ""
        credentials, region = self._credentials()
        source = f"'s3://{self.s3_bucket}/{self.s3_key}'"
        options = "\n".join(each for each in (region, *self.copy_options) if each)
        return f"COPY {target}{columns}\nFROM {source}\ncredentials '{credentials}'\n{options};"

    def _keys(self) -> list[str]:
        if self.upsert_keys:
            return self.upsert_keys
        if self.use_redshift_data:
            raise AirflowException("S3ToRedshiftOperator: UPSERT through the Data API needs upsert_keys")
        hook = RedshiftSQLHook(redshift_conn_id=self.redshift_conn_id)
        found = hook.get_table_primary_key(self.table, self.schema)
        if not found:
            raise AirflowException(
                f"No primary key on {self.schema}.{self.table}. Please provide keys on 'upsert_keys'"
            )
        return found


class RedshiftToS3Operator(_RedshiftTransfer):
    """UNLOADs a table, or what select_query finds, into objects that begin with s3_key.

    table_as_file_name: they begin with `<s3_key>/<table>_`. unload_options: as UNLOAD has them.
    """

    template_fields: Any = (
        *("s3_bucket", "s3_key", "schema", "table", "unload_options", "select_query", "redshift_conn_id"),
        "redshift_data_api_kwargs",
    )
    template_ext: Any = (".sql",)
    template_fields_renderers: Any = {"select_query": "sql"}  # noqa: RUF012
    ui_color = "#ededed"

    def __init__(
        self,
        *,
        s3_bucket: str,
        s3_key: str,
        schema: str | None = None,
        table: str | None = None,
        select_query: str | None = None,
        redshift_conn_id: str = "redshift_default",
        aws_conn_id: Any = NOTSET,
        verify: bool | str | None = None,
        unload_options: list[str] | None = None,
        autocommit: bool = False,
        include_header: bool = False,
        parameters: Any = None,
        table_as_file_name: bool = True,
        redshift_data_api_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.s3_bucket = s3_bucket
        self.s3_key = s3_key
        self.schema = schema
        self.table = table
        self.redshift_conn_id = redshift_conn_id
        self.conn_set = aws_conn_id is not NOTSET
        self.aws_conn_id = aws_conn_id if self.conn_set else "aws_default"
        self.verify = verify
        self.unload_options = unload_options or []
        self.autocommit = autocommit
        self.include_header = include_header
        self.parameters = parameters
        self.table_as_file_name = table_as_file_name
        self.redshift_data_api_kwargs = redshift_data_api_kwargs or {}
        self.select_query = select_query

    def execute(self, context: Any) -> None:  # noqa: ARG002
        query = self.select_query
        if not query:
            if not self.table:
                raise ValueError("Please specify either a table or `select_query` to fetch the data.")
            query = f"SELECT * FROM {self.schema}.{self.table}" if self.schema else f"SELECT * FROM {self.table}"
        query = re.sub(r"''(.+?)''", r"'\1'", query)  # quotes that were doubled for an UNLOAD in quotes
        key = f"{self.s3_key}/{self.table}_" if self.table and self.table_as_file_name else self.s3_key
        options = list(self.unload_options)
        if self.include_header and "HEADER" not in (each.upper().strip() for each in options):
            options.append("HEADER")
        credentials, _ = self._credentials()
        target = f"'s3://{self.s3_bucket}/{key}'"
        added = "\n".join(options)
        self._run(
            f"UNLOAD ($${query}$$)\nTO {target}\ncredentials '{credentials}'\n{added};",
            self.autocommit,
            self.parameters,
        )
