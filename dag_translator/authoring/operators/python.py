"""PythonOperator and what branches or stops on a Python function's result; the operators behind `@task`."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.definitions.decorated import DecoratedOperator
from dag_translator.authoring.definitions.signatures import determine_kwargs, is_async, is_generator
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.skipmixin import BranchMixIn, SkipMixin


class PythonOperator(BaseOperator):
    """Calls python_callable(*op_args, **op_kwargs), plus the context values that it has parameters for."""

    template_fields: Any = ("templates_dict", "op_args", "op_kwargs")
    template_fields_renderers: Any = {"templates_dict": "json", "op_args": "py", "op_kwargs": "py"}  # noqa: RUF012
    ui_color = "#ffefeb"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Any = None,
        op_kwargs: Mapping[str, Any] | None = None,
        templates_dict: dict[str, Any] | None = None,
        templates_exts: Sequence[str] | None = None,
        show_return_value_in_logs: bool = True,
        provide_context: bool = True,  # Airflow 1's; the context is always provided  # noqa: ARG002
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(python_callable):
            raise AirflowException("`python_callable` param must be callable")
        self.python_callable = python_callable
        self.op_args = op_args or ()
        self.op_kwargs = op_kwargs or {}
        self.templates_dict = templates_dict
        if templates_exts:
            self.template_ext = templates_exts
        self.show_return_value_in_logs = show_return_value_in_logs

    def execute(self, context: Any) -> Any:
        self.op_kwargs = self.determine_kwargs(
            ChainMap({**self.op_kwargs, "templates_dict": self.templates_dict}, context)
        )
        self._context = context
        result = self.execute_callable()
        if self.show_return_value_in_logs:
            self.log.info("Done. Returned value was: %s", result)
        else:
            self.log.info("Done. Returned value not shown")
        return result

    def determine_kwargs(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        return determine_kwargs(self.python_callable, self.op_args, context)

    def execute_callable(self) -> Any:
        """Call the function; a coroutine is run to its end, and so is a generator, for the Metadata that it yields."""
        if is_generator(self.python_callable):
            from dag_translator.authoring.operators.yields import run_generator

            return run_generator(self.python_callable(*self.op_args, **self.op_kwargs), self._context, self.log)
        if is_async(self.python_callable):
            import asyncio

            return asyncio.run(self.python_callable(*self.op_args, **self.op_kwargs))
        return self.python_callable(*self.op_args, **self.op_kwargs)


class BranchPythonOperator(BranchMixIn, PythonOperator):
    """The function returns the task ids or group ids to follow; the other direct downstream tasks are skipped."""


class ShortCircuitOperator(SkipMixin, PythonOperator):
    """When the function's result is falsy, what is downstream is skipped.

    ignore_downstream_trigger_rules: True skips everything below, whatever its rule; False the direct downstream tasks
    only.
    """

    def __init__(self, *, ignore_downstream_trigger_rules: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ignore_downstream_trigger_rules = ignore_downstream_trigger_rules

    def tasks_to_skip(self, result: Any) -> frozenset[str]:
        if result:
            return frozenset()
        everything = self.ignore_downstream_trigger_rules is True
        below = self.get_flat_relative_ids() if everything else self.downstream_task_ids
        return frozenset(task_id for task_id in below if not self.dag.get_task(task_id).is_teardown)


class _PythonDecoratedOperator(DecoratedOperator, PythonOperator):
    """`@task`."""

    template_fields: Any = ("templates_dict", "op_args", "op_kwargs")
    custom_operator_name = "@task"

    def __init__(self, *, python_callable: Any, op_args: Any = None, op_kwargs: Any = None, **kwargs: Any) -> None:
        super().__init__(
            kwargs_to_upstream={"python_callable": python_callable, "op_args": op_args, "op_kwargs": op_kwargs},
            python_callable=python_callable,
            op_args=op_args,
            op_kwargs=op_kwargs,
            **kwargs,
        )


class _BranchPythonDecoratedOperator(_PythonDecoratedOperator, BranchPythonOperator):
    """`@task.branch`."""

    custom_operator_name = "@task.branch"


class _ShortCircuitDecoratedOperator(_PythonDecoratedOperator, ShortCircuitOperator):
    """`@task.short_circuit`."""

    custom_operator_name = "@task.short_circuit"


def context_merge(context: dict[str, Any], *args: Any, **kwargs: Any) -> None:
    """Merge parameters into a context in place."""
    context.update(*args, **kwargs)
