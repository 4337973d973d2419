"""Carries out one statement: what it answers, what it changes in the catalog and in S3.

Invariant: one row of `HANDLERS` for each kind of statement; a statement that fails has changed nothing that a query can
see (files are uploaded before the catalog knows them).
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlglot import exp

from infra.local.athena import commands, writing
from infra.local.athena.errors import QueryFailed, unsupported
from infra.local.athena.session import Session, position
from infra.local.athena.statements import Statement, parse
from infra.local.athena.values import athena_type, show


@dataclass(frozen=True, slots=True)
class Column:
    """A result column; `type` as Athena names it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement answers. `is_table`: the result file has a header and the format of a SELECT."""

    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[str | None]] = ()
    is_table: bool = False
    update_count: int = 0


Handler = Callable[[Session, Statement], Outcome]


def run(statement: Statement, session: Session) -> Outcome:
    """Raises QueryFailed; may be interrupted through `session.connection.interrupt()`."""
    handler = HANDLERS.get(statement.kind)
    if handler is None:
        raise unsupported(statement.kind.replace("_", " "))
    try:
        return handler(session, statement)
    except duckdb.Error as error:
        raise _translated(error, statement) from error


def _select(session: Session, statement: Statement) -> Outcome:
    assert isinstance(statement.tree, exp.Query)
    answer = session.connection.execute(session.translate(statement.tree))
    columns = [Column(name, athena_type(str(kind))) for name, kind, *_ in answer.description or ()]
    rows = [[show(value, column.type) for value, column in zip(row, columns, strict=True)] for row in answer.fetchall()]
    return Outcome(columns, rows, is_table=True)


def _explain(session: Session, statement: Statement) -> Outcome:
    inner = parse(statement.words[0] or "")
    if not isinstance(inner.tree, exp.Query):
        raise unsupported("EXPLAIN of anything but a query")
    plan = session.connection.execute(f"EXPLAIN {session.translate(inner.tree)}").fetchall()
    lines = [line for row in plan for line in str(row[-1]).splitlines()]
    return Outcome([Column("Query Plan", "varchar")], [[line] for line in lines])


def _write(session: Session, statement: Statement) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="athena-") as directory:
        handler = writing.insert if statement.kind == "INSERT" else writing.create_table_as
        return Outcome(update_count=handler(session, statement, Path(directory)))


def _command(session: Session, statement: Statement) -> Outcome:
    names, rows = commands.run(session, statement)
    return Outcome([Column(name, "string") for name in names], rows)


def _translated(error: duckdb.Error, statement: Statement) -> QueryFailed:
    """DuckDB's errors as Athena's."""
    text = str(error).split("\n")[0]
    if isinstance(error, duckdb.InterruptException):
        return QueryFailed("Query was canceled")
    if isinstance(error, duckdb.BinderException) and "column" in text and statement.tree is not None:
        for column in statement.tree.find_all(exp.Column):
            if f'"{column.name}"' in text:
                return QueryFailed(
                    f"COLUMN_NOT_FOUND: {position(column)}: Column '{column.sql(dialect='athena')}' cannot be resolved "
                    "or requester is not authorized to access requested resources"
                )
    for kind, code in ERROR_CODES:
        if isinstance(error, kind):
            return QueryFailed(f"{code}: {text}")
    return QueryFailed(f"GENERIC_USER_ERROR: {text}")


ERROR_CODES: tuple[tuple[type[duckdb.Error], str], ...] = (
    (duckdb.CatalogException, "FUNCTION_NOT_FOUND"),
    (duckdb.ConversionException, "INVALID_CAST_ARGUMENT"),
    (duckdb.OutOfRangeException, "NUMERIC_VALUE_OUT_OF_RANGE"),
    (duckdb.BinderException, "TYPE_MISMATCH"),
    (duckdb.InvalidInputException, "INVALID_FUNCTION_ARGUMENT"),
)

HANDLERS: Mapping[str, Handler] = {
    "SELECT": _select,
    "EXPLAIN": _explain,
    "INSERT": _write,
    "CREATE_TABLE_AS_SELECT": _write,
    **dict.fromkeys(commands.COMMANDS, _command),
}
