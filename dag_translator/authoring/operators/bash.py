"""BashOperator: a command or a rendered script; the last line of its output is the XCom."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections import ChainMap
from collections.abc import Callable, Container, Iterator
from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.definitions.decorated import DecoratedOperator
from dag_translator.authoring.definitions.signatures import determine_kwargs
from dag_translator.authoring.exceptions import AirflowException, AirflowSkipException
from dag_translator.authoring.operators.processes import ChildProcess
from dag_translator.authoring.types import NOTSET


class BashOperator(BaseOperator):
    """Runs bash_command; a command that ends in .sh or .bash names a template file that is rendered and run.

    env replaces the environment (append_env: adds to it); skip_on_exit_code (default 99) skips the task; cwd defaults
    to a temporary folder. The process group is killed when the task is stopped or times out.
    """

    template_fields: Any = ("bash_command", "env", "cwd")
    template_fields_renderers: Any = {"bash_command": "bash", "env": "json"}  # noqa: RUF012
    template_ext: Any = (".sh", ".bash")
    ui_color = "#f0ede4"

    def __init__(
        self,
        *,
        bash_command: Any,
        env: dict[str, str] | None = None,
        append_env: bool = False,
        output_encoding: str = "utf-8",
        skip_on_exit_code: int | Container[int] | None = 99,
        skip_exit_code: int | None = None,  # Airflow 2.1's name
        cwd: str | None = None,
        output_processor: Callable[[str], Any] = lambda result: result,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        codes = skip_on_exit_code if skip_exit_code is None else skip_exit_code
        self.bash_command = bash_command
        self.env = env
        self.append_env = append_env
        self.output_encoding = output_encoding
        self.skip_on_exit_code: Container[int] = (
            () if codes is None else codes if isinstance(codes, Container) else (codes,)
        )
        self.cwd = cwd
        self.output_processor = output_processor
        self._child = ChildProcess()

    def get_env(self, context: Any) -> dict[str, str]:
        """The environment of the command, with Airflow's AIRFLOW_CTX_* names of the running task."""
        own = dict(self.env or {})
        base = dict(os.environ) if self.env is None or self.append_env else {}
        return {**base, **own, **context_variables(context)}

    def execute(self, context: Any) -> Any:
        if self.cwd is not None and not os.path.exists(self.cwd):
            raise AirflowException(f"Can not find the cwd: {self.cwd}")
        if self.cwd is not None and not os.path.isdir(self.cwd):
            raise AirflowException(f"The cwd {self.cwd} must be a directory")
        bash = shutil.which("bash") or "bash"
        with self._folder() as folder, self._arguments(folder) as arguments:
            command, env = [bash, *arguments], self.get_env(context)
            code, last_line = self._child.run(
                command, env, folder, lambda line: self.log.info("%s", line), self.output_encoding
            )
        if code in self.skip_on_exit_code:
            raise AirflowSkipException(f"Bash command returned exit code {code}. Skipping.")
        if code != 0:
            raise AirflowException(f"Bash command failed. The command returned a non-zero exit code {code}.")
        return self.output_processor(last_line)

    @contextlib.contextmanager
    def _folder(self) -> Iterator[str]:
        if self.cwd is not None:
            yield self.cwd
        else:
            with tempfile.TemporaryDirectory(prefix="airflowtmp") as folder:
                yield folder

    @contextlib.contextmanager
    def _arguments(self, folder: str) -> Iterator[list[str]]:
        if not self.bash_command.endswith(tuple(self.template_ext)):
            yield ["-c", self.bash_command]
            return
        with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".sh") as script:
            script.write(self.bash_command)
            script.flush()
            yield [script.name]

    def on_kill(self) -> None:
        self._child.kill()


class _BashDecoratedOperator(DecoratedOperator, BashOperator):
    """`@task.bash`: the function returns the command, which is rendered and run."""

    template_fields: Any = (*DecoratedOperator.template_fields, *BashOperator.template_fields)
    custom_operator_name = "@task.bash"
    overwrite_rtif_after_execution = True  # the command is known once the function has run

    def __init__(self, *, python_callable: Any, op_args: Any = None, op_kwargs: Any = None, **kwargs: Any) -> None:
        kwargs.pop("multiple_outputs", None)
        super().__init__(
            kwargs_to_upstream={"bash_command": NOTSET},
            python_callable=python_callable,
            op_args=op_args,
            op_kwargs=op_kwargs,
            multiple_outputs=False,
            **kwargs,
        )

    def execute(self, context: Any) -> Any:
        kwargs = determine_kwargs(self.python_callable, self.op_args, ChainMap({**self.op_kwargs}, context))
        command = self.bash_command = self.python_callable(*self.op_args, **kwargs)
        if not isinstance(command, str) or command.strip() == "":
            raise TypeError("The returned value from the TaskFlow callable must be a non-empty string.")
        self.bash_command = self.render_template(command, context)
        return BashOperator.execute(self, context)


def context_variables(context: Any) -> dict[str, str]:
    """AIRFLOW_CTX_DAG_ID and its kin, from a context."""
    ti, dag_run, task = context.get("ti"), context.get("dag_run"), context.get("task")
    logical_date = context.get("logical_date")
    dag = context.get("dag")
    values: dict[str, Any] = {
        "DAG_ID": getattr(ti, "dag_id", None),
        "TASK_ID": getattr(ti, "task_id", None),
        "TRY_NUMBER": getattr(ti, "try_number", None),
        "DAG_RUN_ID": getattr(dag_run, "run_id", None),
        "EXECUTION_DATE": logical_date.isoformat() if logical_date is not None else None,
        "LOGICAL_DATE": logical_date.isoformat() if logical_date is not None else None,
        "DAG_OWNER": getattr(task, "owner", None) or getattr(dag, "owner", None),
    }
    return {f"AIRFLOW_CTX_{name}": str(value) for name, value in values.items() if value is not None}
