"""BaseOperator: what every task is, and what users subclass.

A subclass defines `execute(context)`. Its constructor receives `default_args` by parameter name, and every attribute
named in `template_fields` is rendered before `execute` runs.

>>> class Hello(BaseOperator):
...     def execute(self, context):
...         return "hello"
>>> Hello(task_id="hi").execute({})
'hello'
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NoReturn, Self

from dag_translator.authoring import loading, runtime
from dag_translator.authoring.definitions.abstractoperator import AbstractOperator
from dag_translator.authoring.definitions.apply_defaults import BaseOperatorMeta
from dag_translator.authoring.definitions.mixins import apply_upstream_relationship
from dag_translator.authoring.definitions.node import validate_key
from dag_translator.authoring.definitions.operator_arguments import CONVERSIONS, SIGNATURE
from dag_translator.authoring.definitions.operator_init import set_arguments
from dag_translator.authoring.definitions.param import ParamsDict
from dag_translator.authoring.definitions.setup_teardown import SetupTeardownContext
from dag_translator.authoring.exceptions import TaskDeferred

_EXCLUSIVE = {"is_setup": "is_teardown", "is_teardown": "is_setup"}


class Partial:
    """`SomeOperator.partial(task_id=…, …)`: the fixed arguments of a mapped task; `.expand(…)` gives the others."""

    def __get__(self, task: Any, operator_class: type) -> Callable[..., Any]:
        def partial(**kwargs: Any) -> Any:
            from dag_translator.authoring.definitions.mapped import OperatorPartial

            if task is not None:
                raise TypeError("partial can only be called on Operator classes, not Tasks themselves")
            return OperatorPartial.of(operator_class, **kwargs)

        return partial


class BaseOperator(AbstractOperator, metaclass=BaseOperatorMeta):
    """A task. The arguments are the rows of `operator_arguments.OPERATOR_ARGUMENTS`."""

    owner: str
    email: Any
    email_on_retry: bool
    email_on_failure: bool
    retries: int
    retry_delay: timedelta
    retry_exponential_backoff: bool | float
    max_retry_delay: timedelta | None
    retry_policy: Any
    start_date: datetime | None
    end_date: datetime | None
    depends_on_past: bool
    wait_for_downstream: bool
    ignore_first_depends_on_past: bool
    wait_for_past_depends_before_skipping: bool
    priority_weight: int
    weight_rule: Any
    queue: str
    pool: str
    pool_slots: int
    execution_timeout: timedelta | None
    on_execute_callback: list[Any]
    on_failure_callback: list[Any]
    on_success_callback: list[Any]
    on_retry_callback: list[Any]
    on_skipped_callback: list[Any]
    map_index_template: str | None
    max_active_tis_per_dag: int | None
    max_active_tis_per_dagrun: int | None
    executor_config: dict[str, Any]
    do_xcom_push: bool
    multiple_outputs: bool
    inlets: list[Any]
    outlets: list[Any]
    doc: str | None
    doc_md: str | None
    doc_json: str | None
    doc_yaml: str | None
    doc_rst: str | None
    logger_name: str | None
    render_template_as_native_obj: bool | None
    params: ParamsDict
    _task_display_name: str | None
    _pre_execute_hook: Callable[[Any], None] | None
    _post_execute_hook: Callable[..., None] | None

    accepts_any_argument: bool = False
    _dag: Any = None
    _from_mapped: bool = False
    _instantiated: bool = False
    _from_default_args: frozenset[str] = frozenset()
    _init_kwargs: dict[str, Any]

    def __init__(self, **kwargs: Any) -> None:
        dag, group = kwargs.pop("dag", None), kwargs.pop("task_group", None)
        task_id = kwargs.pop("task_id", None)
        self._airstep_line = loading.line_in_file()
        self.upstream_task_ids = set()
        self.downstream_task_ids = set()
        self.task_group = None
        self.task_id = group.child_id(task_id) if group is not None and not self._from_mapped else task_id
        validate_key(self.task_id, "task_id")
        if group is not None and self._from_mapped:
            self.task_group = group
        kwargs.pop("default_args", None)
        set_arguments(self, kwargs, dag)
        self._join(dag, group)

    __init__.__signature__ = SIGNATURE  # type: ignore[attr-defined]

    def _join(self, dag: Any, group: Any) -> None:
        """Enter group and DAG, at the very end: `add_task` looks at the finished task."""
        if not self._from_mapped:
            SetupTeardownContext.made(self)
            under_way = loading.current()
            if under_way is not None:
                under_way.tasks.append(self)
        if group is not None and not self._from_mapped:
            group.add(self)
        if dag is not None:
            self.dag = dag

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _EXCLUSIVE and value and getattr(self, _EXCLUSIVE[name]):
            raise ValueError(
                f"Cannot mark task '{self.task_id}' as {name[3:]}; task is already a {_EXCLUSIVE[name][3:]}."
            )
        convert = CONVERSIONS.get(name)
        super().__setattr__(name, value if convert is None else convert(value))
        if self._instantiated and name in self.template_fields:
            apply_upstream_relationship(self, value)

    def get_dag(self) -> Any:
        return self._dag

    @property
    def dag(self) -> Any:
        if self._dag is None:
            raise RuntimeError(f"Operator {self} has not been assigned to a Dag yet")
        return self._dag

    @dag.setter
    def dag(self, dag: Any) -> None:
        from dag_translator.authoring.definitions.dag import DAG

        if dag is None:
            return
        if not isinstance(dag, DAG):
            raise TypeError(f"Expected dag; received {type(dag).__name__}")
        if self._dag is not None and self._dag is not dag:
            raise ValueError(f"The dag assigned to {self} can not be changed.")
        self._dag = dag
        if not self._from_mapped and dag.task_dict.get(self.task_id) is not self:
            dag.add_task(self)

    @property
    def operator_class(self) -> type:  # type: ignore[override]
        return type(self)

    @property
    def task_display_name(self) -> str:
        return self._task_display_name or self.task_id

    @property
    def log(self) -> logging.Logger:
        name = self.logger_name or f"{type(self).__module__}.{type(self).__qualname__}"
        return logging.getLogger(f"airflow.task.operators.{name}")

    def add_inlets(self, inlets: Any) -> None:
        self.inlets.extend(inlets)

    def add_outlets(self, outlets: Any) -> None:
        self.outlets.extend(outlets)

    def pre_execute(self, context: Any) -> None:
        """Runs right before `execute`."""

    def execute(self, context: Any) -> Any:
        """The task's work; what it returns is pushed as XCom."""
        raise NotImplementedError(f"{type(self).__name__} does not define execute()")

    def post_execute(self, context: Any, result: Any = None) -> None:
        """Runs right after `execute`."""

    def on_kill(self) -> None:
        """Clean up when the task is stopped."""

    def prepare_for_execution(self) -> Self:
        """A copy that may change while it runs."""
        other = copy.copy(self)
        object.__setattr__(other, "_instantiated", False)
        return other

    def prepare_template(self) -> None:
        """Called when the files that template fields name have been read; a subclass may change its fields here."""

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        runtime.current().render_template_fields(self, context, jinja_env)

    def render_template(self, content: Any, context: Any, jinja_env: Any = None, *_: Any) -> Any:
        return runtime.current().render_template(self, content, context, jinja_env)

    def get_template_env(self, dag: Any = None) -> Any:
        return runtime.current().get_template_env(self, dag)

    @staticmethod
    def xcom_push(context: Any, key: str, value: Any) -> None:
        context["ti"].xcom_push(key=key, value=value)

    @staticmethod
    def xcom_pull(context: Any, task_ids: Any = None, key: str = "return_value", **kwargs: Any) -> Any:
        return context["ti"].xcom_pull(task_ids=task_ids, key=key, **kwargs)

    def defer(self, *, trigger: Any, method_name: str, kwargs: Any = None, timeout: Any = None) -> NoReturn:
        raise TaskDeferred(trigger=trigger, method_name=method_name, kwargs=kwargs, timeout=timeout)

    partial = Partial()

    def unmap(self, resolve: Any = None) -> Self:  # noqa: ARG002
        return self

    def __repr__(self) -> str:
        return f"<Task({self.task_type}): {self.task_id}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        result = type(self).__new__(type(self))
        memo[id(self)] = result
        for name, value in self.__dict__.items():
            shallow = name in ("python_callable", "op_kwargs", "params", "_dag", "task_group")
            result.__dict__[name] = value if shallow else copy.deepcopy(value, memo)
        return result


class BaseAsyncOperator(BaseOperator):
    """An operator whose work is a coroutine, `aexecute(context)`."""

    async def aexecute(self, context: Any) -> Any:
        raise NotImplementedError

    def execute(self, context: Any) -> Any:
        import asyncio

        return asyncio.run(self.aexecute(context))
