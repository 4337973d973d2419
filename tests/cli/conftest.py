"""How the tests call the command: the whole application, as a person would, without a process for each call."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli.main import make_app

DAGS = Path(__file__).parents[1] / "dags" / "cli"


@dataclass(frozen=True, slots=True)
class Called:
    """What one call of the command did."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


Airstep = Callable[..., Called]


@pytest.fixture
def airstep() -> Airstep:
    """Calls the command with these arguments."""

    def call(*arguments: object) -> Called:
        result = CliRunner().invoke(make_app(), [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Called(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture
def dags() -> Path:
    """The DAG files of these tests."""
    return DAGS
