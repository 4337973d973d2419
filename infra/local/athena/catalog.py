"""Databases, tables, partitions and views, as Athena keeps them in Glue's catalog.

Invariant: errors carry the words that Athena uses for the statement in question.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local.athena.errors import QueryFailed

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TableName:
    """A table with its database."""

    database: str
    table: str

    def __str__(self) -> str:
        return f"{self.database}.{self.table}"


class Catalog:
    """Glue's catalog through a boto3 client."""

    def __init__(self, glue: Any) -> None:
        self._glue = glue

    def databases(self) -> list[str]:
        pages = self._glue.get_paginator("get_databases").paginate()
        return sorted({"default", *(database["Name"] for page in pages for database in page["DatabaseList"])})

    def has_database(self, name: str) -> bool:
        try:
            self._glue.get_database(Name=name)
        except self._glue.exceptions.EntityNotFoundException:
            return name == "default"
        return True

    def require_database(self, name: str) -> None:
        if not self.has_database(name):
            raise QueryFailed(f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}")

    def create_database(self, definition: Record, *, if_not_exists: bool) -> None:
        name = definition["Name"]
        if self.has_database(name):
            if if_not_exists:
                return
            raise QueryFailed(
                "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                f"Database {name} already exists"
            )
        self._glue.create_database(DatabaseInput=definition)

    def drop_database(self, name: str, *, if_exists: bool, cascade: bool) -> None:
        if not self.has_database(name):
            if if_exists:
                return
            raise QueryFailed(f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}")
        tables = [table["Name"] for table in self.tables(name)]
        if tables and not cascade:
            raise QueryFailed(
                "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                f"InvalidOperationException(message:Database {name} is not empty. One or more tables exist.)"
            )
        for table in tables:
            self._glue.delete_table(DatabaseName=name, Name=table)
        self._glue.delete_database(Name=name)

    def tables(self, database: str) -> Iterator[Record]:
        if not self.has_database(database):
            raise QueryFailed(f"FAILED: SemanticException [Error 10001]: Database not found {database}")
        try:
            for page in self._glue.get_paginator("get_tables").paginate(DatabaseName=database):
                yield from page["TableList"]
        except self._glue.exceptions.EntityNotFoundException:
            return  # `default` exists before anything is in it

    def table(self, name: TableName) -> Record | None:
        try:
            found: Record = self._glue.get_table(DatabaseName=name.database, Name=name.table)["Table"]
        except self._glue.exceptions.EntityNotFoundException:
            return None
        return found

    def require_table(self, name: TableName) -> Record:
        """For DDL; queries word it otherwise."""
        if (found := self.table(name)) is None:
            raise QueryFailed(f"FAILED: SemanticException [Error 10001]: Table not found {name}")
        return found

    def create_table(self, database: str, definition: Record, *, if_not_exists: bool = False) -> None:
        name = TableName(database, definition["Name"])
        self.require_database(database)
        if database == "default" and database not in self._known_databases():
            self._glue.create_database(DatabaseInput={"Name": "default"})
        if self.table(name) is not None:
            if if_not_exists:
                return
            raise QueryFailed(
                "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                f"AlreadyExistsException(message:Table {name.table} already exists.)"
            )
        self._glue.create_table(DatabaseName=database, TableInput=definition)

    def drop_table(self, name: TableName, *, if_exists: bool, view: bool = False) -> None:
        found = self.table(name)
        if found is None:
            if if_exists:
                return
            what = "View" if view else "Table"
            raise QueryFailed(f"FAILED: SemanticException [Error 10001]: {what} not found {name}")
        if is_view(found) != view:
            verb = "DROP VIEW" if not view else "DROP TABLE"
            raise QueryFailed(f"FAILED: SemanticException Cannot drop {name} here; use {verb}")
        self._glue.delete_table(DatabaseName=name.database, Name=name.table)

    def put_view(self, name: TableName, sql: str, columns: Sequence[Record], *, replace: bool) -> None:
        """Create a view, in the form in which Athena's own views are kept in Glue."""
        self.require_database(name.database)
        body = {
            "originalSql": sql,
            "catalog": "awsdatacatalog",
            "schema": name.database,
            "columns": [{"name": column["Name"], "type": column["Type"]} for column in columns],
        }
        definition = {
            "Name": name.table,
            "TableType": "VIRTUAL_VIEW",
            "Parameters": {"presto_view": "true", "comment": "Presto View"},
            "StorageDescriptor": {"Columns": list(columns), "Location": "", "SerdeInfo": {}},
            "PartitionKeys": [],
            "ViewOriginalText": f"/* Presto View: {base64.b64encode(json.dumps(body).encode()).decode()} */",
            "ViewExpandedText": "/* Presto View */",
        }
        found = self.table(name)
        if found is None:
            self.create_table(name.database, definition)
        elif not replace:
            raise QueryFailed(f"VIEW_ALREADY_EXISTS: line 1:1: View already exists: 'awsdatacatalog.{name}'")
        elif not is_view(found):
            raise QueryFailed(f"TABLE_ALREADY_EXISTS: line 1:1: Table already exists: 'awsdatacatalog.{name}'")
        else:
            self._glue.update_table(DatabaseName=name.database, TableInput=definition)

    def partitions(self, name: TableName) -> list[Record]:
        pages = self._glue.get_paginator("get_partitions").paginate(DatabaseName=name.database, TableName=name.table)
        return [partition for page in pages for partition in page["Partitions"]]

    def add_partition(self, name: TableName, table: Record, values: Sequence[str], location: str) -> bool:
        """False if the partition was there already."""
        storage = {**table["StorageDescriptor"], "Location": location}
        try:
            self._glue.create_partition(
                DatabaseName=name.database,
                TableName=name.table,
                PartitionInput={"Values": list(values), "StorageDescriptor": storage},
            )
        except self._glue.exceptions.AlreadyExistsException:
            return False
        return True

    def drop_partition(self, name: TableName, values: Sequence[str]) -> bool:
        """False if there was no such partition."""
        try:
            self._glue.delete_partition(DatabaseName=name.database, TableName=name.table, PartitionValues=list(values))
        except self._glue.exceptions.EntityNotFoundException:
            return False
        return True

    def _known_databases(self) -> set[str]:
        return {database["Name"] for database in self._glue.get_databases()["DatabaseList"]}


def is_view(table: Record) -> bool:
    return bool(table.get("TableType") == "VIRTUAL_VIEW")


def view_sql(table: Record) -> tuple[str, str]:
    """A view's SELECT, and the database in which its names are looked up."""
    encoded = table["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
    body = json.loads(base64.b64decode(encoded))
    return body["originalSql"], body["schema"]


def columns_of(table: Record) -> list[Record]:
    """Columns in the order in which `SELECT *` shows them: partition keys last."""
    return [*table["StorageDescriptor"].get("Columns", []), *table.get("PartitionKeys", [])]
