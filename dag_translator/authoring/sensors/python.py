"""PythonSensor and `@task.sensor`: a function is the poke."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any

from dag_translator.authoring.definitions.decorated import unique_task_id
from dag_translator.authoring.definitions.signatures import check_call, determine_kwargs
from dag_translator.authoring.sensors.base import BaseSensorOperator, PokeReturnValue


class PythonSensor(BaseSensorOperator):
    """Done when python_callable returns something true, or a PokeReturnValue that is."""

    template_fields: Any = ("templates_dict", "op_args", "op_kwargs")

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Any = None,
        op_kwargs: Mapping[str, Any] | None = None,
        templates_dict: dict[str, Any] | None = None,
        provide_context: bool = True,  # Airflow 1's; the context is always provided  # noqa: ARG002
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.python_callable = python_callable
        self.op_args = op_args or []
        self.op_kwargs = op_kwargs or {}
        self.templates_dict = templates_dict

    def poke(self, context: Any) -> PokeReturnValue:
        available = ChainMap({**self.op_kwargs, "templates_dict": self.templates_dict}, context)
        answer = self.python_callable(*self.op_args, **determine_kwargs(self.python_callable, self.op_args, available))
        return answer if isinstance(answer, PokeReturnValue) else PokeReturnValue(bool(answer))


class DecoratedSensorOperator(PythonSensor):
    """`@task.sensor`."""

    template_fields: Any = ("op_args", "op_kwargs")
    custom_operator_name = "@task.sensor"

    def __init__(
        self, *, task_id: str, python_callable: Any, op_args: Any = None, op_kwargs: Any = None, **kwargs: Any
    ) -> None:
        if not self._from_mapped:
            task_id = unique_task_id(task_id, kwargs.get("dag"), kwargs.get("task_group"))
        check_call(python_callable, op_args or [], op_kwargs or {}, complete=True)
        kwargs["multiple_outputs"] = False
        super().__init__(
            task_id=task_id, python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, **kwargs
        )
