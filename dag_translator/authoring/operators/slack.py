"""Operators on Slack: a message by its API, or by an incoming web hook."""

from __future__ import annotations

import json
from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.hooks.slack import SlackHook, SlackWebhookHook, without_handlers


class SlackAPIOperator(BaseOperator):
    """For subclasses: calls `method` with api_params, or with what construct_api_call_params() makes of itself.

    The XCom is Slack's answer.
    """

    template_fields: Any = ("slack_conn_id",)

    def __init__(
        self,
        *,
        slack_conn_id: str = SlackHook.default_conn_name,
        method: str,
        api_params: dict[str, Any] | None = None,
        base_url: str | None = None,
        proxy: str | None = None,
        timeout: int | None = None,
        retry_handlers: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        without_handlers(retry_handlers)
        self.slack_conn_id = slack_conn_id
        self.method = method
        self.api_params = api_params
        self.base_url = base_url
        self.proxy = proxy
        self.timeout = timeout

    @property
    def hook(self) -> SlackHook:
        return SlackHook(
            slack_conn_id=self.slack_conn_id, base_url=self.base_url, proxy=self.proxy, timeout=self.timeout
        )

    def construct_api_call_params(self) -> Any:
        raise NotImplementedError("SlackAPIOperator should not be used directly. Chose one of the subclasses instead")

    def execute(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        if not self.api_params:
            self.construct_api_call_params()
        return self.hook.call(self.method, json=self.api_params)


class SlackAPIPostOperator(SlackAPIOperator):
    """Posts `text` (and attachments, blocks) to a channel, or into the thread thread_ts."""

    template_fields: Any = ("username", "text", "attachments", "blocks", "channel", "thread_ts", "slack_conn_id")
    ui_color = "#FFBA40"

    def __init__(
        self,
        *,
        channel: str = "#general",
        username: str = "Airflow",
        text: str = "No message has been set.",
        icon_url: str | None = None,
        blocks: list[Any] | None = None,
        attachments: list[Any] | None = None,
        thread_ts: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(method="chat.postMessage", **kwargs)
        self.channel = channel
        self.username = username
        self.text = text
        self.icon_url = icon_url
        self.attachments = attachments or []
        self.blocks = blocks or []
        self.thread_ts = thread_ts

    def construct_api_call_params(self) -> None:
        given = {
            "channel": self.channel,
            "username": self.username,
            "text": self.text,
            "icon_url": self.icon_url,
            "attachments": json.dumps(self.attachments),
            "blocks": json.dumps(self.blocks),
            "thread_ts": self.thread_ts,
        }
        self.api_params = {name: value for name, value in given.items() if value is not None}


class SlackWebhookOperator(BaseOperator):
    """Posts `message` (and attachments, blocks) by a web hook; channel, username and icons work with old ones only."""

    template_fields: Any = (
        *("message", "attachments", "blocks", "channel", "username", "proxy", "slack_webhook_conn_id"),
    )

    def __init__(
        self,
        *,
        slack_webhook_conn_id: str,
        message: str = "",
        attachments: list[Any] | None = None,
        blocks: list[Any] | None = None,
        channel: str | None = None,
        username: str | None = None,
        icon_emoji: str | None = None,
        icon_url: str | None = None,
        proxy: str | None = None,
        timeout: int | None = None,
        retry_handlers: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        without_handlers(retry_handlers)
        self.slack_webhook_conn_id = slack_webhook_conn_id
        self.message = message
        self.attachments = attachments
        self.blocks = blocks
        self.channel = channel
        self.username = username
        self.icon_emoji = icon_emoji
        self.icon_url = icon_url
        self.proxy = proxy
        self.timeout = timeout

    @property
    def hook(self) -> SlackWebhookHook:
        return SlackWebhookHook(
            slack_webhook_conn_id=self.slack_webhook_conn_id, proxy=self.proxy, timeout=self.timeout
        )

    def execute(self, context: Any) -> None:  # noqa: ARG002
        names = ("attachments", "blocks", "channel", "username", "icon_emoji", "icon_url")
        self.hook.send(text=self.message, **{name: getattr(self, name) for name in names})
