"""SnowflakeHook: Snowflake over its own connector."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.drivers import driver
from dag_translator.authoring.hooks.sql import DbApiHook

_PACKAGES = "snowflake-connector-python"
_OWN = ("account", "warehouse", "database", "region", "role", "schema", "authenticator", "session_parameters")
_OPTIONS = (
    *("insecure_mode", "json_result_force_utf8_decoding", "client_request_mfa_token", "ocsp_fail_open"),
    *("client_store_temporary_credential", "proxy_host", "proxy_port", "proxy_user", "proxy_password"),
    *("workload_identity_provider", "token", "token_file_path", "host", "port"),
)
_FLAGS = frozenset(_OPTIONS[:5])
_OAUTH = ("refresh_token", "grant_type", "token_endpoint", "azure_conn_id")


class SnowflakeHook(DbApiHook):
    """account, warehouse, database, region, role, schema, authenticator, session_parameters: before the connection's.

    A text of several statements is split, unless split_statements is False. A private key may be in the connection's
    extra (`private_key_content` or `private_key_file`); its passphrase is the password.
    """

    conn_name_attr = "snowflake_conn_id"
    default_conn_name = "snowflake_default"
    conn_type = "snowflake"
    hook_name = "Snowflake"
    supports_autocommit = True
    splits_by_default = True
    strip_semicolon = True
    session_parameters: dict[str, Any] | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _OWN:
            setattr(self, name, kwargs.get(name))
        self.query_ids: list[str] = []
        self.return_dictionaries = False

    def _field(self, name: str) -> Any:
        extra = self.connection_extra
        return extra.get(name, extra.get(f"extra__snowflake__{name}")) or None

    def _get_conn_params(self) -> dict[str, Any]:
        one = self.connection
        if found := [name for name in _OAUTH if self._field(name)]:
            message = f"SnowflakeHook: {', '.join(found)} of connection {one.conn_id}: OAuth is not supported"
            raise AirflowException(f"{message}; use a key pair (private_key_content)")
        chosen = {name: getattr(self, name) or self._field(name) for name in _OWN}
        given: dict[str, Any] = {
            "user": one.login,
            "password": one.password or "",
            "application": "AIRFLOW",
            **{name: value or "" for name, value in chosen.items()},
            "schema": self.schema or one.schema or "",
            "authenticator": chosen["authenticator"] or "snowflake",
            "session_parameters": chosen["session_parameters"],
        }
        for name in _OPTIONS:
            if (value := self._field(name)) is not None:
                given[name] = _flag(value) if name in _FLAGS else value
        if key := self.get_private_key():
            given["private_key"] = key
            del given["password"]
        elif given["authenticator"] == "programmatic_access_token":
            given["token"] = given["password"]
        return given

    def get_private_key(self) -> bytes | None:
        """The connection's private key as the connector takes it (DER)."""
        content, file = self._field("private_key_content"), self._field("private_key_file")
        if content and file:
            raise ValueError("The private_key_file and private_key_content extra fields are mutually exclusive.")
        if not content and not file:
            return None
        pem = Path(file).read_bytes() if file else content.encode()
        if b"-----BEGIN" not in pem:
            pem = base64.b64decode(pem)
        keys = driver("a private key", "cryptography.hazmat.primitives.serialization", packages=_PACKAGES)
        password = self.connection.password.strip().encode() if self.connection.password else None
        key = keys.load_pem_private_key(pem, password=password)
        return bytes(key.private_bytes(keys.Encoding.DER, keys.PrivateFormat.PKCS8, keys.NoEncryption()))

    def get_conn(self) -> Any:
        return driver("SnowflakeHook", "snowflake.connector", packages=_PACKAGES).connect(**self._get_conn_params())

    def get_uri(self) -> str:
        urls = driver("get_uri", "snowflake.sqlalchemy", packages="snowflake-sqlalchemy")
        names = ("user", "password", *_OWN[:6])
        given = self._get_conn_params()
        return str(urls.URL(**{name: given[name] for name in names if given.get(name)}))

    def set_autocommit(self, conn: Any, autocommit: bool) -> None:
        asked = self.session_parameters or self.connection_extra.get("session_parameters") or {}
        if not autocommit and any(name.upper() == "AUTOCOMMIT" for name in asked):
            conn.autocommit_mode = True  # the session has its own
            return
        conn.autocommit(autocommit)
        conn.autocommit_mode = autocommit

    def get_autocommit(self, conn: Any) -> bool:
        return bool(getattr(conn, "autocommit_mode", False))

    def run(self, *args: Any, return_dictionaries: bool = False, **kwargs: Any) -> Any:
        """As DbApiHook's. return_dictionaries: rows are dicts. `query_ids` are Snowflake's, afterwards."""
        self.query_ids = []
        self.return_dictionaries = return_dictionaries
        return super().run(*args, **kwargs)

    def _cursor(self, conn: Any) -> Any:
        if not self.return_dictionaries:
            return conn.cursor()
        return conn.cursor(driver("SnowflakeHook", "snowflake.connector", packages=_PACKAGES).DictCursor)

    def _run_command(self, cur: Any, sql_statement: str, parameters: Any) -> None:
        if self.log_sql:
            self.log.info("Running statement: %s, parameters: %s", sql_statement, parameters)
        # 0: as many statements as there are; a text that was not split may hold several.
        several = {"num_statements": 0} if len(self.split_sql_string(sql_statement)) > 1 else {}
        cur.execute(sql_statement, *([parameters] if parameters else []), **several)
        self.query_ids.append(cur.sfqid)
        self.log.info("Snowflake query id: %s", cur.sfqid)


def _flag(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() in ("true", "1", "yes", "y", "t", "on")
