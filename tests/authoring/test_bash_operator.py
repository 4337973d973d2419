"""BashOperator and @task.bash."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dag_translator.authoring import runtime
from dag_translator.authoring.definitions.dag import DAG
from dag_translator.authoring.definitions.task_decorators import task
from dag_translator.authoring.exceptions import (
    AirflowException,
    AirflowSkipException,
    AirflowTaskTimeout,
)
from dag_translator.authoring.operators.bash import BashOperator


class Renderer(runtime.Runtime):
    """Renders `{{ ds }}` and nothing else."""

    def render_template(self, operator: Any, content: Any, context: Any, jinja_env: Any = None) -> Any:
        return content.replace("{{ ds }}", context["ds"])


def bash(command: str, context: dict[str, Any] | None = None, **arguments: Any) -> Any:
    return BashOperator(task_id="t", bash_command=command, **arguments).execute(context or {})


def test_bash_gives_its_last_line() -> None:
    assert bash("echo one; echo two") == "two"
    assert bash("true") == ""
    assert bash("echo out; echo err >&2") == "err"
    assert bash("echo '{\"a\": 1}'", output_processor=len) == 8
    assert bash("false | echo piped") == "piped"


def test_bash_environment_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTER", "o")
    assert bash("echo $OUTER") == "o"
    assert bash("echo $FOO-$OUTER", env={"FOO": "f"}) == "f-"
    assert bash("echo $FOO-$OUTER", env={"FOO": "f"}, append_env=True) == "f-o"
    assert bash("pwd", cwd=str(tmp_path)) == str(tmp_path)
    assert bash("pwd") != os.getcwd()
    ti = SimpleNamespace(dag_id="d", task_id="t", try_number=2)
    assert bash("echo $AIRFLOW_CTX_DAG_ID/$AIRFLOW_CTX_TRY_NUMBER", {"ti": ti}, env={}) == "d/2"
    with pytest.raises(AirflowException, match="Can not find the cwd"):
        bash("true", cwd=str(tmp_path / "nope"))


def test_bash_exit_codes() -> None:
    with pytest.raises(AirflowSkipException):
        bash("exit 99")
    with pytest.raises(AirflowSkipException):
        bash("exit 7", skip_on_exit_code=[7, 8])
    with pytest.raises(AirflowException, match="non-zero exit code 99"):
        bash("exit 99", skip_on_exit_code=None)
    with pytest.raises(AirflowException, match="non-zero exit code 1"):
        bash("echo x; exit 1")


def test_bash_runs_a_rendered_script() -> None:
    operator = BashOperator(task_id="t", bash_command="placeholder")
    operator.bash_command = "echo from a file\n# ends like a script.sh"
    assert operator.execute({}) == "from a file"


def test_bash_leaves_no_process_behind(tmp_path: Path) -> None:
    """A timeout is raised inside execute(), as the Lambda's alarm does; the whole process group goes."""
    marker = tmp_path / "still_alive"
    operator = BashOperator(task_id="t", bash_command=f"(sleep 0.6; touch {marker}) & echo started; wait")
    killer = threading.Timer(0.1, operator.on_kill)
    killer.start()
    with pytest.raises(AirflowException):
        operator.execute({})
    time.sleep(0.7)
    assert not marker.exists()
    assert not issubclass(AirflowTaskTimeout, Exception)


def test_decorated_bash_renders_what_the_function_returns() -> None:
    @task.bash
    def command(name: str, ds: Any = None) -> str:
        return f"echo {name} {{{{ ds }}}} {ds}"

    @task.bash
    def nothing() -> str:
        return " "

    with DAG("d"):
        operator, empty = command("x").operator, nothing().operator
    with runtime.use(Renderer()):
        assert operator.execute({"ds": "2024-01-15"}) == "x 2024-01-15 2024-01-15"
        with pytest.raises(TypeError, match="non-empty string"):
            empty.execute({})
