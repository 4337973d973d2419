"""Which folders a DAG file's imports look in, as in Airflow: the DAG folder, `plugins` beside it, the folder around both.

Airflow itself adds the first two; the project's folder is on the path where images or people put it (`include`, or
`from dags.common import …`). Only a DAG folder called "dags" has a project: any other may lie anywhere. A DAG's package
is laid out like the project, so the same rule holds in Lambda, where the project's folder is the package's.

>>> [folder.name for folder in import_folders(Path("/project/dags"))], [*map(str, import_folders(Path("/data/etl")))]
(['dags', 'project'], ['/data/etl'])
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

DAGS = "dags"
PLUGINS = "plugins"
# An environment, or Airstep itself, may lie in the project's folder.
_INSTALLED = "site-packages"
_OWN = str(Path(__file__).resolve().parent)


def import_folders(dags_folder: Path) -> tuple[Path, ...]:
    """The folders, absolute, in the order of the search. The last one is around all others."""
    root = dags_folder.resolve()
    if root.name != DAGS or root.parent == root.parent.parent:
        return (root,)
    plugins = root.parent / PLUGINS
    return (root, *([plugins] if plugins.is_dir() else []), root.parent)


def add_to_path(dags_folder: Path) -> None:
    """The DAG folder comes before all that is installed, the others after it: they hide nothing."""
    first, *others = map(str, import_folders(dags_folder))
    if first not in sys.path:
        sys.path.insert(0, first)
    sys.path += [folder for folder in others if folder not in sys.path]


def in_folders(file: str, folders: Iterable[str]) -> bool:
    """Whether a file or folder lies in one of the folders and is the user's own, not something that is installed there."""
    path = Path(file).resolve()
    inside = any(path.is_relative_to(folder) for folder in folders)
    return inside and _INSTALLED not in path.parts and not path.is_relative_to(_OWN)
