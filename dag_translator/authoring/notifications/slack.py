"""Slack: messages by its API (a token) or by an incoming web hook.

Source: Slack's API reference, `chat.postMessage` and "Sending messages using incoming webhooks".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dag_translator.authoring.hooks.slack import SlackHook, SlackWebhookHook, without_handlers
from dag_translator.authoring.models.notifier import BaseNotifier


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
        without_handlers(retry_handlers)
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
        hook = SlackHook(
            slack_conn_id=self.slack_conn_id, base_url=self.base_url, proxy=self.proxy, timeout=self.timeout
        )
        hook.call("chat.postMessage", json={name: value for name, value in message.items() if value is not None})


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
        without_handlers(retry_handlers)
        self.slack_webhook_conn_id = slack_webhook_conn_id
        self.text = text
        self.attachments = attachments
        self.blocks = blocks
        self.unfurl_links = unfurl_links
        self.unfurl_media = unfurl_media
        self.proxy = proxy
        self.timeout = timeout

    def notify(self, context: Any) -> None:  # noqa: ARG002
        names = ("text", "attachments", "blocks", "unfurl_links", "unfurl_media")
        hook = SlackWebhookHook(
            slack_webhook_conn_id=self.slack_webhook_conn_id, proxy=self.proxy, timeout=self.timeout
        )
        hook.send(**{name: getattr(self, name) for name in names})


send_slack_notification = SlackNotifier
send_slack_webhook_notification = SlackWebhookNotifier
