"""Answers `kubernetes.client` and `kubernetes.client.models` with the models of a pod, if nobody else does.

DAG files import them to describe what a pod is to be; the distribution itself is only needed by code that talks to a
cluster. It is asked last: an installed `kubernetes` always wins.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from dag_translator.authoring.loading import coded

_MODULES = ("kubernetes", "kubernetes.client", "kubernetes.client.models")


class ModelsModule(ModuleType):
    """A module whose names are the models."""

    def __getattr__(self, name: str) -> Any:
        from dag_translator.authoring.pods.fields import FIELDS_OF  # only where a DAG file asks
        from dag_translator.authoring.pods.models import model

        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if name in FIELDS_OF and self.__name__ != "kubernetes":
            return model(name)
        if f"{self.__name__}.{name}" in _MODULES:
            return importlib.import_module(f"{self.__name__}.{name}")
        what, hint = "only the models of a pod are there without the distribution", "add kubernetes to requirements.txt"
        # An ImportError, so that `from … import …` says it.
        error = ImportError(f"cannot import {name!r} from {self.__name__}: {what}", name=self.__name__)
        raise coded(error, "missing-module", hint)


class KubernetesFinder:
    """Finder and loader; see the module."""

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG003
        # A part of an installed distribution that lacks something is not ours to complete.
        mine = fullname == "kubernetes" or isinstance(sys.modules.get("kubernetes"), ModelsModule)
        return ModuleSpec(fullname, cls, is_package=True) if fullname in _MODULES and mine else None  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        return ModelsModule(spec.name)

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        module.__path__ = []


def take_out() -> None:
    """Forget the modules, so that the next one who asks may find the distribution."""
    for name in _MODULES:
        if isinstance(sys.modules.get(name), ModelsModule):
            del sys.modules[name]
