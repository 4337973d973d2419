"""How an operator's constructor gets its arguments: given ones first, then `default_args` of task, groups and DAG.

Every class that defines `__init__` (a user's subclass too) has it wrapped, as in Airflow: a key of `default_args`
reaches exactly the constructors that have a parameter of that name, other keys are not applied. The DAG and group
default to the open ones. What is missing, and what nobody takes, is a problem at the line that made the task.
"""

from __future__ import annotations

import abc
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from dag_translator.authoring.definitions.contexts import DagContext, TaskGroupContext
from dag_translator.authoring.definitions.mixins import apply_upstream_relationship
from dag_translator.authoring.definitions.param import ParamsDict
from dag_translator.authoring.loading import coded


class BaseOperatorMeta(abc.ABCMeta):
    """Wraps the `__init__` of each operator class that defines one."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(name, bases, namespace, **kwargs)
        if "__init__" in namespace:
            cls.__init__ = _with_defaults(namespace["__init__"])  # type: ignore[misc]


def _with_defaults(init: Callable[..., None]) -> Callable[..., None]:
    signature = inspect.signature(init)
    named = {
        name: parameter
        for name, parameter in signature.parameters.items()
        if name != "self" and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }
    required = {name for name, p in named.items() if p.default is p.empty and name != "task_id"}

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if args:
            raise coded(
                TypeError("Use keyword arguments when initializing operators"),
                "invalid-argument",
                f"write {', '.join(f'{name}=…' for name in list(named)[: len(args)]) or 'name=value'}",
            )
        kwargs, defaults = _merged(self, kwargs, named)
        missing = sorted(required - set(kwargs))
        if missing:
            names = ", ".join(repr(name) for name in missing)
            raise coded(
                TypeError(f"missing keyword argument{'s' * (len(missing) > 1)} {names}"),
                "missing-argument",
                f"give {type(self).__name__} {names}",
            )
        if "_init_kwargs" not in self.__dict__:
            object.__setattr__(self, "_init_kwargs", {})
        init(self, **kwargs, default_args=defaults)
        self._init_kwargs.update(kwargs)
        if type(self).__init__ is wrapper and not self._from_mapped:
            _finish(self)

    wrapper.parameter_names = frozenset(named)  # type: ignore[attr-defined]
    return wrapper


def _merged(self: Any, kwargs: dict[str, Any], named: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The constructor's arguments with defaults filled in, and the defaults (for the constructors above)."""
    kwargs = dict(kwargs)
    if "_airstep_from_mapped" in kwargs:
        object.__setattr__(self, "_from_mapped", kwargs.pop("_airstep_from_mapped"))
    dag = kwargs.get("dag")
    group = kwargs.get("task_group")
    if dag is None:
        dag = group.dag if group is not None else DagContext.get_current()
        if dag is not None:
            kwargs["dag"] = dag
    if dag is not None and group is None:
        group = TaskGroupContext.get_current(dag)
        if group is not None:
            kwargs["task_group"] = group
    defaults, params = merged_defaults(dag, group, kwargs.pop("params", None), kwargs.pop("default_args", None))
    taken = {name: defaults[name] for name in named if name not in kwargs and name in defaults}
    object.__setattr__(self, "_from_default_args", getattr(self, "_from_default_args", frozenset()) | set(taken))
    kwargs |= taken
    if params:
        kwargs["params"] = params
    hook = getattr(self, "_hook_apply_defaults", None)
    if hook is not None:
        kwargs = hook(kwargs, defaults)
    return kwargs, defaults


def merged_defaults(dag: Any, group: Any, params: Any, default_args: Any) -> tuple[dict[str, Any], ParamsDict]:
    """`default_args` and `params` of DAG, groups (a group's already contain its parents') and task; later ones win."""
    defaults: dict[str, Any] = dict(dag.default_args) if dag is not None else {}
    merged = ParamsDict(dag.params.own_params() if dag is not None else {})
    if dag is not None and group is not None and group.default_args:
        defaults.update(group.default_args)
    for given, what in ((params, "params"), (default_args, "default_args")):
        if given is not None and not isinstance(given, Mapping):
            raise coded(
                TypeError(f"{what} must be a mapping, got {type(given).__name__}"), "invalid-argument", "pass a dict"
            )
    if params:
        merged.update(params.own_params() if isinstance(params, ParamsDict) else params)
    if default_args:
        defaults.update(default_args)
        merged.update(ParamsDict(default_args.get("params") or {}).own_params())
    return defaults, merged


def _finish(self: Any) -> None:
    """After the outermost constructor: references in templated fields become upstream tasks."""
    for name in self.template_fields:
        apply_upstream_relationship(self, getattr(self, name, None))
    object.__setattr__(self, "_instantiated", True)


def parameter_names(operator_class: type) -> set[str]:
    """Every keyword that some constructor of the class takes.

    A constructor of a class beside the operators (a mixin's) counts if it says its names as Airflow's metaclass keeps
    them, which Cosmos does.
    """
    names: set[str] = set()
    for base in operator_class.__mro__:
        init = base.__dict__.get("__init__")
        names |= getattr(init, "parameter_names", frozenset())
        names |= frozenset(getattr(init, "_BaseOperatorMeta__param_names", ()))
    return names
