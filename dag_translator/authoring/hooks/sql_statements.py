"""SQL text as single statements, and what is read from a cursor.

>>> statements("insert into t values ('a;b'); -- one\\nselect 1;")
["insert into t values ('a;b');", 'select 1;']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# In the order in which they are tried at each place. `;` ends a statement; `word` matters inside procedures only.
_TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]*\n? | /\*(?!\+).*?(?:\*/|$) )
    | (?P<kept> /\*\+.*?(?:\*/|$)                                     # an optimizer's hint
              | '(?:[^'\\]|''|\\.)*(?:'|$) | "(?:[^"]|"")*(?:"|$) | `[^`]*(?:`|$)
              | (?<![\w$])\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|$) )
    | (?P<word> [A-Za-z_][\w$]* )
    | (?P<end> ; )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_WITH_BODY = re.compile(r"\s*create\b.*?\b(function|procedure|trigger|package)\b", re.IGNORECASE | re.DOTALL)
_ENDS_OF_ITS_OWN = ("if", "loop", "while", "repeat", "for")  # `end if` closes no `begin`


def statements(sql: str, strip_semicolon: bool = False) -> list[str]:
    """The statements of a text, without comments; each with its semicolon, or without.

    Semicolons in literals, in dollar quotes and between the `begin` and `end` of a routine end nothing.
    """
    found = (each.strip() for each in _split(sql))
    return [each for each in ((each.rstrip(";").rstrip() if strip_semicolon else each) for each in found) if each]


def _split(sql: str) -> Iterator[str]:
    text, depth, last = "", 0, ""
    for token in _TOKEN.finditer(sql):
        piece = token.group()
        if token.lastgroup == "comment" or token["comment"] is not None:
            text += "\n" if piece.endswith("\n") else " "
            continue
        text += piece
        if token["word"]:
            word = piece.lower()
            depth += _step(word, last, text, depth)
            last = word
        elif token["end"]:
            last = ""
            if depth <= 0:
                yield text
                text, depth = "", 0
    yield text


def _step(word: str, last: str, text: str, depth: int) -> int:
    """How much deeper a word leads into a routine's body."""
    if last == "end" and word in _ENDS_OF_ITS_OWN:
        return 1  # takes back what `end` did
    if last == "end" and word == "case":
        return 0
    if word == "end":
        return -1 if depth > 0 else 0
    opens = word == "begin" or (word == "case" and depth > 0)
    return 1 if opens and _WITH_BODY.match(text) else 0


def single_result(sql: Any, return_last: bool, split_statements: bool | None) -> bool:
    """Whether `run` answers with one statement's result instead of a list (Airflow: return_single_query_results)."""
    return isinstance(sql, str) and (return_last or split_statements is False)


def fetch_all_handler(cursor: Any) -> Any:
    """All rows; None of a statement that has none."""
    return cursor.fetchall() if _has_rows(cursor) else None


def fetch_one_handler(cursor: Any) -> Any:
    """The first row; None if there is none."""
    return cursor.fetchone() if _has_rows(cursor) else None


def _has_rows(cursor: Any) -> bool:
    if not hasattr(cursor, "description"):
        raise RuntimeError(
            "The database we interact with does not support DBAPI 2.0. Use operator and "
            "handlers that are specifically designed for your database."
        )
    return cursor.description is not None
