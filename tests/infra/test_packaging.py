"""Lambda packages: what is in them, the same bytes twice, and the size that Lambda takes."""

from __future__ import annotations

import ast
import os
import sys
import zipfile
from pathlib import Path

import pytest

import infra.packaging
from dag_translator.errors import UsageError
from dag_translator.import_path import place_in_package
from dag_translator.load import load_for_run
from infra.packaging import Package, Packager, layer_package
from infra.wheels import RUNTIME_LOCK
from tests.infra.project import DAGS, RUNTIME, write_tree


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_tree(tmp_path / "source", RUNTIME)
    write_tree(tmp_path / "dags", DAGS)
    return tmp_path


def packager(project: Path) -> Packager:
    return Packager(project / "dags", source=project / "source")


def names(package: Package) -> set[str]:
    return {name for name, _ in package.files}


def test_a_dags_package_holds_its_file_its_modules_and_the_runtime_it_needs(project: Path) -> None:
    package = packager(project).task_function("lambdas.task_function", project / "dags/daily.py")
    assert names(package) == {
        *("dags/daily.py", "dags/common/__init__.py", "dags/common/sql.py"),
        *("lambdas/__init__.py", "lambdas/task_function.py", "lambdas/storage/store.py"),
        *("dag_translator/__init__.py", "dag_translator/load.py", "dag_translator/bash.py"),
        "dag_translator/authoring/__init__.py",
        "dag_translator/authoring/operators/__init__.py",
        "dag_translator/authoring/operators/python.py",
    }


def test_what_a_dag_uses_of_the_project_around_it_lies_beside_the_dag_folder(project: Path) -> None:
    write_tree(
        project,
        {
            "dags/x.py": "import own, include.q\nfrom dags.common import sql\nx = 'include/sql', 'data', 'note.md'",
            "plugins/own/__init__.py": "from own.more import y\nopen('own/rows.csv')",
            "plugins/own/more.py": "",
            "plugins/own/rows.csv": "",
            "plugins/unused.py": "",
            "include/q.py": "",
            "include/sql/q.sql": "",
            "data/large.csv": "",
            "note.md": "",
        },
    )
    found = names(packager(project).task_function("lambdas.task_function", project / "dags/x.py"))
    assert {name for name in found if not name.startswith(("lambdas/", "dag_translator/"))} == {
        *("dags/x.py", "dags/common/__init__.py", "dags/common/sql.py", "include/q.py", "include/sql/q.sql", "note.md"),
        *("plugins/own/__init__.py", "plugins/own/more.py", "plugins/own/rows.csv"),
    }


def test_a_project_that_is_a_package_lies_in_a_folder_of_its_name(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the same imports work in Lambda, where nothing but the package tells."""
    acme = write_tree(
        project,
        {
            "pyproject.toml": "",
            "acme/dags/x.py": "from airflow import DAG\nfrom acme.plugins.a.b import B\nd = DAG(B)\n'include/q.sql'",
            "acme/plugins/a/b.py": "from ...dags.c import B\nfrom .d import D",
            "acme/plugins/a/d.py": "from acme.dags import c\nD = c.B",
            "acme/dags/c.py": "B = 'b'",
            "acme/include/q.sql": "",
        },
    )
    package = Packager(acme / "acme/dags", source=project / "source").task_function(
        "lambdas.task_function", acme / "acme/dags/x.py"
    )
    own = {name: path for name, path in package.files if name.startswith("acme/")}
    files = ("dags/x.py", "plugins/a/b.py", "plugins/a/d.py", "dags/c.py", "include/q.sql")
    assert own.keys() == {f"acme/{name}" for name in files}
    task = write_tree(project / "task", {name: path.read_text() for name, path in own.items()})
    monkeypatch.setattr(sys, "path", [*sys.path, str(task)])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    folder = task / place_in_package(acme / "acme/dags")
    assert load_for_run(folder / "x.py", "b", root=folder).dag_id == "b"


def test_a_projects_folder_that_is_called_like_airsteps_own_is_refused(project: Path) -> None:
    write_tree(project, {"dags/x.py": "import lambdas.mine", "lambdas/mine.py": ""})
    with pytest.raises(
        UsageError, match=r"lambdas/mine\.py: the project's folder 'lambdas' is called like one of Airstep's"
    ):
        packager(project).task_function("lambdas.task_function", project / "dags/x.py")


def test_a_platform_function_gets_no_dag_and_no_authoring(project: Path) -> None:
    package = packager(project).platform_function("lambdas.signal_function")
    assert names(package) == {"lambdas/__init__.py", "lambdas/signal_function.py", "lambdas/storage/store.py"}


def test_the_real_task_function_takes_what_it_imports_and_leaves_the_translator_behind() -> None:
    found = names(Packager(Path("dags")).platform_function("lambdas.task_function"))
    from lambdas.task_function import KINDS

    assert {f"{module.replace('.', '/')}.py" for module, _ in KINDS.values()} <= found
    assert {"dag_translator/load.py", "dag_translator/authoring/__init__.py"} <= found
    assert not {"dag_translator/pipeline.py", "dag_translator/lower.py", "lambdas/signal_function.py"} & found


def test_a_container_finds_its_way_into_the_same_code(project: Path) -> None:
    """Nothing imports it but the command of the task definition."""
    package = Packager(project / "dags").task_function("lambdas.task_function", next((project / "dags").glob("*.py")))
    assert "lambdas/container.py" in dict(package.files)


def test_the_layer_has_every_package_that_the_functions_import() -> None:
    files = [
        file
        for part in ("task_function", "signal_function", "dispatcher", "run_ended")
        for name, file in Packager(Path("dags")).platform_function(f"lambdas.{part}").files
        if name.endswith(".py")
    ]
    imported = {
        name.partition(".")[0]
        for file in set(files)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    from_lambda = {"boto3", "botocore"}
    optional = {"babel", "requests", "tenacity"}  # used where the project's own requirements bring it
    third_party = (
        imported - set(sys.stdlib_module_names) - {"lambdas", "dag_translator", "airflow"} - from_lambda - optional
    )
    pinned = {
        line.partition("==")[0].replace("-", "_") for line in RUNTIME_LOCK.read_text().splitlines() if "==" in line
    }
    provided = pinned | {"dateutil"}  # python-dateutil's module
    assert {"jinja2", "pendulum"} <= third_party
    assert third_party <= provided


def test_a_module_that_is_no_python_is_named(project: Path) -> None:
    (project / "dags/common/sql.py").write_text("def render(:\n")
    with pytest.raises(UsageError, match=r"common/sql\.py:1: .*\n    → .*daily\.py needs this module"):
        packager(project).task_function("lambdas.task_function", project / "dags/daily.py")


def test_editing_one_dag_changes_its_package_alone(project: Path) -> None:
    def digests() -> list[str]:
        files = [project / "dags" / name for name in ("daily.py", "other.py")]
        return [packager(project).task_function("lambdas.task_function", file).digest for file in files]

    daily, other = digests()
    (project / "dags/common/sql.py").write_text("def render(): return 1\n")
    changed, same = digests()
    assert changed != daily
    assert same == other


def test_the_same_contents_give_the_same_bytes_whenever_they_are_built(project: Path, tmp_path: Path) -> None:
    def build(cache: str) -> tuple[str, bytes]:
        package = packager(project).task_function("lambdas.task_function", project / "dags/daily.py")
        return package.digest, package.write(tmp_path / cache).read_bytes()

    first = build("one")
    for file in (project / "source").rglob("*.py"):
        os.utime(file, (1, 1))
    (project / "dags/__pycache__").mkdir()
    (project / "dags/__pycache__/daily.cpython-311.pyc").write_bytes(b"x")
    assert build("two") == first


def test_a_zip_has_sorted_names_old_dates_readable_modes_and_no_byte_code(tmp_path: Path) -> None:
    write_tree(tmp_path / "layer", {"b.py": "1", "a/c.so": "2", "__pycache__/b.cpython-313.pyc": "3"})
    (tmp_path / "layer/a/c.so").chmod(0o700)
    with zipfile.ZipFile(layer_package(tmp_path / "layer").write(tmp_path)) as archive:
        found = [(info.filename, info.date_time[0], info.external_attr >> 16) for info in archive.infolist()]
    assert found == [("python/a/c.so", 1980, 0o755), ("python/b.py", 1980, 0o644)]


def test_a_package_in_the_cache_is_not_written_again(tmp_path: Path) -> None:
    package = layer_package(write_tree(tmp_path / "layer", {"a.py": ""}))
    first = package.write(tmp_path).stat().st_mtime_ns
    assert package.write(tmp_path).stat().st_mtime_ns == first
    assert [file.suffix for file in (tmp_path / "packages").iterdir()] == [".zip"]


def test_more_than_lambda_takes_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infra.packaging, "LAMBDA_LIMIT", 3 * 2**20)
    (project / "dags/model.bin").write_bytes(b"x" * 2**20)
    (project / "dags/daily.py").write_text("MODEL = 'model.bin'")
    large = Packager(project / "dags", layer_size=2 * 2**20 + 1, source=project / "source")
    with pytest.raises(UsageError, match=r"(?s)daily\.py.* 1 MB .* 2 MB.*Lambda takes 3 MB.*dags/model\.bin"):
        large.task_function("lambdas.task_function", project / "dags/daily.py")
