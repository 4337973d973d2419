"""The examples in the authoring package's docstrings hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import dag_translator.authoring

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(dag_translator.authoring.__path__, "dag_translator.authoring.")
    if not module.ispkg
)


@pytest.mark.parametrize("name", ["dag_translator.authoring", *MODULES])
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
