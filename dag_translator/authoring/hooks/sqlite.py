"""SqliteHook: a file that one task sees. In Lambda only /tmp can be written, and no other task finds it there."""

from __future__ import annotations

import sqlite3
from typing import Any
from urllib.parse import unquote

from dag_translator.authoring.hooks.sql import DbApiHook


class SqliteHook(DbApiHook):
    """SQLite. The connection's host is the file's path; its extra are the options of SQLite's own `file:` URI."""

    conn_name_attr = "sqlite_conn_id"
    default_conn_name = "sqlite_default"
    conn_type = "sqlite"
    hook_name = "Sqlite"
    _placeholder = "?"

    def get_conn(self) -> Any:
        return sqlite3.connect(self.get_uri().replace("sqlite:///", "file:"), uri=True)

    def get_uri(self) -> str:
        # An absolute path gives four slashes: three of the scheme, one of the path.
        uri = unquote(self.connection.get_uri()).replace("/?", "?")
        return uri.replace("sqlite://", "sqlite:///")
