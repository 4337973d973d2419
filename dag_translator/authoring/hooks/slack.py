"""Slack: calls of its API (a token) and of incoming web hooks.

Source: Slack's API reference, and "Sending messages using incoming webhooks".
"""

from __future__ import annotations

import json as texts
from typing import Any

from dag_translator.authoring.exceptions import AirflowException, AirflowNotFoundException
from dag_translator.authoring.hooks.base import BaseHook
from dag_translator.authoring.hooks.http_plain import post

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_API = "https://slack.com/api/"


class SlackHook(BaseHook):
    """Slack's API; the connection's password is the token."""

    conn_name_attr = "slack_conn_id"
    default_conn_name = "slack_api_default"
    conn_type = "slack"

    def __init__(
        self,
        *,
        slack_conn_id: str = default_conn_name,
        base_url: str | None = None,
        timeout: int | None = None,
        proxy: str | None = None,
        retry_handlers: Any = None,
    ) -> None:
        super().__init__()
        without_handlers(retry_handlers)
        self.slack_conn_id = slack_conn_id
        self.base_url = base_url
        self.timeout = timeout
        self.proxy = proxy

    def call(self, api_method: str, *, json: dict[str, Any] | None = None) -> dict[str, Any]:
        """What the method answers; AirflowException if it is not "ok"."""
        connection = self.get_connection(self.slack_conn_id)
        extra = connection.extra_dejson
        answer = post(
            (self.base_url or extra.get("base_url") or _API).rstrip("/") + f"/{api_method}",
            texts.dumps(json or {}),
            {**_JSON, "Authorization": f"Bearer {_password(connection)}"},
            _options(self.proxy, self.timeout, extra),
        )
        told: dict[str, Any] = answer.json()
        if not told.get("ok"):
            raise AirflowException(f"Slack refused the message: {told.get('error')}")
        return told


class SlackWebhookHook(BaseHook):
    """An incoming web hook; the connection's password is its token or whole address."""

    conn_name_attr = "slack_webhook_conn_id"
    default_conn_name = "slack_default"
    conn_type = "slackwebhook"

    def __init__(
        self,
        *,
        slack_webhook_conn_id: str = default_conn_name,
        timeout: int | None = None,
        proxy: str | None = None,
        retry_handlers: Any = None,
    ) -> None:
        super().__init__()
        without_handlers(retry_handlers)
        self.slack_webhook_conn_id = slack_webhook_conn_id
        self.timeout = timeout
        self.proxy = proxy

    def send(self, *, text: str | None = None, **message: Any) -> None:
        """message: attachments, blocks, unfurl_links, unfurl_media; of old web hooks channel, username, icon_emoji."""
        self.send_dict({"text": text, **message})

    def send_text(self, text: str, unfurl_links: bool | None = None, unfurl_media: bool | None = None) -> None:
        self.send(text=text, unfurl_links=unfurl_links, unfurl_media=unfurl_media)

    def send_dict(self, body: dict[str, Any] | str) -> None:
        """body: the message, as an object or as its JSON."""
        given = texts.loads(body) if isinstance(body, str) else body
        connection = self.get_connection(self.slack_webhook_conn_id)
        message = texts.dumps({name: value for name, value in given.items() if value is not None})
        post(_address(connection), message, _JSON, _options(self.proxy, self.timeout, connection.extra_dejson))


def without_handlers(retry_handlers: Any) -> None:
    if retry_handlers:
        raise TypeError("retry_handlers are objects of slack_sdk, which is not used here: leave them out")


def _address(connection: Any) -> str:
    token = _password(connection)
    if "://" in token:
        return token
    host = connection.host or "hooks.slack.com/services"
    base = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    return f"{base.rstrip('/')}/{token.lstrip('/')}"


def _password(connection: Any) -> str:
    if not (connection.password or "").strip():
        raise AirflowNotFoundException(f"Connection ID {connection.conn_id!r} does not contain password (Slack token).")
    return str(connection.password).strip()


def _options(proxy: str | None, timeout: Any, extra: dict[str, Any]) -> dict[str, Any]:
    proxy, timeout = proxy or extra.get("proxy"), timeout or extra.get("timeout")
    return {"proxies": {"http": proxy, "https": proxy} if proxy else {}, "timeout": float(timeout or 30)}
