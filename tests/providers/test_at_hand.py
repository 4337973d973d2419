"""Provider distributions for DAG files that load on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from infra.providers import environment_of, providers_at_hand, requirements_of
from infra.settings import Settings
from tests.providers.conftest import Project


def test_what_the_requirements_list_is_installed_and_found(project: Project, installed: Path) -> None:
    settings, before = Settings(cache_folder=project.folder / "cache"), list(sys.path)
    with project.pip(), providers_at_hand(project.folder / "requirements.txt", settings, pytest.fail):
        assert sys.path == [*before, str(installed)]
    assert sys.path == before


def test_what_is_there_is_not_installed(provided: Path, project: Project) -> None:
    before = list(sys.path)
    with providers_at_hand(project.folder / "requirements.txt", Settings(cache_folder=Path("no")), pytest.fail):
        assert sys.path == before
    assert str(provided) in before


def test_requirements_that_are_there_cost_nothing(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("# tests\nJinja2>=3\napache-airflow[postgres]==3.1\n")
    with providers_at_hand(tmp_path / "requirements.txt", Settings(cache_folder=Path("no")), pytest.fail):
        pass
    with providers_at_hand(None, Settings(), pytest.fail):
        pass


def test_what_cannot_be_installed_is_said(project: Project, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("apache-airflow-providers-nowhere\n")
    said: list[str] = []
    settings = Settings(cache_folder=tmp_path / "cache")
    with project.pip(), providers_at_hand(tmp_path / "requirements.txt", settings, said.append):
        pass
    assert said[0].startswith(f"installing what {tmp_path / 'requirements.txt'} lists")
    assert said[1].startswith("apache-airflow-providers-nowhere can't be installed on this machine")
    assert "there is no wheel of apache-airflow-providers-nowhere" in said[1]


def test_whatever_is_missing_is_a_reason_to_install(tmp_path: Path, project: Project) -> None:
    """Not provider distributions alone: what DAG files import at their top is there when they load."""
    wanted = ["one-that-nobody-has", "second_that_nobody_has>=2", "apache-airflow==3.1", "-r more.txt", "jinja2"]
    (tmp_path / "requirements.txt").write_text("\n".join(wanted))
    (tmp_path / "more.txt").write_text("")
    said: list[str] = []
    with (
        project.pip(),
        providers_at_hand(tmp_path / "requirements.txt", Settings(cache_folder=tmp_path / "cache"), said.append),
    ):
        pass
    assert said[1].startswith("-r more.txt, one-that-nobody-has, second-that-nobody-has can't be installed")


def test_requirements_beside_a_folder_called_dags_are_its_own(tmp_path: Path) -> None:
    """As Astro projects and MWAA have them."""
    dags = tmp_path / "dags"
    dags.mkdir()
    (tmp_path / "requirements.txt").write_text("")
    assert requirements_of(dags, Settings()) == tmp_path / "requirements.txt"
    (dags / "requirements.txt").write_text("")
    assert requirements_of(dags, Settings()) == dags / "requirements.txt"


def test_a_dag_folders_own_requirements_come_first(tmp_path: Path) -> None:
    settings = Settings(requirements=Path("all.txt"))
    assert requirements_of(tmp_path, settings) == Path("all.txt")
    (tmp_path / "requirements.txt").write_text("")
    assert requirements_of(tmp_path, settings) == tmp_path / "requirements.txt"


def test_dag_files_find_the_variables_that_lambda_will_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERE_BEFORE", "shell")
    with environment_of(Settings(environment={"HERE_BEFORE": "project", "NOT_HERE_BEFORE": "x"})):
        assert (os.environ["HERE_BEFORE"], os.environ["NOT_HERE_BEFORE"]) == ("project", "x")
    assert os.environ["HERE_BEFORE"] == "shell"
    assert "NOT_HERE_BEFORE" not in os.environ
