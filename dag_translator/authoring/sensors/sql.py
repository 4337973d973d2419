"""SqlSensor: waits until a query finds what it should. The machine waits between pokes; a poke is a Lambda."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.base import BaseHook
from dag_translator.authoring.hooks.sql import DbApiHook
from dag_translator.authoring.sensors.base import BaseSensorOperator


class SqlSensor(BaseSensorOperator):
    """Done when the first cell is true, or `success` says so of it; `failure` fails the task, before `success`.

    selector: what of the first row is looked at, default its first cell. fail_on_empty: no rows is a failure.
    """

    template_fields: Any = ("sql", "hook_params", "parameters", "conn_id")
    template_ext: Any = (".hql", ".sql")
    ui_color = "#7c7287"

    def __init__(
        self,
        *,
        conn_id: str,
        sql: str,
        parameters: Any = None,
        success: Callable[[Any], Any] | None = None,
        failure: Callable[[Any], Any] | None = None,
        selector: Callable[[Any], Any] = itemgetter(0),
        fail_on_empty: bool = False,
        hook_params: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id
        self.sql = sql
        self.parameters = parameters
        self.success = success
        self.failure = failure
        self.selector = selector
        self.fail_on_empty = fail_on_empty
        self.hook_params = hook_params

    def _get_hook(self) -> Any:
        hook = BaseHook.get_hook(self.conn_id, self.hook_params)
        if not isinstance(hook, DbApiHook):
            raise AirflowException(f"{type(self).__name__}: {type(hook).__name__} is no hook of a database")
        return hook

    def poke(self, context: Any) -> Any:  # noqa: ARG002
        self.log.info("Poking: %s (with parameters %s)", self.sql, self.parameters)
        records = self._get_hook().get_records(self.sql, self.parameters)
        if not records:
            if self.fail_on_empty:
                raise AirflowException("No rows returned, raising as per fail_on_empty flag")
            return False
        found = self.selector(records[0])
        for name in ("failure", "success"):
            function = getattr(self, name)
            if function is not None and not callable(function):
                raise AirflowException(f"self.{name} is present, but not callable -> {function}")
        if self.failure is not None and self.failure(found):
            raise AirflowException(f"Failure criteria met. self.failure({found}) returned True")
        return bool(found) if self.success is None else self.success(found)
