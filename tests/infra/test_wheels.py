"""Third-party packages: the pins, what is asked of pip, and what its failures mean."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from dag_translator.errors import UsageError
from infra.wheels import RUNTIME_LOCK, Platform, dependencies

ARM = Platform("arm64", "3.13")
NO_WHEEL = """\
ERROR: Could not find a version that satisfies the requirement fortran-lib (from versions: none)
ERROR: No matching distribution found for fortran-lib==1.0
"""
CONFLICT = """\
The conflict is caused by:
    The user requested jinja2<3
    flask depends on jinja2>=3
ERROR: ResolutionImpossible: see the docs
"""


class Pip:
    """Stands for pip: installs a module for each line, or fails. calls: the commands that it got."""

    def __init__(self, stderr: str = "") -> None:
        self.stderr = stderr
        self.calls: list[list[str]] = []
        self.texts: list[str] = []

    def run(self, command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        self.calls.append(command)
        self.texts.append(Path(command[-1]).read_text())
        folder = Path(command[command.index("--target") + 1])
        (folder / "__pycache__").mkdir(parents=True)
        (folder / "bin").mkdir()
        (folder / f"module{len(self.calls)}.py").write_text("")
        return subprocess.CompletedProcess(command, bool(self.stderr), "", self.stderr)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Pip:
    fake = Pip()
    monkeypatch.setattr("infra.wheels.subprocess.run", fake.run)
    return fake


def pins(text: str) -> dict[str, tuple[str, frozenset[str]]]:
    entries = re.finditer(r"^([\w.-]+)==(\S+)((?:[^\n]*\n    .*)*)", text, re.MULTILINE)
    return {found[1]: (found[2], frozenset(re.findall(r"sha256:\w+", found[3]))) for found in entries}


def test_the_runtimes_pins_are_the_projects_own() -> None:
    runtime, project = pins(RUNTIME_LOCK.read_text()), pins(Path("requirements.lock").read_text())
    assert {"aws-lambda-powertools", "jinja2", "pendulum", "croniter"} <= set(runtime)
    assert not {"boto3", "aws-cdk-lib"} & set(runtime)
    assert {name: project[name] for name in runtime} == runtime
    assert all(hashes for _, hashes in runtime.values())


def test_wheels_for_lambda_are_asked_for_by_platform_and_hash(pip: Pip, tmp_path: Path) -> None:
    dependencies(ARM, None, tmp_path)
    (command,) = pip.calls
    tags = [after for option, after in pairwise(command) if option == "--platform"]
    assert tags[0] == "manylinux_2_34_aarch64"
    assert tags[-1] == "manylinux2014_aarch64"
    assert {"--only-binary=:all:", "--require-hashes", "--no-compile"} <= set(command)
    assert command[command.index("--python-version") + 1] == "3.13"


def test_the_local_aws_gets_wheels_for_this_machine(pip: Pip, tmp_path: Path) -> None:
    dependencies(Platform("x86_64", "3.11", host=True), None, tmp_path)
    assert "--platform" not in pip.calls[0]
    assert "--only-binary=:all:" in pip.calls[0]


def test_a_second_build_comes_from_the_cache(pip: Pip, tmp_path: Path) -> None:
    first, second = (dependencies(ARM, None, tmp_path) for _ in range(2))
    assert first == second
    assert len(pip.calls) == 1
    assert [file.name for file in first.folder.iterdir()] == ["module1.py"]
    assert dependencies(Platform("x86_64", "3.13"), None, tmp_path).key != first.key


def test_the_users_requirements_come_beside_ours_under_our_pins_and_without_airflow(pip: Pip, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(
        "# comment\npandas==3.0\napache-airflow[postgres]>=2.9\n-c https://x/constraints-3.12.txt\n"
    )
    found = dependencies(ARM, requirements, tmp_path / "cache")
    assert found.left_out == ("apache-airflow[postgres]>=2.9", "-c https://x/constraints-3.12.txt")
    assert pip.texts[1] == "pandas==3.0"
    assert {file.name for file in found.folder.iterdir()} == {"module1.py", "module2.py"}
    assert [file.name for file in tmp_path.glob(".airstep-*")] == []


def test_a_conflict_of_many_versions_is_told_once(pip: Pip, tmp_path: Path) -> None:
    """A distribution that asks for something without wheels conflicts in every version it has."""
    versions = "".join(f"    spark 6.{n} depends on pyspark>=4\n" for n in range(99, 0, -1))
    pip.stderr = CONFLICT.replace("    flask", f"{versions}    flask")
    with pytest.raises(UsageError) as raised:
        dependencies(ARM, None, tmp_path)
    assert "spark 6.99 depends on pyspark>=4" in str(raised.value)
    assert str(raised.value).count("pyspark") == 1


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        (NO_WHEEL, r"(?s)\.lock: there is no wheel of fortran-lib.* Lambda \(Linux\), arm64, Python 3\.13\n    → pick"),
        (CONFLICT, r"(?s)do not fit together.*flask depends on jinja2>=3\n    → loosen"),
        ("ERROR: connection refused", r"pip failed\nERROR: connection refused"),
    ],
)
def test_what_pips_failures_mean(pip: Pip, tmp_path: Path, stderr: str, message: str) -> None:
    pip.stderr = stderr
    with pytest.raises(UsageError, match=message):
        dependencies(ARM, None, tmp_path)
    assert list((tmp_path / "dependencies").iterdir()) == []


def test_what_is_not_wanted_is_removed_with_all_its_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Heavy(Pip):
        def run(self, command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
            folder = Path(command[command.index("--target") + 1])
            files = ["heavy_lib/__init__.py", "heavy_lib/deep/data.bin", "heavy_lib-1.0.dist-info/METADATA"]
            for name in files:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text("Metadata-Version: 2.1\nName: heavy-lib\nVersion: 1.0\n")
            record = folder / "heavy_lib-1.0.dist-info/RECORD"
            record.write_text("".join(f"{name},,\n" for name in (*files, "heavy_lib-1.0.dist-info/RECORD")))
            return super().run(command, **options)

    monkeypatch.setattr("infra.wheels.subprocess.run", Heavy().run)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("light\n")
    found = dependencies(ARM, requirements, tmp_path / "cache", without=["Heavy.Lib"])
    assert {file.name for file in found.folder.iterdir()} == {"module1.py", "module2.py"}
    everything = dependencies(ARM, requirements, tmp_path / "cache")
    assert everything.key != found.key
    assert "heavy_lib" in {file.name for file in everything.folder.iterdir()}
