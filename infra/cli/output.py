"""Print a command's answer as a table, JSON or YAML, and what people watch meanwhile.

Invariant: standard output carries the answer and nothing else, so that `airstep … -o json | jq` always works; progress,
notes and errors go to standard error. `rich` is imported only when a table or a progress bar is really drawn.

>>> print(to_yaml({"a": [1, {"b": "x: y"}], "c": {}, "d": None}), end="")
a:
- 1
- b: "x: y"
c: {}
d: null
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from infra.cli.options import Output

if TYPE_CHECKING:
    from rich.console import Console

Row = Mapping[str, Any]

# Airflow's own colours, as rich names them; used for any cell that holds a state.
STATE_STYLES = {
    "success": "green",
    "running": "bright_green",
    "failed": "red",
    "upstream_failed": "dark_orange",
    "skipped": "magenta",
    "up_for_retry": "yellow",
    "up_for_reschedule": "cyan",
    "queued": "bright_black",
    "supported": "green",
    "approximated": "yellow",
    "refused": "red",
}

_PLAIN_YAML = re.compile(r"[A-Za-z_/][A-Za-z0-9_./+-]*\Z")
_YAML_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "none"}


def emit(rows: Sequence[Row], output: Output, columns: Sequence[str] | None = None, title: str | None = None) -> None:
    """Print rows. `columns` picks and orders what a table shows; JSON and YAML always carry everything."""
    if output is Output.TABLE:
        emit_table(rows, columns, title)
    else:
        emit_value(list(rows), output)


def emit_value(value: Any, output: Output) -> None:
    """Print one JSON value as JSON, or as YAML for anything else that was asked."""
    text = to_yaml(value) if output is Output.YAML else json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    sys.stdout.write(text)
    sys.stdout.flush()


def emit_table(rows: Sequence[Row], columns: Sequence[str] | None = None, title: str | None = None) -> None:
    """Print rows as a table, or Airflow's "No data found"."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not rows:
        sys.stdout.write("No data found\n")
        return
    if title:
        stdout_console().print(title, style="bold", markup=False)
    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    names = list(columns or rows[0])
    for name in names:
        numbers = all(isinstance(row.get(name), int | float) or row.get(name) is None for row in rows)
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        cells = (cell(row.get(name)) for name in names)
        table.add_row(*(Text(text, style=STATE_STYLES.get(text, "")) for text in cells))
    stdout_console().print(table)


def stdout_console() -> Console:
    """A console that keeps whole lines when standard output is a pipe (rich would cut at 80 columns)."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 200, highlight=False)


def stderr_console() -> Console:
    """The console for progress, notes and errors."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def note(text: str) -> None:
    """Say something to the person at the terminal, without mixing it into the answer."""
    sys.stderr.write(text + "\n")


def cell(value: Any) -> str:
    """A value as a table's cell: nothing for None, no quotes for text, compact JSON for the rest."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") if value else "0"
    return json.dumps(value, ensure_ascii=False, default=str)


def to_yaml(value: Any) -> str:
    """A JSON value as YAML 1.2 that every parser reads: anything unusual is quoted as JSON is."""
    return "".join(f"{line}\n" for line in _yaml_lines(value))


def _yaml_lines(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _yaml_entry(f"{_yaml_scalar(str(key))}:", item, indent="" if isinstance(item, list) else "  ")
    elif isinstance(value, list | tuple) and value:
        for item in value:
            lines = iter(_yaml_lines(item))
            yield f"- {next(lines)}"
            yield from (f"  {line}" for line in lines)
    else:
        yield _yaml_scalar(value)


def _yaml_entry(head: str, item: Any, indent: str) -> Iterable[str]:
    if isinstance(item, Mapping | list | tuple) and item:
        yield head
        yield from (f"{indent}{line}" for line in _yaml_lines(item))
    else:
        yield f"{head} {_yaml_scalar(item)}"


def _yaml_scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN_YAML.match(value) and value.lower() not in _YAML_WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
