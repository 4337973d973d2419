"""A DAG file's text → its DAG, translated, executed on the engine with the services that a test gives."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dag_translator.account import NOTHING_SAID, Account
from dag_translator.authoring.runtime import Runtime
from dag_translator.load import load
from dag_translator.pipeline import Refused, Translation, translate_loaded
from infra.cli.inprocess import run_dag
from infra.cli.run_result import RunResult
from infra.local.engine import TaskCall
from infra.local.engine.integration import Integrations
from lambdas.backends import TemplateLender

HEAD = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.operators.python import PythonOperator
dag = DAG("d", schedule=None, start_date=datetime(2024, 1, 1))
"""
LOGICAL_DATE = datetime(2024, 1, 15, tzinfo=UTC)


@dataclass
class Services:
    """Native integrations. answers: resource → its answers in turn (the last one again and again): JSON, an exception,
    or a function of the arguments. calls: what was asked."""

    answers: Mapping[str, Any]
    calls: list[tuple[str, Any]] = field(default_factory=list)

    async def call(self, resource: str, arguments: Any, call: TaskCall) -> Any:
        name = resource.partition(":::")[2]
        earlier = sum(1 for each, _ in self.calls if each == name)
        self.calls.append((name, arguments))
        turns = self.answers[name]
        turns = turns if isinstance(turns, list) else [turns]
        answer = turns[min(earlier, len(turns) - 1)]
        answer = answer(arguments) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Project:
    """One DAG file."""

    folder: Path
    account: Account = NOTHING_SAID

    def load(self, text: str) -> tuple[Any, Translation | Refused]:
        path = self.folder / "file.py"
        path.write_text(HEAD + text)
        loaded = load(path)
        (translated,) = translate_loaded(loaded, self.folder, account=self.account)
        return (loaded.dags[0] if loaded.dags else None), translated

    def translate(self, text: str) -> Translation:
        _, translated = self.load(text)
        assert isinstance(translated, Translation), [str(each) for each in translated.problems]
        return translated

    def refused(self, text: str) -> list[tuple[str, str]]:
        """The refusals' codes and messages."""
        _, translated = self.load(text)
        assert isinstance(translated, Refused)
        assert all(each.hint for each in translated.problems)
        return [(each.code, each.message) for each in translated.problems if each.severity == "refused"]

    def run(self, text: str, services: Integrations | None = None, lender: Runtime | None = None) -> RunResult:
        dag, translated = self.load(text)
        assert isinstance(translated, Translation), [str(each) for each in translated.problems]
        return run_dag(translated, dag, LOGICAL_DATE, services=services, lender=lender, account=self.account)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def actions() -> Callable[[Any], dict[str, list[str]]]:
    """IAM action → resources, of a list of a manifest's permissions."""

    def collect(permissions: Any) -> dict[str, list[str]]:
        return {action: row["resources"] for row in permissions for action in row["actions"]}

    return collect


class Lender(TemplateLender):
    """What operators borrow: boto3 clients and resources."""

    def client(self, service: str, **arguments: Any) -> Any:
        import boto3

        return boto3.client(service, **arguments)

    def resource(self, service: str, **arguments: Any) -> Any:
        import boto3

        return boto3.resource(service, **arguments)


@pytest.fixture
def aws() -> Iterator[Lender]:
    """An AWS in this process."""
    from moto import mock_aws

    before = dict(os.environ)
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-west-1")
    with mock_aws():
        yield Lender()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operators that wait for seconds in their Lambda don't, here."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
