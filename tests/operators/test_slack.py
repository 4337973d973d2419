"""Operators on Slack, against a server in this process."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.operators.conftest import Project

IMPORTS = """
from airflow.providers.slack.hooks.slack import SlackHook
from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook
from airflow.providers.slack.operators.slack import SlackAPIPostOperator
from airflow.providers.slack.operators.slack_webhook import SlackWebhookOperator
"""


class Handler(BaseHTTPRequestHandler):
    """Keeps what it is told; refuses the channel #nowhere."""

    told: list[Any] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Handler.told.append((self.path, self.headers.get("Authorization"), body))
        refused = body.get("channel") == "#nowhere"
        answer = {"ok": False, "error": "channel_not_found"} if refused else {"ok": True, "ts": "1.2"}
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    Handler.told.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        api = {"conn_type": "slack", "password": "xoxb", "extra": {"base_url": f"{url}/api/"}}
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", json.dumps(api))
        hook = {"conn_type": "slackwebhook", "password": f"{url}/hook"}
        monkeypatch.setenv("AIRFLOW_CONN_HOOK", json.dumps(hook))
        monkeypatch.setenv("no_proxy", "*")
        yield
        server.shutdown()
        thread.join()


def test_a_message_by_the_api(project: Project) -> None:
    text = 'SlackAPIPostOperator(task_id="s", channel="#a", text="{{ ds }}", blocks=[{"b": "{{ ds }}"}], dag=dag)'
    result = project.run(IMPORTS + text)
    assert result.xcoms["s"]["return_value"] == {"ok": True, "ts": "1.2"}
    message = {"channel": "#a", "username": "Airflow", "text": "2024-01-15", "attachments": "[]"}
    assert Handler.told == [("/api/chat.postMessage", "Bearer xoxb", {**message, "blocks": '[{"b": "2024-01-15"}]'})]


def test_what_slack_refuses(project: Project) -> None:
    result = project.run(IMPORTS + 'SlackAPIPostOperator(task_id="s", channel="#nowhere", dag=dag)')
    assert "channel_not_found" in result.errors["s"]


def test_a_message_by_a_web_hook(project: Project) -> None:
    text = """
SlackWebhookOperator(task_id="s", slack_webhook_conn_id="hook", message="{{ ds }}", icon_emoji=":x:", dag=dag)
def hooks():
    SlackWebhookHook(slack_webhook_conn_id="hook").send_text("plain")
    return SlackHook().call("users.info", json={"user": "u"})
PythonOperator(task_id="p", python_callable=hooks, dag=dag)
"""
    result = project.run(IMPORTS + text)
    assert set(result.tasks.values()) == {"success"}, result.errors
    assert sorted(Handler.told, key=str) == [
        ("/api/users.info", "Bearer xoxb", {"user": "u"}),
        ("/hook", None, {"text": "2024-01-15", "icon_emoji": ":x:"}),
        ("/hook", None, {"text": "plain"}),
    ]
