"""Into S3 from a file or an HTTP server; from S3 into a table of a database. In Lambda."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cached_property
from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.base import BaseHook
from dag_translator.authoring.hooks.http import HttpHook
from dag_translator.authoring.hooks.s3 import S3Hook


class LocalFilesystemToS3Operator(BaseOperator):
    """A file that is packaged with the DAG, or that the same task's container has, to dest_key."""

    template_fields: Any = ("filename", "dest_key", "dest_bucket", "aws_conn_id")

    def __init__(
        self,
        *,
        filename: str,
        dest_key: str,
        dest_bucket: str | None = None,
        aws_conn_id: str | None = "aws_default",
        verify: bool | str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        gzip: bool = False,
        acl_policy: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filename = filename
        self.dest_key = dest_key
        self.dest_bucket = dest_bucket
        self.aws_conn_id = aws_conn_id
        self.verify = verify
        self.replace = replace
        self.encrypt = encrypt
        self.gzip = gzip
        self.acl_policy = acl_policy

    def execute(self, context: Any) -> None:  # noqa: ARG002
        S3Hook(self.aws_conn_id, verify=self.verify).load_file(
            self.filename, self.dest_key, self.dest_bucket, self.replace, self.encrypt, self.gzip, self.acl_policy
        )


class HttpToS3Operator(BaseOperator):
    """What `endpoint` of a connection's server answers, to s3_key."""

    template_fields: Any = ("http_conn_id", "endpoint", "data", "headers", "s3_bucket", "s3_key", "aws_conn_id")
    template_fields_renderers: Any = {"headers": "json", "data": "py"}  # noqa: RUF012
    ui_color = "#f4a460"

    def __init__(
        self,
        *,
        endpoint: str | None = None,
        method: str = "GET",
        data: Any = None,
        headers: dict[str, str] | None = None,
        extra_options: dict[str, Any] | None = None,
        http_conn_id: str = "http_default",
        log_response: bool = False,
        auth_type: Any = None,
        tcp_keep_alive: bool = True,
        tcp_keep_alive_idle: int = 120,
        tcp_keep_alive_count: int = 20,
        tcp_keep_alive_interval: int = 30,
        s3_bucket: str | None = None,
        s3_key: str,
        replace: bool = False,
        encrypt: bool = False,
        acl_policy: str | None = None,
        aws_conn_id: str | None = "aws_default",
        verify: bool | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.http_conn_id = http_conn_id
        self.method = method
        self.endpoint = endpoint
        self.headers = headers or {}
        self.data = data or {}
        self.extra_options = extra_options or {}
        self.log_response = log_response
        self.auth_type = auth_type
        self.tcp_keep_alive = tcp_keep_alive
        self.tcp_keep_alive_idle = tcp_keep_alive_idle
        self.tcp_keep_alive_count = tcp_keep_alive_count
        self.tcp_keep_alive_interval = tcp_keep_alive_interval
        self.s3_bucket = s3_bucket
        self.s3_key = s3_key
        self.replace = replace
        self.encrypt = encrypt
        self.acl_policy = acl_policy
        self.aws_conn_id = aws_conn_id
        self.verify = verify

    def execute(self, context: Any) -> None:  # noqa: ARG002
        hook = HttpHook(self.method, http_conn_id=self.http_conn_id, auth_type=self.auth_type)
        response = hook.run(self.endpoint, self.data, self.headers, self.extra_options)
        if self.log_response:
            self.log.info(response.text)
        S3Hook(self.aws_conn_id, verify=self.verify).load_bytes(
            response.content, self.s3_key, self.s3_bucket, self.replace, self.encrypt, self.acl_policy
        )


class S3ToSqlOperator(BaseOperator):
    """Rows of an object into a table; `parser` reads them from the path of a file."""

    template_fields: Any = ("s3_bucket", "s3_key", "schema", "table", "column_list", "sql_conn_id", "aws_conn_id")
    ui_color = "#f4a460"

    def __init__(
        self,
        *,
        s3_key: str,
        s3_bucket: str,
        table: str,
        parser: Callable[[str], Any],
        column_list: list[str] | None = None,
        commit_every: int = 1000,
        schema: str | None = None,
        sql_conn_id: str = "sql_default",
        sql_hook_params: dict[str, Any] | None = None,
        aws_conn_id: str | None = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.s3_bucket = s3_bucket
        self.s3_key = s3_key
        self.table = table
        self.schema = schema
        self.aws_conn_id = aws_conn_id
        self.sql_conn_id = sql_conn_id
        self.column_list = column_list
        self.commit_every = commit_every
        self.parser = parser
        self.sql_hook_params = sql_hook_params

    @cached_property
    def db_hook(self) -> Any:
        hook = BaseHook.get_hook(self.sql_conn_id, self.sql_hook_params)
        if not callable(getattr(hook, "insert_rows", None)):
            raise AirflowException("This hook is not supported. The hook class must have an `insert_rows` method.")
        return hook

    def execute(self, context: Any) -> None:  # noqa: ARG002
        with tempfile.TemporaryDirectory() as folder:
            path = S3Hook(self.aws_conn_id).download_file(self.s3_key, self.s3_bucket, local_path=folder)
            self.db_hook.insert_rows(
                table=f"{self.schema}.{self.table}" if self.schema else self.table,
                target_fields=self.column_list,
                rows=self.parser(path),
                commit_every=self.commit_every,
            )
