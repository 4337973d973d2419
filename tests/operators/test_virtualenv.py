"""Functions in an interpreter of their own: what they get, what comes back, what is refused."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dag_translator.authoring import environments
from dag_translator.pipeline import Refused, Translation, translate_file
from infra.cli.local_run import run_file

HEAD = """
import sys
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import task
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import (
    BranchExternalPythonOperator, BranchPythonVirtualenvOperator, ExternalPythonOperator, PythonVirtualenvOperator,
)

dag = DAG("d", schedule=None, start_date=datetime(2024, 1, 1), params={"n": 1})
dag.__enter__()
"""
FORMS = """
def everything(a, b, ds, logical_date, params, templates_dict, **context):
    import os
    return {
        "given": [a, b, ds, logical_date.day, params, templates_dict["t"]],
        "strings": virtualenv_string_args,
        "context": [name in context for name in ("run_id", "data_interval_start", "ti", "dag_run")],
        "environment": [os.environ.get(name) for name in ("OWN", "AIRFLOW_CTX_TASK_ID", "PYTHONPATH")],
    }

def branch():
    return "left"

PythonVirtualenvOperator(
    task_id="everything", python_callable=everything, op_args=[(1, 2)], op_kwargs={"b": "{{ run_id }}"},
    templates_dict={"t": "{{ ds_nodash }}"}, string_args=["x", "y"], env_vars={"OWN": "1"},
)
below = [EmptyOperator(task_id="left"), EmptyOperator(task_id="right")]
BranchPythonVirtualenvOperator(task_id="branch", python_callable=branch) >> below
below = [EmptyOperator(task_id="left2"), EmptyOperator(task_id="right2")]

@task.branch_external_python(python=sys.executable)
def branch_external():
    return "right2"

branch_external() >> below

@task
def start():
    return [3, 4]

@task.virtualenv(multiple_outputs=True)
def decorated(x):
    return {"x": x, "y": None}

@task.virtualenv(system_site_packages=False, inherit_env=False, env_vars={"OWN": "1"})
def alone():
    import importlib.util, os
    found = [importlib.util.find_spec(name) is not None for name in ("pendulum", "dag_translator", "neighbour")]
    return found, sorted(set(os.environ) - {"LC_CTYPE", "LD_LIBRARY_PATH"})

@task.external_python(python=sys.executable)
def external():
    from airflow.exceptions import AirflowSkipException
    from airflow.sdk import Variable
    return AirflowSkipException.__name__, Variable.get("colour", default=None)

@task.virtualenv(skip_on_exit_code=[7])
def skips():
    raise SystemExit(7)

@task.virtualenv
def fails():
    raise ValueError("because")

@task.virtualenv(python_version="2.7")
def other_version(): ...

@task.virtualenv(execution_timeout=timedelta(seconds=0.5))
def hangs():
    import time
    time.sleep(60)

decorated(start()); alone(); external(); skips(); fails(); other_version(); hangs()
PythonVirtualenvOperator(task_id="unpicklable", python_callable=everything, op_kwargs={"a": lambda: 1, "b": 2})

@task.virtualenv
def mapped(x):
    return x * 2

mapped.expand(x=[1, 2])
"""


def file(folder: Path, text: str) -> Path:
    path = folder / "a_dag.py"
    path.write_text(f"{HEAD}{text}\ndag.__exit__(None, None, None)\n")
    return path


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("dags")
    (folder / "neighbour.py").write_text("")
    return run_file(file(folder, FORMS), None, datetime(2024, 1, 15, tzinfo=UTC), {})


def test_what_a_function_gets(result: Any) -> None:
    assert result.xcoms["everything"]["return_value"] == {
        "given": [
            {"__type__": "tuple", "value": [1, 2]}, "manual__2024-01-15T00:00:00+00:00", "2024-01-15", 15, {"n": 1},
            "20240115",
        ],
        "strings": ["x", "y"],
        "context": [True, True, False, False],
        "environment": ["1", "everything", None],
    }  # fmt: skip


def test_what_comes_back(result: Any) -> None:
    assert result.xcoms["decorated"] == {"return_value": {"x": [3, 4], "y": None}, "x": [3, 4], "y": None}
    assert [result.xcoms[f"mapped[{index}]"]["return_value"] for index in (0, 1)] == [2, 4]
    branches = [result.tasks[name] for name in ("left", "right", "left2", "right2")]
    assert branches == ["success", "skipped", "skipped", "success"]


def test_an_interpreter_alone_has_the_dags_folder_and_nothing_else(result: Any) -> None:
    found, names = result.xcoms["alone"]["return_value"]["value"]
    assert found == [False, False, True]
    assert names == ["OWN", "PYTHON_OPERATORS_VIRTUAL_ENV_MODE"]


def test_airflow_is_answered_there(result: Any) -> None:
    assert result.xcoms["external"]["return_value"]["value"] == ["AirflowSkipException", None]


def test_how_a_function_ends_is_how_the_task_ends(result: Any) -> None:
    states = {name: result.tasks[name] for name in ("skips", "fails", "other_version", "hangs", "unpicklable")}
    assert states == {"skips": "skipped"} | dict.fromkeys(states.keys() - {"skips"}, "failed")
    assert result.errors["fails"] == "Process returned non-zero exit status 1.\nbecause"
    assert "python_version is 2.7" in result.errors["other_version"]
    assert "Timeout" in result.errors["hangs"]
    assert "cannot be pickled: ['a']" in result.errors["unpicklable"]


def wheel(folder: Path) -> Path:
    """A package of one module."""
    path = folder / "tiny_thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_thing.py", "VALUE = 7\n")
        archive.writestr("tiny_thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.0\n")
        archive.writestr(
            "tiny_thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny_thing-1.0.dist-info/RECORD", "")
    return path


def test_requirements_are_installed_for_the_task_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where the cache goes
    (tmp_path / "tiny.txt").write_text(f"# what it needs\n{wheel(tmp_path)}\n")
    text = """
@task.virtualenv(requirements="tiny.txt", system_site_packages=False)
def inside():
    import tiny_thing
    return tiny_thing.VALUE

@task
def outside():
    import importlib.util
    return importlib.util.find_spec("tiny_thing") is None

inside(); outside()
"""
    path = file(tmp_path, text)
    result = run_file(path, None, None, {})
    assert (result.xcoms["inside"]["return_value"], result.xcoms["outside"]["return_value"]) == (7, True)
    assert not [entry for entry in sys.path if "environments" in entry]
    assert environments.folder_of(["anything"]) is None
    # what is in the cache is not installed again
    monkeypatch.setattr("infra.wheels.subprocess", None)
    assert run_file(path, None, None, {}).xcoms["inside"]["return_value"] == 7


def translated(folder: Path, text: str) -> Translation | Refused:
    (only,) = translate_file(file(folder, text))
    return only


def test_the_manifest_says_what_to_install(tmp_path: Path) -> None:
    text = """
@task.virtualenv(requirements=["b==2", "a"], python_version="3.13")
def one(): ...

@task.virtualenv(requirements="a\\n# b\\nb==2  # the second")
def same(): ...

@task.virtualenv
def none(): ...

one(); same(); none()
"""
    done = translated(tmp_path, text)
    assert isinstance(done, Translation)
    ((name, wanted),) = done.manifest["environments"].items()
    assert name == environments.key(("a", "b==2"))
    assert wanted["requirements"] == ["a", "b==2"]
    assert "one: @task.virtualenv with a, b==2" in done.dump("model")


def test_a_dag_without_environments_does_not_mention_them(tmp_path: Path) -> None:
    done = translated(tmp_path, "EmptyOperator(task_id='a')")
    assert isinstance(done, Translation)
    assert "environments" not in done.manifest


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ('requirements=["x=={{ var.value.v }}"]', "unsupported-requirements", "a template"),
        ("requirements=task(f)()", "unsupported-requirements", "only when the task runs"),
        ('requirements="missing.txt"', "unsupported-requirements", "no requirements file"),
        ('requirements=["-r more.txt"]', "unsupported-requirements", "option -r"),
        ('requirements=["apache-airflow==2.9"]', "unsupported-requirements", "apache-airflow==2.9"),
        ('index_urls=["https://example.org"]', "unsupported-argument", "index_urls"),
        ('pip_install_options=["--pre"]', "unsupported-argument", "pip_install_options"),
        ("use_dill=True", "unsupported-serializer", "pickle"),
        ('serializer="cloudpickle"', "unsupported-serializer", "pickle"),
    ],
)
def test_what_is_refused_says_what_to_do(tmp_path: Path, arguments: str, code: str, words: str) -> None:
    text = f"def f(): ...\nPythonVirtualenvOperator(task_id='t', python_callable=f, {arguments})\n"
    done = translated(tmp_path, text)
    assert isinstance(done, Refused)
    problem = next(each for each in done.problems if each.code == code)
    assert words in problem.message
    assert (problem.task_id, problem.line is not None, bool(problem.hint)) == ("t", True, True)


def test_an_interpreter_that_is_not_there_is_refused_and_so_is_live_context(tmp_path: Path) -> None:
    text = """
@task.external_python(python="/opt/venv/bin/python")
def f(dag_run, ds): ...
f()
"""
    done = translated(tmp_path, text)
    assert isinstance(done, Refused)
    assert [each.code for each in done.problems] == ["unsupported-interpreter", "unsupported-context"]
    assert "{{ dag_run.… }}" in done.problems[1].hint


def test_a_function_is_needed_and_no_generator(tmp_path: Path) -> None:
    for function in ("lambda: 1", "print", "generator"):
        text = f"def generator():\n    yield 1\nPythonVirtualenvOperator(task_id='t', python_callable={function})\n"
        assert isinstance(translated(tmp_path, text), Refused)


def test_the_child_is_told_everything_by_a_file(tmp_path: Path) -> None:
    child = Path(environments.__file__).parent / "operators/virtualenv_child.py"
    done = subprocess.run([sys.executable, "-S", "-P", str(child)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "IndexError" in done.stderr
