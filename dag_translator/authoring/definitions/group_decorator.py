"""`@task_group`: calling the function makes the group and the tasks in it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from dag_translator.authoring.definitions.decorated import check_parameters
from dag_translator.authoring.definitions.expand import (
    DictOfListsExpandInput,
    ExpandInput,
    ListOfDictsExpandInput,
    MappedArgument,
    check_expand,
    check_expand_kwargs,
    prevent_duplicates,
)
from dag_translator.authoring.definitions.taskgroup import MappedTaskGroup, TaskGroup


class TaskGroupFactory:
    """A function under `@task_group`. Calls give what the function returns, or else the group."""

    def __init__(
        self, function: Callable[..., Any], group_kwargs: dict[str, Any], fixed: dict[str, Any] | None = None
    ) -> None:
        inspect.signature(TaskGroup.__init__).bind_partial(None, **group_kwargs)
        self.function = function
        self.group_kwargs = {"group_id": function.__name__, **group_kwargs}
        self.fixed = fixed or {}
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._make(TaskGroup, *args, **{**self.fixed, **kwargs})

    def override(self, **kwargs: Any) -> TaskGroupFactory:
        return TaskGroupFactory(self.function, {**self.group_kwargs, **kwargs}, self.fixed)

    def partial(self, **kwargs: Any) -> TaskGroupFactory:
        check_parameters(self.function, "partial", kwargs)
        prevent_duplicates(self.fixed, kwargs, "duplicate partial")
        return TaskGroupFactory(self.function, self.group_kwargs, {**self.fixed, **kwargs})

    def expand(self, **mapped: Any) -> Any:
        check_parameters(self.function, "expand", mapped)
        check_expand(self.function.__name__, mapped)
        prevent_duplicates(self.fixed, mapped, "mapping already partial")
        if any(isinstance(value, MappedArgument) for value in mapped.values()):
            raise ValueError("Nested Mapped TaskGroups are not yet supported")
        return self._make_mapped(DictOfListsExpandInput(mapped), list(mapped))

    def expand_kwargs(self, kwargs: Any) -> Any:
        check_expand_kwargs(kwargs)
        parameters = inspect.signature(self.function).parameters.values()
        if any(parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) for parameter in parameters):
            raise TypeError("calling expand_kwargs() on task group function with * or ** is not supported")
        names = [parameter.name for parameter in parameters if parameter.name not in self.fixed]
        return self._make_mapped(ListOfDictsExpandInput(kwargs), names)

    def _make_mapped(self, expand_input: ExpandInput, names: list[str]) -> Any:
        stubs = {name: MappedArgument(expand_input, name) for name in names}
        group_class = functools.partial(MappedTaskGroup, expand_input=expand_input)
        return self._make(group_class, **self.fixed, **stubs)

    def _make(self, group_class: Callable[..., TaskGroup], *args: Any, **kwargs: Any) -> Any:
        with group_class(**{"add_suffix_on_collision": True, **self.group_kwargs}) as group:
            if self.function.__doc__:
                group.tooltip = group.tooltip or self.function.__doc__
                group.doc_md = group.doc_md or self.function.__doc__
            returned = self.function(*args, **kwargs)
        return group if returned is None else returned


def task_group(python_callable: Any = None, **group_kwargs: Any) -> Any:
    """`@task_group` or `@task_group(group_id=…, …)`."""
    if callable(python_callable):
        return TaskGroupFactory(python_callable, group_kwargs)
    if isinstance(python_callable, str):
        group_kwargs["group_id"] = python_callable
    return functools.partial(TaskGroupFactory, group_kwargs=group_kwargs)
