"""One operator of a provider, run for real against a fake of what it talks to. Each answers with the operator's name.

They run in the survey's process, where the distribution is on the import path and the import hook is installed.
"""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any
from unittest import mock


class _Cursor(sqlite3.Cursor):
    """SQLite's, with what SnowflakeHook asks its own for."""

    sfqid = "query-1"


def _class(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"airflow.providers.{module}"), name)


def _connect(conn_id: str, **fields: Any) -> None:
    os.environ[f"AIRFLOW_CONN_{conn_id.upper()}"] = json.dumps(fields)


def _database(kind: str, driver: str) -> str:
    """SQLExecuteQueryOperator through a hook whose driver is replaced by SQLite."""
    _connect("db", conn_type=kind, host="h", login="u", password="p", schema="s")
    connection = sqlite3.connect(":memory:")
    made = SimpleNamespace(cursor=lambda *_: connection.cursor(_Cursor), commit=connection.commit, close=lambda: None)
    made.autocommit_state = False
    made.autocommit = made.get_autocommit = lambda *_: False  # an attribute, or methods, as the driver has it
    with mock.patch(driver, return_value=made):
        operator = _class("common.sql.operators.sql.SQLExecuteQueryOperator")
        assert operator(task_id="q", conn_id="db", sql="select 6 * 7").execute({}) == [(42,)]
    return "`SQLExecuteQueryOperator`"


def _sqlite() -> str:
    _connect("db", conn_type="sqlite", host=":memory:")
    operator = _class("common.sql.operators.sql.SQLExecuteQueryOperator")
    assert operator(task_id="q", conn_id="db", sql="select 6 * 7").execute({}) == [(42,)]
    return "`SQLExecuteQueryOperator`"


class _Answers(BaseHTTPRequestHandler):
    """Answers each request with what was sent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def _http() -> str:
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _connect("web", conn_type="http", host="http://127.0.0.1", port=server.server_port)
    operator = _class("http.operators.http.HttpOperator")
    assert operator(task_id="p", http_conn_id="web", endpoint="x", data="hello").execute({}) == "hello"
    server.shutdown()
    return "`HttpOperator` (Airstep's own)"


def _slack() -> str:
    _connect("slack_api_default", conn_type="slack", password="xoxb-1")
    operator = _class("slack.operators.slack.SlackAPIPostOperator")
    with mock.patch("slack_sdk.WebClient.api_call", return_value=SimpleNamespace(data={"ok": True})) as call:
        operator(task_id="s", channel="#a", text="hello").execute({})
    assert call.call_args.args[0] == "chat.postMessage"
    return "`SlackAPIPostOperator`"


def _redis() -> str:
    _connect("redis_default", conn_type="redis", host="h", port=6379)
    operator = _class("redis.operators.redis_publish.RedisPublishOperator")
    with mock.patch("redis.client.Redis.publish", return_value=1) as publish:
        operator(task_id="r", channel="c", message="m").execute({})
    publish.assert_called_once_with(channel="c", message="m")
    return "`RedisPublishOperator`"


def _amazon() -> str:
    """One that Airstep has nothing of."""
    client = mock.Mock()
    client.create_application.return_value = {"ApplicationDetail": {"ApplicationARN": "arn:x"}}
    operator = _class("amazon.aws.operators.kinesis_analytics.KinesisAnalyticsV2CreateApplicationOperator")
    task = operator(task_id="k", application_name="a", runtime_environment="FLINK-1_18", service_execution_role="r")
    with mock.patch.object(type(task.hook), "conn", client):
        assert task.execute({}) == {"ApplicationARN": "arn:x"}
    return "`KinesisAnalyticsV2CreateApplicationOperator`"


def _ssh() -> str:
    hook = mock.Mock(remote_host="h", ssh_conn_id=None)
    hook.get_conn.return_value.__enter__ = hook.get_conn.return_value.__exit__ = mock.Mock(return_value=False)
    hook.exec_ssh_client_command.return_value = (0, b"hello", b"")
    operator = _class("ssh.operators.ssh.SSHOperator")
    hook.__class__ = _class("ssh.hooks.ssh.SSHHook")
    result = operator(task_id="s", ssh_hook=hook, command="true").execute(
        {"ti": mock.Mock(), "task_instance": mock.Mock()}
    )
    assert result in (b"aGVsbG8=", "aGVsbG8=")
    return "`SSHOperator`"


def _openai() -> str:
    _connect("openai_default", conn_type="openai", password="k")
    operator = _class("openai.operators.openai.OpenAIEmbeddingOperator")
    with mock.patch("airflow.providers.openai.hooks.openai.OpenAIHook.create_embeddings", return_value=[1.0]):
        assert operator(task_id="o", conn_id="openai_default", input_text="hello").execute({}) == [1.0]
    return "`OpenAIEmbeddingOperator`"


TRIALS: Mapping[str, Callable[[], str]] = {
    "amazon": _amazon,
    "http": _http,
    "openai": _openai,
    "postgres": lambda: _database("postgres", "airflow.providers.postgres.hooks.postgres.PostgresHook.get_conn"),
    "mysql": lambda: _database("mysql", "airflow.providers.mysql.hooks.mysql.MySqlHook.get_conn"),
    "trino": lambda: _database("trino", "airflow.providers.trino.hooks.trino.TrinoHook.get_conn"),
    "microsoft-mssql": lambda: _database("mssql", "airflow.providers.microsoft.mssql.hooks.mssql.MsSqlHook.get_conn"),
    "oracle": lambda: _database("oracle", "airflow.providers.oracle.hooks.oracle.OracleHook.get_conn"),
    "snowflake": lambda: _database("snowflake", "airflow.providers.snowflake.hooks.snowflake.SnowflakeHook.get_conn"),
    "redis": _redis,
    "slack": _slack,
    "sqlite": _sqlite,
    "ssh": _ssh,
}
