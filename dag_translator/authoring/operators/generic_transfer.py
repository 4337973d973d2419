"""GenericTransfer: rows of one database's query into another one's table."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.hooks.base import BaseHook


class GenericTransfer(BaseOperator):
    """`sql`: a query, or several. page_size: read so many rows at a time (paginated_sql_statement_clause says how).

    preoperator: SQL on the destination before. insert_args: of the hook's insert_rows. rows_processor: a function of
    the rows and the context. deferrable makes no difference.
    """

    template_fields: Any = (
        *("source_conn_id", "destination_conn_id", "sql", "destination_table", "preoperator", "insert_args"),
        *("page_size", "paginated_sql_statement_clause"),
    )
    template_ext: Any = (".sql", ".hql")
    template_fields_renderers: Any = {"preoperator": "sql"}  # noqa: RUF012
    ui_color = "#b0f07c"

    def __init__(
        self,
        *,
        sql: str | list[str],
        destination_table: str,
        source_conn_id: str,
        destination_conn_id: str,
        source_hook_params: dict[str, Any] | None = None,
        destination_hook_params: dict[str, Any] | None = None,
        rows_processor: Callable[..., Any] | None = None,
        preoperator: Any = None,
        insert_args: dict[str, Any] | None = None,
        page_size: int | None = None,
        paginated_sql_statement_clause: str | None = None,
        deferrable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql = sql
        self.destination_table = destination_table
        self.source_conn_id = source_conn_id
        self.source_hook_params = source_hook_params
        self.destination_conn_id = destination_conn_id
        self.destination_hook_params = destination_hook_params
        self._rows_processor = rows_processor
        self.preoperator = preoperator
        self.insert_args = insert_args or {}
        self.page_size = page_size
        self.paginated_sql_statement_clause = paginated_sql_statement_clause or "{} LIMIT {} OFFSET {}"
        self.deferrable = deferrable

    @cached_property
    def source_hook(self) -> Any:
        return BaseHook.get_hook(self.source_conn_id, self.source_hook_params)

    @cached_property
    def destination_hook(self) -> Any:
        return BaseHook.get_hook(self.destination_conn_id, self.destination_hook_params)

    def get_paginated_sql(self, offset: int) -> str:
        return self.paginated_sql_statement_clause.format(self.sql, self.page_size, offset)

    def execute(self, context: Any) -> None:
        if self.preoperator:
            self.destination_hook.run(self.preoperator)
        if self.page_size and isinstance(self.sql, str):
            self._in_pages(int(self.page_size), context)
            return
        for sql in [self.sql] if isinstance(self.sql, str) else self.sql:
            self._insert_rows(self.source_hook.get_records(sql), context)

    def _in_pages(self, size: int, context: Any) -> None:
        offset = 0
        while rows := self.source_hook.get_records(self.get_paginated_sql(offset)):
            self._insert_rows(rows, context)
            if len(rows) < size:
                break
            offset += size

    def _insert_rows(self, rows: Any, context: Any) -> None:
        if self._rows_processor:
            rows = self._rows_processor(rows, **context)
        arguments = dict(self.insert_args)
        if "commit_every" in arguments:
            arguments["commit_every"] = int(arguments["commit_every"])  # a template's text
        self.destination_hook.insert_rows(table=self.destination_table, rows=rows, **arguments)
