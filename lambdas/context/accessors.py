"""`var` and `conn` of the context: looked up when they are read.

{{ var.value.colour }}   {{ var.value.get("colour", "red") }}   {{ var.json.settings.depth }}   {{ conn.db.host }}
"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.types import NOTSET


class VariableAccessor:
    """Variables by attribute or `get`; as_json: their JSON, decoded."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):  # what copy and pickle look for
            raise AttributeError(key)
        from dag_translator.authoring.models.variable import Variable

        return Variable.get(key, deserialize_json=self._as_json)

    __getitem__ = __getattr__

    def get(self, key: str, default: Any = NOTSET) -> Any:
        """The Variable, or `default` if there is none; without a default a missing one is an error."""
        from dag_translator.authoring.models.variable import Variable

        if default is NOTSET:
            return Variable.get(key, deserialize_json=self._as_json)
        return Variable.get(key, default, deserialize_json=self._as_json)

    def __repr__(self) -> str:
        return "<VariableAccessor (dynamic access)>"


class ConnectionAccessor:
    """Connections by attribute or `get`."""

    def __getattr__(self, conn_id: str) -> Any:
        if conn_id.startswith("__"):
            raise AttributeError(conn_id)
        from dag_translator.authoring.hooks.base import BaseHook

        return BaseHook.get_connection(conn_id)

    __getitem__ = __getattr__

    def get(self, conn_id: str, default_conn: Any = None) -> Any:
        """The Connection, or `default_conn` if there is none."""
        from dag_translator.authoring.exceptions import AirflowNotFoundException

        try:
            return getattr(self, conn_id)
        except AirflowNotFoundException:
            return default_conn

    def __repr__(self) -> str:
        return "<ConnectionAccessor (dynamic access)>"
