"""SQL text to a statement: which kind it is, how Athena classifies it, and its syntax tree.

Invariant: one text is one statement; text that Athena could not parse is refused here, before a query exists.

    >>> parse("SHOW TABLES IN sales '*_raw'").words
    ('sales', '*_raw')
    >>> parse("select 1").classification
    'DML'
"""

import logging
import re
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from infra.local.athena.errors import RequestRefused

NAME = r"[`\"]?[\w-]+[`\"]?"
TABLE = rf"(?:{NAME}\s*\.\s*)?{NAME}"

# What sqlglot has no tree for: pattern -> (kind, classification). Groups are the statement's words.
COMMANDS: tuple[tuple[str, str, str], ...] = (
    (r"show\s+(?:databases|schemas)(?:\s+like)?(?:\s+'([^']*)')?", "SHOW_DATABASES", "DDL"),
    (rf"show\s+tables(?:\s+(?:in|from)\s+({NAME}))?(?:\s+'([^']*)')?", "SHOW_TABLES", "DDL"),
    (rf"show\s+views(?:\s+(?:in|from)\s+({NAME}))?(?:\s+like\s+'([^']*)')?", "SHOW_VIEWS", "DDL"),
    (rf"show\s+columns\s+(?:in|from)\s+({TABLE})(?:\s+(?:in|from)\s+({NAME}))?", "SHOW_COLUMNS", "DDL"),
    (rf"show\s+partitions\s+({TABLE})", "SHOW_PARTITIONS", "DDL"),
    (rf"show\s+create\s+table\s+({TABLE})", "SHOW_CREATE_TABLE", "DDL"),
    (rf"show\s+create\s+view\s+({TABLE})", "SHOW_CREATE_VIEW", "DDL"),
    (rf"msck\s+repair\s+table\s+({TABLE})", "REPAIR_TABLE", "DDL"),
    (rf"desc(?:ribe)?(?:\s+(?:extended|formatted))?\s+({TABLE})", "DESCRIBE_TABLE", "DDL"),
    (r"explain\s+(.*)", "EXPLAIN", "UTILITY"),
)


@dataclass(frozen=True, slots=True)
class Statement:
    """`kind` is Athena's SubstatementType; `words`: a command's names, without quotes; `tree`: of all others."""

    kind: str
    classification: str
    text: str
    words: tuple[str | None, ...] = ()
    tree: exp.Expression | None = None


def parse(text: str) -> Statement:
    """Raises RequestRefused for what is no statement."""
    sql = re.sub(r"(?s)/\*.*?\*/|--[^\n]*", " ", text).strip().rstrip(";").strip()
    for pattern, kind, classification in COMMANDS:
        if match := re.fullmatch(pattern, sql, re.IGNORECASE | re.DOTALL):
            return Statement(kind, classification, text, tuple(_unquoted(word) for word in match.groups()))
    tree = _tree(text)
    kind, classification = _classify(tree)
    return Statement(kind, classification, text, tree=tree)


def _tree(text: str) -> exp.Expression:
    # sqlglot says on this logger what it falls back to; we refuse that ourselves.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        trees = [tree for tree in sqlglot.parse(text, read="athena") if tree is not None]
    except ParseError as error:
        found = error.errors[0]
        near = str(found.get("highlight") or "")
        what = f"mismatched input '{near}'" if near else str(found.get("description"))
        raise RequestRefused(f"line {found.get('line')}:{found.get('col')}: {what}", "MALFORMED_QUERY") from None
    except TokenError as error:
        raise RequestRefused(f"line 1:1: {error}", "MALFORMED_QUERY") from None
    if not trees:
        raise RequestRefused("Query string cannot be empty", "MALFORMED_QUERY")
    if len(trees) > 1:
        raise RequestRefused("Only one sql statement is allowed. Got: " + text, "MALFORMED_QUERY")
    tree = trees[0]
    if not isinstance(tree, exp.Expression):
        raise RequestRefused(f"line 1:1: mismatched input {text[:40]!r}", "MALFORMED_QUERY")
    return tree


def _classify(tree: exp.Expression) -> tuple[str, str]:
    if isinstance(tree, exp.Query):
        return "SELECT", "DML"
    if isinstance(tree, exp.Insert):
        return "INSERT", "DML"
    if isinstance(tree, exp.Create):
        kind = {"SCHEMA": "DATABASE"}.get(tree.kind or "", tree.kind or "")
        if kind == "TABLE" and tree.expression is not None:
            return "CREATE_TABLE_AS_SELECT", "DDL"
        return f"CREATE_{kind}", "DDL"
    if isinstance(tree, exp.Drop):
        kind = {"SCHEMA": "DATABASE"}.get(tree.kind or "", tree.kind or "")
        return f"DROP_{kind}", "DDL"
    if isinstance(tree, exp.Alter):
        return "ALTER_TABLE", "DDL"
    word = tree.sql().split(maxsplit=1)[0]
    if isinstance(tree, exp.Command) and word.upper() not in ("UNLOAD", "PREPARE", "EXECUTE", "DEALLOCATE", "VACUUM"):
        raise RequestRefused(f"line 1:1: mismatched input '{word}'", "MALFORMED_QUERY")
    return word.upper(), "UTILITY"


def _unquoted(word: str | None) -> str | None:
    return re.sub(r"[`\"]", "", word) if word is not None else None
