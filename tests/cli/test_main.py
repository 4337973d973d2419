"""The command as a whole: help, version, completion, errors, what it imports."""

from __future__ import annotations

import doctest
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Airstep

MODULES = [
    f"infra.cli.{file.stem}"
    for file in sorted((Path(__file__).parents[2] / "infra" / "cli").glob("*.py"))
    if file.stem != "__init__"
]


@pytest.mark.parametrize("module", MODULES)
def test_doctests(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


@pytest.mark.parametrize(
    "group", [(), ("dags",), ("tasks",), ("xcom",), ("variables",), ("connections",), ("local",), ("deploy",)]
)
def test_help(airstep: Airstep, group: tuple[str, ...]) -> None:
    called = airstep(*group, "--help")
    assert called.code == 0
    assert "Usage" in called.stdout


def test_every_command_says_what_it_does(airstep: Airstep) -> None:
    for group in ("dags", "tasks", "xcom", "variables", "connections", "local"):
        listed = airstep(group, "--help").stdout.split("Commands:")[1]
        for line in (line for line in listed.splitlines() if line.startswith("  ") and line[2] != " "):
            assert len(line.split(maxsplit=1)) == 2, f"{group} {line}: no help"


def test_version(airstep: Airstep) -> None:
    called = airstep("--version")
    assert called.code == 0
    assert called.stdout.startswith("airstep ")


def test_completion() -> None:
    asked = {"_AIRSTEP_COMPLETE": "complete_bash", "COMP_WORDS": "airstep dags tr", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'airstep'; from infra.cli.main import main; main()"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["translate", "trigger"]


def test_starting_imports_nothing_heavy() -> None:
    """`airstep dags test` has to be quick, so the command itself imports neither AWS, nor the engine, nor tables."""
    program = (
        "import sys; from infra.cli.main import make_app; make_app();"
        "heavy = {'boto3', 'botocore', 'aws_cdk', 'rich.table', 'jsonata', 'jinja2', 'pendulum', 'pydantic',"
        " 'croniter', 'dag_translator.pipeline', 'infra.local.engine', 'infra.local.server', 'asyncio'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_running_a_dag_imports_no_aws(dags: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from infra.cli.local_run import run_file;"
        f"run_file(Path({str(dags / 'ten_tasks.py')!r}), None, None, {{}});"
        "print(sorted({'boto3', 'botocore', 'aws_cdk', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_closed_pipe_is_no_error(dags: Path) -> None:
    program = "from infra.cli.main import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "dags", "translate", str(dags / "ten_tasks.py"), "--dump", "asl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
