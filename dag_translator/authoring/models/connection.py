"""Connections: from AIRFLOW_CONN_<ID> in the environment (URI or JSON), then from what the runtime has (Secrets
Manager).

>>> connection = Connection(conn_id="db", uri="postgresql://me:s%20t@host:5432/sales?sslmode=require")
>>> connection.conn_type, connection.password, connection.port, connection.extra_dejson
('postgres', 's t', 5432, {'sslmode': 'require'})
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from dag_translator.authoring import runtime
from dag_translator.authoring.exceptions import AirflowException, AirflowNotFoundException

_EXTRA_KEY = "__extra__"


class Connection:
    """Where another system is and how to get in."""

    EXTRA_KEY = _EXTRA_KEY

    def __init__(
        self,
        conn_id: str | None = None,
        conn_type: str | None = None,
        description: str | None = None,
        host: str | None = None,
        login: str | None = None,
        password: str | None = None,
        schema: str | None = None,
        port: int | None = None,
        extra: str | dict[str, Any] | None = None,
        uri: str | None = None,
    ) -> None:
        if uri is not None and any((conn_type, host, login, password, schema, port, extra)):
            raise AirflowException(
                "You must create an object using the URI or individual values (conn_type, host, login, password, "
                "schema, port or extra). You can't mix these two ways to create this object."
            )
        self.conn_id = conn_id
        self.description = description
        parts = _from_uri(uri) if uri is not None else {}
        self.conn_type: str | None = parts.get("conn_type", conn_type)
        self.host: str | None = parts.get("host", host)
        self.login: str | None = parts.get("login", login)
        self.password: str | None = parts.get("password", password)
        self.schema: str | None = parts.get("schema", schema)
        self.port: int | None = parts.get("port", port)
        extra = parts.get("extra", extra)
        self.extra: str | None = extra if extra is None or isinstance(extra, str) else json.dumps(extra)

    @classmethod
    def from_json(cls, value: str, conn_id: str | None = None) -> Self:
        fields = json.loads(value)
        if fields.get("conn_type"):
            fields["conn_type"] = _normalized(fields["conn_type"])
        if fields.get("port"):
            fields["port"] = int(fields["port"])
        fields.pop("conn_id", None)
        return cls(conn_id=conn_id, **fields)

    @classmethod
    def from_text(cls, text: str, conn_id: str) -> Self:
        """Of a URI, or of a JSON object."""
        return cls.from_json(text, conn_id) if text.lstrip().startswith("{") else cls(conn_id=conn_id, uri=text)

    @classmethod
    def get(cls, conn_id: str) -> Connection:
        """The connection of that id; AirflowNotFoundException if there is none."""
        found: Any = os.environ.get(f"AIRFLOW_CONN_{conn_id.upper()}")
        if found is None:
            found = runtime.current().get_connection(conn_id)
        if found is None:
            raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")
        connection = found if isinstance(found, Connection) else cls.from_text(found, conn_id)
        masker = runtime.current().masker
        masker.add(connection.password)
        if connection.login and connection.password:  # as an HTTP header has them
            masker.add(base64.b64encode(f"{connection.login}:{connection.password}".encode()).decode())
        masker.add(connection.extra_dejson)
        return connection

    get_connection_from_secrets = get

    @property
    def extra_dejson(self) -> dict[str, Any]:
        """`extra` as a dict, empty if it is not JSON."""
        try:
            found = json.loads(self.extra) if self.extra else {}
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def get_hook(self, *, hook_params: dict[str, Any] | None = None) -> Any:
        """The hook of this connection's kind. AirflowException if neither Airstep nor an installed provider has one."""
        from dag_translator.authoring.hooks.kinds import hook_class
        from dag_translator.authoring.providers.manager import hook_of

        kind = hook_class(self.conn_type)
        if kind is None:
            return hook_of(self, hook_params)
        return kind(**{kind.conn_name_attr: self.conn_id}, **(hook_params or {}))

    def get_password(self) -> str | None:
        return self.password

    def get_extra(self) -> str | None:
        return self.extra

    def get_uri(self) -> str:
        uri = f"{(self.conn_type or '').lower().replace('_', '-')}://" if self.conn_type else "//"
        host = self.host or ""
        if "://" in host:
            protocol, host = host.split("://", 1)
            uri += f"{protocol}://" if protocol != self.conn_type else ""
        user = quote(self.login, safe="") if self.login is not None else ""
        if self.password is not None:
            user += ":" + quote(self.password, safe="")
        place = quote(host, safe="") + (f":{self.port}" if self.port else "")
        at = "@" if user or (self.port and not host) else ""
        path = f"/{quote(self.schema, safe='')}" if self.schema else ""
        return uri + user + at + place + path + self._query()

    def _query(self) -> str:
        if not self.extra:
            return ""
        extra = self.extra_dejson
        try:
            plain = urlencode(extra)
        except TypeError:
            plain = ""
        same = bool(plain) and dict(parse_qsl(plain, keep_blank_values=True)) == extra
        query = plain if same else urlencode({_EXTRA_KEY: self.extra})
        return ("?" if self.schema else "/?") + query

    def to_dict(self) -> dict[str, Any]:
        names = ("conn_id", "conn_type", "description", "host", "login", "password", "schema", "port")
        return {**{name: getattr(self, name) for name in names}, "extra": self.extra_dejson}

    def as_json(self) -> str:
        fields = {name: value for name, value in self.to_dict().items() if value not in (None, {})}
        fields.pop("conn_id", None)
        return json.dumps(fields)

    def __repr__(self) -> str:
        return f"<Connection: {self.conn_id}>"


def _normalized(conn_type: str) -> str:
    return "postgres" if conn_type == "postgresql" else conn_type.replace("-", "_")


def _from_uri(uri: str) -> dict[str, Any]:
    conn_type, _, rest = ("", "", uri[2:]) if uri.startswith("//") else uri.partition("://")
    protocol = ""
    if "://" in rest.partition("?")[0]:
        protocol, _, rest = rest.partition("://")
        if "@" in protocol or ":" in protocol:
            raise AirflowException(f"Invalid connection string: {uri}.")
    parts = urlsplit(f"//{rest}")
    host = unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
    host = host if "/" in host else host.lower()
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return {
        "conn_type": _normalized(conn_type),
        "host": f"{protocol}://{host}" if protocol and host else host,
        "login": unquote(parts.username) if parts.username else parts.username,
        "password": unquote(parts.password) if parts.password else parts.password,
        "schema": unquote(parts.path[1:]),
        "port": parts.port,
        "extra": query.get(_EXTRA_KEY) or (json.dumps(query) if query else None),
    }
