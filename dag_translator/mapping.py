"""Reading live mapped operators and groups: what they are mapped over, what is fixed, and what can't be done with them.

Part of the freeze pass: nothing here is called after it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import MethodType
from typing import Any

from dag_translator.authoring.definitions.operator_arguments import BY_NAME
from dag_translator.authoring.definitions.taskgroup import MappedTaskGroup
from dag_translator.model import Expansion, MappedGroup
from dag_translator.operators.mapped import MAX_LENGTH

# What a task's states are made of, besides the arguments that every operator has.
_DECIDING = frozenset(
    {
        *("poke_interval", "timeout", "mode", "soft_fail", "sleep_time", "wait_for_completion", "deferrable"),
        *("allowed_states", "failed_states", "waiter_delay", "waiter_max_attempts", "skip_on_exit_code"),
        *("poll_interval", "check_interval", "max_attempts", "max_polling_attempts", "target_states", "target_status"),
        *("target_state", "target_statuses", "success_states", "failure_states", "db_type"),
    }
)
# These differ from instance to instance without anybody minding.
_FREE = frozenset({"doc", "doc_md", "doc_json", "doc_yaml", "doc_rst", "params"})


def expansion_of(operator: Any) -> Expansion | None:
    """What the operator is mapped over, None if it is not."""
    if not operator.is_mapped:
        return None
    over = sorted({task.task_id for task in operator.iter_mapped_dependencies()})
    length = operator.expand_input.parse_time_length()
    return Expansion(length, tuple(over), operator.max_active_tis_per_dagrun)


def mapped_groups(dag: Any, first_line: Callable[[str | None], str]) -> Iterator[MappedGroup]:
    """The DAG's mapped task groups that have tasks. first_line: of a docstring."""
    order = dag.topological_sort()
    for group in dag.task_group.get_task_group_dict().values():
        members = [task for task in order if group in _around(task)]
        if not isinstance(group, MappedTaskGroup) or not members:
            continue
        limits = [task.max_active_tis_per_dagrun for task in members if task.max_active_tis_per_dagrun]
        expansion = Expansion(
            length=group.expand_input.parse_time_length(),
            over=tuple(sorted({task.task_id for task in group.iter_mapped_dependencies()})),
            at_once=min(limits, default=None),
        )
        doc = first_line(group.doc_md or group.tooltip)
        yield MappedGroup(
            str(group.group_id), tuple(task.task_id for task in members), expansion, doc, group._airstep_line
        )


def _around(task: Any) -> list[MappedTaskGroup]:
    """The mapped groups that the task is in, innermost first."""
    return [] if task.task_group is None else list(task.task_group.iter_mapped_task_groups())


def mapping_asks(operator: Any) -> Iterator[str]:
    """What the operator asks for that mapping can't do, by the names of `validate.TASK_ASKS`."""
    if len(_around(operator)) > 1:
        yield "nested_mapped_group"
    if operator.inherits_from_skipmixin and operator.get_needs_expansion():
        yield "mapped_branch"
    if not operator.is_mapped:
        return
    if _mapped_names(operator) & _not_mappable():
        yield "mapped_argument"
    if (operator.expand_input.parse_time_length() or 0) > MAX_LENGTH:
        yield "too_many_instances"


def _not_mappable() -> frozenset[str]:
    return (frozenset(BY_NAME) | _DECIDING) - _FREE


def _mapped_names(operator: Any) -> frozenset[str]:
    """The operator's own arguments that are mapped over, as far as the file says; a @task's are its function's."""
    value = operator.expand_input.value
    if operator.maps_function:
        return frozenset()
    if isinstance(value, dict):
        return frozenset(value)
    dicts = [each for each in value if isinstance(each, dict)] if isinstance(value, list | tuple) else []
    return frozenset(name for each in dicts for name in each)


class FixedArguments:
    """A mapped operator as its instances will be, with what is fixed; what is mapped over is None.

    An attribute is the argument given to `partial`, or by default_args, else the constructors' default unless that is
    None, else the mapped operator's own, else the class's. An argument of which nothing is known is None.
    """

    def __init__(self, operator: Any) -> None:
        self._operator = operator
        self._mapped = _mapped_names(operator)
        self._given = operator.fixed_arguments()

    @property
    def mapped_over(self) -> frozenset[str]:
        """Names of the arguments that differ from instance to instance, as far as the file says."""
        return self._mapped

    def __getattr__(self, name: str) -> Any:
        if name in self._mapped - _DECIDING:  # to map over those is refused
            return None
        if name in self._given:
            return self._given[name]
        is_argument = False
        for owner in self._operator.operator_class.__mro__:
            init = vars(owner).get("__init__")
            parameter = inspect.signature(init).parameters.get(name) if inspect.isfunction(init) else None
            if parameter is not None and parameter.default not in (parameter.empty, None):
                return parameter.default
            is_argument = is_argument or parameter is not None
        if hasattr(self._operator, name):
            return getattr(self._operator, name)
        if is_argument and not hasattr(self._operator.operator_class, name):
            return None
        # Of an instance; a method reads the arguments that are fixed.
        found = getattr(self._operator.operator_class, name)
        return MethodType(found, self) if inspect.isfunction(found) else found
