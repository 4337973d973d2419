"""What one statement works with: the catalog's tables as DuckDB's, and the S3 files that were read for it.

Invariant: DuckDB knows a table or view of the catalog as soon as a translated query names it, and no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
from sqlglot import exp

from infra.local.athena.catalog import Catalog, TableName, columns_of, is_view, view_sql
from infra.local.athena.dialect import MACROS, tables_of, to_duckdb
from infra.local.athena.errors import QueryFailed, unsupported
from infra.local.athena.files import Storage
from infra.local.athena.relations import Part, quoted, relation
from infra.local.athena.statements import parse

Record = dict[str, Any]
DEPTH = 20


def connect() -> duckdb.DuckDBPyConnection:
    """A database of its own, with what Trino has and DuckDB lacks."""
    connection = duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
    connection.execute("SET TimeZone = 'UTC'")
    for macro in MACROS:
        connection.execute(macro)
    return connection


@dataclass(slots=True)
class Session:
    """The surroundings of one statement. `output` is where results go, ending in a slash."""

    catalog: Catalog
    storage: Storage
    database: str
    query_id: str
    output: str
    connection: duckdb.DuckDBPyConnection = field(default_factory=connect)
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
