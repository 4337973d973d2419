"""DDL: databases, tables, views, partitions, SHOW and DESCRIBE.

Invariant: each command answers (column names, rows), as the text file that Athena writes for it.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from sqlglot import exp

from infra.local.athena.catalog import TableName, columns_of, is_view, view_sql
from infra.local.athena.definitions import external_table
from infra.local.athena.errors import QueryFailed, RequestRefused, unsupported
from infra.local.athena.files import split
from infra.local.athena.session import Session
from infra.local.athena.statements import Statement
from infra.local.athena.values import hive_type

Answer = tuple[Sequence[str], list[list[str | None]]]
Record = dict[str, Any]
NOTHING: Answer = ((), [])


def run(session: Session, statement: Statement) -> Answer:
    return COMMANDS[statement.kind](session, statement)


def _create_database(session: Session, statement: Statement) -> Answer:
    tree = statement.tree
    assert isinstance(tree, exp.Create)
    definition: Record = {"Name": _database_name(tree)}
    for item in tree.args["properties"].expressions if tree.args.get("properties") else []:
        if isinstance(item, exp.LocationProperty):
            definition["LocationUri"] = item.name
        elif isinstance(item, exp.SchemaCommentProperty):
            definition["Description"] = item.name
        elif type(item) is exp.Property:
            definition.setdefault("Parameters", {})[item.this.name] = item.args["value"].name
        else:
            raise unsupported(f"the clause {item.sql(dialect='athena')}")
    session.catalog.create_database(definition, if_not_exists=bool(tree.args.get("exists")))
    return NOTHING


def _drop_database(session: Session, statement: Statement) -> Answer:
    tree = statement.tree
    assert isinstance(tree, exp.Drop)
    session.catalog.drop_database(
        _database_name(tree), if_exists=bool(tree.args.get("exists")), cascade=bool(tree.args.get("cascade"))
    )
    return NOTHING


def _create_table(session: Session, statement: Statement) -> Answer:
    tree = statement.tree
    assert isinstance(tree, exp.Create)
    node = tree.this.find(exp.Table)
    session.catalog.create_table(
        session.named(node).database, external_table(tree), if_not_exists=bool(tree.args.get("exists"))
    )
    return NOTHING


def _drop(session: Session, statement: Statement) -> Answer:
    tree = statement.tree
    assert isinstance(tree, exp.Drop)
    view = statement.kind == "DROP_VIEW"
    session.catalog.drop_table(session.named(tree.find(exp.Table)), if_exists=bool(tree.args.get("exists")), view=view)
    return NOTHING


def _create_view(session: Session, statement: Statement) -> Answer:
    tree = statement.tree
    assert isinstance(tree, exp.Create)
    query = tree.expression
    if not isinstance(query, exp.Query):
        raise QueryFailed("SYNTAX_ERROR: line 1:1: a view needs a query")
    described = session.connection.execute(f"DESCRIBE {session.translate(query)}").fetchall()
    columns = [{"Name": row[0], "Type": hive_type(row[1])} for row in described]
    name = session.named(tree.this.find(exp.Table))
    session.catalog.put_view(name, query.sql(dialect="trino"), columns, replace=bool(tree.args.get("replace")))
    return NOTHING


def _alter_table(session: Session, statement: Statement) -> Answer:
    """ADD and DROP PARTITION; other changes of a table are refused."""
    tree = statement.tree
    assert isinstance(tree, exp.Alter)
    name = session.named(tree.this)
    table = session.catalog.require_table(name)
    for action in tree.args["actions"]:
        if isinstance(action, exp.AddPartition):
            values = _partition_values(table, action.this)
            place = action.args.get("location")
            location = place.name if place is not None else f"{_location(table)}/{_path(table, values)}"
            added = session.catalog.add_partition(name, table, values, location)
            if not added and not action.args.get("exists"):
                raise QueryFailed(
                    "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                    f"AlreadyExistsException(message:Partition already exists: {values})"
                )
        elif isinstance(action, exp.DropPartition):
            for partition in action.expressions:
                values = _partition_values(table, partition)
                if not session.catalog.drop_partition(name, values) and not action.args.get("exists"):
                    raise QueryFailed(f"FAILED: SemanticException [Error 10006]: Partition not found {values}")
        else:
            raise unsupported(f"ALTER TABLE … {action.sql(dialect='athena')}")
    return NOTHING


def _repair(session: Session, statement: Statement) -> Answer:
    """Register the partitions whose directories `key=value` are under the table's location."""
    name = session.word(statement.words[0])
    table = session.catalog.require_table(name)
    keys = [key["Name"] for key in table.get("PartitionKeys", [])]
    if not keys:
        raise QueryFailed("FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                          f"Table {name} is not a partitioned table")  # fmt: skip
    location = _location(table)
    prefix = split(location)[1].rstrip("/") + "/"
    found: dict[str, list[str]] = {}
    for entry in session.storage.objects(location):
        directories = entry.key.removeprefix(prefix).split("/")[: len(keys)]
        pairs = [directory.partition("=") for directory in directories]
        if [pair[0] for pair in pairs] == keys:
            found["/".join(directories)] = [unquote(pair[2]) for pair in pairs]
    rows: list[list[str | None]] = []
    for path, values in sorted(found.items()):
        if session.catalog.add_partition(name, table, values, f"{location}/{path}"):
            rows.append([f"Repair: Added partition to metastore {name.table}:{path}"])
    return ("repair",), rows


def _show_databases(session: Session, statement: Statement) -> Answer:
    return ("database_name",), _matching(session.catalog.databases(), statement.words[0])


def _show_tables(session: Session, statement: Statement) -> Answer:
    database = (statement.words[0] or session.database).lower()
    names = sorted(table["Name"] for table in session.catalog.tables(database))
    return ("tab_name",), _matching(names, statement.words[1])


def _show_views(session: Session, statement: Statement) -> Answer:
    database = (statement.words[0] or session.database).lower()
    names = sorted(table["Name"] for table in session.catalog.tables(database) if is_view(table))
    return ("views",), _matching(names, statement.words[1])


def _show_columns(session: Session, statement: Statement) -> Answer:
    name = session.word(statement.words[0])
    if statement.words[1]:
        name = TableName(statement.words[1].lower(), name.table)
    table = session.catalog.require_table(name)
    return ("field",), [[f"{column['Name']:<20}"] for column in columns_of(table)]


def _show_partitions(session: Session, statement: Statement) -> Answer:
    name = session.word(statement.words[0])
    table = session.catalog.require_table(name)
    if not table.get("PartitionKeys"):
        raise QueryFailed("FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                          f"Table {name.table} is not a partitioned table")  # fmt: skip
    paths = sorted(_path(table, partition["Values"]) for partition in session.catalog.partitions(name))
    return ("partition",), [[path] for path in paths]


def _describe(session: Session, statement: Statement) -> Answer:
    """Hive's layout: names, types and comments padded to twenty characters, then the partition keys again."""
    table = session.catalog.require_table(session.word(statement.words[0]))
    lines = [_described(column) for column in columns_of(table)]
    if keys := table.get("PartitionKeys"):
        heading = "\t".join(f"{word:<20}" for word in ("# col_name", "data_type", "comment"))
        lines += ["\t \t ", "# Partition Information", heading, "\t \t ", *map(_described, keys)]
    return ("col_name", "data_type", "comment"), [[line] for line in lines]


def _show_create_table(session: Session, statement: Statement) -> Answer:
    name = session.word(statement.words[0])
    table = session.catalog.require_table(name)
    if is_view(table):
        raise QueryFailed(f"FAILED: {name} is a view; use SHOW CREATE VIEW")
    storage = table["StorageDescriptor"]
    columns = [f"  `{column['Name']}` {column['Type']}, " for column in storage["Columns"]]
    columns[-1] = columns[-1].rstrip(", ") + ")"
    lines = [f"CREATE EXTERNAL TABLE `{name}`(", *columns]
    if keys := table.get("PartitionKeys"):
        listed = [f"  `{key['Name']}` {key['Type']}, " for key in keys]
        listed[-1] = listed[-1].rstrip(", ") + ")"
        lines += ["PARTITIONED BY ( ", *listed]
    serde = storage["SerdeInfo"]
    lines += ["ROW FORMAT SERDE ", f"  '{serde['SerializationLibrary']}' "]
    if parameters := serde.get("Parameters"):
        pairs = [f"  '{key}'='{value}'" for key, value in sorted(parameters.items())]
        lines += ["WITH SERDEPROPERTIES ( ", ", \n".join(pairs) + ") "]
    lines += ["STORED AS INPUTFORMAT ", f"  '{storage['InputFormat']}' "]
    lines += ["OUTPUTFORMAT ", f"  '{storage['OutputFormat']}'", "LOCATION", f"  '{storage['Location']}'"]
    pairs = [f"  '{key}'='{value}'" for key, value in sorted(table.get("Parameters", {}).items())]
    lines += ["TBLPROPERTIES (", ", \n".join(pairs) + ")"]
    return ("createtab_stmt",), [[line] for text in lines for line in text.split("\n")]


def _show_create_view(session: Session, statement: Statement) -> Answer:
    name = session.word(statement.words[0])
    table = session.catalog.require_table(name)
    if not is_view(table):
        raise QueryFailed(f"FAILED: {name} is not a view")
    return ("Create View",), [[f"CREATE VIEW {name} AS"], [view_sql(table)[0]]]


def _database_name(node: exp.Expression) -> str:
    table = node.find(exp.Table)
    name = node.name if table is None else table.db or table.name
    return str(name).lower()


def _matching(names: Sequence[str], pattern: str | None) -> list[list[str | None]]:
    """Hive's patterns: `*` for anything, `|` between alternatives."""
    patterns = (pattern or "*").split("|")
    return [[name] for name in names if any(fnmatch.fnmatchcase(name, one) for one in patterns)]


def _partition_values(table: Record, partition: exp.Expression) -> list[str]:
    """The values of `PARTITION (dt = '2024-01-01', hour = 3)` in the order of the table's keys."""
    given = {pair.left.name.lower(): pair.right.name for pair in partition.find_all(exp.EQ)}
    keys = [key["Name"] for key in table.get("PartitionKeys", [])]
    if sorted(given) != sorted(keys):
        raise QueryFailed(f"FAILED: SemanticException partition spec {given} doesn't contain all ({keys}) keys")
    return [given[key] for key in keys]


def _path(table: Record, values: Sequence[str]) -> str:
    keys = [key["Name"] for key in table["PartitionKeys"]]
    return "/".join(f"{key}={value}" for key, value in zip(keys, values, strict=True))


def _location(table: Record) -> str:
    return str(table["StorageDescriptor"]["Location"]).rstrip("/")


def _described(column: Record) -> str:
    return f"{column['Name']:<20}\t{column['Type']:<20}\t{column.get('Comment', ''):<20}"


def check_create_table(statement: Statement) -> None:
    """CREATE TABLE without EXTERNAL is refused before it is started."""
    if statement.kind != "CREATE_TABLE" or statement.tree is None:
        return
    if not statement.tree.find(exp.ExternalProperty):
        raise RequestRefused("line 1:8: mismatched input 'TABLE'. Expecting: 'EXTERNAL'", "MALFORMED_QUERY")


COMMANDS: Mapping[str, Callable[[Session, Statement], Answer]] = {
    "CREATE_DATABASE": _create_database,
    "DROP_DATABASE": _drop_database,
    "CREATE_TABLE": _create_table,
    "DROP_TABLE": _drop,
    "CREATE_VIEW": _create_view,
    "DROP_VIEW": _drop,
    "ALTER_TABLE": _alter_table,
    "REPAIR_TABLE": _repair,
    "SHOW_DATABASES": _show_databases,
    "SHOW_TABLES": _show_tables,
    "SHOW_VIEWS": _show_views,
    "SHOW_COLUMNS": _show_columns,
    "SHOW_PARTITIONS": _show_partitions,
    "SHOW_CREATE_TABLE": _show_create_table,
    "SHOW_CREATE_VIEW": _show_create_view,
    "DESCRIBE_TABLE": _describe,
}
