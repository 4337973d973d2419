"""INSERT INTO and CREATE TABLE AS: rows become files in S3.

Invariant: files are complete in S3 before the catalog is told of a table or a partition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlglot import exp

from infra.local.athena.catalog import TableName, is_view
from infra.local.athena.definitions import JSON_SERDES, LAZY_SIMPLE, PARQUET, table_input
from infra.local.athena.errors import QueryFailed, unsupported
from infra.local.athena.relations import literal, quoted
from infra.local.athena.session import Session
from infra.local.athena.statements import Statement
from infra.local.athena.values import duckdb_type, hive_type

Record = dict[str, Any]
ROWS = "rows_to_write"
# What CREATE TABLE AS may say in WITH.
OPTIONS = frozenset(
    {"format", "external_location", "partitioned_by", "write_compression", "parquet_compression", "field_delimiter"}
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows go: files at `location`, one directory for each combination of the partition keys' values."""

    location: str
    copy_options: str
    ending: str
    columns: Sequence[str]
    keys: Sequence[str]


def create_table_as(session: Session, statement: Statement, directory: Path) -> int:
    """The number of rows."""
    tree = statement.tree
    assert isinstance(tree, exp.Create)
    name = session.named(tree.this.find(exp.Table))
    if session.catalog.table(name) is not None:
        if tree.args.get("exists"):
            return 0
        raise QueryFailed(f"TABLE_ALREADY_EXISTS: line 1:1: Table 'awsdatacatalog.{name}' already exists")
    session.catalog.require_database(name.database)
    options = _options(tree)
    location = options.get("external_location") or f"{session.output}tables/{session.query_id}/"
    if not session.storage.is_empty(location):
        raise QueryFailed(
            f"HIVE_PATH_ALREADY_EXISTS: Target directory for table '{name}' already exists: {location}. "
            "You may need to manually clean the data at this location before retrying."
        )
    columns = _take_rows(session, tree.expression)
    if tree.args.get("no_data") or _without_data(tree):
        session.connection.execute(f"DELETE FROM {ROWS}")
    keys = options.get("partitioned_by") or []
    if [column for column, _ in columns[len(columns) - len(keys) :]] != keys:
        raise QueryFailed(f"HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table: {keys}")
    stored_as = {"PARQUET": "PARQUET", "JSON": "JSON", "TEXTFILE": "TEXTFILE"}.get(options.get("format", "PARQUET"))
    if stored_as is None:
        raise unsupported(f"the format {options['format']}")
    glue_columns = [{"Name": column, "Type": hive_type(kind)} for column, kind in columns]
    split_at = len(columns) - len(keys)
    delimiter = options.get("field_delimiter", "\x01")
    definition = table_input(
        name.table,
        glue_columns[:split_at],
        location,
        stored_as,
        serde_parameters={"field.delim": delimiter} if stored_as == "TEXTFILE" else {},
        partition_keys=glue_columns[split_at:],
    )
    count, written = _write(session, _target(definition, options), directory)
    session.catalog.create_table(name.database, definition)
    _register(session, name, definition, written)
    return count


def insert(session: Session, statement: Statement, directory: Path) -> int:
    """The number of rows."""
    tree = statement.tree
    assert isinstance(tree, exp.Insert)
    name = session.named(tree.this.find(exp.Table))
    table = session.catalog.table(name)
    if table is None:
        raise QueryFailed(f"TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.{name}' does not exist")
    if is_view(table):
        raise QueryFailed("NOT_SUPPORTED: line 1:1: Inserting into views is not supported")
    named = [column.name.lower() for column in tree.this.expressions] if isinstance(tree.this, exp.Schema) else []
    all_columns = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])]
    given = _take_rows(session, tree.expression)
    expected = named or [column["Name"] for column in all_columns]
    if len(given) != len(expected):
        raise QueryFailed(
            f"TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table has {len(expected)} columns, "
            f"query has {len(given)}"
        )
    by_name = dict(zip(expected, (column for column, _ in given), strict=True))
    casts = ", ".join(
        f"CAST({quoted(by_name[c['Name']]) if c['Name'] in by_name else 'NULL'} AS {duckdb_type(c['Type'])})"
        f" AS {quoted(c['Name'])}"
        for c in all_columns
    )
    session.connection.execute(f"CREATE TEMP TABLE cast_rows AS SELECT {casts} FROM {ROWS}")
    session.connection.execute(f"DROP TABLE {ROWS}; ALTER TABLE cast_rows RENAME TO {ROWS}")
    count, written = _write(session, _target(table, {}), directory)
    _register(session, name, table, written)
    return count


def _take_rows(session: Session, query: exp.Expression) -> list[tuple[str, str]]:
    """Put a query's rows into a temporary table; its columns and their DuckDB types."""
    if isinstance(query, exp.Values):
        sql = f"SELECT * FROM ({query.sql(dialect='duckdb')}) AS given"
    elif isinstance(query, exp.Query):
        sql = session.translate(query)
    else:
        raise QueryFailed("SYNTAX_ERROR: line 1:1: a query is needed")
    session.connection.execute(f"CREATE TEMP TABLE {ROWS} AS {sql}")
    described = session.connection.execute(f"DESCRIBE {ROWS}").fetchall()
    return [(row[0], row[1]) for row in described]


def _write(session: Session, target: Target, directory: Path) -> tuple[int, dict[tuple[str, ...], str]]:
    """Number of rows, and the partitions written: values -> location."""
    counted = session.connection.execute(f"SELECT count(*) FROM {ROWS}").fetchone()
    count = int(counted[0]) if counted else 0
    listed = ", ".join(quoted(column) for column in target.columns)
    if not target.keys:
        if count:
            _upload(session, f"SELECT {listed} FROM {ROWS}", target, target.location.rstrip("/"), directory)
        return count, {}
    keys = ", ".join(f"CAST({quoted(key)} AS VARCHAR)" for key in target.keys)
    written = {}
    for row in session.connection.execute(f"SELECT DISTINCT {keys} FROM {ROWS}").fetchall():
        values = tuple("__HIVE_DEFAULT_PARTITION__" if value is None else str(value) for value in row)
        path = "/".join(f"{key}={value}" for key, value in zip(target.keys, values, strict=True))
        condition = " AND ".join(
            f"CAST({quoted(key)} AS VARCHAR) IS NOT DISTINCT FROM {'NULL' if value is None else literal(str(value))}"
            for key, value in zip(target.keys, row, strict=True)
        )
        location = f"{target.location.rstrip('/')}/{path}"
        _upload(session, f"SELECT {listed} FROM {ROWS} WHERE {condition}", target, location, directory)
        written[values] = location
    return count, written


def _upload(session: Session, query: str, target: Target, location: str, directory: Path) -> None:
    file = directory / f"{session.query_id}_{uuid4()}{target.ending}"
    session.connection.execute(f"COPY ({query}) TO {literal(str(file))} ({target.copy_options})")
    session.storage.upload(file, f"{location}/{file.name}")


def _register(session: Session, name: TableName, table: Record, written: Mapping[tuple[str, ...], str]) -> None:
    for values, location in sorted(written.items()):
        session.catalog.add_partition(name, table, values, location)


def _target(table: Record, options: Record) -> Target:
    storage = table["StorageDescriptor"]
    serde, parameters = storage["SerdeInfo"]["SerializationLibrary"], storage["SerdeInfo"].get("Parameters", {})
    compression = options.get("write_compression") or options.get("parquet_compression")
    if serde == PARQUET:
        how, ending = f"FORMAT parquet, COMPRESSION {compression or 'GZIP'}", ""
    elif serde in JSON_SERDES:
        how, ending = "FORMAT json", ""
    elif serde == LAZY_SIMPLE:
        delimiter = literal(parameters.get("field.delim", "\x01"))
        how, ending = f"FORMAT csv, HEADER false, DELIMITER {delimiter}, QUOTE '', ESCAPE '', NULL '\\N'", ""
    else:
        raise unsupported(f"writing with the SerDe {serde}")
    return Target(
        storage["Location"],
        how,
        ending,
        [column["Name"] for column in storage["Columns"]],
        [key["Name"] for key in table.get("PartitionKeys", [])],
    )


def _options(tree: exp.Create) -> Record:
    """The properties of WITH (…)."""
    found: Record = {}
    for item in tree.args["properties"].expressions if tree.args.get("properties") else []:
        if isinstance(item, exp.FileFormatProperty):
            found["format"] = item.name.upper()
        elif isinstance(item, exp.PartitionedByProperty):
            found["partitioned_by"] = [key.name.lower() for key in item.this.expressions]
        elif type(item) is exp.Property and item.this.name.lower() in OPTIONS:
            found[item.this.name.lower()] = item.args["value"].name
        else:
            raise unsupported(f"the table property {item.sql(dialect='trino')}")
    return found


def _without_data(tree: exp.Create) -> bool:
    """CREATE TABLE … AS … WITH NO DATA."""
    properties = tree.args["properties"].expressions if tree.args.get("properties") else []
    return any(isinstance(item, exp.WithDataProperty) and item.args.get("no") for item in properties)
