"""Which DAG files a command means, and the folder that each one's imports start from.

>>> root_of(Path("/project/dags/team/report.py"))
PosixPath('/project/dags')
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dag_translator.errors import UsageError
from dag_translator.import_path import DAGS
from infra.dag_files import dag_files

# Folders of installed or generated code, in which nobody keeps DAG files of their own.
_NOT_SEARCHED = {"site-packages", "cdk.out", "node_modules"}


@dataclass(frozen=True, slots=True)
class DagFile:
    """A file to read, and the DAG folder that goes onto its import path."""

    path: Path
    root: Path


def find_dag_files(paths: Iterable[Path]) -> tuple[DagFile, ...]:
    """Every DAG file under the paths, sorted, without repetitions. A file that is named itself is always read. Of a
    project's folder that is its DAG folder: what lies around that, tests and plugins, holds no DAG files.

    Raises UsageError for a path that does not exist.
    """
    found: dict[Path, DagFile] = {}
    for path in paths:
        if path.is_dir():
            path = path / DAGS if (path / DAGS).is_dir() and path.resolve().name != DAGS else path
            for file in dag_files(path):
                if not _NOT_SEARCHED.intersection(file.relative_to(path).parts):
                    found.setdefault(file.resolve(), DagFile(file, root_of(file, path)))
        elif path.exists():
            found.setdefault(path.resolve(), DagFile(path, root_of(path)))
        else:
            raise UsageError(f"{path}: there is no such file or folder")
    return tuple(sorted(found.values(), key=lambda file: str(file.path)))


@contextmanager
def providers_of(files: Iterable[DagFile], install: bool = True) -> Iterator[None]:
    """In the block, the files find the packages that their requirements list (without `install`, those that are there
    already), and the setting `environment`.
    """
    from infra.cli.output import note
    from infra.providers import environment_of, providers_at_hand, requirements_of
    from infra.settings import read_settings

    settings = read_settings()
    with ExitStack() as stack:
        stack.enter_context(environment_of(settings))
        if not install:
            files = ()
        for requirements in dict.fromkeys(requirements_of(file.root, settings) for file in files):
            stack.enter_context(providers_at_hand(requirements, settings, note))
        yield


def root_of(file: Path, otherwise: Path | None = None) -> Path:
    """The DAG folder of a file: the nearest folder around it called "dags", else `otherwise`, or the one it is in."""
    parents = file.absolute().parents
    return next((folder for folder in parents if folder.name == DAGS), otherwise or parents[0])
