"""Loading files: which DAGs are found, what is a problem and where, and that files don't see each other."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dag_translator.errors import TranslationError, UsageError
from dag_translator.load import LoadedFile, load, load_for_run

Load = Callable[..., LoadedFile]


def found(loaded: LoadedFile) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.line) for problem in loaded.problems]


def test_which_dags_are_found(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow import DAG
        from airflow.decorators import dag
        bound = DAG("bound")
        def local():
            here = DAG("local")
            with DAG("used_in_with_here"):
                pass
        local()
        with DAG("unnamed"):
            pass
        with DAG("not_registered", auto_register=False):
            pass
        @dag
        def called(): ...
        called()
        @dag
        def never_called(): ...
        for i in range(2):
            globals()[f"d{i}"] = DAG(f"loop_{i}")
        """
    )
    names = ["bound", "used_in_with_here", "unnamed", "called", "loop_0", "loop_1"]
    assert sorted(dag.dag_id for dag in loaded.dags) == sorted(names)
    assert loaded.problems == ()


def test_dags_made_by_a_sibling_are_found_when_bound(load_text: Load) -> None:
    loaded = load_text(
        "from factory import make\nx = make('a')\ny = make('b')",
        factory="from airflow import DAG\ndef make(name):\n    return DAG(name)",
    )
    assert [dag.dag_id for dag in loaded.dags] == ["a", "b"]
    assert [dag._airstep_line for dag in loaded.dags] == [2, 3]
    assert all(dag.fileloc.endswith("a_dag.py") for dag in loaded.dags)


def test_lines(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator
        from airflow.decorators import task
        def make(name):
            return EmptyOperator(task_id=name)
        with DAG(
            "d"
        ) as dag:
            make("a")
            @task
            def f(): ...
            f()
            f.expand_kwargs([{}])
        """
    )
    (dag,) = loaded.dags
    assert dag._airstep_line == 7
    assert [task._airstep_line for task in dag.tasks] == [6, 13, 14]


def test_syntax_error(load_text: Load) -> None:
    assert found(load_text("x = 1\nif x\n    pass")) == [("syntax-error", 2)]


def test_a_sibling_with_a_syntax_error(load_text: Load) -> None:
    loaded = load_text("\nimport broken", broken="x = (")
    assert found(loaded) == [("syntax-error", 2)]
    assert "broken.py:1" in loaded.problems[0].message


def test_missing_module(load_text: Load) -> None:
    loaded = load_text("import os\nimport no_such_package.part")
    assert found(loaded) == [("missing-module", 2)]
    assert "requirements.txt" in loaded.problems[0].hint


def test_what_the_file_raises_has_the_files_own_line(load_text: Load) -> None:
    loaded = load_text("import json\n\ndef f():\n    json.loads('{')\n\nf()")
    assert found(loaded) == [("file-raised", 4)]
    assert "JSONDecodeError" in loaded.problems[0].message
    assert found(load_text("raise SystemExit(1)")) == [("file-raised", 1)]


def test_problems_before_an_exception_are_kept(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator
        with DAG("d", shedule="@daily"):
            EmptyOperator(task_id="a", retrys=3)
            EmptyOperator(task_id="a")
            EmptyOperator(task_id="b", trigger_rule="all_succes")
        1 / 0
        """
    )
    assert found(loaded) == [
        ("unknown-argument", 4),
        ("unknown-argument", 5),
        ("duplicate-task-id", 6),
        ("invalid-trigger-rule", 7),
        ("file-raised", 8),
    ]
    assert [problem.hint for problem in loaded.problems[:2]] == ["did you mean 'schedule'?", "did you mean 'retries'?"]
    assert loaded.problems[2].hint == "rename it, or the one in line 5"


def test_cycles(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator
        with DAG("d"):
            a, b, c, z = (EmptyOperator(task_id=i) for i in "abcz")
            z >> a >> b >> c >> a
        with DAG("self"):
            x = EmptyOperator(task_id="x")
            x >> x
        """
    )
    assert [problem.message for problem in loaded.problems] == [
        "tasks wait for each other: a → b → c → a",
        "tasks wait for each other: x → x",
    ]
    assert [problem.dag_id for problem in loaded.problems] == ["d", "self"]


def test_a_task_without_dag_is_noted(load_text: Load) -> None:
    loaded = load_text(
        "from airflow.operators.empty import EmptyOperator\nfrom airflow import DAG\nEmptyOperator(task_id='a')\n"
        "b = EmptyOperator(task_id='b')\nd = DAG('d')\nd >> b if False else d.add_task(b)"
    )
    assert [(problem.code, problem.line, problem.severity) for problem in loaded.problems] == [
        ("task-without-dag", 3, "approximated")
    ]


def test_duplicate_dag_ids(load_text: Load) -> None:
    loaded = load_text("from airflow import DAG\na = DAG('x')\nb = DAG('x')")
    assert found(loaded) == [("duplicate-dag-id", 3)]


def test_siblings_and_packages_are_importable_and_forgotten(tmp_path: Path) -> None:
    """A module of the DAG folder has its own state in each file that imports it, and its own meaning in each folder."""
    for folder in ("one", "two"):
        (tmp_path / folder / "pack" / "inner").mkdir(parents=True)
        (tmp_path / folder / "shared.py").write_text(f"seen = []\nname = {folder!r}")
        (tmp_path / folder / "pack" / "inner" / "deep.py").write_text("value = 7")
        for i in range(2):
            (tmp_path / folder / f"dag{i}.py").write_text(
                "import shared\nfrom pack.inner import deep\nfrom airflow import DAG\n"
                "shared.seen.append(1)\nd = DAG(f'{shared.name}_{len(shared.seen)}_{deep.value}')"
            )
    before, paths = set(sys.modules), list(sys.path)
    names = []
    for folder in ("one", "two"):
        for i in range(2):
            loaded = load(tmp_path / folder / f"dag{i}.py")
            assert loaded.problems == ()
            names.append(loaded.dags[0].dag_id)
    assert names == ["one_1_7", "one_1_7", "two_1_7", "two_1_7"]
    assert {"shared", "pack", "pack.inner.deep"}.isdisjoint(set(sys.modules) - before)
    assert sys.path == paths


def test_the_root_is_on_the_path_for_files_in_subfolders(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "helper.py").write_text("x = 1")
    path = tmp_path / "team" / "d.py"
    path.write_text("from team.helper import x\nfrom airflow import DAG\nd = DAG('d')")
    assert load(path, root=tmp_path).problems == ()


def test_an_open_dag_does_not_reach_the_next_file(load_text: Load) -> None:
    load_text("from airflow import DAG\nDAG('open').__enter__()")
    loaded = load_text("from airflow.operators.empty import EmptyOperator\nEmptyOperator(task_id='a')")
    assert [problem.code for problem in loaded.problems] == ["task-without-dag"]


@pytest.fixture
def installed() -> Any:
    """`load_for_run` leaves the hook installed, as a Lambda wants it; a test does not."""
    finders, paths, modules = list(sys.meta_path), list(sys.path), set(sys.modules)
    yield
    sys.meta_path[:], sys.path[:] = finders, paths
    for name in set(sys.modules) - modules:
        if name.startswith(("airflow", "unusual_prefix", "late_helper")):
            del sys.modules[name]


@pytest.mark.usefixtures("installed")
def test_load_for_run(tmp_path: Path) -> None:
    (tmp_path / "late_helper.py").write_text("x = 5")
    path = tmp_path / "d.py"
    path.write_text(
        "from airflow.decorators import dag, task\n"
        "@dag\ndef d():\n    @task\n    def f():\n        from late_helper import x\n"
        "        from airflow.exceptions import AirflowSkipException\n        return x\n    f()\nd()"
    )
    dag = load_for_run(path, "d")
    assert dag.get_task("f").execute({}) == 5
    with pytest.raises(UsageError, match="no DAG 'e', only d"):
        load_for_run(path, "e")


@pytest.mark.usefixtures("installed")
def test_load_for_run_refuses_what_is_wrong_with_the_file_or_its_dag(tmp_path: Path) -> None:
    path = tmp_path / "d.py"
    path.write_text(
        "from airflow import DAG\nfrom airflow.operators.empty import EmptyOperator\n"
        "with DAG('good'):\n    EmptyOperator(task_id='a')\n"
        "with DAG('bad'):\n    EmptyOperator(task_id='a', nope=1)\n"
    )
    assert load_for_run(path, "good").task_ids == ["a"]
    with pytest.raises(TranslationError, match="no argument 'nope'"):
        load_for_run(path, "bad")
    path.write_text("1 / 0")
    with pytest.raises(TranslationError, match="ZeroDivisionError"):
        load_for_run(path, "good")
