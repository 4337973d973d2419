"""Environments of packages besides the task's own: what `requirements` asks for, and where it lies.

An environment is a folder of installed packages, called by the requirements that made it. When a DAG is deployed it is
built from wheels and put into a layer, so that it lies on Lambda's import path, one level down, where nothing finds it
by accident; `airstep dags test` builds it in the project's cache.

>>> key(lines(["b==1", "a  # for c", ""])) == key(lines("a\\nb==1"))
True
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

FOLDER = "airstep_environments"


def lines(requirements: str | Iterable[str] | None) -> tuple[str, ...]:
    """The requirements that count, one a line, sorted: the order decides nothing."""
    texts = [requirements] if isinstance(requirements, str) else list(requirements or ())
    found = {line.partition(" #")[0].strip() for text in texts for line in str(text).splitlines()}
    return tuple(sorted(line for line in found if line and not line.startswith("#")))


def key(wanted: Sequence[str]) -> str:
    """The environment's name, from `lines`."""
    return hashlib.sha256("\n".join(wanted).encode()).hexdigest()[:16]


def folder_of(wanted: Sequence[str]) -> Path | None:
    """Where the environment's packages are; None if it is not there."""
    name = key(wanted)
    candidates = (Path(entry or ".") / FOLDER / name for entry in sys.path)
    return next((folder for folder in candidates if folder.is_dir()), None)


def is_venv_installed() -> bool:
    """Airflow 2's question whether tasks can have environments of their own: they are layers, so they always can."""
    return True
