"""What plain and mapped operators share: setup and teardown, mapping of groups around them, templates' files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from dag_translator.authoring.definitions.mixins import DependencyMixin
from dag_translator.authoring.definitions.node import DAGNode
from dag_translator.authoring.definitions.setup_teardown import SetupTeardownContext
from dag_translator.authoring.states import TriggerRule


class AbstractOperator(DAGNode):
    """A task: its id, its rule, and whether it is a setup or a teardown."""

    task_id: str
    trigger_rule: Any
    operator_class: type
    template_fields: Any = ()
    template_ext: Any = ()
    template_fields_renderers: Any = {}  # noqa: RUF012 - display only
    operator_extra_links: Any = ()
    ui_color: str = "#fff"
    ui_fgcolor: str = "#000"
    is_setup: bool = False
    is_teardown: bool = False
    is_mapped: bool = False
    is_branch: bool = False  # the result names direct downstream tasks to follow
    returns_dag_result: bool = False
    subdag_prefix: str = ""  # of the ids that its neighbours in a SubDagOperator have since
    _on_failure_fail_dagrun: bool = False
    _is_sensor: bool = False
    _is_empty: bool = False
    _can_skip_downstream: bool = False
    _airstep_line: int | None = None

    @property
    def node_id(self) -> str:
        return self.task_id

    @property
    def task_type(self) -> str:
        return self.operator_class.__name__

    @property
    def operator_name(self) -> str:
        return str(getattr(self.operator_class, "custom_operator_name", self.task_type))

    @property
    def inherits_from_empty_operator(self) -> bool:
        return self._is_empty

    @property
    def inherits_from_skipmixin(self) -> bool:
        return self._can_skip_downstream

    @property
    def skips_same_index(self) -> bool:
        """Whether it is mapped, and an instance may skip the instance of the same index of a direct child."""
        return False

    @property
    def roots(self) -> list[Any]:
        return [self]

    @property
    def leaves(self) -> list[Any]:
        return [self]

    @property
    def output(self) -> Any:
        """The task's return value, for another task's templated field."""
        from dag_translator.authoring.definitions.xcom_arg import XComArg

        return XComArg(self)

    @property
    def on_failure_fail_dagrun(self) -> bool:
        return self._on_failure_fail_dagrun

    @on_failure_fail_dagrun.setter
    def on_failure_fail_dagrun(self, value: bool) -> None:
        if value is True and not self.is_teardown:
            raise ValueError(
                f"Cannot set task on_failure_fail_dagrun for '{self.task_id}' because it is not a teardown task."
            )
        self._on_failure_fail_dagrun = value

    def as_setup(self) -> Self:
        self.is_setup = True
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: bool | None = None) -> Self:
        """Mark as teardown, and put it after its setups."""
        self.is_teardown = True
        self.trigger_rule = TriggerRule.ALL_DONE_SETUP_SUCCESS
        if on_failure_fail_dagrun is not None:
            self.on_failure_fail_dagrun = on_failure_fail_dagrun
        given: list[Any] = [setups] if isinstance(setups, DependencyMixin) else list(setups or ())
        for setup in given:
            setup.is_setup = True
            setup.set_downstream(self)
        return self

    def __enter__(self) -> type[SetupTeardownContext]:
        return SetupTeardownContext.open([self])

    def __exit__(self, *_: object) -> None:
        SetupTeardownContext.close()

    def iter_mapped_task_groups(self) -> Iterator[Any]:
        """The mapped groups around the task, innermost first."""
        if self.task_group is not None:
            yield from self.task_group.iter_mapped_task_groups()

    def get_closest_mapped_task_group(self) -> Any:
        return next(self.iter_mapped_task_groups(), None)

    def get_needs_expansion(self) -> bool:
        return self.is_mapped or self.get_closest_mapped_task_group() is not None
