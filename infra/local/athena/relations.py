"""A table of Glue's catalog as a SELECT over local files that DuckDB can run.

Invariant: columns come in catalog order with the catalog's types, partition keys last; text that does not fit its
column's type is NULL, as with Hive's SerDes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from infra.local.athena.definitions import JSON_SERDES, LAZY_SIMPLE, OPEN_CSV, PARQUET
from infra.local.athena.errors import unsupported
from infra.local.athena.values import duckdb_type

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """Files that share partition values (none for a table without partitions)."""

    files: Sequence[Path]
    values: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """What a reader needs: columns of the files, SerDe parameters, table parameters, and a connection to look with."""

    columns: Sequence[Record]
    serde: Record
    parameters: Record
    connection: duckdb.DuckDBPyConnection


def relation(table: Record, parts: Sequence[Part], connection: duckdb.DuckDBPyConnection) -> str:
    """The SELECT. Raises QueryFailed for a SerDe that is not known."""
    storage = table["StorageDescriptor"]
    serde = storage.get("SerdeInfo", {}).get("SerializationLibrary", "")
    if serde not in READERS:
        raise unsupported(f"the SerDe {serde}")
    source = Source(
        storage["Columns"], storage["SerdeInfo"].get("Parameters", {}), table.get("Parameters", {}), connection
    )
    keys = table.get("PartitionKeys", [])
    selects = [_select(READERS[serde](source, part.files), keys, part.values) for part in parts if part.files]
    if not selects:
        columns = [f"CAST(NULL AS {duckdb_type(c['Type'])}) AS {quoted(c['Name'])}" for c in (*source.columns, *keys)]
        return f"SELECT {', '.join(columns)} WHERE false"
    return " UNION ALL ".join(selects)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _select(columns_and_reader: tuple[list[str], str], keys: Sequence[Record], values: Sequence[str]) -> str:
    columns, reader = columns_and_reader
    constants = [
        f"CAST({literal(value)} AS {duckdb_type(key['Type'])}) AS {quoted(key['Name'])}"
        if value != "__HIVE_DEFAULT_PARTITION__"
        else f"CAST(NULL AS {duckdb_type(key['Type'])}) AS {quoted(key['Name'])}"
        for key, value in zip(keys, values, strict=True)
    ]
    return f"SELECT {', '.join([*columns, *constants])} FROM {reader}"


def _read_parquet(source: Source, files: Sequence[Path]) -> tuple[list[str], str]:
    """Columns are found by name, whatever their order in the file; a missing one is NULL."""
    reader = f"read_parquet({_list(files)}, union_by_name = true)"
    there = {row[0].lower() for row in source.connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()}
    columns = [
        f"CAST({quoted(c['Name']) if c['Name'].lower() in there else 'NULL'} AS {duckdb_type(c['Type'])})"
        f" AS {quoted(c['Name'])}"
        for c in source.columns
    ]
    return columns, reader


def _read_json(source: Source, files: Sequence[Path]) -> tuple[list[str], str]:
    """One JSON object a line; names are compared without regard to case."""
    # Not read_json with its own columns: it compares names exactly.
    reader = f"read_json_objects({_list(files)}, format = 'newline_delimited')"
    columns = []
    for column in source.columns:
        kind = duckdb_type(column["Type"])
        value = _json_member(column["Name"])
        text = f"({value} ->> '$')" if kind in ("TEXT", "VARCHAR") else f"TRY_CAST({value} AS {kind})"
        columns.append(f"{text} AS {quoted(column['Name'])}")
    return columns, reader


def _json_member(name: str) -> str:
    """The member of `json` with this name in any spelling."""
    keys = f"list_filter(json_keys(json), lambda k: lower(k) = {literal(name.lower())})"
    return f"json_extract(json, '$.\"' || {keys}[1] || '\"')"


def _read_lazy_simple(source: Source, files: Sequence[Path]) -> tuple[list[str], str]:
    """Hive's plain text: a delimiter, no quotes."""
    null = source.serde.get("serialization.null.format", "\\N")
    collection = source.serde.get("collection.delim", "\x02")
    columns = [
        f"{_from_text(quoted(c['Name']), c['Type'], null, collection)} AS {quoted(c['Name'])}" for c in source.columns
    ]
    delimiter = source.serde.get("field.delim", "\x01")
    return columns, _csv(source, files, delimiter, "", source.serde.get("escape.delim", ""))


def _read_open_csv(source: Source, files: Sequence[Path]) -> tuple[list[str], str]:
    columns = []
    for column in source.columns:
        name, kind = quoted(column["Name"]), duckdb_type(column["Type"])
        value = f"TRY_CAST({name} AS {kind})"
        if kind == "TIMESTAMP":  # OpenCSVSerde takes milliseconds since the epoch
            value = f"coalesce(epoch_ms(TRY_CAST({name} AS BIGINT)), {value})"
        elif kind == "DATE":  # and days
            value = f"coalesce(DATE '1970-01-01' + TRY_CAST({name} AS INTEGER), {value})"
        columns.append(f"{value} AS {name}")
    serde = source.serde
    reader = _csv(
        source, files, serde.get("separatorChar", ","), serde.get("quoteChar", '"'), serde.get("escapeChar", "\\")
    )
    return columns, reader


def _from_text(name: str, hive: str, null: str, collection: str) -> str:
    kind = duckdb_type(hive)
    value = f"NULLIF({name}, {literal(null)})"
    if kind in ("TEXT", "VARCHAR"):
        return value
    if kind.endswith("[]") and not kind.endswith("[][]") and "STRUCT" not in kind:
        item = kind.removesuffix("[]")
        return f"list_transform(string_split({value}, {literal(collection)}), lambda x: TRY_CAST(x AS {item}))"
    if any(word in kind for word in ("STRUCT", "MAP", "[]")):
        raise unsupported(f"the type {hive} in a text file")
    return f"TRY_CAST({value} AS {kind})"


def _csv(source: Source, files: Sequence[Path], delimiter: str, quote: str, escape: str) -> str:
    structure = ", ".join(f"{literal(c['Name'])}: 'VARCHAR'" for c in source.columns)
    options = {
        "columns": "{" + structure + "}",
        "delim": literal(delimiter),
        "quote": literal(quote),
        "escape": literal(escape if quote else ""),
        "header": "false",
        "skip": str(int(source.parameters.get("skip.header.line.count", 0))),
        "auto_detect": "false",
        "null_padding": "true",
        "strict_mode": "false",
        # No text is NULL but Hive's own mark, which the column expressions know.
        "nullstr": literal("\x00"),
        "parallel": "false",
    }
    return f"read_csv({_list(files)}, {', '.join(f'{name} = {value}' for name, value in options.items())})"


def _list(files: Sequence[Path]) -> str:
    return "[" + ", ".join(literal(str(file)) for file in files) + "]"


Reader = Callable[[Source, Sequence[Path]], tuple[list[str], str]]

# SerDe -> how its files are read: (column expressions, table function).
READERS: dict[str, Reader] = {
    PARQUET: _read_parquet,
    LAZY_SIMPLE: _read_lazy_simple,
    OPEN_CSV: _read_open_csv,
    **dict.fromkeys(JSON_SERDES, _read_json),
}
