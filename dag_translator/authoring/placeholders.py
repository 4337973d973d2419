"""What stands for what is not there, so that the rest of a DAG file still loads and shows its own problems."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.definitions.decorated import unique_task_id
from dag_translator.authoring.definitions.mixins import DependencyMixin, apply_upstream_relationship
from dag_translator.authoring.definitions.operator_arguments import BY_NAME
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.loading import PLACEHOLDER, report


class RefusedOperator(BaseOperator):
    """A task of an operator that is not supported: it has its place in the DAG, and is a problem."""

    accepts_any_argument = True
    refused_name = ""
    hint = ""
    reported = False  # at its import

    def __init__(self, **kwargs: Any) -> None:
        own = {name: kwargs.pop(name) for name in list(kwargs) if name not in BY_NAME}
        if "python_callable" in own and self.refused_name.startswith("@"):
            kwargs["task_id"] = unique_task_id(kwargs["task_id"], kwargs.get("dag"), kwargs.get("task_group"))
        super().__init__(**kwargs)
        if not self.reported:
            self._report()
        apply_upstream_relationship(self, own)

    __init__.__signature__ = BaseOperator.__init__.__signature__  # type: ignore[attr-defined]

    def _report(self) -> None:
        dag = self.get_dag()
        report(
            "unsupported-operator",
            f"{self.refused_name} is not supported",
            self.hint,
            dag_id=dag.dag_id if dag is not None else None,
            task_id=self.task_id,
        )

    def execute(self, context: Any) -> Any:  # noqa: ARG002
        raise AirflowException(f"{self.refused_name} is not supported: {self.hint}")


def refused_operator(
    name: str, module: str, hint: str, shown: str | None = None, reported: bool = False
) -> type[RefusedOperator]:
    """A class for one operator name; shown: what users call it, when that differs; reported: at its import already."""
    attributes = {"refused_name": shown or name, "hint": hint, "reported": reported, "__module__": module}
    return type(name, (RefusedOperator,), attributes)


class Unknown(DependencyMixin):
    """A name that could not be imported; whatever is done with it gives another unknown."""

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def roots(self) -> list[Any]:
        return []

    @property
    def leaves(self) -> list[Any]:
        return []

    def set_upstream(self, task_or_task_list: Any, edge_modifier: Any = None) -> None:
        pass

    def set_downstream(self, task_or_task_list: Any, edge_modifier: Any = None) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> Unknown:  # noqa: ARG002
        return Unknown(f"{self._path}(…)")

    def __getattr__(self, name: str) -> Unknown:
        if name.startswith("__"):
            raise AttributeError(name)
        return Unknown(f"{self._path}.{name}")

    def __getitem__(self, key: Any) -> Unknown:
        return Unknown(f"{self._path}[…]")

    def __iter__(self) -> Any:
        return iter(())

    def __enter__(self) -> Unknown:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (UnknownBase,)

    def __repr__(self) -> str:
        return f"{PLACEHOLDER}{self._path}>"


class UnknownBase(DependencyMixin):
    """The base class of classes whose base could not be imported."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    @property
    def roots(self) -> list[Any]:
        return []

    @property
    def leaves(self) -> list[Any]:
        return []

    def set_upstream(self, task_or_task_list: Any, edge_modifier: Any = None) -> None:
        pass

    def set_downstream(self, task_or_task_list: Any, edge_modifier: Any = None) -> None:
        pass
