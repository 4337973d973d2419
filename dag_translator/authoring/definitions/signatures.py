"""Which context values a function wants: by the names of its parameters, as Airflow passes them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

# The names that a run's context has; a parameter of such a name is filled by the context (2.x's names included).
CONTEXT_KEYS = frozenset(
    [
        "conf",
        "conn",
        "dag",
        "dag_run",
        "data_interval_end",
        "data_interval_start",
        "ds",
        "ds_nodash",
        "exception",
        "execution_date",
        "expanded_ti_count",
        "inlet_events",
        "inlets",
        "logical_date",
        "macros",
        "map_index_template",
        "next_ds",
        "next_ds_nodash",
        "next_execution_date",
        "outlet_events",
        "outlets",
        "params",
        "partition_date",
        "partition_key",
        "prev_data_interval_end_success",
        "prev_data_interval_start_success",
        "prev_ds",
        "prev_ds_nodash",
        "prev_end_date_success",
        "prev_execution_date",
        "prev_execution_date_success",
        "prev_start_date_success",
        "reason",
        "run_id",
        "task",
        "task_instance",
        "task_instance_key_str",
        "task_reschedule_count",
        "templates_dict",
        "test_mode",
        "ti",
        "tomorrow_ds",
        "tomorrow_ds_nodash",
        "triggering_asset_events",
        "triggering_dataset_events",
        "try_number",
        "ts",
        "ts_nodash",
        "ts_nodash_with_tz",
        "var",
        "yesterday_ds",
        "yesterday_ds_nodash",
    ]
)


def determine_kwargs(
    function: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Those of kwargs that the function takes besides the positional args: all of them if it has `**kwargs`.

    ValueError if a positional argument lands on a name that is in kwargs too.
    """
    parameters = inspect.signature(function).parameters
    for name, parameter in list(parameters.items())[: len(args)]:
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if name in kwargs:
            raise ValueError(f"The key {name!r} in args is a part of kwargs and therefore reserved.")
    if any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters.values()):
        return kwargs
    return {name: kwargs[name] for name in parameters if name in kwargs}


def is_async(function: Any) -> bool:
    """Whether calling it gives a coroutine, through partials and wrappers."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function) if callable(function) else function
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(vars(type(function)).get("__call__"))


def is_generator(function: Any) -> bool:
    """Whether calling it gives a generator, or an asynchronous one."""
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def check_call(function: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any], complete: bool) -> None:
    """What Airflow checks when a @task function is called: TypeError for arguments that do not fit its signature.

    Context parameters need no argument; one with a default other than None is a ValueError. complete: all arguments are
    here (not so for a mapped task).
    """
    signature = inspect.signature(function)
    empty = inspect.Parameter.empty
    for parameter in signature.parameters.values():
        if parameter.name in CONTEXT_KEYS and parameter.default not in (None, empty):
            raise ValueError(f"Context key parameter {parameter.name} can't have a default other than None")
    bound = signature.bind_partial(*args, **kwargs)
    if not complete:
        return
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    missing = [
        name
        for name, parameter in signature.parameters.items()
        if parameter.default is empty
        and parameter.kind not in variadic
        and name not in CONTEXT_KEYS
        and name not in bound.arguments
    ]
    if missing:
        raise TypeError(f"missing a required argument: {', '.join(repr(name) for name in missing)}")
