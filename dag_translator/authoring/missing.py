"""What a DAG file imports and nobody has installed: a problem with file:line, and a module that stands for it, so that
the file goes on and says all that it lacks at once. Whatever is done with such a module's names gives a placeholder.

Only for imports at the top of the user's own files that have no way out of their own (`try: … except ImportError`); an
installed package that tries what it can use gets Python's answer. Last of all finders, while a DAG file loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from dag_translator.authoring import loading
from dag_translator.authoring.imports import imported_names, is_from_list, is_guarded, stands_at_import
from dag_translator.authoring.pods.standin import KubernetesFinder
from dag_translator.import_path import import_folders, in_folders

CODE = "missing-module"
_LEVELS = ("*", "*/*", "*/*/*")


class MissingModule(ModuleType):
    """Stands for a module that is not there."""

    __path__: list[str]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        from dag_translator.authoring.placeholders import Unknown

        return Unknown(f"{self.__name__}.{name}")


class MissingFinder:
    """Finder and loader of what no other finder knows."""

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG003
        import sys

        under_way = loading.current()
        if under_way is None or fullname.partition(".")[0] == "airflow" or KubernetesFinder.find_spec(fullname):
            return None
        if isinstance(sys.modules.get(fullname.rpartition(".")[0]), MissingModule):
            return ModuleSpec(fullname, cls, is_package=True)  # type: ignore[arg-type]
        frame = loading.user_frame()
        if frame is None or not stands_at_import(frame) or is_from_list() or is_guarded(frame):
            return None
        file = frame.f_code.co_filename
        root = Path(under_way.root or Path(under_way.path).parent)
        if frame.f_code.co_name != "<module>" or not in_folders(file, map(str, import_folders(root))):
            return None
        where = "" if file == under_way.path else f" (in {file}:{frame.f_lineno})"
        hint = hint_for(imported_names(frame, fullname), root)
        loading.report(CODE, f"No module named {fullname!r}{where}", hint)
        return ModuleSpec(fullname, cls, is_package=True)  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        return MissingModule(spec.name)

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        module.__path__ = []


def hint_for(names: Sequence[str], root: Path) -> str:
    """What to do about a module that can't be imported by DAG files under `root`. names: what is imported of it, as
    precisely as the statement says."""
    first = names[0].partition(".")[0]
    folders = import_folders(root)
    for folder in folders:
        if (folder / first).is_dir() or (folder / f"{first}.py").is_file():
            return f"{folder / first} has no such module; put it there, or correct the name"
    elsewhere = next((found for level in _LEVELS for found in _elsewhere(folders[-1], level, first)), None)
    if elsewhere is not None:
        return f"{elsewhere} is not on the import path: move it into the DAG folder {root}, or into plugins beside it"
    from dag_translator.authoring.names.packages import distribution_of

    known = dict.fromkeys(each for name in names if (each := distribution_of(name)) is not None)
    if known:
        return f"add {' and '.join(known)} to requirements.txt, in the DAG folder or beside it"
    return f"add {first}, or the package that has it, to requirements.txt; a module of yours goes into the DAG folder"


def _elsewhere(project: Path, level: str, name: str) -> list[Path]:
    """Modules or packages of that name in the project, a few folders down."""
    candidates = (*project.glob(f"{level}/{name}.py"), *project.glob(f"{level}/{name}/__init__.py"))
    return [
        each.parent if each.name == "__init__.py" else each
        for each in candidates
        if in_folders(str(each), [str(project)]) and not any(part.startswith(".") for part in each.parts)
    ]
