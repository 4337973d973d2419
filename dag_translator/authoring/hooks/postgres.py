"""PostgresHook: PostgreSQL (RDS, Aurora) and Redshift over psycopg, psycopg2 or pg8000, whichever is installed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks import database_tokens
from dag_translator.authoring.hooks.drivers import driver
from dag_translator.authoring.hooks.sql import DbApiHook

# Of a connection's extra, what the driver does not get.
_OURS = frozenset(
    (
        *("iam", "redshift", "redshift-serverless", "cursor", "cluster-identifier", "workgroup-name", "aws_conn_id"),
        *("sqlalchemy_scheme", "sqlalchemy_query", "azure_conn_id", "placeholder", "insert_statement_format"),
        *("replace_statement_format", "escape_column_names"),
    )
)
_CURSORS = {
    "psycopg2": ("cursor_factory", "psycopg2.extras", {
        "dictcursor": "DictCursor", "realdictcursor": "RealDictCursor", "namedtuplecursor": "NamedTupleCursor",
    }),
    "psycopg": ("row_factory", "psycopg.rows", {"dictcursor": "dict_row", "namedtuplecursor": "namedtuple_row"}),
}  # fmt: skip

PRIMARY_KEY = """
    select kcu.column_name
    from information_schema.table_constraints tco
    join information_schema.key_column_usage kcu
      on kcu.constraint_name = tco.constraint_name and kcu.constraint_schema = tco.constraint_schema
    where tco.constraint_type = 'PRIMARY KEY' and kcu.table_schema = %s and kcu.table_name = %s
    order by kcu.ordinal_position
"""


class PostgresHook(DbApiHook):
    """database: instead of the connection's schema. options: the server's command line, `-c search_path=x`.

    The connection's extra goes to the driver (`sslmode`), but for `cursor`, and `iam` with what belongs to it: then the
    password is a token (see `database_tokens`).
    """

    conn_name_attr = "postgres_conn_id"
    default_conn_name = "postgres_default"
    conn_type = "postgres"
    hook_name = "Postgres"
    supports_autocommit = True
    supports_executemany = True

    def __init__(
        self,
        *args: Any,
        database: str | None = None,
        options: str | None = None,
        enable_log_db_messages: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.database = database or self.schema  # `schema`: its name in Airflow 1
        self.options = options
        self.enable_log_db_messages = enable_log_db_messages
        self.conn: Any = None

    def get_conn(self) -> Any:
        module = driver("PostgresHook", "psycopg", "psycopg2", "pg8000.dbapi", packages="psycopg[binary] (or pg8000)")
        connection, extra = self.connection, self.connection_extra
        login, password, port = connection.login, connection.password, connection.port
        if extra.get("iam", False):
            login, password, port = self.get_iam_token(connection)
        arguments: dict[str, Any] = {"host": connection.host, "user": login, "password": password, "port": port}
        further = {name: value for name, value in extra.items() if name not in _OURS}
        if self.options:
            further["options"] = self.options
        database = self.database or connection.schema
        if module.__name__ == "pg8000.dbapi":
            self.conn = module.connect(**_pg8000(arguments, database, further))
            return self.conn
        name = module.__name__
        self.conn = module.connect(**arguments, dbname=database, **further, **_cursor(name, extra.get("cursor")))
        if self.enable_log_db_messages and name == "psycopg":
            self.conn.add_notice_handler(lambda notice: self.log.info(str(notice.message_primary).strip()))
        return self.conn

    def get_uri(self) -> str:
        from urllib.parse import quote

        one = self.connection
        name = driver("get_uri", "psycopg", "psycopg2", "pg8000", packages="psycopg[binary]").__name__
        who = f"{quote(one.login or '', safe='')}:{quote(one.password or '', safe='')}@" if one.login else ""
        where = f"{one.host or ''}" + (f":{one.port}" if one.port else "")
        return f"postgresql+{name}://{who}{where}/{self.database or one.schema or ''}"

    def get_iam_token(self, connection: Any) -> tuple[Any, Any, int]:
        """User, password and port, as IAM gives them."""
        extra, database = connection.extra_dejson, self.database or connection.schema
        aws_conn_id = extra.get("aws_conn_id", "aws_default")
        if extra.get("azure_conn_id"):
            raise AirflowException("PostgresHook: azure_conn_id is not supported; use a password")
        if extra.get("redshift", False):
            cluster = extra.get("cluster-identifier")
            return (*database_tokens.redshift(aws_conn_id, connection, cluster, database), connection.port or 5439)
        if extra.get("redshift-serverless", False):
            group = extra.get("workgroup-name")
            found = database_tokens.redshift_serverless(aws_conn_id, connection, group, database)
            return (*found, connection.port or 5439)
        port = connection.port or 5432
        return connection.login, database_tokens.rds(aws_conn_id, connection, port), port

    def get_autocommit(self, conn: Any) -> bool:
        return bool(conn.autocommit)

    def get_table_primary_key(self, table: str, schema: str | None = "public") -> list[str] | None:
        found = self.get_records(PRIMARY_KEY, (schema, table))
        return [row[0] for row in found] or None

    def _must_quote(self, word: str) -> bool:
        # The server folds names to lower case, so quotes change nothing there but for reserved words.
        return super()._must_quote(word) or word == word.lower()

    def _generate_insert_sql(
        self, table: str, values: Any, target_fields: Any = None, replace: bool = False, **kwargs: Any
    ) -> str:
        sql = super()._generate_insert_sql(table, values, target_fields, **kwargs)
        return sql + self._on_conflict(table, target_fields, **kwargs) if replace else sql

    def _on_conflict(
        self, table: str, target_fields: Any, replace_index: Any = None, replace_target: Any = None, **_: Any
    ) -> str:
        if not target_fields:
            raise ValueError("PostgreSQL ON CONFLICT upsert syntax requires column names")
        schema, _dot, name = table.rpartition(".")
        index = replace_index or self.get_table_primary_key(name.strip('"'), schema.strip('"') or "public")
        if not index:
            raise ValueError("PostgreSQL ON CONFLICT upsert syntax requires an unique index")
        index = [index] if isinstance(index, str) else index
        changed = [each for each in target_fields if each not in index] if replace_target is None else replace_target
        changes = ", ".join(f"{word} = excluded.{word}" for word in map(self.escape_word, changed))
        action = f"UPDATE SET {changes}" if changes else "NOTHING"
        return f" ON CONFLICT ({', '.join(map(self.escape_word, index))}) DO {action}"

    @staticmethod
    def _serialize_cell(cell: Any, conn: Any = None) -> Any:
        if isinstance(cell, dict | list) and type(conn).__module__.startswith("psycopg."):
            return driver("PostgresHook", "psycopg.types.json", packages="psycopg[binary]").Json(cell)
        return cell

    def copy_expert(self, sql: str, filename: str) -> None:
        """COPY … FROM STDIN of a file, or COPY … TO STDOUT into it."""
        reads = " from stdin" in sql.lower()
        if reads:
            Path(filename).touch()
        with closing(self.get_conn()) as conn, closing(conn.cursor()) as cur:
            with Path(filename).open("rb" if reads else "wb") as file:
                _copy(cur, sql, file, reads)
            conn.commit()

    def bulk_load(self, table: str, tmp_file: str) -> None:
        """A tab-delimited file into a table."""
        self.copy_expert(f"COPY {table} FROM STDIN", tmp_file)

    def bulk_dump(self, table: str, tmp_file: str) -> None:
        """A table into a tab-delimited file."""
        self.copy_expert(f"COPY {table} TO STDOUT", tmp_file)


def _copy(cur: Any, sql: str, file: Any, reads: bool) -> None:
    if hasattr(cur, "copy_expert"):  # psycopg2
        cur.copy_expert(sql, file)
    elif not hasattr(cur, "copy"):  # pg8000
        cur.execute(sql, stream=file)
    else:
        with cur.copy(sql) as copy:
            if reads:
                while data := file.read(65536):
                    copy.write(data)
            else:
                file.writelines(copy)


def _cursor(name: str, wanted: str | None) -> dict[str, Any]:
    """The driver's argument for the kind of rows that the connection's extra asks for."""
    if not wanted:
        return {}
    argument, module, kinds = _CURSORS[name]
    if wanted.lower() not in kinds:
        raise ValueError(f"Invalid cursor passed {wanted}. Valid options are: {', '.join(kinds)}")
    return {argument: getattr(driver("PostgresHook", module, packages=name), kinds[wanted.lower()])}


def _pg8000(arguments: dict[str, Any], database: str | None, further: dict[str, Any]) -> dict[str, Any]:
    """pg8000's words for libpq's."""
    import ssl

    mode = further.pop("sslmode", None)
    if further:
        raise AirflowException(f"pg8000 does not know {', '.join(further)}: add psycopg[binary] to requirements.txt")
    given = {name: value for name, value in arguments.items() if value is not None}
    if mode not in (None, "disable", "allow", "prefer"):
        context = ssl.create_default_context()
        if mode in ("require", "verify-ca"):
            context.check_hostname = False
        if mode == "require":
            context.verify_mode = ssl.CERT_NONE
        given["ssl_context"] = context
    return {**given, "database": database}
