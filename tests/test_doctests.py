"""The examples in docstrings run."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Importing these starts something, or needs what only a Lambda or CDK has.
LEFT_OUT = ("infra.app", "infra.cli.demo", "infra.cli.bench_programs")


def _modules() -> list[str]:
    """Every module with an example."""
    found = []
    for package in ("dag_translator", "lambdas", "infra"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            if (
                any(">>> " in line and "+SKIP" not in line for line in path.read_text().splitlines())
                and name not in LEFT_OUT
            ):
                found.append(name)
    return found


@pytest.mark.parametrize("name", _modules())
def test_examples(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert outcome.attempted > 0
    assert outcome.failed == 0
