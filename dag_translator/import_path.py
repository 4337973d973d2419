"""Which folders a DAG file's imports look in, as in Airflow: the DAG folder, `plugins` beside it, and around both the
project's folder.

Airflow itself adds the first two; the third is on the path where images or people put it (`include`, or
`from dags.common import …`). Only a DAG folder called "dags" has a project: any other may lie anywhere. A DAG's package
is laid out like the project, so the same rule holds in Lambda, where the project's folder is the package's.

A project's folder that is a package itself is imported by its name, too (`from acme.plugins import …` in acme/dags):
then the folder around it is a fourth one. Such a folder has an `__init__.py`, or stands, with neither requirements nor
build files, in one that has build files, as `pip install` would find it.

>>> [folder.name for folder in import_folders(Path("/project/dags"))], [*map(str, import_folders(Path("/data/etl")))]
(['dags', 'project'], ['/data/etl'])
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

DAGS = "dags"
PLUGINS = "plugins"
_REQUIREMENTS = "requirements.txt"
_BUILD = ("pyproject.toml", "setup.py", "setup.cfg")
# Airstep itself may lie in the project's folder.
_OWN = str(Path(__file__).resolve().parent)


def import_folders(dags_folder: Path) -> tuple[Path, ...]:
    """The folders, absolute, in the order of the search. The last one is around all others."""
    root = dags_folder.resolve()
    if root.name != DAGS or root.parent == root.parent.parent:
        return (root,)
    project = root.parent
    plugins, around = project / PLUGINS, _around_package(project)
    return (root, *([plugins] if plugins.is_dir() else []), project, *([around] if around != project else []))


def _around_package(project: Path) -> Path:
    """The folder from which a project's folder is imported by its name; itself, if it is no package."""
    folder = project
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        folder = folder.parent
    is_project = any((project / name).is_file() for name in (*_BUILD, _REQUIREMENTS))
    if folder != project or is_project or not project.name.isidentifier() or project.name == "airflow":
        return folder
    return project.parent if any((project.parent / name).is_file() for name in _BUILD) else project


def place_in_package(dags_folder: Path) -> str:
    """Where a DAG's package has the DAG folder: "dags", or "acme/dags" if the project's folder is a package."""
    root = import_folders(dags_folder)[-1]
    folder = dags_folder.resolve()
    return folder.relative_to(root).as_posix() if folder != root else DAGS


def add_to_path(dags_folder: Path) -> None:
    """The DAG folder comes before all that is installed, the others after it: they hide nothing."""
    first, *others = map(str, import_folders(dags_folder))
    if first not in sys.path:
        sys.path.insert(0, first)
    sys.path += [folder for folder in others if folder not in sys.path]


def in_folders(file: str, folders: Iterable[str]) -> bool:
    """Whether a file or folder lies in one of the folders and is the user's own, not something that is installed there
    (an environment, the cache of packages)."""
    path, own = Path(file).resolve(), set(folders)
    around = [str(entry) for entry in _entries(tuple(sys.path)) if path.is_relative_to(entry)]
    around += [folder for folder in own if path.is_relative_to(folder)]
    return bool(own & {max(around, key=len, default="")}) and not path.is_relative_to(_OWN)


@cache
def _entries(paths: tuple[str, ...]) -> tuple[Path, ...]:
    """Where installed things lie; the current folder may be anywhere."""
    here = Path.cwd()
    return tuple(entry for entry in (Path(path).resolve() for path in paths) if entry != here)
