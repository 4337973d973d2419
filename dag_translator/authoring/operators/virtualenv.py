"""Operators that call a Python function in an interpreter of its own, with packages of its own.

The packages are installed when the DAG is deployed (see `environments`), not in each run. The function's source runs
there alone: it imports what it needs itself, gets its arguments pickled, and pickles its result, as in Airflow.
What can't be packaged ahead is refused while the DAG is translated: `dag_translator.environments`.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import pickle
import sys
import tempfile
import textwrap
import types
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from dag_translator.authoring import environments
from dag_translator.authoring.exceptions import AirflowException, AirflowSkipException
from dag_translator.authoring.operators.processes import ChildProcess
from dag_translator.authoring.operators.python import PythonOperator, _PythonDecoratedOperator
from dag_translator.authoring.operators.skipmixin import BranchMixIn

# What of the context can cross to another interpreter: plain values, and dates where pendulum is there.
PLAIN_KEYS = frozenset(
    {
        *("ds", "ds_nodash", "expanded_ti_count", "inlets", "outlets", "run_id", "task_instance_key_str", "test_mode"),
        *("ts", "ts_nodash", "ts_nodash_with_tz", "next_ds", "next_ds_nodash", "prev_ds", "prev_ds_nodash"),
        *("tomorrow_ds", "tomorrow_ds_nodash", "yesterday_ds", "yesterday_ds_nodash", "task_reschedule_count"),
        *("partition_key", "templates_dict"),
    }
)
DATE_KEYS = frozenset(
    {
        *("data_interval_end", "data_interval_start", "logical_date", "prev_data_interval_end_success"),
        *("prev_data_interval_start_success", "prev_start_date_success", "prev_end_date_success", "execution_date"),
        *("next_execution_date", "prev_execution_date", "prev_execution_date_success", "partition_date"),
    }
)
_CHILD = Path(__file__).with_name("virtualenv_child.py")
_ROOT = Path(__file__).parents[3]
_DECORATORS = frozenset({"task", "setup", "teardown"})


class _BasePythonVirtualenvOperator(PythonOperator):
    """Arguments as Airflow's, `serializer` only "pickle"; a result of None pushes nothing."""

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        serializer: str | None = None,
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        string_args: Iterable[str] | None = None,
        templates_dict: dict[str, Any] | None = None,
        templates_exts: list[str] | None = None,
        expect_airflow: bool = True,
        skip_on_exit_code: int | Container[int] | None = None,
        env_vars: dict[str, str] | None = None,
        inherit_env: bool = True,
        use_dill: bool = False,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        if not isinstance(python_callable, types.FunctionType) or python_callable.__name__ == "<lambda>":
            raise ValueError(f"{name} only supports functions for python_callable arg")
        if inspect.isgeneratorfunction(python_callable):
            raise ValueError(f"{name} does not support using 'yield' in python_callable")
        super().__init__(
            python_callable=python_callable,
            op_args=op_args,
            op_kwargs=op_kwargs,
            templates_dict=templates_dict,
            templates_exts=templates_exts,
            **kwargs,
        )
        self.string_args = list(string_args or ())
        self.serializer = "dill" if use_dill else serializer or "pickle"
        self.expect_airflow = expect_airflow
        codes = skip_on_exit_code
        self.skip_on_exit_code: Container[int] = (
            () if codes is None else codes if isinstance(codes, Container) else (codes,)
        )
        self.env_vars = env_vars
        self.inherit_env = inherit_env
        self._child = ChildProcess()

    system_site_packages = True
    requirements: Any = ()
    python_version: str | None = None

    def execute(self, context: Any) -> Any:
        parameters = inspect.signature(self.python_callable).parameters
        takes_all = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
        possible = self.context_keys()
        wanted = possible if takes_all else possible & set(parameters)
        known = {name: context[name] for name in sorted(wanted) if name in context}
        if "params" in known:
            known["params"] = dict(known["params"])
        return super().execute(known)

    def context_keys(self) -> frozenset[str]:
        """What the function may take of the context."""
        if self.system_site_packages:
            return PLAIN_KEYS | DATE_KEYS | {"params"}
        has_pendulum = any(line.startswith("pendulum") for line in environments.lines(self.requirements))
        return PLAIN_KEYS | DATE_KEYS if has_pendulum else PLAIN_KEYS

    def get_python_source(self) -> str:
        """The function's source without the decorators that make it a task."""
        return _source_of(self.python_callable)

    def execute_callable(self) -> Any:
        wanted = environments.lines(self.requirements)
        packages = environments.folder_of(wanted) if wanted else None
        if wanted and packages is None:
            raise AirflowException(
                f"{self.task_id}: there is no environment of {', '.join(wanted)}; deploy the DAG again"
            )
        running = f"{sys.version_info.major}.{sys.version_info.minor}"
        if self.python_version and not f"{running}.".startswith(f"{self.python_version}."):
            raise AirflowException(f"{self.task_id}: python_version is {self.python_version}, this is Python {running}")
        with tempfile.TemporaryDirectory(prefix="venv-call") as folder:
            return self._call(Path(folder), [str(packages)] if packages else [])

    def on_kill(self) -> None:
        self._child.kill()

    def _call(self, folder: Path, sites: list[str]) -> Any:
        result, error = folder / "script.out", folder / "termination.log"
        task = {
            "paths": self._paths(),
            "sites": sites,
            "module": self.python_callable.__module__,
            "function": self.python_callable.__name__,
            "source": str(folder / "script.py"),
            "arguments": str(folder / "script.in"),
            "result": str(result),
            "error": str(error),
            "string_args": list(map(str, self.string_args)),
            "airflow": self.expect_airflow and self.system_site_packages,
        }
        (folder / "script.py").write_text(f"from __future__ import annotations\n{self.get_python_source()}")
        (folder / "script.in").write_bytes(self._pickled_arguments())
        (folder / "task.json").write_text(json.dumps(task))
        # Without the packages of this interpreter (-S) and without the script's own folder (-P).
        command = [sys.executable, "-S", "-P", str(_CHILD), str(folder / "task.json")]
        code, _ = self._child.run(command, self._environment(), str(folder), lambda line: self.log.info("%s", line))
        if code in self.skip_on_exit_code:
            raise AirflowSkipException(f"Process exited with code {code}. Skipping.")
        if code:
            told = f"\n{error.read_text()}" if error.exists() else ""
            raise AirflowException(f"Process returned non-zero exit status {code}.{told}")
        written = result.read_bytes()
        return pickle.loads(written) if written else None

    def _paths(self) -> list[str]:
        """This interpreter's import path, or the DAGs' folder alone."""
        own = [entry for entry in sys.path if entry]
        if self.system_site_packages:
            return list(dict.fromkeys([*own, str(_ROOT)]))
        return [self.dag.folder]

    def _environment(self) -> dict[str, str]:
        kept = os.environ if self.inherit_env else {"LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")}
        plain = {name: value for name, value in kept.items() if name not in ("PYTHONPATH", "PYTHONHOME") and value}
        return {**plain, "PYTHON_OPERATORS_VIRTUAL_ENV_MODE": "1", **(self.env_vars or {})}

    def _pickled_arguments(self) -> bytes:
        kwargs = dict(self.op_kwargs)
        try:
            return pickle.dumps({"args": list(self.op_args), "kwargs": kwargs})
        except Exception as error:
            bad = [name for name, value in kwargs.items() if not _can_be_pickled(value)]
            raise AirflowException(
                f"Failed to serialize op_kwargs. The following keys contain objects that cannot be pickled: {bad}."
            ) from error


class PythonVirtualenvOperator(_BasePythonVirtualenvOperator):
    """Calls a function in an environment with `requirements` (and, by system_site_packages, the task's own packages).

    requirements: a list, or a text or file in pip's form; literal, as it is installed before the run. venv_cache_path
    says nothing here: an environment is always kept.
    """

    template_fields: Any = (*PythonOperator.template_fields, "requirements")
    template_ext: Any = (".txt",)

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        requirements: Iterable[str] | str | None = None,
        python_version: str | None = None,
        system_site_packages: bool = True,
        pip_install_options: list[str] | None = None,
        index_urls: Collection[str] | str | None = None,
        index_urls_from_connection_ids: Collection[str] | str | None = None,
        venv_cache_path: Any = None,
        **kwargs: Any,
    ) -> None:
        if python_version is not None and not isinstance(python_version, str):
            raise AirflowException("Passing non-string types (e.g. int or float) as python_version not supported")
        super().__init__(python_callable=python_callable, **kwargs)
        listed = [requirements] if isinstance(requirements, str) else requirements or []
        self.requirements = list(listed) if isinstance(listed, tuple | set | frozenset) else listed
        self.python_version = python_version
        self.system_site_packages = system_site_packages
        self.pip_install_options = pip_install_options
        self.index_urls = index_urls
        self.index_urls_from_connection_ids = index_urls_from_connection_ids
        self.venv_cache_path = venv_cache_path


class BranchPythonVirtualenvOperator(BranchMixIn, PythonVirtualenvOperator):
    """The function returns the task ids or group ids to follow."""


class ExternalPythonOperator(_BasePythonVirtualenvOperator):
    """Calls a function in a new process of an interpreter that is there: `sys.executable`, no other is in Lambda."""

    template_fields: Any = (*PythonOperator.template_fields, "python")

    def __init__(
        self, *, python: str, python_callable: Callable[..., Any], expect_pendulum: bool = False, **kwargs: Any
    ) -> None:
        if not python:
            raise ValueError("Python Path must be defined in ExternalPythonOperator")
        super().__init__(python_callable=python_callable, **kwargs)
        self.python = python
        self.expect_pendulum = expect_pendulum


class BranchExternalPythonOperator(BranchMixIn, ExternalPythonOperator):
    """The function returns the task ids or group ids to follow."""


class _PythonVirtualenvDecoratedOperator(_PythonDecoratedOperator, PythonVirtualenvOperator):
    """`@task.virtualenv`."""

    template_fields: Any = PythonVirtualenvOperator.template_fields
    custom_operator_name = "@task.virtualenv"


class _BranchPythonVirtualenvDecoratedOperator(_PythonDecoratedOperator, BranchPythonVirtualenvOperator):
    """`@task.branch_virtualenv`."""

    template_fields: Any = PythonVirtualenvOperator.template_fields
    custom_operator_name = "@task.branch_virtualenv"


class _PythonExternalDecoratedOperator(_PythonDecoratedOperator, ExternalPythonOperator):
    """`@task.external_python`."""

    template_fields: Any = ExternalPythonOperator.template_fields
    custom_operator_name = "@task.external_python"


class _BranchExternalPythonDecoratedOperator(_PythonDecoratedOperator, BranchExternalPythonOperator):
    """`@task.branch_external_python`."""

    template_fields: Any = ExternalPythonOperator.template_fields
    custom_operator_name = "@task.branch_external_python"


def _source_of(function: Any) -> str:
    text = textwrap.dedent(inspect.getsource(function))
    (node,) = ast.parse(text).body
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        raise AirflowException(f"the source of {function.__name__} is no function")
    kept = [each for each in node.decorator_list if not _makes_a_task(each)]
    decorators = [f"@{ast.get_source_segment(text, each)}" for each in kept]
    return "\n".join([*decorators, *text.splitlines()[node.lineno - 1 :], ""])


def _makes_a_task(decorator: ast.expr) -> bool:
    """`@task`, `@task.virtualenv(…)`, `@airflow.decorators.task(…)`, `@setup`, …"""
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    names = set()
    while isinstance(node, ast.Attribute):
        names.add(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        names.add(node.id)
    return bool(names & _DECORATORS)


def _can_be_pickled(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:
        return False
    return True
