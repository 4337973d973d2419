"""A provider distribution from its wheel to a run: installed without Airflow, translated, packaged, executed."""

from __future__ import annotations

import importlib
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from dag_translator.authoring.imports import airflow_imports
from dag_translator.authoring.models.connection import Connection
from dag_translator.pipeline import Translation, translate_file
from infra.cli.inprocess import run_dag
from infra.cli.local_run import load_one
from infra.packaging import layer_package

DAG_FILE = """
    from airflow import DAG
    from airflow.providers.acme.operators.acme import AcmeOperator
    from airflow.providers.acme.sensors.acme import AcmeSensor

    with DAG("anvils", schedule=None):
        wait = AcmeSensor(task_id="wait", poke_interval=60)
        plain = AcmeOperator(task_id="plain", text="{{ dag.dag_id }}")
        later = AcmeOperator(task_id="later", text="hello", deferrable=True)
        many = AcmeOperator.partial(task_id="many").expand(text=["a", "b"])
        wait >> plain >> later >> many
"""


@pytest.fixture
def dag_file(tmp_path: Path) -> Path:
    file = tmp_path / "dags" / "anvils.py"
    file.parent.mkdir()
    file.write_text(textwrap.dedent(DAG_FILE))
    return file


def test_a_distribution_is_installed_without_airflow(installed: Path) -> None:
    names = {name for name, _ in layer_package(installed).files}
    assert "python/airflow/providers/acme/operators/acme.py" in names
    assert "python/apache_airflow_providers_acme-1.2.0.dist-info/entry_points.txt" in names
    assert not any(name.startswith("python/airflow/") and "/acme/" not in name for name in names)


@pytest.mark.usefixtures("provided")
def test_its_operators_and_sensors_run(dag_file: Path) -> None:
    result = run_dag(*load_one(dag_file, None))
    assert set(result.tasks.values()) == {"success"}, result.errors
    assert result.xcoms["plain"] == {"return_value": "anvils at somewhere"}
    assert result.xcoms["later"] == {"return_value": "hello at somewhere, later"}
    assert result.xcoms["wait"] == {"return_value": "poked for wait"}
    assert result.makespan_s >= 120, "two waits of the machine"


@pytest.mark.usefixtures("provided")
def test_a_wait_inside_a_lambda_is_said(dag_file: Path) -> None:
    (translated,) = translate_file(dag_file, dag_file.parent)
    assert isinstance(translated, Translation)
    assert [(problem.code, problem.task_id) for problem in translated.problems] == [("unsupported-deferrable", "later")]
    kinds = {task["task_id"]: task["is_sensor"] for task in translated.manifest["tasks"]}
    assert kinds == {"wait": True, "plain": False, "later": False, "many": False}


def test_without_the_distribution_the_requirement_is_named(dag_file: Path) -> None:
    (refused,) = translate_file(dag_file, dag_file.parent)
    assert {problem.hint for problem in refused.problems} == {"add apache-airflow-providers-acme to requirements.txt"}


@pytest.mark.usefixtures("provided")
def test_a_class_is_the_same_in_every_file_of_a_process() -> None:
    found: list[Any] = []
    for _ in range(2):
        with airflow_imports():
            found.append(importlib.import_module("airflow.providers.acme.hooks.acme").AcmeHook)
    assert found[0] is found[1]


@pytest.mark.usefixtures("provided")
def test_a_connection_finds_its_hook_by_its_type() -> None:
    with airflow_imports():
        hook = Connection.get("acme_default").get_hook()
        assert hook.say("here") == "here at somewhere"
        with pytest.raises(Exception, match='Unknown hook type "other"'):
            Connection("x", conn_type="other").get_hook()


@pytest.mark.usefixtures("provided")
def test_a_core_name_that_nobody_has_raises_when_it_is_used() -> None:
    with airflow_imports():
        module = importlib.import_module("airflow.providers.acme.hooks.acme")
        assert module.anything == "a fallback"
        with pytest.raises(NotImplementedError, match=r"base_executor\.BaseExecutor does not exist without Airflow"):
            module.AcmeExecutor()


def test_airsteps_own_names_win_in_dag_files_and_the_distributions_in_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "airflow/providers/http"
    (package / "hooks").mkdir(parents=True)
    for folder in (package, package / "hooks"):
        (folder / "__init__.py").write_text("")
    (package / "hooks/http.py").write_text("class HttpHook: ...\nclass HttpAsyncHook: ...\n")
    (package / "other.py").write_text("from airflow.providers.http.hooks.http import HttpHook\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    with airflow_imports():
        hooks = importlib.import_module("airflow.providers.http.hooks.http")
        assert hooks.HttpHook.__module__ == "dag_translator.authoring.hooks.http"
        assert hooks.HttpAsyncHook.__module__ == "airflow.providers.http.hooks.http"
        assert importlib.import_module("airflow.providers.http.other").HttpHook is not hooks.HttpHook
