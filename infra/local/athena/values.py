"""Types and values on their way between Hive, DuckDB and Athena's answers.

Invariant: every value is shown as Athena shows it in a result file: numbers in Trino's notation, times with
milliseconds, bytes as hex pairs, collections in brackets and braces.

    >>> show(1.0, "double"), show(True, "boolean"), show([1, None], "array(integer)"), show(None, "varchar")
    ('1.0', 'true', '[1, null]', None)
    >>> athena_type("DECIMAL(10,2)"), athena_type("HUGEINT"), athena_type("STRUCT(a INTEGER)")
    ('decimal(10,2)', 'bigint', 'row(a integer)')
    >>> duckdb_type("array<struct<a:int>>")
    'STRUCT(a INT)[]'
"""

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from sqlglot import exp
from sqlglot.errors import SqlglotError

from infra.local.athena.errors import unsupported

# DuckDB's simple types -> Athena's.
SIMPLE = {
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "bigint",
    "UTINYINT": "smallint",
    "USMALLINT": "integer",
    "UINTEGER": "bigint",
    "UBIGINT": "bigint",
    "FLOAT": "float",
    "DOUBLE": "double",
    "VARCHAR": "varchar",
    "JSON": "json",
    "BLOB": "varbinary",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "INTERVAL": "interval day to second",
    "UUID": "uuid",
    '"NULL"': "unknown",
    "NULL": "unknown",
}
# Athena's names -> those that Glue's catalog (Hive) uses.
HIVE_NAMES = {"integer": "int", "varchar": "string", "varbinary": "binary", "json": "string", "unknown": "string"}


def athena_type(duckdb: str) -> str:
    """The name of a DuckDB type in Athena's result metadata."""
    if duckdb in SIMPLE:
        return SIMPLE[duckdb]
    if duckdb.startswith("DECIMAL"):
        return duckdb.lower()
    parsed = _parsed(duckdb, "duckdb")
    return _spell(parsed, "{name}({inner})", "row", " ", lambda name: SIMPLE.get(name, name.lower()))


def hive_type(duckdb: str) -> str:
    """The name of a DuckDB type in Glue's catalog."""
    if duckdb.startswith("DECIMAL"):
        return duckdb.lower()
    parsed = _parsed(duckdb, "duckdb")
    return _spell(parsed, "{name}<{inner}>", "struct", ":", lambda name: _hive_name(SIMPLE.get(name, name.lower())))


def duckdb_type(hive: str) -> str:
    """A Glue column's type as DuckDB writes it."""
    return str(_parsed(hive, "hive").sql(dialect="duckdb"))


def _hive_name(name: str) -> str:
    return HIVE_NAMES.get(name, name)


def _parsed(text: str, dialect: str) -> exp.DataType:
    try:
        return exp.DataType.build(text, dialect=dialect)
    except (SqlglotError, ValueError):
        raise unsupported(f"the type {text}") from None


def _spell(kind: exp.DataType, form: str, row: str, separator: str, simple: Callable[[str], str]) -> str:
    if kind.is_type("array", "list"):
        return form.format(name="array", inner=_spell(kind.expressions[0], form, row, separator, simple))
    if kind.is_type("map"):
        inner = [_spell(part, form, row, separator, simple) for part in kind.expressions]
        return form.format(name="map", inner=(", " if separator == " " else ",").join(inner))
    if kind.is_type("struct"):
        fields = [
            f"{field.name}{separator}{_spell(field.args['kind'], form, row, separator, simple)}"
            for field in kind.expressions
        ]
        return form.format(name=row, inner=(", " if separator == " " else ",").join(fields))
    text = kind.sql(dialect="duckdb")
    return simple(DUCKDB_NAMES.get(text, text))


# How sqlglot spells DuckDB's types, where DuckDB itself says otherwise.
DUCKDB_NAMES = {"INT": "INTEGER", "TEXT": "VARCHAR", "REAL": "FLOAT", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}


def show(value: object, kind: str) -> str | None:
    """A value in a result; None stays None."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, datetime):
        return _timestamp(value)
    if isinstance(value, bytes):
        return " ".join(f"{byte:02x}" for byte in value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inner(item) for item in value) + "]"
    if isinstance(value, dict):
        # Trino calls the fields of a row without names field0, field1, …
        names = {key: re.sub(r"^_?(\d+)$", r"field\1", key) if isinstance(key, str) else key for key in value}
        return "{" + ", ".join(f"{_inner(names[key])}={_inner(item)}" for key, item in value.items()) + "}"
    if isinstance(value, timedelta):
        return _interval(value)
    if isinstance(value, time):
        return value.isoformat(timespec="milliseconds")
    assert isinstance(value, int | str | Decimal | date) or kind, type(value)
    return str(value)


def _inner(value: object) -> str:
    shown = show(value, "")
    return "null" if shown is None else shown


def _double(value: float) -> str:
    """As Java prints it: 1.0, 1.0E10, 1.2E-5, NaN, Infinity."""
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value) if "e" not in repr(value) else f"{value:f}"
    mantissa, exponent = f"{Decimal(repr(value)).normalize():E}".split("E")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"


def _timestamp(value: datetime) -> str:
    text = value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03}"
    if value.tzinfo is None:
        return text
    zone = str(getattr(value.tzinfo, "key", None) or getattr(value.tzinfo, "zone", None) or value.tzname())
    return f"{text} {zone}"


def _interval(value: timedelta) -> str:
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{value.days} {hours:02}:{minutes:02}:{seconds:02}.{value.microseconds // 1000:03}"
