"""Which files a DAG needs, read from its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from dag_translator.local_modules import Finder
from tests.infra.project import write_tree

TREE = {
    "etl/__init__.py": "",
    "etl/load.py": "from . import clean\nfrom .util.dates import today\nfrom ..shared import nothing\n",
    "etl/clean.py": "",
    "etl/util/__init__.py": "",
    "etl/util/dates.py": "",
    "etl/unused.py": "",
    "plugins/a.py": "",
    "plugins/b.py": "",
    "shared.py": "",
    "sql/load.sql": "{% include 'sql/header.sql' %} select 1",
    "sql/header.sql": "-- header",
    "sql/old.sql": "",
    "conf/a.yaml": "",
    "conf/b.yaml": "",
    "jobs/run.sh": "",
    "team/dag.py": "",
    "team/query.sql": "",
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import etl.load", "etl/__init__ etl/load etl/clean etl/util/__init__ etl/util/dates shared"),
        ("def task():\n    from etl import clean", "etl/__init__ etl/clean"),
        ("from etl import *", "etl/__init__"),
        ("try:\n    import shared\nexcept ImportError:\n    import os", "shared"),
        ("import json, airflow.models, nowhere.at.all", ""),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import shared", ""),
        ("from importlib import import_module\nimport_module('etl.clean')", "etl/__init__ etl/clean"),
        ("import importlib\nimportlib.import_module(f'plugins.{name}')", "plugins/a plugins/b"),
    ],
)
def test_modules(tmp_path: Path, source: str, expected: str) -> None:
    root = write_tree(tmp_path, {**TREE, "dag.py": source})
    assert _names(Finder(root), "dag.py") == {"dag.py", *(f"{name}.py" for name in expected.split())}


def test_an_import_by_a_name_that_cannot_be_known_takes_every_module(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {**TREE, "dag.py": "import importlib\nimportlib.import_module(name)"})
    found = _names(Finder(root), "dag.py")
    assert {"plugins/a.py", "etl/unused.py", "shared.py"} <= found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 'sql/load.sql'", {"sql/load.sql", "sql/header.sql"}),
        ("x = f'{HERE}/sql/load.sql'", {"sql/load.sql", "sql/header.sql"}),
        ("x = Path(__file__).parent / 'sql' / name", {"sql/load.sql", "sql/header.sql", "sql/old.sql"}),
        ("x = folder.glob('conf/*.yaml')", {"conf/a.yaml", "conf/b.yaml"}),
        ("x = BashOperator(bash_command='bash jobs/run.sh --fast')", {"jobs/run.sh"}),
        ("x = 'select * from a.b where c = 1'", set()),
        ("x = '../outside.txt', '.', '/', '*', '0 5 * * *'", set()),
    ],
)
def test_templates_and_data(tmp_path: Path, source: str, expected: set[str]) -> None:
    root = write_tree(tmp_path / "dags", {**TREE, "dag.py": source})
    (tmp_path / "outside.txt").write_text("")
    assert _names(Finder(root), "dag.py", data=True) == {"dag.py", *expected}
    assert _names(Finder(root), "dag.py") == {"dag.py"}


def test_templates_are_looked_for_beside_the_file_and_above(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {**TREE, "team/dag.py": "x = 'query.sql'; y = 'sql/old.sql'"})
    assert _names(Finder(root), "team/dag.py", data=True) == {"team/dag.py", "team/query.sql", "sql/old.sql"}


def test_an_absolute_path_counts_when_it_lies_inside(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {**TREE, "dag.py": f"x = {str(tmp_path / 'sql/old.sql')!r}, '/etc/passwd'"})
    assert _names(Finder(root), "dag.py", data=True) == {"dag.py", "sql/old.sql"}


def test_tables_of_module_names_count_in_our_own_code_only(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {**TREE, "table.py": "KINDS = {'x': 'etl.clean:run'}\nimport_module(KINDS[x])"})
    assert _names(Finder(root, dotted_strings=True), "table.py") == {"table.py", "etl/__init__.py", "etl/clean.py"}


def test_dag_files_import_from_plugins_and_the_project_around_them(tmp_path: Path) -> None:
    tree = {
        "dags/dag.py": "import own.a, include.b\nimport_module(f'own.{x}')",
        "dags/dag2.py": "import_module(anything); x = '*.csv', 'include/*.csv'",
        "plugins/own/a.py": "from . import c",
        "plugins/own/c.py": "",
        "plugins/own/d.py": "",
        "include/b.py": "from .e import f",
        "include/e.py": "",
        "include/g.csv": "",
        "tests/t.py": "",
        "rows.csv": "",
    }
    finder = Finder.of_dags(write_tree(tmp_path, tree) / "dags")
    own = {"plugins/own/a.py", "plugins/own/c.py", "plugins/own/d.py"}
    assert _names(finder, "dags/dag.py") == {"dags/dag.py", "include/b.py", "include/e.py", *own}
    everything = {"dags/dag.py", "dags/dag2.py", *own, "include/b.py", "include/e.py"}
    assert _names(finder, "dags/dag2.py", data=True) == {*everything, "include/g.csv"}


def _names(finder: Finder, entry: str, *, data: bool = False) -> set[str]:
    found = finder.closure([finder.root / entry], data=data)
    return {file.relative_to(finder.root).as_posix() for file in found}
