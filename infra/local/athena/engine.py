"""Carries out one statement: what it answers, what it changes in the catalog and in S3.

Invariant: one row of `HANDLERS` for each kind of statement; a statement that fails has changed nothing that a query can
see (files are uploaded before the catalog knows them).
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from infra.local.athena import commands, writing
from infra.local.athena.catalog import Catalog, TableName, columns_of, is_view, view_sql
from infra.local.athena.dialect import MACROS, tables_of, to_duckdb
from infra.local.athena.errors import QueryFailed, unsupported
from infra.local.athena.files import Storage
from infra.local.athena.relations import Part, quoted, relation
from infra.local.athena.statements import Statement, parse
from infra.local.athena.values import athena_type, show

Record = dict[str, Any]
DEPTH = 20


@dataclass(frozen=True, slots=True)
class Column:
    """A result column; `type` as Athena names it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement answers. `is_table`: the result file has a header and the format of a SELECT."""

    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[str | None]] = ()
    is_table: bool = False
    update_count: int = 0


@dataclass(slots=True)
class Session:
    """The surroundings of one statement. `output` is where results go, ending in a slash."""

    catalog: Catalog
    storage: Storage
    database: str
    query_id: str
    output: str
    connection: duckdb.DuckDBPyConnection = field(default_factory=lambda: _connect())
    schema: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    scanned: int = 0

    def named(self, node: exp.Table) -> TableName:
        """A table's full name; names are in lower case in the catalog."""
        if node.catalog and node.catalog.lower() != "awsdatacatalog":
            raise QueryFailed(f"CATALOG_NOT_FOUND: line 1:1: Catalog '{node.catalog}' does not exist")
        return TableName((node.db or self.database).lower(), node.name.lower())

    def word(self, text: str | None) -> TableName:
        """The same for the name in a command."""
        first, dot, second = (text or "").replace(" ", "").lower().partition(".")
        return TableName(first, second) if dot else TableName(self.database, first)

    def translate(self, query: exp.Query, *, name_columns: bool = True, depth: int = 0) -> str:
        """DuckDB's SQL for a query, when all its tables are there to be read."""
        if depth > DEPTH:
            raise QueryFailed("VIEW_IS_RECURSIVE: line 1:1: View is recursive")
        tree = query.copy()
        for node in list(tables_of(tree)):
            name = self.named(node)
            self._provide(name, node, depth)
            if not node.alias:
                node.set("alias", exp.TableAlias(this=exp.to_identifier(node.name)))
            node.set("db", exp.to_identifier(name.database, quoted=True))
            node.set("this", exp.to_identifier(name.table, quoted=True))
            node.set("catalog", None)
        return to_duckdb(tree, self.schema, name_columns)

    def parts(self, table: Record, name: TableName) -> list[Part]:
        """The files of a table, by partition."""
        keys = table.get("PartitionKeys", [])
        if not keys:
            return [self._part(table["StorageDescriptor"]["Location"], ())]
        if table.get("Parameters", {}).get("projection.enabled", "").lower() == "true":
            raise unsupported("partition projection")
        return [
            self._part(partition["StorageDescriptor"]["Location"], partition["Values"])
            for partition in self.catalog.partitions(name)
        ]

    def _part(self, location: str, values: Sequence[str]) -> Part:
        objects = list(self.storage.objects(location))
        self.scanned += sum(found.size for found in objects)
        return Part([self.storage.local_copy(found) for found in objects], values)

    def _provide(self, name: TableName, node: exp.Table, depth: int) -> None:
        """Make a table or view of the catalog known to DuckDB under its own name."""
        known = self.schema.setdefault(name.database, {})
        if name.table in known:
            return
        table = self.catalog.table(name)
        if table is None:
            raise _missing(self.catalog, name, node)
        if is_view(table):
            sql, database = view_sql(table)
            view = parse(sql).tree
            assert isinstance(view, exp.Query)
            outer, self.database = self.database, database
            select = self.translate(view, depth=depth + 1)
            self.database = outer
        else:
            select = relation(table, self.parts(table, name), self.connection)
        self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(name.database)}")
        full_name = f"{quoted(name.database)}.{quoted(name.table)}"
        names = ", ".join(quoted(column["Name"]) for column in columns_of(table))
        self.connection.execute(f"CREATE VIEW {full_name} ({names}) AS {select}")
        described = self.connection.execute(f"DESCRIBE {full_name}").fetchall()
        known[name.table] = {row[0]: row[1] for row in described}


Handler = Callable[[Session, Statement], Outcome]


def run(statement: Statement, session: Session) -> Outcome:
    """Raises QueryFailed; may be interrupted through `session.connection.interrupt()`."""
    handler = HANDLERS.get(statement.kind)
    if handler is None:
        raise unsupported(statement.kind.replace("_", " "))
    try:
        return handler(session, statement)
    except duckdb.Error as error:
        raise _translated(error, statement) from error


def _select(session: Session, statement: Statement) -> Outcome:
    assert isinstance(statement.tree, exp.Query)
    answer = session.connection.execute(session.translate(statement.tree))
    columns = [Column(name, athena_type(str(kind))) for name, kind, *_ in answer.description or ()]
    rows = [[show(value, column.type) for value, column in zip(row, columns, strict=True)] for row in answer.fetchall()]
    return Outcome(columns, rows, is_table=True)


def _explain(session: Session, statement: Statement) -> Outcome:
    inner = parse(statement.words[0] or "")
    if not isinstance(inner.tree, exp.Query):
        raise unsupported("EXPLAIN of anything but a query")
    plan = session.connection.execute(f"EXPLAIN {session.translate(inner.tree)}").fetchall()
    lines = [line for row in plan for line in str(row[-1]).splitlines()]
    return Outcome([Column("Query Plan", "varchar")], [[line] for line in lines])


def _write(session: Session, statement: Statement) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="athena-") as directory:
        handler = writing.insert if statement.kind == "INSERT" else writing.create_table_as
        return Outcome(update_count=handler(session, statement, Path(directory)))


def _command(session: Session, statement: Statement) -> Outcome:
    names, rows = commands.run(session, statement)
    return Outcome([Column(name, "string") for name in names], rows)


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
    connection.execute("SET TimeZone = 'UTC'")
    for macro in MACROS:
        connection.execute(macro)
    return connection


def _missing(catalog: Catalog, name: TableName, node: exp.Table) -> QueryFailed:
    where = position(node)
    if not catalog.has_database(name.database):
        return QueryFailed(f"SCHEMA_NOT_FOUND: {where}: Schema '{name.database}' does not exist")
    return QueryFailed(f"TABLE_NOT_FOUND: {where}: Table 'awsdatacatalog.{name}' does not exist")


def position(node: exp.Expression) -> str:
    """`line 1:15` of a name in the query's text."""
    metas: list[Mapping[str, Any]] = [part.meta for part in node.find_all(exp.Identifier) if "line" in part.meta]
    meta = min(metas, key=lambda one: one["start"], default={})
    width = meta.get("end", 0) - meta.get("start", 0)
    return f"line {meta.get('line', 1)}:{max(1, meta.get('col', 1) - width)}"


def _translated(error: duckdb.Error, statement: Statement) -> QueryFailed:
    """DuckDB's errors as Athena's."""
    text = str(error).split("\n")[0]
    if isinstance(error, duckdb.InterruptException):
        return QueryFailed("Query was canceled")
    if isinstance(error, duckdb.BinderException) and "column" in text and statement.tree is not None:
        for column in statement.tree.find_all(exp.Column):
            if f'"{column.name}"' in text:
                return QueryFailed(
                    f"COLUMN_NOT_FOUND: {position(column)}: Column '{column.sql(dialect='athena')}' cannot be resolved "
                    "or requester is not authorized to access requested resources"
                )
    for kind, code in ERROR_CODES:
        if isinstance(error, kind):
            return QueryFailed(f"{code}: {text}")
    return QueryFailed(f"GENERIC_USER_ERROR: {text}")


ERROR_CODES: tuple[tuple[type[duckdb.Error], str], ...] = (
    (duckdb.CatalogException, "FUNCTION_NOT_FOUND"),
    (duckdb.ConversionException, "INVALID_CAST_ARGUMENT"),
    (duckdb.OutOfRangeException, "NUMERIC_VALUE_OUT_OF_RANGE"),
    (duckdb.BinderException, "TYPE_MISMATCH"),
    (duckdb.InvalidInputException, "INVALID_FUNCTION_ARGUMENT"),
)

HANDLERS: Mapping[str, Handler] = {
    "SELECT": _select,
    "EXPLAIN": _explain,
    "INSERT": _write,
    "CREATE_TABLE_AS_SELECT": _write,
    **dict.fromkeys(commands.COMMANDS, _command),
}
