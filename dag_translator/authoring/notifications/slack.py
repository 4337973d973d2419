"""Slack: messages by its API (a token) or by an incoming web hook.

Source: Slack's API reference, `chat.postMessage` and "Sending messages using incoming webhooks".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dag_translator.authoring.exceptions import AirflowException, AirflowNotFoundException
from dag_translator.authoring.hooks.base import BaseHook
from dag_translator.authoring.hooks.http_plain import post
from dag_translator.authoring.models.notifier import BaseNotifier

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_API = "https://slack.com/api/"


class SlackNotifier(BaseNotifier):
    """Posts `text` to a channel by Slack's API; the connection's password is the token."""

    template_fields = ("text", "channel", "username", "attachments", "blocks", "slack_conn_id")

    def __init__(
        self,
        *,
        slack_conn_id: str = "slack_api_default",
        text: str = "This is a default message",
        channel: str = "#general",
        username: str = "Airflow",
        icon_url: str | None = None,
        attachments: Sequence[Any] = (),
        blocks: Sequence[Any] = (),
        base_url: str | None = None,
        proxy: str | None = None,
        timeout: int | None = None,
        retry_handlers: Any = None,
        unfurl_links: bool = True,
        unfurl_media: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _without_handlers(retry_handlers)
        self.slack_conn_id = slack_conn_id
        self.text = text
        self.channel = channel
        self.username = username
        self.icon_url = icon_url
        self.attachments = attachments
        self.blocks = blocks
        self.base_url = base_url
        self.proxy = proxy
        self.timeout = timeout
        self.unfurl_links = unfurl_links
        self.unfurl_media = unfurl_media

    def notify(self, context: Any) -> None:  # noqa: ARG002
        connection = BaseHook.get_connection(self.slack_conn_id)
        extra = connection.extra_dejson
        message = {
            "channel": self.channel,
            "username": self.username,
            "text": self.text,
            "icon_url": self.icon_url,
            "attachments": json.dumps(self.attachments),
            "blocks": json.dumps(self.blocks),
            "unfurl_links": self.unfurl_links,
            "unfurl_media": self.unfurl_media,
        }
        told = {name: value for name, value in message.items() if value is not None}
        answer = post(
            (self.base_url or extra.get("base_url") or _API).rstrip("/") + "/chat.postMessage",
            json.dumps(told),
            {**_JSON, "Authorization": f"Bearer {_password(connection)}"},
            _options(self, extra),
        )
        if not answer.json().get("ok"):
            raise AirflowException(f"Slack refused the message: {answer.json().get('error')}")


class SlackWebhookNotifier(BaseNotifier):
    """Posts `text` by an incoming web hook; the connection's password is its token or whole address."""

    template_fields = ("slack_webhook_conn_id", "text", "attachments", "blocks", "proxy", "timeout")

    def __init__(
        self,
        *,
        slack_webhook_conn_id: str = "slack_default",
        text: str,
        blocks: Sequence[Any] | None = None,
        unfurl_links: bool | None = None,
        unfurl_media: bool | None = None,
        proxy: str | None = None,
        timeout: int | None = None,
        attachments: Sequence[Any] | None = None,
        retry_handlers: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _without_handlers(retry_handlers)
        self.slack_webhook_conn_id = slack_webhook_conn_id
        self.text = text
        self.attachments = attachments
        self.blocks = blocks
        self.unfurl_links = unfurl_links
        self.unfurl_media = unfurl_media
        self.proxy = proxy
        self.timeout = timeout

    def notify(self, context: Any) -> None:  # noqa: ARG002
        connection = BaseHook.get_connection(self.slack_webhook_conn_id)
        names = ("text", "attachments", "blocks", "unfurl_links", "unfurl_media")
        message = {name: value for name in names if (value := getattr(self, name)) is not None}
        post(_webhook(connection), json.dumps(message), _JSON, _options(self, connection.extra_dejson))


def _webhook(connection: Any) -> str:
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


def _options(notifier: Any, extra: dict[str, Any]) -> dict[str, Any]:
    proxy, timeout = notifier.proxy or extra.get("proxy"), notifier.timeout or extra.get("timeout")
    return {"proxies": {"http": proxy, "https": proxy} if proxy else {}, "timeout": float(timeout or 30)}


def _without_handlers(retry_handlers: Any) -> None:
    if retry_handlers:
        raise TypeError("retry_handlers are objects of slack_sdk, which is not used here: leave them out")


send_slack_notification = SlackNotifier
send_slack_webhook_notification = SlackWebhookNotifier
