"""`@task` and its kinds, `@setup`, `@teardown`: the table of kinds is `KINDS`.

>>> from dag_translator.authoring.definitions.dag import DAG
>>> @task
... def one() -> int:
...     return 1
>>> with DAG("d") as dag:
...     reference = one()
>>> reference.operator.task_id, reference.operator.operator_name
('one', '@task')
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable
from typing import Any

from dag_translator.authoring.definitions.conditions import run_if, skip_if
from dag_translator.authoring.definitions.decorated import TaskDecorator
from dag_translator.authoring.definitions.group_decorator import TaskGroupFactory
from dag_translator.authoring.definitions.setup_teardown import ContextWrapper
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.loading import coded, did_you_mean

_OPERATORS = "dag_translator.authoring.operators"

# @task.<kind> → where its operator lives.
KINDS: dict[str, tuple[str, str]] = {
    "python": (f"{_OPERATORS}.python", "_PythonDecoratedOperator"),
    "branch": (f"{_OPERATORS}.python", "_BranchPythonDecoratedOperator"),
    "short_circuit": (f"{_OPERATORS}.python", "_ShortCircuitDecoratedOperator"),
    "sensor": ("dag_translator.authoring.sensors.python", "DecoratedSensorOperator"),
    "bash": (f"{_OPERATORS}.bash", "_BashDecoratedOperator"),
    "virtualenv": (f"{_OPERATORS}.virtualenv", "_PythonVirtualenvDecoratedOperator"),
    "branch_virtualenv": (f"{_OPERATORS}.virtualenv", "_BranchPythonVirtualenvDecoratedOperator"),
    "external_python": (f"{_OPERATORS}.virtualenv", "_PythonExternalDecoratedOperator"),
    "branch_external_python": (f"{_OPERATORS}.virtualenv", "_BranchExternalPythonDecoratedOperator"),
}

# Kinds that providers add to Airflow and that have no counterpart here.
FOREIGN = (
    "docker",
    "kubernetes",
    "kubernetes_cmd",
    "pyspark",
    "sql",
    "snowpark",
    "sftp_sensor",
    "stub",
    "agent",
    "llm",
)

_FOR_PYTHON = 'for Python that takes long write @task(executor_config={"airstep": {"compute": "fargate"}})'
# What to do instead of them.
INSTEAD = {
    "docker": f"run a command of the image with DockerOperator; {_FOR_PYTHON}",
    "kubernetes": f"run a command of the image with KubernetesPodOperator; {_FOR_PYTHON}",
    "kubernetes_cmd": "use KubernetesPodOperator with cmds=[…]",
}


class TaskDecorators:
    """What `task` is: `@task`, `@task(…)`, `@task.branch`, …"""

    run_if = staticmethod(run_if)
    skip_if = staticmethod(skip_if)

    def __call__(self, function: Any = None, /, **kwargs: Any) -> Any:
        return _decorate("python", function, **kwargs)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in KINDS:
            why = "is not supported" if name in FOREIGN else "not found"
            raise coded(
                AttributeError(f"task decorator {name!r} {why}"),
                "unsupported-decorator",
                INSTEAD.get(name) or did_you_mean(name, (*KINDS, "run_if", "skip_if"), f"there are {', '.join(KINDS)}"),
            )

        def decorator(function: Any = None, /, **kwargs: Any) -> Any:
            return _decorate(name, function, **kwargs)

        return decorator


def _decorate(kind: str, function: Any = None, **kwargs: Any) -> Any:
    module, attribute = KINDS[kind]
    operator_class = getattr(importlib.import_module(module), attribute)
    multiple_outputs = kwargs.pop("multiple_outputs", None)
    if function is None and "python_callable" in kwargs:
        function = kwargs.pop("python_callable")

    def decorate(function: Callable[..., Any]) -> TaskDecorator:
        return TaskDecorator(function, operator_class, multiple_outputs, dict(kwargs))

    return decorate if function is None else decorate(function)


task = TaskDecorators()


def task_decorator_factory(
    python_callable: Callable[..., Any] | None = None,
    *,
    multiple_outputs: bool | None = None,
    decorated_operator_class: type,
    **kwargs: Any,
) -> Any:
    """A decorator of a provider's own, whose tasks are of its class."""

    def decorate(function: Callable[..., Any]) -> TaskDecorator:
        return TaskDecorator(function, decorated_operator_class, multiple_outputs, kwargs)

    return decorate if python_callable is None else decorate(python_callable)


def setup(function: Any) -> TaskDecorator:
    """`@setup`, bare or on top of `@task…`."""
    decorated = _as_task(function)
    decorated.is_setup = True
    return decorated


def teardown(function: Any = None, *, on_failure_fail_dagrun: bool = False) -> Any:
    """`@teardown` or `@teardown(on_failure_fail_dagrun=True)`, bare or on top of `@task…`."""

    def decorate(function: Any) -> TaskDecorator:
        decorated = _as_task(function)
        decorated.is_teardown = True
        decorated.on_failure_fail_dagrun = on_failure_fail_dagrun
        return decorated

    return decorate if function is None else decorate(function)


def _as_task(function: Any) -> TaskDecorator:
    if isinstance(function, TaskGroupFactory):
        raise AirflowException("Task groups cannot be marked as setup or teardown.")
    decorated = task(function) if isinstance(function, types.FunctionType) else function
    if not isinstance(decorated, TaskDecorator):
        raise TypeError("@setup and @teardown go on functions or @task functions")
    return decorated


def result(function: Any) -> Any:
    """`@result` on top of `@task`: the task gives the DAG's result."""
    if not isinstance(function, TaskDecorator):
        raise TypeError("@result must be used on top of a @task-decorated function")
    function.returns_dag_result = True
    return function


def context_wrapper(tasks: Any) -> ContextWrapper:
    """Several setups (or teardowns) as one `with` context."""
    return ContextWrapper(tasks)


def apply_defaults(function: Any) -> Any:
    """Airflow 1's decorator for constructors; BaseOperator does its work by itself."""
    return function
