"""Operators of the Glue Data Catalog: databases, tables, partitions. Each is a call, in Lambda."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask, error_code
from dag_translator.authoring.aws.rows import grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_DATABASE = ("glue:{here}:catalog", "glue:{here}:database/{database_name}")
_TABLE = (*_DATABASE, "glue:{here}:table/{database_name}/{table_name}")
_TABLE_FIELDS: Any = aws_template_fields("database_name", "table_name", "catalog_id")


class _Creates(ServiceTask):
    """Makes something unless it is there already (if_exists: "skip", or "fail")."""

    service = "glue"

    def start(self, context: Any) -> dict[str, Any]:
        try:
            self.call(self.action, self.prepared(context))
        except Exception as error:
            if self.if_exists != "skip" or error_code(error) != "AlreadyExistsException":
                raise
            self.log.info("it exists already, skipping: %s", error)
        return {}


class GlueCatalogCreateDatabaseOperator(_Creates):
    """Makes a database; the XCom is its name."""

    template_fields: Any = aws_template_fields("database_name", "description", "location_uri")
    action = "CreateDatabase"
    starts = (grant("glue:CreateDatabase glue:TagResource", *_DATABASE),)
    __init__ = takes(
        *("database_name",),
        description=None,
        location_uri=None,
        parameters=None,
        catalog_id=None,
        tags=None,
        if_exists="skip",
    )

    def request(self) -> dict[str, Any]:
        made = {
            "Name": self.database_name,
            "Description": self.description,
            "LocationUri": self.location_uri,
            "Parameters": self.parameters,
        }
        given = {name: value for name, value in made.items() if value is not None}
        return {"DatabaseInput": given, "CatalogId": self.catalog_id, "Tags": self.tags}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return self.database_name


class GlueCatalogDeleteDatabaseOperator(ServiceTask):
    """Deletes a database."""

    template_fields: Any = aws_template_fields("database_name")
    service, action = "glue", "DeleteDatabase"
    starts = (
        grant("glue:DeleteDatabase", *_DATABASE, "glue:{here}:table/{database_name}/*"),
        grant("glue:DeleteDatabase", "glue:{here}:userDefinedFunction/{database_name}/*"),
    )
    __init__ = takes("database_name", catalog_id=None)

    def request(self) -> dict[str, Any]:
        return {"Name": self.database_name, "CatalogId": self.catalog_id}


class GlueCatalogCreateTableOperator(_Creates):
    """Makes a table; the XCom is its name."""

    template_fields: Any = _TABLE_FIELDS
    template_fields_renderers: Any = {"table_input": "json"}  # noqa: RUF012
    action = "CreateTable"
    starts = (grant("glue:CreateTable", *_TABLE),)
    __init__ = takes("database_name", "table_name", "table_input", catalog_id=None, if_exists="skip")

    def request(self) -> dict[str, Any]:
        table = {**self.table_input, "Name": self.table_name}
        return {"DatabaseName": self.database_name, "TableInput": table, "CatalogId": self.catalog_id}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return self.table_name


class GlueCatalogDeleteTableOperator(ServiceTask):
    """Deletes a table."""

    template_fields: Any = _TABLE_FIELDS
    service, action = "glue", "DeleteTable"
    starts = (grant("glue:DeleteTable", *_TABLE),)
    __init__ = takes("database_name", "table_name", catalog_id=None)

    def request(self) -> dict[str, Any]:
        return {"DatabaseName": self.database_name, "Name": self.table_name, "CatalogId": self.catalog_id}


class GlueCatalogCreatePartitionOperator(_Creates):
    """Makes a partition of a table."""

    template_fields: Any = _TABLE_FIELDS
    template_fields_renderers: Any = {"partition_input": "json"}  # noqa: RUF012
    action = "CreatePartition"
    starts = (grant("glue:CreatePartition", *_TABLE),)
    __init__ = takes("database_name", "table_name", "partition_input", catalog_id=None, if_exists="skip")

    def request(self) -> dict[str, Any]:
        return {
            "DatabaseName": self.database_name,
            "TableName": self.table_name,
            "PartitionInput": self.partition_input,
            "CatalogId": self.catalog_id,
        }


class GlueCatalogBatchDeletePartitionOperator(ServiceTask):
    """Deletes partitions; the XCom is the list of the errors, which are about partitions that are not there."""

    template_fields: Any = aws_template_fields("database_name", "table_name", "catalog_id", "partitions_to_delete")
    service, action = "glue", "BatchDeletePartition"
    starts = (grant("glue:BatchDeletePartition", *_TABLE),)
    __init__ = takes("database_name", "table_name", "partitions_to_delete", catalog_id=None)

    def request(self) -> dict[str, Any]:
        return {
            "DatabaseName": self.database_name,
            "TableName": self.table_name,
            "PartitionsToDelete": self.partitions_to_delete,
            "CatalogId": self.catalog_id,
        }

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        errors = (handle or {}).get("Errors", [])
        missing = "EntityNotFoundException"
        serious = [each for each in errors if each.get("ErrorDetail", {}).get("ErrorCode") != missing]
        if serious:
            raise RuntimeError(f"Failed to delete {len(serious)} partition(s): {serious}")
        return errors
