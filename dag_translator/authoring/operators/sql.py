"""SQL on the database of a connection: statements, inserted rows, branches. In Lambda, over the database's driver."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, NoReturn

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from dag_translator.authoring.hooks.base import BaseHook
from dag_translator.authoring.hooks.sql import DbApiHook
from dag_translator.authoring.hooks.sql_statements import fetch_all_handler, single_result
from dag_translator.authoring.operators.skipmixin import BranchMixIn, branches_to_skip


class BaseSQLOperator(BaseOperator):
    """conn_id's kind decides the hook, which gets hook_params before the connection's extra.

    database: instead of the connection's. retry_on_failure False: a failed check is not tried again.
    """

    conn_id_field = "conn_id"
    template_fields: Any = ("conn_id", "database", "hook_params")

    def __init__(
        self,
        *,
        conn_id: str | None = None,
        database: str | None = None,
        hook_params: dict[str, Any] | None = None,
        retry_on_failure: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id
        self.database = database
        self.hook_params = hook_params or {}
        self.retry_on_failure = retry_on_failure

    @classmethod
    def get_hook(cls, conn_id: str, hook_params: dict[str, Any] | None = None) -> Any:
        connection = BaseHook.get_connection(conn_id)
        return connection.get_hook(hook_params={**connection.extra_dejson, **(hook_params or {})})

    @cached_property
    def _hook(self) -> Any:
        hook = self.get_hook(getattr(self, self.conn_id_field), self.hook_params)
        if not isinstance(hook, DbApiHook):
            raise AirflowException(f"{type(self).__name__}: {type(hook).__name__} is no hook of a database")
        if self.database:
            setattr(hook, "database" if hook.conn_type == "postgres" else "schema", self.database)
        return hook

    def get_db_hook(self) -> Any:
        """The hook; a subclass may give another one."""
        return self._hook

    def _raise_exception(self, message: str) -> NoReturn:
        raise (AirflowException if self.retry_on_failure else AirflowFailException)(message)


class SQLExecuteQueryOperator(BaseSQLOperator):
    """Runs `sql`: a text, several, or a `.sql` file. The XCom is what `handler` makes of the cursor, by default rows.

    split_statements: a text's statements one by one; return_last: the last one's result instead of all.
    """

    template_fields: Any = ("sql", "parameters", *BaseSQLOperator.template_fields)
    template_ext: Any = (".sql", ".json")
    template_fields_renderers: Any = {"sql": "sql", "parameters": "json"}  # noqa: RUF012
    ui_color = "#cdaaed"

    def __init__(
        self,
        *,
        sql: str | list[str],
        autocommit: bool = False,
        parameters: Any = None,
        handler: Callable[[Any], Any] | None = fetch_all_handler,
        output_processor: Callable[[list[Any], list[Any]], Any] | None = None,
        conn_id: str | None = None,
        database: str | None = None,
        split_statements: bool | None = None,
        return_last: bool = True,
        show_return_value_in_logs: bool = False,
        requires_result_fetch: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, database=database, **kwargs)
        self.sql = sql
        self.autocommit = autocommit
        self.parameters = parameters
        self.handler = handler
        self._output_processor = output_processor
        self.split_statements = split_statements
        self.return_last = return_last
        self.show_return_value_in_logs = show_return_value_in_logs
        self.requires_result_fetch = requires_result_fetch

    def _process_output(self, results: list[Any], descriptions: list[Any]) -> Any:
        """For subclasses: the results, one of each statement, and the cursors' descriptions."""
        if self.show_return_value_in_logs:
            self.log.info("Operator output is: %s", results)
        return results if self._output_processor is None else self._output_processor(results, descriptions)

    def _should_run_output_processing(self) -> bool:
        return self.do_xcom_push

    def execute(self, context: Any) -> Any:  # noqa: ARG002
        self.log.info("Executing: %s", self.sql)
        hook, pushes = self.get_db_hook(), self._should_run_output_processing()
        split = {} if self.split_statements is None else {"split_statements": self.split_statements}
        output = hook.run(
            sql=self.sql,
            autocommit=self.autocommit,
            parameters=self.parameters,
            handler=self.handler if pushes or self.requires_result_fetch else None,
            return_last=self.return_last,
            **split,
        )
        if not pushes:
            return None
        if single_result(self.sql, self.return_last, self.split_statements):
            return self._process_output([output], hook.descriptions)[-1]
        return self._process_output(output, hook.descriptions)

    def prepare_template(self) -> None:
        if isinstance(self.parameters, str):
            self.parameters = ast.literal_eval(self.parameters)


class BranchSQLOperator(BranchMixIn, BaseSQLOperator):
    """Follows one list of tasks if the first cell is true (also "yes", "1", …), the other one if not."""

    template_fields: Any = ("sql", *BaseSQLOperator.template_fields)
    template_ext: Any = (".sql",)
    template_fields_renderers: Any = {"sql": "sql"}  # noqa: RUF012
    ui_color = "#a22034"

    def __init__(
        self,
        *,
        sql: str,
        follow_task_ids_if_true: Any,
        follow_task_ids_if_false: Any,
        conn_id: str = "default_conn_id",
        database: str | None = None,
        parameters: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, database=database, **kwargs)
        self.sql = sql
        self.parameters = parameters
        self.follow_task_ids_if_true = follow_task_ids_if_true
        self.follow_task_ids_if_false = follow_task_ids_if_false
        self.follow_branch: Any = None

    def execute(self, context: Any) -> None:  # noqa: ARG002
        record = self.get_db_hook().get_first(self.sql, self.parameters)
        if record is None:
            raise AirflowException("No rows returned from sql query. Operator expected True or False return value.")
        while isinstance(record, list | tuple):
            record = record[0]
        self.log.info("Query returns %s, type '%s'", record, type(record))
        self.follow_branch = self.follow_task_ids_if_true if _truth(record) else self.follow_task_ids_if_false

    def tasks_to_skip(self, result: Any) -> frozenset[str]:  # noqa: ARG002
        return branches_to_skip(self, self.follow_branch)


def _truth(value: Any) -> bool:
    try:
        if isinstance(value, str):
            return parse_boolean(value)
    except ValueError:
        pass
    else:
        if isinstance(value, int):
            return bool(value)
    raise AirflowException(f"Unexpected query return result '{value}' type '{type(value)}'")


def parse_boolean(text: str) -> bool:
    """ValueError if the text is none of y, yes, t, true, on, 1, n, no, f, false, off, 0."""
    if text.lower() in ("y", "yes", "t", "true", "on", "1"):
        return True
    if text.lower() in ("n", "no", "f", "false", "off", "0"):
        return False
    raise ValueError(f"{text!r} is not a boolean-like string value")


class SQLInsertRowsOperator(BaseSQLOperator):
    """Inserts `rows` (tuples, or dicts by column), as they are or from an XCom; without rows the task is skipped.

    columns: default the table's own. rows_processor: a function of the rows and the context. preoperator,
    postoperator: SQL before and after. insert_args: of the hook's insert_rows.
    """

    template_fields: Any = (
        *("table_name", "conn_id", "schema", "database", "_columns", "ignored_columns", "preoperator"),
        *("postoperator", "insert_args"),
    )
    template_ext: Any = (".sql",)
    template_fields_renderers: Any = {"preoperator": "sql"}  # noqa: RUF012

    def __init__(
        self,
        *,
        table_name: str,
        conn_id: str | None = None,
        schema: str | None = None,
        database: str | None = None,
        columns: Iterable[str] | None = None,
        ignored_columns: Iterable[str] | None = None,
        rows: Any = None,
        rows_processor: Callable[..., Any] | None = None,
        preoperator: Any = None,
        postoperator: Any = None,
        hook_params: dict[str, Any] | None = None,
        insert_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, database=database, hook_params=hook_params, **kwargs)
        self.table_name = table_name
        self.schema = schema
        self._columns = list(columns) if columns else None
        self.ignored_columns = set(ignored_columns or ())
        self.rows = rows or []
        self._rows_processor = rows_processor
        self.preoperator = preoperator
        self.postoperator = postoperator
        self.insert_args = insert_args or {}
        self.do_xcom_push = False

    @property
    def table_name_with_schema(self) -> str:
        return self.table_name if self.schema is None else f"{self.schema}.{self.table_name}"

    @property
    def column_names(self) -> list[str]:
        found = self._columns or self.get_db_hook().get_column_names(self.table_name_with_schema)
        return [column for column in found if column not in self.ignored_columns]

    def execute(self, context: Any) -> None:
        from dag_translator.authoring.definitions.xcom_arg import XComArg

        rows = self.rows.resolve(context) if isinstance(self.rows, XComArg) else self.rows
        if not rows:
            raise AirflowSkipException(f"Skipping task {self.task_id} because no rows.")
        columns = self.column_names
        if self.preoperator:
            self.get_db_hook().run(self.preoperator)
        if self._rows_processor:
            rows = self._rows_processor(rows, **context)
        cells = ([row[name] for name in columns] if isinstance(row, Mapping) else row for row in rows)
        self.get_db_hook().insert_rows(
            table=self.table_name_with_schema, rows=cells, target_fields=columns, **self.insert_args
        )
        if self.postoperator:
            self.get_db_hook().run(self.postoperator)
