"""The import hook: while installed, `airflow` and `airflow.*` are answered from the table in `names/`, and by nothing
else.

Modules are made when first imported and hold nothing; a name is looked up, and our module behind it imported, when
the DAG file asks for it. Real Airflow is never imported, even when installed. What the table does not have is

    while a DAG file loads    a problem with file:line and a placeholder, so that loading goes on; inside `try: … except
                              ImportError` an ImportError, so that the file's own fallback works
    otherwise                 an ImportError that says what to do

`airflow.providers.*` that the table does not have comes from installed distributions (`providers/installed.py`); what
their code, and that of other installed packages, imports of Airflow's core and nobody has is a class that raises when
used (`providers/absent.py`).

>>> with airflow_imports():
...     from airflow.operators.python_operator import PythonOperator
...     import airflow
>>> PythonOperator.__module__, airflow.__version__
('dag_translator.authoring.operators.python', '3.3.2')
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dis import opmap
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from dag_translator.authoring import loading
from dag_translator.authoring.loading import did_you_mean, report
from dag_translator.authoring.names.amazon_hooks import YIELDING
from dag_translator.authoring.names.modules import MODULES
from dag_translator.authoring.names.refused import BY_NAME, RIGHT_MODULE, hint_for, is_operator_name
from dag_translator.authoring.pods.standin import KubernetesFinder, take_out
from dag_translator.authoring.providers import installed

VERSION = "3.3.2"
_NO_MODULE = "there is no such module in Airflow's public interface"
_ALIKE = 0.95  # module paths begin alike, so that only a very close one may be what was meant
_PACKAGE = __name__.rpartition(".")[0]
_PACKAGES = frozenset(path.rsplit(".", depth)[0] for path in MODULES for depth in range(1, path.count(".") + 1))


class AirflowModule(ModuleType):
    """A module of `airflow.*`: its names come from the table."""

    def __getattr__(self, name: str) -> Any:
        path = self.__name__
        target = MODULES.get(path, {}).get(name)
        if path.startswith(installed.ROOT) and (target is None or target in YIELDING or _provider_code_first(path)):
            found = _installed(path, name)
            if found is not installed.NOTHING:
                return found
        if target is not None:
            value = resolve(target)
            if path.startswith(installed.ROOT):
                return value  # another file may have to get another answer
        elif f"{path}.{name}" in MODULES or f"{path}.{name}" in _PACKAGES:
            return importlib.import_module(f"{path}.{name}")
        elif name == "__all__":
            return sorted(MODULES.get(path, {}))
        elif name.startswith("__"):
            raise AttributeError(f"module {path!r} has no attribute {name!r}")
        else:
            return _missing_name(path, name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *MODULES.get(self.__name__, {})})


class UnknownModule(ModuleType):
    """Stands for a module that is not in the table, while a DAG file loads."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return _missing_name(self.__name__, name)


class AirflowFinder:
    """Finder and loader of `airflow.*`."""

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG003
        if fullname != "airflow" and not fullname.startswith("airflow."):
            return None
        if fullname in MODULES or fullname in _PACKAGES:
            return ModuleSpec(fullname, cls, is_package=True)  # type: ignore[arg-type]
        if fullname.startswith(installed.ROOT):
            spec = installed.spec_of(fullname)
            if spec is not None:
                return spec if spec.loader is not None else ModuleSpec(fullname, cls, is_package=True)  # type: ignore[arg-type]
        frame = loading.user_frame()
        if frame is None or not stands_at_import(frame) or is_from_list():
            return None  # a look-up such as importlib.util.find_spec, or a name that __getattr__ will be asked for
        if _is_installed_code(frame):
            return cls._for_installed_code(fullname, frame)
        written, whole = _written_at(frame, fullname)
        hint = hint_for_module(written)
        if loading.current() is None or is_guarded(frame):
            raise ModuleNotFoundError(f"No module named {fullname!r}: {hint}", name=fullname)
        if whole:
            _report_import(fullname, f"cannot import module {fullname}", hint, frame)
        return ModuleSpec(fullname, cls, is_package=True)  # type: ignore[arg-type]

    @classmethod
    def _for_installed_code(cls, fullname: str, frame: FrameType) -> ModuleSpec:
        """A module of Airflow's core that is nowhere; its names will be `absent`."""
        if not _is_plain(frame) or fullname.startswith(installed.ROOT):
            written, _ = _written_at(frame, fullname)
            raise ModuleNotFoundError(f"No module named {fullname!r}: {hint_for_module(written)}", name=fullname)
        return ModuleSpec(fullname, cls, is_package=True)  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        known = spec.name in MODULES or spec.name in _PACKAGES or spec.name.startswith(installed.ROOT)
        return AirflowModule(spec.name) if known else UnknownModule(spec.name)

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        module.__path__ = []
        if module.__name__ == "airflow":
            module.__version__ = VERSION  # type: ignore[attr-defined]


def resolve(target: str) -> Any:
    """ "operators.bash:BashOperator" → the class. "utils:timezone", a module, works too."""
    module, _, attribute = target.partition(":")
    if attribute in ("timezone",):
        return importlib.import_module(f"{_PACKAGE}.{module}.{attribute}")
    return getattr(importlib.import_module(f"{_PACKAGE}.{module}"), attribute)


def install() -> None:
    """Answer `airflow.*` from now on (in a Lambda). Modules of a real Airflow that were loaded before are forgotten."""
    if AirflowFinder not in sys.meta_path:
        _take_out_modules()
        sys.meta_path.insert(0, AirflowFinder)
        sys.meta_path.append(KubernetesFinder)


@contextmanager
def airflow_imports() -> Iterator[None]:
    """Answer `airflow.*` in the block; afterwards all is as it was before."""
    answered = AirflowFinder in sys.meta_path
    # What another file's load left behind would hide this file's unknown imports.
    before = _take_out_modules()
    sys.modules.update(installed.kept())
    if not answered:
        sys.meta_path.insert(0, AirflowFinder)
        sys.meta_path.append(KubernetesFinder)
    try:
        yield
    finally:
        if not answered:
            sys.meta_path.remove(AirflowFinder)
            sys.meta_path.remove(KubernetesFinder)
        _take_out_modules()
        sys.modules.update(before)


def _take_out_modules() -> dict[str, ModuleType]:
    take_out()
    names = [name for name in sys.modules if name == "airflow" or name.startswith("airflow.")]
    taken = {name: sys.modules.pop(name) for name in names}
    installed.keep(taken)
    return taken


def _missing_name(module: str, name: str) -> Any:
    """A name that the table does not have: a placeholder, or an ImportError (AttributeError outside of imports)."""
    frame = loading.user_frame()
    if frame is not None and _is_installed_code(frame):
        return _missing_for_installed_code(module, name, frame)
    known = MODULES.get(module)
    hint = hint_for(module, name) or _hint_for_name(module, name, known)
    by_import = frame is not None and _at(frame, "IMPORT_FROM")
    if loading.current() is None or frame is None or not (by_import or known is None) or is_guarded(frame):
        if by_import:
            raise ImportError(f"cannot import name {name!r} from {module!r}: {hint}", name=module)
        raise AttributeError(f"module {module!r} has no attribute {name!r}: {hint}")
    from dag_translator.authoring.placeholders import Unknown, refused_operator

    if is_operator_name(name) and hint_for(module, name) and (name in BY_NAME or known is None):
        return refused_operator(name, module, hint)
    _report_import(module, f"cannot import {name!r} from {module}", hint, frame, name)
    if is_operator_name(name):
        return refused_operator(name, module, hint, reported=True)
    return Unknown(f"{module}.{name}")


def _hint_for_name(module: str, name: str, known: Iterable[str] | None) -> str:
    from dag_translator.authoring.names.moved import home_of

    if known:
        close = did_you_mean(name, known)
        if close:
            return close
    of_module = hint_for_module(module) if module not in MODULES else None
    home = home_of(name)
    if home is not None and of_module in (None, _NO_MODULE):
        return f"write from {home} import {name}"
    if known:
        return _listed(module, known)
    return of_module or "there is no such name in Airflow's public interface"


def _missing_for_installed_code(module: str, name: str, frame: FrameType) -> Any:
    by_import = _at(frame, "IMPORT_FROM")
    if by_import and _is_plain(frame) and not module.startswith(installed.ROOT):
        from dag_translator.authoring.providers.absent import absent

        return absent(module, name)
    message = f"cannot import name {name!r} from {module!r}, Airstep does not have it"
    raise (ImportError(message, name=module) if by_import else AttributeError(message))


def _is_plain(frame: FrameType) -> bool:
    """Whether an import stands at a module's top level, and the file goes no further without it."""
    return frame.f_code.co_name == "<module>" and not is_guarded(frame)


def _is_installed_code(frame: FrameType) -> bool:
    """Whether a provider's code asks, or another installed package's (Cosmos, DAG factories): not the user's own."""
    from dag_translator.import_path import import_folders, in_folders

    if installed.is_provider_code(frame):
        return True
    under_way, file = loading.current(), frame.f_code.co_filename
    if under_way is None or under_way.root is None or file == under_way.path or not os.path.isabs(file):
        return False
    return not in_folders(file, map(str, import_folders(Path(under_way.root))))


def _provider_code_first(path: str) -> bool:
    """Whether provider code asks, which gets the installed names before Airstep's."""
    return not installed.own_names_first(path) and installed.is_provider_code(loading.user_frame())


def _installed(path: str, name: str) -> Any:
    """A submodule or a name of the distribution's own file; NOTHING if it has neither."""
    if name.startswith("__") and name != "__version__":
        return installed.NOTHING
    if f"{path}.{name}" not in MODULES and installed.spec_of(f"{path}.{name}") is not None:
        return importlib.import_module(f"{path}.{name}")
    return installed.name_behind(path, name)


def _listed(module: str, names: Iterable[str]) -> str:
    some = sorted(names)
    return f"{module} has {', '.join(some[:8])}{' and others' * (len(some) > 8)}"


def hint_for_module(path: str) -> str:
    """What to write instead of a module path that does not exist."""
    parts = path.split(".")
    for i in range(len(parts), 1, -1):
        right = RIGHT_MODULE.get(".".join(parts[:i]))
        if right is not None:
            corrected = ".".join([right, *parts[i:]])
            close = did_you_mean(corrected, MODULES, f"write {right}", alike=_ALIKE)
            return f"write {corrected}" if corrected in MODULES else close
    return hint_for(path) or did_you_mean(path, MODULES, _NO_MODULE, alike=_ALIKE)


def _report_import(module: str, message: str, hint: str, frame: FrameType, name: str | None = None) -> None:
    """Note the problem; an import in another file of the DAG folder says which."""
    under_way = loading.current()
    if under_way is not None and frame.f_code.co_filename != under_way.path:
        message += f" (in {frame.f_code.co_filename}:{frame.f_lineno})"
    report("unsupported-import" if hint_for(module, name) else "unknown-import", message, hint)


def stands_at_import(frame: FrameType) -> bool:
    """Whether the frame is executing an import statement."""
    return _at(frame, "IMPORT_NAME")


def imported_names(frame: FrameType, path: str) -> list[str]:
    """What the import statement takes of the package `path` or from below it: module paths, with the names behind."""
    import ast

    from dag_translator.authoring.guards import import_at

    statement = import_at(frame.f_code.co_filename, frame.f_lineno)[0]
    if isinstance(statement, ast.ImportFrom):
        return [f"{statement.module or path}.{alias.name}" for alias in statement.names]
    names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
    return [name for name in names if name == path or name.startswith(f"{path}.")] or [path]


def _at(frame: FrameType, operation: str) -> bool:
    """Whether the frame is executing this bytecode operation."""
    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == opmap[operation]


def is_from_list() -> bool:
    """Whether `from package import name` is trying whether the name is a module."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in (__name__, "importlib._bootstrap"):
        if frame.f_code.co_name == "_handle_fromlist":
            return True
        frame = frame.f_back
    return False


def _written_at(frame: FrameType, path: str) -> tuple[str, bool]:
    """The module path that the import statement has where `path` is looked up, and whether it is `import path` itself.

    The names of `from path import …` are reported one by one.
    """
    import ast

    from dag_translator.authoring.guards import import_at

    statement = import_at(frame.f_code.co_filename, frame.f_lineno)[0]
    if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(path):
        return statement.module or path, False
    names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
    whole = next((name for name in names if name == path or name.startswith(f"{path}.")), path)
    return whole, whole == path


def is_guarded(frame: FrameType) -> bool:
    """Whether the frame's import stands in a `try` that catches ImportError."""
    from dag_translator.authoring.guards import import_at

    return import_at(frame.f_code.co_filename, frame.f_lineno)[1]
