"""BaseHook: what hooks inherit, and `BaseHook.get_connection(conn_id)`."""

from __future__ import annotations

import logging
from typing import Any

from dag_translator.authoring.models.connection import Connection


class BaseHook:
    """A connection to another system."""

    def __init__(self, logger_name: str | None = None, **_: Any) -> None:
        self._logger_name = logger_name

    @property
    def log(self) -> logging.Logger:
        name = getattr(self, "_logger_name", None) or f"{type(self).__module__}.{type(self).__qualname__}"
        return logging.getLogger(f"airflow.task.hooks.{name}")

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        return Connection.get(conn_id)

    @classmethod
    def get_hook(cls, conn_id: str, hook_params: dict[str, Any] | None = None) -> Any:
        """The hook that belongs to the connection's kind."""
        return cls.get_connection(conn_id).get_hook(hook_params=hook_params)

    def get_conn(self) -> Any:
        raise NotImplementedError
