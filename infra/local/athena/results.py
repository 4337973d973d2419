"""What a query answers, as a file in S3 and as pages of GetQueryResults.

Invariant: the file of a SELECT is CSV with a header, every value in quotes and NULL as nothing; that of a command is
plain text.

    >>> csv_text([Column("a", "integer"), Column("b", "varchar")], [["1", None], ["2", 'x"y']])
    '"a","b"\\n"1",\\n"2","x""y"\\n'
"""

from collections.abc import Sequence
from typing import Any

from infra.local.athena.engine import Column, Outcome
from infra.local.athena.errors import RequestRefused

Row = Sequence[str | None]
PAGE = 1000
# Precision and scale as Athena reports them.
PRECISIONS = {
    "boolean": 0,
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "float": 17,
    "double": 17,
    "date": 0,
    "timestamp": 3,
    "varchar": 2147483647,
}


def csv_text(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    lines = [",".join(_quoted(column.name) for column in columns)]
    lines += [",".join("" if value is None else _quoted(value) for value in row) for row in rows]
    return "\n".join(lines) + "\n"


def plain_text(rows: Sequence[Row]) -> str:
    return "".join("\t".join(value or "" for value in row) + "\n" for row in rows)


def to_json(outcome: Outcome) -> dict[str, Any]:
    """What is kept of an outcome for GetQueryResults."""
    return {
        "columns": [[column.name, column.type] for column in outcome.columns],
        "rows": [list(row) for row in outcome.rows],
        "is_table": outcome.is_table,
        "update_count": outcome.update_count,
    }


def page(kept: dict[str, Any], token: str | None, size: int | None) -> dict[str, Any]:
    """The answer of GetQueryResults; the first row of a SELECT's first page holds the column names."""
    limit = PAGE if size is None else int(size)
    if not 1 <= limit <= PAGE:
        raise RequestRefused(f"MaxResults is more than maximum allowed length {PAGE}.")
    names = [name for name, _ in kept["columns"]]
    rows = [names, *kept["rows"]] if kept["is_table"] else kept["rows"]
    first = int(token) if token else 0
    answer: dict[str, Any] = {
        "UpdateCount": kept["update_count"],
        "ResultSet": {
            "Rows": [{"Data": [_datum(value) for value in row]} for row in rows[first : first + limit]],
            "ResultSetMetadata": {"ColumnInfo": [_info(name, kind) for name, kind in kept["columns"]]},
        },
    }
    if first + limit < len(rows):
        answer["NextToken"] = str(first + limit)
    return answer


def _datum(value: str | None) -> dict[str, str]:
    return {} if value is None else {"VarCharValue": value}


def _info(name: str, kind: str) -> dict[str, Any]:
    simple, _, numbers = kind.partition("(")
    precision, scale = PRECISIONS.get(simple, 0), 0
    if simple == "decimal":
        precision, scale = (int(number) for number in numbers.rstrip(")").split(","))
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": simple,
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": simple in ("varchar", "string", "json"),
    }


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
