"""Which files under the DAGs folder hold DAGs, as Airflow decides it.

A Python file counts when its text mentions both "dag" and "airflow" (Airflow's safe mode), is not in a hidden folder
and is not excluded by an `.airflowignore` in its folder or one above (Airflow 3's glob syntax: a pattern without a
slash matches a name at any depth, one with a slash a path below the ignore file; `!` takes back; `#` comments).

>>> [file.name for file in dag_files(Path("does-not-exist"))]
[]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

IGNORE_FILE = ".airflowignore"
_SKIPPED = frozenset({"__pycache__", "node_modules"})
_DAG = re.compile(rb"dag", re.IGNORECASE)
_AIRFLOW = re.compile(rb"airflow", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ignore:
    """One line of an ignore file in `folder`."""

    folder: Path
    pattern: str

    @property
    def takes_back(self) -> bool:
        return self.pattern.startswith("!")

    def matches(self, path: Path) -> bool:
        """Whether `path` (a file or a folder somewhere below the ignore file) is meant."""
        pattern = self.pattern.lstrip("!").rstrip("/")
        if "/" not in pattern:
            return fnmatchcase(path.name, pattern)
        relative = path.relative_to(self.folder).as_posix()
        plain = pattern.lstrip("/")
        return fnmatchcase(relative, plain) or (plain.startswith("**/") and fnmatchcase(relative, plain[3:]))


def dag_files(folder: Path) -> list[Path]:
    """The DAG files under `folder`, sorted."""
    return sorted(_below(folder, ())) if folder.is_dir() else []


def _below(folder: Path, above: tuple[Ignore, ...]) -> Iterator[Path]:
    ignores = (*above, *_read(folder))
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in _SKIPPED or _is_ignored(path, ignores):
            continue
        if path.is_dir():
            yield from _below(path, ignores)
        elif path.suffix == ".py" and _may_hold_dags(path):
            yield path


def _read(folder: Path) -> list[Ignore]:
    file = folder / IGNORE_FILE
    lines = file.read_text().splitlines() if file.is_file() else []
    patterns = (line.partition("#")[0].strip() for line in lines)
    return [Ignore(folder, pattern) for pattern in patterns if pattern]


def _is_ignored(path: Path, ignores: tuple[Ignore, ...]) -> bool:
    """The last pattern that matches decides."""
    matching = [ignore for ignore in ignores if ignore.matches(path)]
    return bool(matching) and not matching[-1].takes_back


def _may_hold_dags(file: Path) -> bool:
    text = file.read_bytes()
    return bool(_DAG.search(text) and _AIRFLOW.search(text))
