"""The modules of installed provider distributions: `airflow/providers/<x>/…` on the import path, and nothing else of
`airflow.*` there, even where Airflow itself is installed.

A module that Airstep has nothing of is the distribution's own file. One that Airstep has some names of is Airstep's
for DAG files, and the file stands *behind* it: it answers for all other names. Provider code asks the other way round:
it gets the distribution's own names first, so that a distribution stays of one piece. Of the packages in `_OURS`
Airstep's names come first for everybody.

Invariant: a file is executed once per process, so classes stay the same from one DAG file to the next.

>>> distribution_of("airflow.providers.cncf.kubernetes.operators.pod")
'apache-airflow-providers-cncf-kubernetes'
>>> distribution_of("airflow.providers.slack")
'apache-airflow-providers-slack'
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec
from types import FrameType, ModuleType
from typing import Any

ROOT = "airflow.providers."
# What others build on, and the standard operators: part of Airflow's core, which Airstep stands for.
_OURS = ("airflow.providers.standard", "airflow.providers.common.compat")
# Folders of `airflow/providers` that hold several distributions.
_GROUPS = frozenset({"apache", "atlassian", "cncf", "common", "dbt", "microsoft"})
# File → the module made of it, where Airstep has a module of that name.
_BEHIND: dict[str, ModuleType] = {}
# Module name → the module, for the next DAG file of this process.
_KEPT: dict[str, ModuleType] = {}
NOTHING = object()


class ProviderLoader(SourceFileLoader):
    """Loads a provider's file; marks what it loads."""


def spec_of(path: str) -> ModuleSpec | None:
    """The installed module of that name; its `loader` is None for a folder that only holds others."""
    parent, _, _ = path.rpartition(".")
    folders = [f"{entry or '.'}/{parent.replace('.', '/')}" for entry in sys.path]
    spec = PathFinder.find_spec(path, folders)
    if spec is not None and type(spec.loader) is SourceFileLoader:
        spec.loader = ProviderLoader(path, spec.loader.path)
    return spec


def name_behind(path: str, name: str) -> Any:
    """What the installed file of a module that Airstep has calls `name`; NOTHING if there is no such file or name."""
    spec = spec_of(path)
    if spec is None or spec.loader is None or spec.origin is None:
        return NOTHING
    module = _BEHIND.get(spec.origin)
    if module is None:
        module = _BEHIND[spec.origin] = module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException as error:
            del _BEHIND[spec.origin]
            if isinstance(error, AttributeError):  # which an import statement would take for a missing name
                raise ImportError(f"{spec.origin}: {error}", name=path) from error
            raise
    return getattr(module, name, NOTHING)


def is_provider_code(frame: FrameType | None) -> bool:
    return frame is not None and str(frame.f_globals.get("__name__", "")).startswith(ROOT)


def own_names_first(path: str) -> bool:
    """Whether Airstep's names of the module win even in provider code."""
    return path in _OURS or path.startswith(tuple(f"{package}." for package in _OURS))


def keep(modules: Mapping[str, ModuleType]) -> None:
    """Remember what was loaded from provider files."""
    _KEPT.update({name: module for name, module in modules.items() if _is_loaded(module)})


def kept() -> dict[str, ModuleType]:
    """What was remembered and is still on the import path."""
    roots = tuple(f"{entry or '.'}/" for entry in sys.path)
    return {name: module for name, module in _KEPT.items() if str(module.__file__).startswith(roots)}


def _is_loaded(module: ModuleType) -> bool:
    return isinstance(getattr(module.__spec__, "loader", None), ProviderLoader)


def distribution_of(path: str) -> str:
    """The distribution that has a module of `airflow.providers`."""
    parts = path.removeprefix(ROOT).split(".")
    return "-".join(["apache-airflow-providers", *parts[: 2 if parts[0] in _GROUPS else 1]])


def hint_for(path: str) -> str:
    """What to do about a module of `airflow.providers` that can't be found."""
    name = distribution_of(path)
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version(name)
    except PackageNotFoundError:
        return f"add {name} to requirements.txt"
    return f"{name} {found} has no such module or name; another version may, its changelog says what took its place"
