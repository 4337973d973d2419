"""Trino's SQL in DuckDB's words.

Invariant: the translated query means the same on the relations that stand for its tables; what sqlglot does not
translate is a macro in `MACROS` or is refused by DuckDB by name.
"""

import contextlib
import functools
from collections.abc import Iterator, Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.optimizer.scope import traverse_scope

# Joda's letters, as Trino's format_datetime takes them, and strftime's.
JODA = (("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S"))
JODA_PATTERN = functools.reduce(lambda pattern, pair: f"replace({pattern}, '{pair[0]}', '{pair[1]}')", JODA, "f")

# Trino functions that DuckDB knows by another name or shape.
MACROS = (
    "CREATE MACRO cardinality(x) AS len(x)",
    "CREATE MACRO json_format(x) AS CAST(x AS VARCHAR)",
    "CREATE MACRO json_array_length(x) AS json_array_length(x)",
    "CREATE MACRO to_iso8601(x) AS strftime(x, '%Y-%m-%dT%H:%M:%S')",
    "CREATE MACRO from_iso8601_timestamp(x) AS CAST(x AS TIMESTAMPTZ)",
    "CREATE MACRO from_iso8601_date(x) AS CAST(x AS DATE)",
    "CREATE MACRO at_timezone(x, z) AS timezone(z, x)",
    "CREATE MACRO approx_percentile(x, p) AS approx_quantile(x, p)",
    "CREATE MACRO array_join(x, d) AS array_to_string(x, d)",
    "CREATE MACRO codepoint(x) AS unicode(x)",
    "CREATE MACRO url_extract_host(x) AS regexp_extract(x, '^[a-zA-Z]+://(?:[^/@]*@)?([^/:?#]+)', 1)",
    "CREATE MACRO url_extract_path(x) AS regexp_extract(x, '^[a-zA-Z]+://[^/?#]+([^?#]*)', 1)",
    "CREATE MACRO day_of_week(x) AS isodow(x)",
    "CREATE MACRO day_of_year(x) AS dayofyear(x)",
    "CREATE MACRO slice(x, s, n) AS list_slice(x, s, s + n - 1)",
    "CREATE MACRO sequence(a, b) AS generate_series(a, b)",
    f"CREATE MACRO format_datetime(x, f) AS strftime(x, {JODA_PATTERN})",
)


def tables_of(tree: exp.Expression) -> Iterator[exp.Table]:
    """The tables that a query reads, names of WITH aside."""
    query = tree if isinstance(tree, exp.Query) else tree.find(exp.Query)
    if query is None:
        return
    for scope in traverse_scope(query):
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
                yield source


def to_duckdb(query: exp.Query, schema: Mapping[str, Mapping[str, Mapping[str, str]]], name_columns: bool) -> str:
    """`query`, whose tables carry their databases. `schema`: database -> table -> column -> DuckDB type.

    `name_columns`: give result columns without a name Trino's: `_col0`, `_col1`, …
    """
    tree = query.copy()
    if name_columns:
        _name_columns(tree)
    if tree.find(exp.Div):
        tree = _with_integer_division(tree, schema)
    return str(tree.sql(dialect="duckdb"))


def _name_columns(query: exp.Query) -> None:
    first = query
    while isinstance(first, exp.SetOperation):
        first = first.left
    if not isinstance(first, exp.Select):
        return
    for index, projection in enumerate(first.expressions):
        if not isinstance(projection, exp.Alias | exp.Column | exp.Star | exp.Dot):
            projection.replace(exp.alias_(projection.copy(), f"_col{index}"))


def _with_integer_division(query: exp.Query, schema: Mapping[str, Mapping[str, Mapping[str, str]]]) -> exp.Query:
    """Trino divides integers to an integer, DuckDB doesn't: find out which divisions are of integers."""
    tree = query
    with contextlib.suppress(SqlglotError):
        tree = qualify_columns(query.copy(), schema=dict(schema), expand_alias_refs=False, expand_stars=False)
    annotate_types(tree, schema=dict(schema), dialect="duckdb")
    for division in list(tree.find_all(exp.Div)):
        integers = exp.DataType.INTEGER_TYPES
        left, right = division.left, division.right
        if left.is_type(*integers) and right.is_type(*integers):
            whole = exp.IntDiv(this=left.copy(), expression=right.copy())
            division.replace(exp.paren(whole))
    return tree
