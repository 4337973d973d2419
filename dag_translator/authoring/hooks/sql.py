"""DbApiHook: SQL over the database's own driver (PEP 249), which is a package of the user's requirements.

A hook of one database says how to connect; running statements, reading and inserting rows is here. Every call of `run`
has a connection of its own, committed at its end unless the driver commits by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any

from dag_translator.authoring.hooks.base import BaseHook
from dag_translator.authoring.hooks.drivers import driver, frames
from dag_translator.authoring.hooks.sql_statements import (
    fetch_all_handler,
    fetch_one_handler,
    single_result,
    statements,
)

PLACEHOLDERS = ("%s", "?")


class DbApiHook(BaseHook):
    """A database. A subclass names its connection (conn_name_attr) and connects (get_conn)."""

    conn_name_attr = "conn_id"
    default_conn_name = "default_conn_id"
    conn_type = ""
    supports_autocommit = False
    supports_executemany = False
    strip_semicolon = False
    splits_by_default = False
    _placeholder = "%s"
    _word_format = '"{}"'

    def __init__(self, *args: Any, schema: str | None = None, log_sql: bool = True, **kwargs: Any) -> None:
        super().__init__()
        conn_id = args[0] if len(args) == 1 else kwargs.get(self.conn_name_attr, self.default_conn_name)
        setattr(self, self.conn_name_attr, conn_id)
        self.schema = schema
        self.log_sql = log_sql
        self.descriptions: list[Any] = []
        self._formats = {name: kwargs.get(name) for name in ("insert_statement_format", "replace_statement_format")}
        self._connection = kwargs.get("connection")

    def get_conn_id(self) -> str:
        return str(getattr(self, self.conn_name_attr))

    @property
    def connection(self) -> Any:
        if self._connection is None:
            self._connection = self.get_connection(self.get_conn_id())
        return self._connection

    @property
    def connection_extra(self) -> dict[str, Any]:
        return dict(self.connection.extra_dejson)

    @cached_property
    def placeholder(self) -> str:
        """What stands for a value in a statement; the connection's extra may choose among PLACEHOLDERS."""
        chosen = self.connection_extra.get("placeholder")
        return chosen if chosen in PLACEHOLDERS else self._placeholder

    def get_uri(self) -> str:
        """The connection as SQLAlchemy's URL."""
        return str(self.connection.get_uri())

    def get_sqlalchemy_engine(self, engine_kwargs: dict[str, Any] | None = None) -> Any:
        alchemy = driver("get_sqlalchemy_engine", "sqlalchemy", packages="sqlalchemy")
        return alchemy.create_engine(url=self.get_uri(), **(engine_kwargs or {}))

    # -- running ------------------------------------------------------------------------------------------------------

    def run(
        self,
        sql: str | Iterable[str],
        autocommit: bool = False,
        parameters: Any = None,
        handler: Callable[[Any], Any] | None = None,
        split_statements: bool | None = None,
        return_last: bool = True,
    ) -> Any:
        """Run one statement or several in one connection; what `handler` makes of the cursor after each.

        One result for a text (the last statement's, if it is split and return_last); a list otherwise. None without a
        handler. `descriptions` are the cursors', afterwards.
        """
        split = self.splits_by_default if split_statements is None else split_statements
        listed = self._listed(sql, split)
        if not listed:
            raise ValueError("List of SQL statements is empty")
        results: list[Any] = []
        self.descriptions = []
        with self._create_autocommit_connection(autocommit) as conn:
            with closing(self._cursor(conn)) as cur:
                for statement in listed:
                    self._run_command(cur, statement, parameters)
                    if handler is not None:
                        results.append(self._make_common_data_structure(handler(cur)))
                        self.descriptions.append(cur.description)
            if not self.get_autocommit(conn):
                conn.commit()
        if handler is None:
            return None
        if single_result(sql, return_last, split):
            self.descriptions = self.descriptions[-1:]
            return results[-1]
        return results

    def _listed(self, sql: str | Iterable[str], split: bool) -> list[str]:
        if not isinstance(sql, str):
            return list(sql)
        if split:
            return self.split_sql_string(sql, self.strip_semicolon)
        return [sql] if sql.strip() else []

    def _cursor(self, conn: Any) -> Any:
        return conn.cursor()

    def _make_common_data_structure(self, result: Any) -> Any:
        """For subclasses whose driver's rows are not tuples."""
        return result

    def _run_command(self, cur: Any, sql_statement: str, parameters: Any) -> None:
        if self.log_sql:
            self.log.info("Running statement: %s, parameters: %s", sql_statement, parameters)
        if parameters:
            cur.execute(sql_statement, parameters)
        else:
            cur.execute(sql_statement)
        count = getattr(cur, "rowcount", None)
        if isinstance(count, int) and count >= 0:
            self.log.info("Rows affected: %s", count)

    def get_records(self, sql: str | list[str], parameters: Any = None) -> Any:
        """All rows."""
        return self.run(sql, parameters=parameters, handler=fetch_all_handler)

    def get_first(self, sql: str | list[str], parameters: Any = None) -> Any:
        """The first row, None if there is none."""
        return self.run(sql, parameters=parameters, handler=fetch_one_handler)

    @property
    def last_description(self) -> Any:
        return self.descriptions[-1] if self.descriptions else None

    @staticmethod
    def strip_sql_string(sql: str) -> str:
        return sql.strip().rstrip(";")

    @staticmethod
    def split_sql_string(sql: str, strip_semicolon: bool = False) -> list[str]:
        return statements(sql, strip_semicolon)

    # -- frames -------------------------------------------------------------------------------------------------------

    def get_df(self, sql: Any, parameters: Any = None, *, df_type: str = "pandas", **kwargs: Any) -> Any:
        """The rows as a data frame; kwargs: of pandas' `read_sql`, or polars' `read_database`."""
        if df_type not in ("pandas", "polars"):
            raise ValueError(f"Unsupported df_type: {df_type}")
        with closing(self.get_conn()) as conn:
            if df_type == "pandas":
                return frames("pandas").read_sql(sql, con=conn, params=parameters, **kwargs)
            options = None if parameters is None else {"parameters": parameters}
            return frames("polars").read_database(sql, connection=conn, execute_options=options, **kwargs)

    def get_df_by_chunks(self, sql: Any, parameters: Any = None, *, chunksize: int, **kwargs: Any) -> Iterator[Any]:
        """Data frames (pandas) of at most chunksize rows each."""
        with closing(self.get_conn()) as conn:
            yield from frames("pandas").read_sql(sql, con=conn, params=parameters, chunksize=chunksize, **kwargs)

    get_pandas_df = get_df  # Airflow 2's names
    get_pandas_df_by_chunks = get_df_by_chunks

    # -- connections --------------------------------------------------------------------------------------------------

    def get_cursor(self) -> Any:
        return self.get_conn().cursor()

    def set_autocommit(self, conn: Any, autocommit: bool) -> None:
        if not self.supports_autocommit and autocommit:
            self.log.warning("%s connection doesn't support autocommit but autocommit activated.", self.get_conn_id())
        conn.autocommit = autocommit

    def get_autocommit(self, conn: Any) -> bool:
        return bool(getattr(conn, "autocommit", False) and self.supports_autocommit)

    @contextmanager
    def _create_autocommit_connection(self, autocommit: bool = False) -> Iterator[Any]:
        with closing(self.get_conn()) as conn:
            if self.supports_autocommit:
                self.set_autocommit(conn, autocommit)
            yield conn

    def test_connection(self) -> tuple[bool, str]:
        try:
            found = self.get_first("select 1")
        except Exception as error:
            return False, str(error)
        return bool(found), "Connection successfully tested" if found else ""

    # -- inserting ----------------------------------------------------------------------------------------------------

    def insert_rows(
        self,
        table: str,
        rows: Iterable[Any],
        target_fields: Any = None,
        commit_every: int = 1000,
        replace: bool = False,
        *,
        executemany: bool = False,
        fast_executemany: bool = False,
        autocommit: bool = False,
        **kwargs: Any,
    ) -> None:
        """Insert rows, committed every commit_every (0: all at once). kwargs: replace_index, replace_target (Postgres).

        executemany: hand the driver whole chunks; fast_executemany: set it on the cursor, where there is such a thing.
        """
        many, count, iterator = self.supports_executemany or executemany, 0, iter(rows)
        with self._create_autocommit_connection(autocommit) as conn:
            conn.commit()
            with closing(conn.cursor()) as cur:
                if fast_executemany and hasattr(cur, "fast_executemany"):
                    cur.fast_executemany = True
                while chunk := list(islice(iterator, commit_every or None)):
                    cells = [self._serialize_cells(row, conn) for row in chunk]
                    if many:
                        cur.executemany(
                            self._generate_insert_sql(table, cells[0], target_fields, replace, **kwargs), cells
                        )
                    else:
                        for row in cells:
                            cur.execute(self._generate_insert_sql(table, row, target_fields, replace, **kwargs), row)
                    conn.commit()
                    count += len(chunk)
                    self.log.info("Loaded %s rows into %s so far", count, table)
        self.log.info("Done loading. Loaded a total of %s rows into %s", count, table)

    def _generate_insert_sql(
        self, table: str, values: Any, target_fields: Any = None, replace: bool = False, **_: Any
    ) -> str:
        name = "replace_statement_format" if replace else "insert_statement_format"
        verb = "REPLACE" if replace else "INSERT"
        form = self._formats[name] or self.connection_extra.get(name) or verb + " INTO {} {} VALUES ({})"
        columns = f"({', '.join(map(self.escape_word, target_fields))})" if target_fields else ""
        return str(form.format(table, columns, ",".join([self.placeholder] * len(values))))

    def escape_word(self, word: str) -> str:
        """A column's name as a statement has it: quoted if it has other than letters, or the connection asks for it."""
        quoted = self._word_format.format(word.strip(self._word_format[0]))
        asked = self.connection_extra.get("escape_column_names", False)
        return quoted if word != quoted and (asked or self._must_quote(word)) else word

    def _must_quote(self, word: str) -> bool:
        return re.search(r"\W", word) is not None

    def get_column_names(self, table: str) -> list[str]:
        """A table's columns, in order."""
        self.run(f"SELECT * FROM {table} WHERE 1 = 0", handler=fetch_all_handler)
        return [each[0] for each in self.last_description]

    @classmethod
    def _serialize_cells(cls, row: Any, conn: Any = None) -> tuple[Any, ...]:
        return tuple(cls._serialize_cell(cell, conn) for cell in row)

    @staticmethod
    def _serialize_cell(cell: Any, conn: Any = None) -> Any:  # noqa: ARG004
        if cell is None:
            return None
        return cell.isoformat() if isinstance(cell, datetime) else str(cell)

    def bulk_dump(self, table: str, tmp_file: str) -> None:
        raise NotImplementedError

    def bulk_load(self, table: str, tmp_file: str) -> None:
        raise NotImplementedError
