"""CREATE EXTERNAL TABLE, and tables that queries make, as Glue's TableInput.

Invariant: a format is one row of `FORMATS`; what a statement says that this file does not know is refused.
"""

from typing import Any

from sqlglot import exp

from infra.local.athena.errors import QueryFailed, unsupported

Record = dict[str, Any]

TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
JSON_SERDES = ("org.openx.data.jsonserde.JsonSerDe", "org.apache.hive.hcatalog.data.JsonSerDe")
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"

# STORED AS, or CTAS's format -> (input format, output format, SerDe).
FORMATS: dict[str, tuple[str, str, str]] = {
    "TEXTFILE": (TEXT_INPUT, TEXT_OUTPUT, LAZY_SIMPLE),
    "JSON": (TEXT_INPUT, TEXT_OUTPUT, JSON_SERDES[1]),
    "PARQUET": (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        PARQUET,
    ),
}
DELIMITERS = {"fields": "field.delim", "escaped": "escape.delim", "collection_items": "collection.delim",
              "map_keys": "mapkey.delim", "lines": "line.delim", "null": "serialization.null.format"}  # fmt: skip


def external_table(tree: exp.Create) -> Record:
    """TableInput of a CREATE EXTERNAL TABLE statement. Raises QueryFailed."""
    schema = tree.this
    if not isinstance(schema, exp.Schema):
        raise QueryFailed("FAILED: SemanticException: a table needs columns")
    properties = tree.args["properties"].expressions if tree.args.get("properties") else []
    found: Record = {"parameters": {"EXTERNAL": "TRUE"}, "serde_parameters": {}, "partition_keys": []}
    for item in properties:
        _take(item, found)
    if not found.get("location"):
        raise QueryFailed("FAILED: SemanticException: an external table needs a LOCATION")
    stored_as = found.get("stored_as", "TEXTFILE")
    if stored_as not in FORMATS:
        raise unsupported(f"STORED AS {stored_as}")
    return table_input(
        schema.this.name.lower(),
        [_column(definition) for definition in schema.expressions],
        found["location"],
        stored_as,
        serde=found.get("serde"),
        serde_parameters=found["serde_parameters"],
        partition_keys=found["partition_keys"],
        parameters=found["parameters"],
    )


def table_input(
    name: str,
    columns: list[Record],
    location: str,
    stored_as: str,
    *,
    serde: str | None = None,
    serde_parameters: Record | None = None,
    partition_keys: list[Record] | None = None,
    parameters: Record | None = None,
) -> Record:
    """Glue's record of a table over files at `location`."""
    input_format, output_format, default_serde = FORMATS[stored_as]
    return {
        "Name": name,
        "Owner": "hadoop",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters or {"EXTERNAL": "TRUE"},
        "PartitionKeys": partition_keys or [],
        "StorageDescriptor": {
            "Columns": columns,
            "Location": location.rstrip("/"),
            "InputFormat": input_format,
            "OutputFormat": output_format,
            "Compressed": False,
            "SerdeInfo": {
                "SerializationLibrary": serde or default_serde,
                "Parameters": {"serialization.format": "1", **(serde_parameters or {})},
            },
        },
    }


def _take(item: exp.Expression, found: Record) -> None:
    """Note one clause of the statement."""
    if isinstance(item, exp.ExternalProperty):
        return
    if isinstance(item, exp.LocationProperty):
        found["location"] = item.name
    elif isinstance(item, exp.FileFormatProperty):
        if isinstance(item.this, exp.InputOutputFormat):
            raise unsupported("STORED AS INPUTFORMAT")
        found["stored_as"] = item.name.upper()
    elif isinstance(item, exp.RowFormatSerdeProperty):
        found["serde"] = item.name
        if item.args.get("serde_properties"):
            found["serde_parameters"].update(_pairs(item.args["serde_properties"].expressions))
    elif isinstance(item, exp.SerdeProperties):
        found["serde_parameters"].update(_pairs(item.expressions))
    elif isinstance(item, exp.RowFormatDelimitedProperty):
        for clause, parameter in DELIMITERS.items():
            if item.args.get(clause) is not None:
                found["serde_parameters"][parameter] = _unescaped(item.args[clause].name)
    elif isinstance(item, exp.PartitionedByProperty):
        found["partition_keys"] = [_column(definition) for definition in item.this.expressions]
    elif isinstance(item, exp.SchemaCommentProperty):
        found["parameters"]["comment"] = item.name
    elif type(item) is exp.Property:
        found["parameters"][item.this.name] = item.args["value"].name
    else:
        raise unsupported(f"the clause {item.sql(dialect='athena')}")


def _column(definition: exp.Expression) -> Record:
    kind = definition.args.get("kind")
    if not isinstance(definition, exp.ColumnDef) or kind is None:
        raise QueryFailed(f"FAILED: ParseException: the column {definition.sql()} needs a type")
    column = {"Name": definition.name.lower(), "Type": _hive_spelling(kind)}
    for constraint in definition.args.get("constraints") or []:
        if isinstance(constraint.kind, exp.CommentColumnConstraint):
            column["Comment"] = constraint.kind.name
    return column


def _hive_spelling(kind: exp.DataType) -> str:
    """`array<struct<a:int>>`, as Glue keeps it."""
    text: str = kind.sql(dialect="hive").lower()
    return text.replace(": ", ":").replace(", ", ",")


def _pairs(items: list[exp.Expression]) -> Record:
    return {item.this.name: _unescaped(item.args["value"].name) for item in items}


def _unescaped(text: str) -> str:
    r"""Hive's escapes in a delimiter: \t, \n, \\, \001.

    >>> _unescaped("\\t") == "\t", _unescaped("\\001") == "\x01"
    (True, True)
    """
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape") if "\\" in text else text
