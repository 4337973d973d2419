"""How the tests call the command: the whole application, as a person would, without a process for each call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from infra.cli.main import make_app

DAGS = Path(__file__).parents[1] / "dags" / "cli"
REGION = "eu-west-1"


@contextmanager
def pretended_account(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """An account with Airstep's table, whoever's machine this is; `folder` is the current one."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.chdir(folder)
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="airstep",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield


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
