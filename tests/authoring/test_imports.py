"""The import hook: the table resolves, unknown names are problems with a way out, real Airflow stays out."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dag_translator.authoring.imports import airflow_imports, install, resolve
from dag_translator.authoring.names.modules import MODULES
from dag_translator.load import LoadedFile

Load = Callable[..., LoadedFile]


def problems(loaded: LoadedFile) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.line) for problem in loaded.problems]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_name_of_the_table_resolves(module: str) -> None:
    for name, target in MODULES[module].items():
        assert resolve(target) is not None, name


def test_spellings_of_three_generations() -> None:
    with airflow_imports():
        old = importlib.import_module("airflow.operators.python_operator").PythonOperator
        two = importlib.import_module("airflow.operators.python").PythonOperator
        new = importlib.import_module("airflow.providers.standard.operators.python").PythonOperator
        assert old is two is new
        from airflow import DAG, __version__
        from airflow.contrib.operators.aws_athena_operator import AWSAthenaOperator
        from airflow.models import DAG as MODELS_DAG
        from airflow.providers.amazon.aws.operators.athena import AthenaOperator
        from airflow.sdk import DAG as SDK_DAG

        assert DAG is MODELS_DAG is SDK_DAG
        assert AWSAthenaOperator is AthenaOperator
        assert __version__ == "3.3.2"


def test_modules_are_reached_as_attributes_and_by_star() -> None:
    with airflow_imports():
        import airflow

        assert airflow.utils.dates.days_ago(1).tzinfo is not None
        assert airflow.utils.state.State.SUCCESS == "success"
        namespace: dict[str, object] = {}
        exec("from airflow.operators.bash import *", namespace)
        assert "BashOperator" in namespace


def test_typos_never_vanish() -> None:
    with airflow_imports():
        import airflow
        import airflow.utils.trigger_rule

        assert not hasattr(airflow.utils.trigger_rule, "TriggerRul")
        with pytest.raises(AttributeError, match="did you mean 'DAG'"):
            _ = airflow.DAGG
        with pytest.raises(ImportError, match="did you mean 'BashOperator'"):
            from airflow.operators.bash import BashOperatr  # noqa: F401
        with pytest.raises(ModuleNotFoundError, match=r"write airflow\.operators\.dummy_operator"):
            import airflow.operator.dummy_operator
        assert importlib.util.find_spec("airflow.foo") is None


def test_everything_is_as_before_afterwards() -> None:
    before = [name for name in sys.modules if name.startswith("airflow")]
    finders = list(sys.meta_path)
    with airflow_imports():
        import airflow  # noqa: F401
    assert [name for name in sys.modules if name.startswith("airflow")] == before
    assert sys.meta_path == finders


def test_real_airflow_is_never_imported(tmp_path: Path) -> None:
    """Neither one that is importable, nor one that was imported before."""
    package = tmp_path / "airflow"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemError('real Airflow was imported')")
    (package / "foo.py").write_text("raise SystemError('real Airflow was imported')")
    code = (
        "from dag_translator.authoring import imports\n"
        "imports.install()\n"
        "import airflow\n"
        "from airflow import DAG\n"
        "try:\n    import airflow.foo\nexcept ImportError as error:\n    print(error)\n"
    )
    path = f"{tmp_path}:{Path(__file__).parent.parent.parent}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path})
    assert done.returncode == 0, done.stderr
    assert "No module named 'airflow.foo'" in done.stdout


def test_an_unknown_name_is_a_problem_and_loading_goes_on(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow import DAG
        from airflow.operators.bash import BashOperatr
        from airflow.nowhere import thing
        import airflow.foo.bar
        with DAG("d"):
            BashOperatr(task_id="a") >> thing("x")
            airflow.foo.bar.baz()
        with DAG("e"):
            pass
        """
    )
    assert [dag.dag_id for dag in loaded.dags] == ["d", "e"]
    assert problems(loaded)[:3] == [("unknown-import", 3), ("unknown-import", 4), ("unknown-import", 5)]
    assert loaded.problems[0].hint == "did you mean 'BashOperator'?"


def test_the_seeds_misspelling_names_the_right_module(load_text: Load) -> None:
    for text in ("from airflow.operator.dummy_operator import DummyOperator", "import airflow.operator.dummy_operator"):
        loaded = load_text(text)
        assert [problem.hint for problem in loaded.problems] == ["write airflow.operators.dummy_operator"]


def test_a_process_in_which_the_hook_stays_reports_each_file(load_text: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    install()
    for _ in range(2):
        loaded = load_text("import airflow.operator.dummy_operator")
        assert [problem.code for problem in loaded.problems] == ["unknown-import"]


def test_an_operator_of_a_misspelled_module_keeps_its_place(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow import DAG
        from airflow.operator.dummy_operator import DummyOperator
        with DAG("d"):
            DummyOperator(task_id="a") >> DummyOperator(task_id="b")
        """
    )
    assert problems(loaded) == [("unknown-import", 3)]
    assert loaded.dags[0].get_task("a").downstream_task_ids == {"b"}


def test_names_for_annotations(load_text: Load) -> None:
    text = """
from airflow.sdk.bases.operator import BaseOperator, OperatorPartial
from airflow.models.mappedoperator import OperatorPartial as Before
from airflow.models.baseoperator import BaseOperatorLink
assert OperatorPartial is Before and isinstance(BaseOperator.partial(task_id="t"), OperatorPartial)
"""
    assert problems(load_text(text)) == []


@pytest.mark.parametrize(
    "guard",
    ["try:\n    {}\nexcept ImportError:\n    {}", "try:\n    {}\nexcept (KeyError, Exception):\n    {}"],
)
def test_a_file_may_have_its_own_way_out(load_text: Load, guard: str) -> None:
    loaded = load_text(guard.format("from airflow.nowhere import thing", "thing = None"))
    assert problems(loaded) == []
    loaded = load_text(guard.format("import airflow.nowhere", "thing = None"))
    assert problems(loaded) == []


def test_suppress_counts_as_a_guard_and_another_exception_does_not(load_text: Load) -> None:
    loaded = load_text(
        """
        import contextlib
        with contextlib.suppress(ImportError):
            from airflow.nowhere import thing
        try:
            from airflow.nowhere import other
        except KeyError:
            pass
        """
    )
    assert problems(loaded) == [("unknown-import", 6)]


def test_a_known_operator_without_counterpart_is_a_problem_where_it_is_used(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator
        from airflow.providers.docker.operators.docker_swarm import DockerSwarmOperator
        from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
        with DAG("d", default_args={"retries": 2}) as dag:
            a = DockerSwarmOperator(task_id="a", image="x", anything=1)
            EmptyOperator(task_id="b") << a
        """
    )
    assert problems(loaded) == [("unsupported-operator", 7)]
    (problem,) = loaded.problems
    assert (problem.dag_id, problem.task_id) == ("d", "a")
    assert "ECS" in problem.hint
    task = loaded.dags[0].get_task("a")
    assert (task.task_type, task.retries, task.downstream_task_ids) == ("DockerSwarmOperator", 2, {"b"})


def test_a_refused_operator_keeps_its_edges_and_may_be_mapped_or_subclassed(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator
        from airflow.providers.docker.operators.docker_swarm import DockerSwarmOperator
        class Mine(DockerSwarmOperator):
            def __init__(self, extra, **kwargs):
                super().__init__(image="x", **kwargs)
        with DAG("d") as dag:
            a = EmptyOperator(task_id="a")
            Mine(task_id="b", extra=a.output)
            DockerSwarmOperator(task_id="c", command=a.output)
            DockerSwarmOperator.partial(task_id="m", image="x").expand(command=[1, 2])
        """
    )
    assert {problem.code for problem in loaded.problems} == {"unsupported-operator"}
    assert loaded.dags[0].get_task("c").upstream_task_ids == {"a"}


def test_a_hook_without_counterpart_is_a_problem_at_its_import(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow.providers.oracle.hooks.oracle import OracleHook
        class Mine(OracleHook):
            pass
        Mine("x").get_conn().cursor()
        """
    )
    assert problems(loaded)[0] == ("unsupported-import", 2)


def test_an_import_in_another_file_says_which(load_text: Load) -> None:
    loaded = load_text("import helper", helper="x = 1\nfrom airflow.nowhere import thing")
    (problem,) = loaded.problems
    assert problem.line == 1
    assert "helper.py:2" in problem.message


def test_decorators_that_are_not_there_are_problems(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow.decorators import task
        @task.kubernetes(image="x")
        def f(): ...
        """
    )
    assert problems(loaded) == [("unsupported-decorator", 3)]
    assert "KubernetesPodOperator" in loaded.problems[0].hint


def test_names_that_airflow_2_modules_happened_to_have(load_text: Load) -> None:
    loaded = load_text(
        """
        from airflow.utils.dates import datetime, timedelta, days_ago
        from airflow.operators.python import PythonOperator, is_venv_installed, task
        from airflow.models.xcom import LazyXComAccess
        from airflow.sdk.execution_time.lazy_sequence import LazyXComSequence
        assert is_venv_installed() and not isinstance([], LazyXComAccess)
        assert datetime(2024, 1, 1) + timedelta(days=1)
        """
    )
    assert loaded.problems == ()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("from airflow.hooks import SqliteHook", "write from airflow.providers.sqlite.hooks.sqlite import SqliteHook"),
        (
            "from airflow.contrib.hooks.databricks_hook import DatabricksHook",
            "Airflow 2 moved it into a provider: add apache-airflow-providers-databricks to requirements.txt",
        ),
        (
            "from airflow.contrib.operators import gcs_to_bq",
            "Airflow 2 moved it into a provider: add apache-airflow-providers-google",
        ),
        (
            "from airflow.contrib.hooks.nobodys_hook import Hook",
            "it is gone since Airflow 2; look for it in the provider",
        ),
        ("from airflow.task.priority_strategy import X", "there is no such module in Airflow's public interface"),
        ("from airflow.models.dag import Dagg", "did you mean 'Dag'?"),
        ("from airflow.utils.db import provide_session", "there is no metadata database"),
    ],
)
def test_hints_name_what_there_is(load_text: Load, text: str, hint: str) -> None:
    (problem,) = load_text(text).problems
    assert problem.hint.startswith(hint)
