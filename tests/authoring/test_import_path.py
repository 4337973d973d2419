"""What DAG files import besides their own folder: plugins, the project around it; and what nobody has installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dag_translator.errors import TranslationError
from dag_translator.import_path import import_folders
from dag_translator.load import LoadedFile, load, load_for_run
from dag_translator.pipeline import translate_loaded
from tests.infra.project import write_tree

PROJECT = {
    "dags/report.py": """
from airflow import DAG
from airflow.models import BaseOperator
from own_operators.load import LoadOperator
from include.queries import QUERY
from dags.common.days import DAYS
from common.days import DAYS as SAME
with DAG("report"):
    LoadOperator(task_id="load", query=QUERY, days=[*DAYS, *SAME])
""",
    "dags/common/days.py": "DAYS = [1]\n",
    "plugins/own_operators/__init__.py": "",
    "plugins/own_operators/load.py": """
from airflow.models import BaseOperator
class LoadOperator(BaseOperator):
    def __init__(self, query, days, **kwargs):
        super().__init__(**kwargs)
        self.query, self.days = query, days
    def execute(self, context):
        return self.query
""",
    "include/queries.py": "QUERY = 'select 1'\n",
}


def problems(loaded: LoadedFile) -> list[tuple[str, int | None, str]]:
    return [(problem.code, problem.line, problem.message) for problem in loaded.problems]


def one_file(tmp_path: Path, text: str) -> LoadedFile:
    return load(write_tree(tmp_path / "dags", {"x.py": text}) / "x.py")


def test_plugins_and_the_projects_folder_are_on_the_import_path(tmp_path: Path) -> None:
    dags = write_tree(tmp_path, PROJECT) / "dags"
    before, path = set(sys.modules), list(sys.path)
    for _ in range(2):
        loaded = load(dags / "report.py", root=dags)
        assert problems(loaded) == []
        (task,) = loaded.dags[0].tasks
        assert (task.query, task.days) == ("select 1", [1, 1])
    assert sys.path == path
    assert not {"own_operators", "include", "dags.common", "common"} & (set(sys.modules) - before)


def test_a_lambda_finds_them_where_the_package_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    dags = write_tree(tmp_path, PROJECT) / "dags"
    dag = load_for_run(dags / "report.py", "report", root=dags)
    assert dag.tasks[0].execute({}) == "select 1"


def test_they_hide_nothing_that_is_installed(tmp_path: Path) -> None:
    """Airflow appends them to the path, too."""
    write_tree(tmp_path, {"jinja2.py": "", "plugins/croniter.py": "", "json.py": ""})
    loaded = one_file(tmp_path, "import json, jinja2, croniter\njson.dumps, jinja2.Template, croniter.croniter")
    assert problems(loaded) == []


def test_a_folder_of_another_name_has_no_project(tmp_path: Path) -> None:
    etl = write_tree(tmp_path, {"etl/x.py": "import beside", "beside.py": ""}) / "etl"
    assert import_folders(etl) == (etl,)
    assert problems(load(etl / "x.py", root=etl)) == [("missing-module", 1, "No module named 'beside'")]


@pytest.mark.parametrize(
    ("more", "around"),
    [
        ({"acme/__init__.py": ""}, True),
        ({"pyproject.toml": ""}, True),
        ({"pyproject.toml": "", "acme/requirements.txt": ""}, False),
        ({"acme/pyproject.toml": ""}, False),
        ({}, False),
    ],
)
def test_a_project_that_is_a_package_is_imported_by_its_name(
    tmp_path: Path, more: dict[str, str], around: bool
) -> None:
    text = "from airflow import DAG\nfrom acme.plugins.y import Y\nfrom acme.dags.common import X\nd = DAG(f'{Y}{X}')"
    files = {"acme/dags/x.py": text, "acme/dags/common.py": "X = 2", "acme/plugins/y.py": "Y = 1", **more}
    dags = write_tree(tmp_path, files) / "acme/dags"
    folders = import_folders(dags)
    assert folders == (dags, dags.parent / "plugins", dags.parent, *([tmp_path] if around else []))
    loaded = load(dags / "x.py", root=dags)
    assert [dag.dag_id for dag in loaded.dags] == (["12"] if around else [])
    assert {code for code, _, _ in problems(loaded)} == (set() if around else {"missing-module"})


def test_all_that_is_missing_is_said_at_once_and_the_rest_is_checked(tmp_path: Path) -> None:
    loaded = one_file(
        tmp_path,
        "import no_such_frames as nf\n"
        "from no_such_cloud.storage import Client, errors\n"
        "import no_such_frames.io\n"
        "from airflow import DAG\n"
        "from airflow.providers.standard.operators.hitl import ApprovalOperator\n"
        "@nf.cached\n"
        "def rows():\n"
        "    return Client(nf.path).list()[0]\n"
        "with DAG('x'):\n"
        "    ApprovalOperator(task_id='a')\n",
    )
    assert problems(loaded) == [
        ("missing-module", 1, "No module named 'no_such_frames'"),
        ("missing-module", 2, "No module named 'no_such_cloud'"),
        ("unsupported-operator", 10, "ApprovalOperator is not supported"),
    ]
    assert [dag.dag_id for dag in loaded.dags] == ["x"]
    assert not [name for name in sys.modules if name.startswith("no_such_")]


def test_what_a_file_does_with_a_placeholder_is_no_further_problem(tmp_path: Path) -> None:
    loaded = one_file(
        tmp_path,
        "from no_such_config import settings\nfrom airflow import DAG\n"
        "from airflow.operators.bash import BashOperator\n"
        "d = DAG('x', start_date=settings.start, schedule=settings.schedule, tags=settings.tags, params=settings.p)\n"
        "BashOperator(task_id='a', bash_command=settings.command, retries=settings.retries, dag=d,\n"
        "             pool=settings.pool, execution_timeout=settings.timeout, env=settings.env)\n"
        "1 + settings.number\n",
    )
    assert {code for code, _, _ in problems(loaded)} == {"missing-module"}
    assert {problem.code for problem in translate_loaded(loaded, tmp_path / "dags")[0].problems} == {"missing-module"}


def test_packages_that_are_installed_into_the_project_are_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `requirements.txt` lists lies in `.airstep/cache`, an environment perhaps in `.venv`."""
    text = "def lazy():\n    pass\nfor name in ['a']:\n    pass\nimport no_such_thing"
    cache = write_tree(tmp_path / ".airstep/cache/x", {"installed_one.py": "x = 1", "installed_two.py": text})
    monkeypatch.setattr(sys, "path", [*sys.path, str(cache)])
    loaded = one_file(tmp_path, "import installed_one\ntry:\n    import installed_two\nexcept Exception:\n    pass")
    assert problems(loaded) == []
    assert "installed_one" in sys.modules  # which another file finds again
    del sys.modules["installed_one"]


def test_a_module_of_ones_own_says_where_it_lacks_something(tmp_path: Path) -> None:
    write_tree(tmp_path, {"plugins/helper.py": "import no_such_thing\n"})
    (problem,) = one_file(tmp_path, "import helper").problems
    assert problem.message == f"No module named 'no_such_thing' (in {tmp_path}/plugins/helper.py:1)"
    assert problem.line == 1


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    import no_such_thing\nexcept ImportError:\n    no_such_thing = None\nassert no_such_thing is None",
        "from importlib.util import find_spec\nassert find_spec('no_such_thing') is None",
        "import importlib\ntry:\n    importlib.import_module('no_such_thing')\nexcept ModuleNotFoundError:\n    pass",
        "def later():\n    import no_such_thing",
    ],
)
def test_who_asks_whether_something_is_there_gets_pythons_answer(tmp_path: Path, text: str) -> None:
    assert problems(one_file(tmp_path, text)) == []


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("import sklearn.svm", "add scikit-learn to requirements.txt, in the DAG folder or beside it"),
        ("from google.cloud import bigquery, storage", "add google-cloud-bigquery and google-cloud-storage to"),
        ("import no_such_thing", "add no_such_thing, or the package that has it, to requirements.txt"),
        ("import acme.operators", "/src/acme is not on the import path: move it into the DAG folder "),
        ("import common.none", "/dags/common has no such module"),
    ],
)
def test_what_to_do_about_a_missing_module(tmp_path: Path, text: str, hint: str) -> None:
    write_tree(tmp_path, {"src/acme/__init__.py": "", "dags/common/some.py": ""})
    (problem,) = one_file(tmp_path, text).problems
    assert problem.code == "missing-module"
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("import os\nos.environ['NO_SUCH_ONE']", "missing-environment-variable", "the setting `environment`"),
        ("import os\nos.environ['AWS_NO_SUCH']", "missing-environment-variable", "Lambda sets it itself"),
        ("from itertools import no_such", "unknown-import", "this is Python 3."),
        (
            "from airflow.hooks.base import BaseHook\nBaseHook.get_connection('no_such')",
            "file-raised",
            "set AIRFLOW_CONN_<ID> in the setting",
        ),
        ("{}['x']", "file-raised", "the file's own code raises this"),
        ("open('/no/such/file')", "file-raised", "Path(__file__).parent"),
        (
            "from botocore.exceptions import NoCredentialsError as No\nraise No",
            "file-raised",
            "the file calls AWS while it loads",
        ),
        (
            "from airflow.configuration import conf\nconf.get('core', 'no_such')",
            "missing-configuration",
            "set AIRFLOW__CORE__NO_SUCH in the setting `environment`",
        ),
    ],
)
def test_what_a_file_raises_says_what_to_do(tmp_path: Path, text: str, code: str, hint: str) -> None:
    (problem,) = one_file(tmp_path, text).problems
    assert (problem.code, problem.line) == (code, text.count("\n") + 1)
    assert hint in problem.hint


def test_a_lambda_raises_for_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    dags = write_tree(tmp_path / "dags", {"x.py": "from airflow import DAG\nimport no_such_thing\nd = DAG('x')"})
    with pytest.raises(TranslationError, match="No module named 'no_such_thing'"):
        load_for_run(dags / "x.py", "x")


def test_an_installed_package_may_import_what_it_does_not_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cosmos and its like import names of Airflow's core that have no meaning here; using one is the problem."""
    package = """
from airflow.no_such.core import Thing
from airflow.models import NoSuchModel
import airflow.jobs.nothing
try:
    from airflow.no_such.other import x
except ImportError:
    x = None
def use():
    return Thing()
"""
    installed = write_tree(tmp_path / "elsewhere/site-packages", {"a_dag_factory.py": package})
    monkeypatch.setattr(sys, "path", [*sys.path, str(installed)])
    text = "from airflow import DAG\nimport a_dag_factory\nassert a_dag_factory.x is None\nd = DAG('d')\n"
    assert problems(one_file(tmp_path, text)) == []
    del sys.modules["a_dag_factory"]
    (problem,) = one_file(tmp_path, f"{text}a_dag_factory.use()").problems
    assert (problem.code, problem.line) == ("unsupported-provider", 5)
    del sys.modules["a_dag_factory"]
