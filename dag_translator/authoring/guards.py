"""Where an import statement stands: inside `try: … except ImportError`, the file has a way out of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_CATCHING = frozenset({"ImportError", "ModuleNotFoundError", "AttributeError", "Exception", "BaseException"})


@lru_cache(maxsize=64)
def _imports(path: str, _modified: float) -> tuple[tuple[ast.stmt, bool], ...]:
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(_walk(tree.body, guarded=False))


def import_at(path: str, line: int) -> tuple[ast.stmt | None, bool]:
    """The import statement that covers a line (None if there is none), and whether it is guarded."""
    try:
        modified = Path(path).stat().st_mtime
    except OSError:
        return None, False
    for statement, guarded in _imports(path, modified):
        if statement.lineno <= line <= (statement.end_lineno or statement.lineno):
            return statement, guarded
    return None, False


def _walk(statements: list[ast.stmt], guarded: bool) -> Iterator[tuple[ast.stmt, bool]]:
    for statement in statements:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement, guarded
        elif isinstance(statement, ast.Try | ast.TryStar):
            caught = any(_catches(handler.type) for handler in statement.handlers)
            yield from _walk(statement.body, guarded or caught)
            for handler in statement.handlers:
                yield from _walk(handler.body, guarded)
            yield from _walk(statement.orelse + statement.finalbody, guarded)
        elif isinstance(statement, ast.With):
            suppressed = any(_suppresses(item.context_expr) for item in statement.items)
            yield from _walk(statement.body, guarded or suppressed)
        else:
            for inner in ("body", "orelse"):
                yield from _walk(getattr(statement, inner, []), guarded)


def _catches(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(kind is None or getattr(kind, "id", getattr(kind, "attr", None)) in _CATCHING for kind in kinds)


def _suppresses(expression: ast.expr) -> bool:
    if not isinstance(expression, ast.Call):
        return False
    name = getattr(expression.func, "id", getattr(expression.func, "attr", None))
    return name == "suppress" and any(_catches(argument) for argument in expression.args)
