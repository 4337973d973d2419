"""MySqlHook: MySQL, MariaDB and Aurora over mysqlclient, PyMySQL or MySQL's own connector.

Airflow's default is mysqlclient, which has no wheels for Linux; PyMySQL takes the same arguments and stands in for it.
"""

from __future__ import annotations

import json
import re
from contextlib import closing
from typing import Any
from urllib.parse import quote

from dag_translator.authoring.hooks import database_tokens
from dag_translator.authoring.hooks.drivers import driver
from dag_translator.authoring.hooks.sql import DbApiHook

_PACKAGES = "pymysql"
_CLIENTS = {"mysqlclient": ("MySQLdb", "pymysql"), "pymysql": ("pymysql",)}
_SCHEMES = {"mysqlclient": "mysql", "pymysql": "mysql+pymysql", "mysql-connector-python": "mysql+mysqlconnector"}
_CURSORS = {"sscursor": "SSCursor", "dictcursor": "DictCursor", "ssdictcursor": "SSDictCursor"}


class MySqlHook(DbApiHook):
    """schema: instead of the connection's. The connection's extra chooses `client`, `cursor`, `charset`, `ssl`, …

    With `iam` in it the password is a token (see `database_tokens`).
    """

    conn_name_attr = "mysql_conn_id"
    default_conn_name = "mysql_default"
    conn_type = "mysql"
    hook_name = "MySQL"
    supports_autocommit = True
    _word_format = "`{}`"

    def __init__(self, *args: Any, local_infile: bool = False, init_command: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.local_infile = local_infile
        self.init_command = init_command

    @property
    def _client(self) -> str:
        return str(self.connection_extra.get("client", "mysqlclient"))

    def get_conn(self) -> Any:
        if self._client == "mysql-connector-python":
            module = driver("MySqlHook", "mysql.connector", packages="mysql-connector-python")
            return module.connect(**self._of_connector())
        if self._client not in _CLIENTS:
            raise ValueError("Unknown MySQL client name provided!")
        module = driver("MySqlHook", *_CLIENTS[self._client], packages=_PACKAGES)
        return module.connect(**self._of_client(module.__name__))

    def _common(self) -> dict[str, Any]:
        one = self.connection
        init = {"init_command": self.init_command} if self.init_command else {}
        return {"user": one.login, "host": one.host or "localhost", "port": int(one.port or 3306), **init}

    def _of_client(self, module: str) -> dict[str, Any]:
        extra, one = self.connection_extra, self.connection
        given = {**self._common(), "password": one.password or "", "database": self.schema or one.schema or ""}
        if extra.get("iam", False):
            given["password"], _ = self.get_iam_token(one)
            if module == "MySQLdb":
                given["read_default_group"] = "enable-cleartext-plugin"
        given |= {name: extra[name] for name in ("charset", "ssl_mode", "unix_socket") if extra.get(name)}
        if str(given.get("charset")).lower() in ("utf8", "utf-8"):
            given["use_unicode"] = True
        if extra.get("ssl"):
            given["ssl"] = json.loads(extra["ssl"]) if isinstance(extra["ssl"], str) else extra["ssl"]
        if str(extra.get("cursor", "")).lower() in _CURSORS:
            cursors = driver("MySqlHook", f"{module}.cursors", packages=_PACKAGES)
            given["cursorclass"] = getattr(cursors, _CURSORS[extra["cursor"].lower()])
        if self.local_infile:
            given["local_infile"] = True
        return given

    def _of_connector(self) -> dict[str, Any]:
        one = self.connection
        given = {**self._common(), "password": one.password or "", "database": self.schema or one.schema or ""}
        if self.local_infile:
            given["allow_local_infile"] = True
        return given | {name: value for name, value in self.connection_extra.items() if name.startswith("ssl_")}

    def get_iam_token(self, connection: Any) -> tuple[str, int]:
        """Password and port."""
        port = connection.port or 3306
        return database_tokens.rds(self.connection_extra.get("aws_conn_id", "aws_default"), connection, port), port

    def get_uri(self) -> str:
        one = self.connection
        password = f":{quote(one.password, safe='')}" if one.password else ""
        who = f"{quote(one.login, safe='')}{password}@" if one.login else ""
        port = f":{one.port}" if one.port else ""
        scheme = _SCHEMES.get(self._client, "mysql")
        return f"{scheme}://{who}{one.host or 'localhost'}{port}/{self.schema or one.schema or ''}"

    def set_autocommit(self, conn: Any, autocommit: bool) -> None:
        if isinstance(getattr(type(conn), "autocommit", None), property):  # MySQL's own connector
            conn.autocommit = autocommit
        else:
            conn.autocommit(autocommit)

    def get_autocommit(self, conn: Any) -> bool:
        if isinstance(getattr(type(conn), "autocommit", None), property):
            return bool(conn.autocommit)
        return bool(conn.get_autocommit())

    def _must_quote(self, word: str) -> bool:  # noqa: ARG002
        return True  # columns have no case, so quotes change nothing but for reserved words

    @staticmethod
    def _serialize_cell(cell: Any, conn: Any = None) -> Any:  # noqa: ARG004
        return cell

    def bulk_load(self, table: str, tmp_file: str) -> None:
        """A tab-delimited file into a table; the hook needs local_infile."""
        self.bulk_load_custom(table, tmp_file, duplicate_key_handling="")

    def bulk_load_custom(
        self, table: str, tmp_file: str, duplicate_key_handling: str = "IGNORE", extra_options: str = ""
    ) -> None:
        sql = f"LOAD DATA LOCAL INFILE %s {duplicate_key_handling} INTO TABLE `{_plain(table)}` {extra_options}"
        self._execute(sql, tmp_file)

    def bulk_dump(self, table: str, tmp_file: str) -> None:
        """A table into a tab-delimited file on the server."""
        self._execute(f"SELECT * INTO OUTFILE %s FROM `{_plain(table)}`", tmp_file)

    def _execute(self, sql: str, file: str) -> None:
        with closing(self.get_conn()) as conn, closing(conn.cursor()) as cur:
            cur.execute(sql, (file,))
            conn.commit()


def _plain(table: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9_.]+", table):
        raise ValueError(f"Invalid table name: {table}")
    return table
