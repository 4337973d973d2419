"""Packages of the user's requirements that the hooks of databases need; an error names the one that is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from dag_translator.authoring.exceptions import AirflowException, AirflowOptionalProviderFeatureException


def driver(what: str, *modules: str, packages: str) -> Any:
    """The first of the modules that is there. AirflowException with the packages to choose from, if none is."""
    for module in modules:
        try:
            return import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not module.startswith(error.name):
                raise  # it is there, but something it needs is not
    raise AirflowException(f"{what} needs a driver that is not installed: add {packages} to requirements.txt")


def frames(package: str) -> Any:
    """pandas or polars."""
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        message = f"a data frame needs {package}: add it to requirements.txt"
        raise AirflowOptionalProviderFeatureException(message) from error
