"""Operators made by `@task` functions, and the function-like object that the decorator gives."""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Callable, Mapping
from typing import Any

from dag_translator.authoring.definitions.apply_defaults import merged_defaults
from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.definitions.contexts import DagContext, TaskGroupContext
from dag_translator.authoring.definitions.expand import (
    DictOfListsExpandInput,
    ExpandInput,
    ListOfDictsExpandInput,
    check_expand,
    check_expand_kwargs,
    prevent_duplicates,
)
from dag_translator.authoring.definitions.mapped import MappedOperator
from dag_translator.authoring.definitions.operator_arguments import BY_NAME
from dag_translator.authoring.definitions.signatures import CONTEXT_KEYS, check_call
from dag_translator.authoring.definitions.xcom_arg import PlainXComArg, XComArg
from dag_translator.authoring.states import TriggerRule


class DecoratedOperator(BaseOperator):
    """Mixed into an operator class that takes python_callable, op_args and op_kwargs."""

    template_fields: Any = ("op_args", "op_kwargs")
    custom_operator_name = "@task"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        task_id: str,
        op_args: Any = None,
        op_kwargs: Any = None,
        kwargs_to_upstream: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if not self._from_mapped:
            task_id = unique_task_id(task_id, kwargs.get("dag"), kwargs.get("task_group"))
        self.python_callable = python_callable
        check_call(python_callable, op_args or [], op_kwargs or {}, complete=True)
        self.op_args = op_args or []
        self.op_kwargs = op_kwargs or {}
        super().__init__(task_id=task_id, **(kwargs_to_upstream or {}), **kwargs)

    def _hook_apply_defaults(self, kwargs: dict[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
        """`default_args` reach the function's own parameters, too."""
        if "python_callable" not in kwargs:
            return kwargs
        op_kwargs = dict(kwargs.get("op_kwargs") or {})
        taken = list(inspect.signature(kwargs["python_callable"]).parameters)[len(kwargs.get("op_args") or ()) :]
        for name in taken:
            if name not in op_kwargs and name in defaults:
                op_kwargs[name] = defaults[name]
        return {**kwargs, "op_kwargs": op_kwargs}


class TaskDecorator:
    """A function under `@task`: calling it makes a task and gives a reference to its output."""

    _airflow_is_task_decorator = True

    def __init__(
        self,
        function: Callable[..., Any],
        operator_class: type,
        multiple_outputs: bool | None,
        kwargs: dict[str, Any],
        is_setup: bool = False,
        is_teardown: bool = False,
        on_failure_fail_dagrun: bool = False,
    ) -> None:
        if not callable(function):
            raise TypeError("No positional arguments allowed while using @task, use named arguments instead")
        if "self" in inspect.signature(function).parameters:
            raise TypeError("@task does not support methods")
        self.function = function
        self.operator_class = operator_class
        self.multiple_outputs = infer_multiple_outputs(function) if multiple_outputs is None else multiple_outputs
        self.kwargs = {"task_id": function.__name__, **kwargs}
        self.is_setup = is_setup
        self.is_teardown = is_teardown
        self.on_failure_fail_dagrun = on_failure_fail_dagrun
        self.returns_dag_result = False
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> XComArg:
        task_kwargs = self._task_kwargs()
        fail_dagrun = task_kwargs.pop("on_failure_fail_dagrun", self.on_failure_fail_dagrun)
        op_kwargs = {**task_kwargs.pop("op_kwargs", {}), **kwargs}
        operator = self.operator_class(
            python_callable=self.function,
            op_args=args,
            op_kwargs=op_kwargs,
            multiple_outputs=self.multiple_outputs,
            **task_kwargs,
        )
        operator.is_setup, operator.is_teardown = self.is_setup, self.is_teardown
        operator.on_failure_fail_dagrun = fail_dagrun
        operator.returns_dag_result = self.returns_dag_result
        documented = (operator.doc, operator.doc_json, operator.doc_md, operator.doc_rst, operator.doc_yaml)
        if self.function.__doc__ and not any(documented):
            operator.doc_md = self.function.__doc__
        return XComArg(operator)

    def _task_kwargs(self) -> dict[str, Any]:
        if not self.is_teardown:
            return dict(self.kwargs)
        if "trigger_rule" in self.kwargs:
            raise ValueError("Trigger rule not configurable for teardown tasks.")
        return {**self.kwargs, "trigger_rule": TriggerRule.ALL_DONE_SETUP_SUCCESS}

    def override(self, **kwargs: Any) -> TaskDecorator:
        """The same function with other task arguments."""
        return self._like(**{**self.kwargs, **kwargs})

    def partial(self, **kwargs: Any) -> TaskDecorator:
        """The same function with some arguments fixed, before `expand`."""
        self._check_names("partial", kwargs)
        fixed = self.kwargs.get("op_kwargs", {})
        prevent_duplicates(fixed, kwargs, "duplicate partial")
        return self._like(**{**self.kwargs, "op_kwargs": {**fixed, **kwargs}})

    def _like(self, **kwargs: Any) -> TaskDecorator:
        copy = TaskDecorator(
            self.function,
            self.operator_class,
            kwargs.pop("multiple_outputs", self.multiple_outputs),
            kwargs,
            self.is_setup,
            self.is_teardown,
            self.on_failure_fail_dagrun,
        )
        copy.returns_dag_result = self.returns_dag_result
        return copy

    def expand(self, **mapped: Any) -> XComArg:
        self._check_names("expand", mapped)
        check_expand(self.function.__name__, mapped)
        return self._expand(DictOfListsExpandInput(mapped), strict=False)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> XComArg:
        check_expand_kwargs(kwargs)
        return self._expand(ListOfDictsExpandInput(kwargs), strict=strict)

    def _expand(self, expand_input: ExpandInput, strict: bool) -> XComArg:
        kwargs = self._task_kwargs()
        fail_dagrun = kwargs.pop("on_failure_fail_dagrun", self.on_failure_fail_dagrun)
        dag = kwargs.pop("dag", None) or DagContext.get_current()
        group = kwargs.pop("task_group", None) or TaskGroupContext.get_current(dag)
        task_id = unique_task_id(kwargs.pop("task_id"), dag, group)
        defaults, params = merged_defaults(dag, group, kwargs.pop("params", None), kwargs.pop("default_args", None))
        inherited = {k: v for k, v in defaults.items() if k in BY_NAME and k not in ("params", "default_args")}
        op_kwargs = kwargs.pop("op_kwargs", {})
        operator = DecoratedMappedOperator(
            operator_class=self.operator_class,
            task_id=group.child_id(task_id) if group is not None else task_id,
            dag=dag,
            task_group=group,
            partial_kwargs={
                **inherited,
                **kwargs,
                "python_callable": self.function,
                "op_args": kwargs.get("op_args", []),
                "op_kwargs": op_kwargs,
                "multiple_outputs": self.multiple_outputs,
            },
            params=params,
            expand_input=expand_input,
            strict=strict,
        )
        operator.is_setup, operator.is_teardown = self.is_setup, self.is_teardown
        operator.on_failure_fail_dagrun = fail_dagrun
        return PlainXComArg(operator)

    def _check_names(self, what: str, kwargs: Mapping[str, Any]) -> None:
        context = sorted(CONTEXT_KEYS & set(kwargs))
        if context:
            names = ", ".join(repr(name) for name in context)
            raise ValueError(f"cannot call {what}() on task context variable{'s' * (len(context) > 1)} {names}")
        check_parameters(self.function, what, kwargs)


class DecoratedMappedOperator(MappedOperator):
    """A mapped @task: what is mapped are the function's arguments, not the operator's."""

    maps_function = True

    def unmap(self, resolve: Mapping[str, Any]) -> Any:
        fixed = self.partial_kwargs["op_kwargs"]
        if self.strict:
            prevent_duplicates(fixed, resolve, "mapping already partial")
        return self._instance({**self.partial_kwargs, "op_kwargs": {**fixed, **resolve}})


def check_parameters(function: Callable[..., Any], what: str, kwargs: Mapping[str, Any]) -> None:
    """TypeError for arguments that the function does not have."""
    parameters = inspect.signature(function).parameters
    if any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    unknown = [name for name in kwargs if name not in parameters]
    if unknown:
        names = ", ".join(repr(name) for name in unknown)
        raise TypeError(
            f"{what}() got {'an ' * (len(unknown) == 1)}unexpected keyword argument{'s' * (len(unknown) > 1)} {names}"
        )


def unique_task_id(task_id: str, dag: Any, group: Any) -> str:
    """`inc`, `inc__1`, `inc__2`… : a @task function may be called several times."""
    dag = dag or DagContext.get_current()
    if dag is None:
        return task_id
    group = group or TaskGroupContext.get_current(dag)
    full_id = group.child_id(task_id) if group is not None else task_id
    if full_id not in dag.task_dict:
        return task_id
    prefix = re.escape(re.sub(r"__\d+$", "", full_id))
    numbers = [int(m.group(1)) for known in dag.task_dict if (m := re.match(rf"^{prefix}__(\d+)$", known))]
    return f"{re.sub(r'__[0-9]+$', '', task_id)}__{max(numbers, default=0) + 1}"


def infer_multiple_outputs(function: Callable[..., Any]) -> bool:
    """Whether the return annotation is a mapping: then each key becomes an XCom of its own."""
    function = inspect.unwrap(function)
    annotation = getattr(function, "__annotations__", {}).get("return")
    if annotation is None:
        return False
    try:
        holder = type("Holder", (), {"__annotations__": {"return": annotation}})
        hints = typing.get_type_hints(holder, getattr(function, "__globals__", {}))
    except (NameError, TypeError, AttributeError, SyntaxError):
        return False
    kind = typing.get_origin(hints.get("return")) or hints.get("return")
    return isinstance(kind, type) and issubclass(kind, Mapping)
