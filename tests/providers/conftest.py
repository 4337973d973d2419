"""The provider distribution of `acme`, installed for real by pip from a folder: no network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dag_translator.authoring.providers import manager
from infra.airflow_stubs import STUBS, Stub, write_stubs
from infra.providers import here
from infra.wheels import dependencies
from tests.providers.acme import write_wheel


@dataclass(frozen=True)
class Project:
    """A folder with requirements.txt, which lists the distribution; `pip` can find what it asks for."""

    folder: Path

    @contextmanager
    def pip(self) -> Iterator[None]:
        """In the block pip finds the wheels of the folder, and nothing else."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PIP_NO_INDEX", "1")
            patch.setenv("PIP_FIND_LINKS", str(self.folder / "wheels"))
            patch.setattr("infra.wheels.RUNTIME_LOCK", self.folder / "empty.lock")
            yield


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("providers")
    write_wheel(folder / "wheels")
    write_stubs([Stub(name, "1") for stub in STUBS for name in stub.brings], folder / "wheels")  # what Airflow brings
    (folder / "empty.lock").write_text("")
    (folder / "requirements.txt").write_text("apache-airflow==3.1.0\napache-airflow-providers-acme>=1\n")
    return Project(folder)


@pytest.fixture(scope="session")
def installed(project: Project) -> Path:
    """The folder with what the requirements come to."""
    with project.pip():
        return dependencies(here(), project.folder / "requirements.txt", project.folder / "cache").folder


@pytest.fixture
def provided(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same, on the import path."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(installed)])
    monkeypatch.setenv("AIRFLOW_CONN_ACME_DEFAULT", "acme://somewhere")
    manager._providers.cache_clear()
    yield installed
    manager._providers.cache_clear()
