"""Files of Variables and Connections, in Airflow's formats: JSON objects, and `.env` files of NAME=value lines.

>>> parse_env("a=1\\n# a comment\\n\\nb=x=y\\n", "secrets.env")
{'a': '1', 'b': 'x=y'}
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from dag_translator.errors import UsageError

STDOUT = "-"


def read_file(file: Path) -> dict[str, Any]:
    """What the file says, by key. Raises UsageError for a file that can't be read, and for one of another format."""
    kind = file.suffix.lower()
    if kind not in (".json", ".env"):
        hint = "give a .json or .env file" + ("; convert the YAML to JSON" if kind in (".yaml", ".yml") else "")
        raise UsageError(f"{file}: files of this kind can't be imported\n    → {hint}")
    try:
        text = file.read_text()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    return parse_env(text, str(file)) if kind == ".env" else _parse_json(text, file)


def parse_env(text: str, name: str) -> dict[str, Any]:
    """The lines of a `.env` file. Raises UsageError for a line that says nothing, and for a key that is there twice."""
    found: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not equals or not key or not value:
            raise UsageError(f"{name}, line {number}: a line is KEY=value")
        if key in found:
            raise UsageError(f"{name}, line {number}: {key} is there twice")
        found[key] = value
    return found


def _parse_json(text: str, file: Path) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{file}: this is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"{file}: the file should hold one JSON object, with an entry for each key")
    return found


def write_file(file: str, text: str) -> None:
    """Write an export; `-` is standard output. A file is readable for its owner alone: it holds secrets."""
    if file == STDOUT:
        sys.stdout.write(text)
        return
    target = Path(file)
    target.touch(mode=0o600)
    target.write_text(text)
