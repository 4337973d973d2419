"""Mapped tasks: `Operator.partial(task_id=…, fixed=…).expand(mapped=…)`.

A `MappedOperator` stands in the DAG in place of its instances. It has the attributes of an operator (from the fixed
arguments and default_args); `unmap(arguments)` makes the real operator of one instance, in a run.
"""

from __future__ import annotations

import copy
import reprlib
from collections.abc import Mapping
from typing import Any

from dag_translator.authoring import loading
from dag_translator.authoring.dates import to_utc
from dag_translator.authoring.definitions.abstractoperator import AbstractOperator
from dag_translator.authoring.definitions.apply_defaults import merged_defaults, parameter_names
from dag_translator.authoring.definitions.contexts import DagContext, TaskGroupContext
from dag_translator.authoring.definitions.expand import (
    DictOfListsExpandInput,
    ExpandInput,
    ListOfDictsExpandInput,
    check_expand,
    check_expand_kwargs,
    prevent_duplicates,
)
from dag_translator.authoring.definitions.mixins import apply_upstream_relationship
from dag_translator.authoring.definitions.node import validate_key
from dag_translator.authoring.definitions.operator_arguments import BY_NAME, CONVERSIONS, EXPECTED_TYPES, type_names
from dag_translator.authoring.definitions.param import ParamsDict
from dag_translator.authoring.loading import coded, did_you_mean, report

# Rows that are not read from the fixed arguments.
_OWN = frozenset({"task_id", "dag", "task_group", "params", "default_args"})


class OperatorPartial:
    """The fixed arguments, waiting for `expand` or `expand_kwargs`."""

    def __init__(
        self, operator_class: type, task_id: str, dag: Any, group: Any, kwargs: dict[str, Any], params: ParamsDict
    ) -> None:
        self.operator_class = operator_class
        self.task_id = task_id
        self.dag = dag
        self.task_group = group
        self.kwargs = kwargs
        self.params = params

    @classmethod
    def of(cls, operator_class: type, *, task_id: str, **kwargs: Any) -> OperatorPartial:
        dag = kwargs.pop("dag", None) or DagContext.get_current()
        group = kwargs.pop("task_group", None) or TaskGroupContext.get_current(dag)
        defaults, params = merged_defaults(dag, group, kwargs.pop("params", None), kwargs.pop("default_args", None))
        check_names(operator_class, task_id, kwargs, "partial")
        inherited = {k: v for k, v in defaults.items() if k in BY_NAME and k not in kwargs and k not in _OWN}
        full_id = group.child_id(task_id) if group is not None else task_id
        return cls(operator_class, full_id, dag, group, {**inherited, **kwargs}, params)

    def expand(self, **mapped: Any) -> MappedOperator:
        check_expand(self.operator_class.__name__, mapped)
        check_names(self.operator_class, self.task_id, mapped, "expand")
        self._prevent_duplicates(mapped)
        return self._make(DictOfListsExpandInput(mapped), strict=False)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> MappedOperator:
        check_expand_kwargs(kwargs)
        return self._make(ListOfDictsExpandInput(kwargs), strict=strict)

    def _prevent_duplicates(self, mapped: Mapping[str, Any]) -> None:
        prevent_duplicates({**self.kwargs, "task_id": 0}, mapped, "unmappable or already specified")

    def _make(self, expand_input: ExpandInput, strict: bool) -> MappedOperator:
        return MappedOperator(
            operator_class=self.operator_class,
            task_id=self.task_id,
            dag=self.dag,
            task_group=self.task_group,
            partial_kwargs=dict(self.kwargs),
            params=self.params,
            expand_input=expand_input,
            strict=strict,
        )


def check_names(operator_class: type, task_id: str, kwargs: dict[str, Any], what: str) -> None:
    known = parameter_names(operator_class) | set(BY_NAME)
    if getattr(operator_class, "accepts_any_argument", False):
        return
    for name in [name for name in kwargs if name not in known]:
        message = f"{operator_class.__name__}.{what}() got an unexpected keyword argument {name!r}"
        del kwargs[name]
        report(
            "unknown-argument",
            message,
            did_you_mean(name, known, "remove it"),
            task_id=task_id,
            error=TypeError(message),
        )


def check_types(mapped: MappedOperator, dag: Any) -> None:
    """Report what is fixed to a value that no instance could be made with, and leave it out."""
    conversions = {**CONVERSIONS, **getattr(mapped.operator_class, "fixed_conversions", {})}
    for name, value in list(mapped.partial_kwargs.items()):
        expected = EXPECTED_TYPES.get(name, object)
        try:
            converted = conversions[name](value) if name in conversions and value is not None else value
            if converted is None or name in ("start_date", "end_date") or isinstance(converted, expected):
                continue
            message = f"{name} must be {type_names(expected)}, not {type(value).__name__}: {reprlib.repr(value)}"
        except (TypeError, ValueError, OverflowError) as error:
            message = f"{name} cannot be {reprlib.repr(value)}: {error}"
        del mapped.partial_kwargs[name]
        report(
            "invalid-argument",
            message,
            f"give {name} another value, or leave it out",
            dag_id=getattr(dag, "dag_id", None),
            task_id=mapped.task_id,
            error=TypeError(message),
        )


class MappedOperator(AbstractOperator):
    """A mapped task. `expand_input`: what it is mapped over; `partial_kwargs`: its fixed arguments.

    Attributes of operators that are not set here are read from partial_kwargs, else from BaseOperator's defaults.
    """

    is_mapped = True
    maps_function = False  # whether what is mapped are the arguments of a @task's function
    _airstep_line: int | None

    def __init__(
        self,
        *,
        operator_class: type,
        task_id: str,
        dag: Any,
        task_group: Any,
        partial_kwargs: dict[str, Any],
        params: ParamsDict,
        expand_input: ExpandInput,
        strict: bool,
    ) -> None:
        self._airstep_line = loading.line_in_file()
        self.operator_class: Any = operator_class
        self.task_id = validate_key(task_id, "task_id")
        self.task_group = None
        self.partial_kwargs = partial_kwargs
        check_types(self, dag)
        self.params = params
        self.expand_input = expand_input
        self.strict = strict
        self.upstream_task_ids = set()
        self.downstream_task_ids = set()
        self._dag: Any = None
        self.start_date = to_utc(partial_kwargs.get("start_date"))
        self.end_date = to_utc(partial_kwargs.get("end_date"))
        if partial_kwargs.get("wait_for_downstream"):
            partial_kwargs["depends_on_past"] = True
        for name in ("template_fields", "template_ext", "_is_sensor", "_is_empty", "_can_skip_downstream"):
            setattr(self, name, getattr(operator_class, name))
        self.ui_color, self.ui_fgcolor = operator_class.ui_color, operator_class.ui_fgcolor  # type: ignore[attr-defined]
        if task_group is not None and next(task_group.iter_mapped_task_groups(), None) is not None:
            raise coded(
                NotImplementedError("operator expansion in an expanded task group is not yet supported"),
                "unsupported-mapping",
                "map the group or the task, not both; Airflow refuses this too",
            )
        under_way = loading.current()
        if under_way is not None:
            under_way.tasks.append(self)
        if task_group is not None:
            task_group.add(self)
        if dag is not None:
            dag.add_task(self)
        apply_upstream_relationship(self, expand_input.value)
        for name, value in partial_kwargs.items():
            if name in self.template_fields:
                apply_upstream_relationship(self, value)

    def get_dag(self) -> Any:
        return self._dag

    @property
    def dag(self) -> Any:
        return self._dag

    @dag.setter
    def dag(self, dag: Any) -> None:
        self._dag = dag

    @property
    def skips_same_index(self) -> bool:
        return self._can_skip_downstream and not self.maps_function

    @property
    def task_display_name(self) -> str:
        return self.partial_kwargs.get("task_display_name") or self.task_id

    def __getattr__(self, name: str) -> Any:
        row = BY_NAME.get(name)
        if row is None or name in _OWN or "partial_kwargs" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        value = self.partial_kwargs.get(name)
        if value is None:
            value = row.fresh_default()
        convert = CONVERSIONS.get(name)
        return value if convert is None else convert(value)

    def unmap(self, resolve: Mapping[str, Any]) -> Any:
        """The operator of one instance, given its mapped arguments; not entered into the DAG."""
        if self.strict:
            prevent_duplicates(self.partial_kwargs, resolve, "unmappable or already specified")
        return self._instance({**self.partial_kwargs, **resolve})

    def _instance(self, kwargs: dict[str, Any]) -> Any:
        params = copy.copy(self.params)
        params.update(kwargs.pop("params", {}))  # mapped over: its keys replace those that are fixed
        operator = self.operator_class(
            **kwargs,
            task_id=self.task_id,
            dag=self._dag,
            task_group=self.task_group,
            params=params,
            _airstep_from_mapped=True,
        )
        operator.is_setup, operator.is_teardown = self.is_setup, self.is_teardown
        operator.upstream_task_ids = self.upstream_task_ids
        operator.downstream_task_ids = self.downstream_task_ids
        operator._airstep_line = self._airstep_line
        return operator

    def fixed_arguments(self) -> dict[str, Any]:
        """What all instances are made with: the arguments of `partial`, and the `default_args` around the task."""
        defaults, _ = merged_defaults(self._dag, self.task_group, None, None)
        return {**defaults, **self.partial_kwargs}

    def iter_mapped_dependencies(self) -> Any:
        """The tasks whose output this one is mapped over."""
        for operator, _ in self.expand_input.iter_references():
            yield operator

    def __repr__(self) -> str:
        return f"<Mapped({self.task_type}): {self.task_id}>"
