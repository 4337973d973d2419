"""Which DAG files a command means, and the folder that each one's imports start from.

>>> root_of(Path("/project/dags/team/report.py"))
PosixPath('/project/dags')
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dag_translator.errors import UsageError
from infra.dag_files import dag_files

# Folders of installed or generated code, in which nobody keeps DAG files of their own.
_NOT_SEARCHED = {"site-packages", "cdk.out", "node_modules"}


@dataclass(frozen=True, slots=True)
class DagFile:
    """A file to read, and the DAG folder that goes onto its import path."""

    path: Path
    root: Path


def find_dag_files(paths: Iterable[Path]) -> tuple[DagFile, ...]:
    """Every DAG file under the paths, sorted, without repetitions. A file that is named itself is always read.

    Raises UsageError for a path that does not exist.
    """
    found: dict[Path, DagFile] = {}
    for path in paths:
        if path.is_dir():
            for file in dag_files(path):
                if not _NOT_SEARCHED.intersection(file.relative_to(path).parts):
                    found.setdefault(file.resolve(), DagFile(file, path))
        elif path.exists():
            found.setdefault(path.resolve(), DagFile(path, root_of(path)))
        else:
            raise UsageError(f"{path}: there is no such file or folder")
    return tuple(sorted(found.values(), key=lambda file: str(file.path)))


def root_of(file: Path) -> Path:
    """The DAG folder of a single file: the nearest folder around it called "dags", else the one that it is in."""
    parents = file.absolute().parents
    return next((folder for folder in parents if folder.name == "dags"), parents[0])
