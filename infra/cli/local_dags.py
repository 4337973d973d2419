"""The DAGs of the project's DAG folder, for commands that have a dag_id and want the DAG's graph or schedule."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dag_translator.errors import TranslationError, UsageError
from infra.cli.files import find_dag_files


def find_translation(dag_id: str, dags_folder: Path | None = None) -> Any:
    """The translation of a DAG. Raises TranslationError if it is refused, UsageError if it is not there."""
    from dag_translator.pipeline import Translation

    _, result = _find(dag_id, dags_folder)
    if isinstance(result, Translation):
        return result
    raise TranslationError(result.problems)


def file_of(dag_id: str, dags_folder: Path | None = None) -> Path:
    """The file that holds a DAG. Raises UsageError if there is none."""
    return _find(dag_id, dags_folder)[0]


def _find(dag_id: str, dags_folder: Path | None) -> tuple[Path, Any]:
    folder = dags_folder or _dags_folder()
    known = []
    for file, result in _results(folder, dag_id):
        if result.dag_id == dag_id:
            return file, result
        known.append(result.dag_id)
    close = get_close_matches(dag_id, [name for name in known if name], n=1)
    hint = f"did you mean {close[0]}?" if close else "say where the DAG files are with --dags-folder"
    raise UsageError(f"{folder} has no DAG {dag_id}\n    → {hint}")


def _results(folder: Path, dag_id: str) -> Iterator[tuple[Path, Any]]:
    """Files with their DAGs' translations; those that contain the id come first, so that mostly one file is read."""
    from dag_translator.pipeline import translate_file

    files = find_dag_files([folder])
    for file in sorted(files, key=lambda file: dag_id not in file.path.read_text(errors="replace")):
        yield from ((file.path, result) for result in translate_file(file.path, file.root))


def _dags_folder() -> Path:
    from infra.cli.account import read_settings

    folder = read_settings().dags_folder
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}\n    → say where the DAG files are with --dags-folder")
    return folder
