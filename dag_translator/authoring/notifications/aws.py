"""Notifiers of the Amazon provider: SNS, SQS, SES, and Chime's web hooks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.aws import SnsHook, SqsHook
from dag_translator.authoring.models.notifier import BaseNotifier


class SnsNotifier(BaseNotifier):
    """Publishes `message` to a topic or an endpoint."""

    template_fields = ("target_arn", "message", "subject", "message_attributes", "aws_conn_id", "region_name")

    def __init__(
        self,
        *,
        aws_conn_id: str | None = SnsHook.default_conn_name,
        target_arn: str,
        message: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        region_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.target_arn = target_arn
        self.message = message
        self.subject = subject
        self.message_attributes = message_attributes

    def notify(self, context: Any) -> None:  # noqa: ARG002
        SnsHook(aws_conn_id=self.aws_conn_id, region_name=self.region_name).publish_to_target(
            target_arn=self.target_arn,
            message=self.message,
            subject=self.subject,
            message_attributes=self.message_attributes,
        )


class SqsNotifier(BaseNotifier):
    """Sends `message_body` to a queue."""

    template_fields = (
        "queue_url",
        "message_body",
        "message_attributes",
        "message_group_id",
        "delay_seconds",
        "aws_conn_id",
        "region_name",
    )

    def __init__(
        self,
        *,
        aws_conn_id: str | None = SqsHook.default_conn_name,
        queue_url: str,
        message_body: str,
        message_attributes: dict[str, Any] | None = None,
        message_group_id: str | None = None,
        delay_seconds: int = 0,
        region_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.queue_url = queue_url
        self.message_body = message_body
        self.message_attributes = message_attributes or {}
        self.message_group_id = message_group_id
        self.delay_seconds = delay_seconds

    def notify(self, context: Any) -> None:  # noqa: ARG002
        SqsHook(aws_conn_id=self.aws_conn_id, region_name=self.region_name).send_message(
            queue_url=self.queue_url,
            message_body=self.message_body,
            delay_seconds=self.delay_seconds,
            message_attributes=self.message_attributes,
            message_group_id=self.message_group_id,
        )


_MAIL = (
    *("mail_from", "to", "subject", "html_content", "files", "cc", "bcc", "mime_subtype", "mime_charset"),
    *("reply_to", "return_path", "custom_headers"),
)


class SesNotifier(BaseNotifier):
    """Sends a mail by Amazon SES."""

    template_fields = ("aws_conn_id", "region_name", *_MAIL)

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        mail_from: str,
        to: str | Iterable[str],
        subject: str,
        html_content: str,
        files: list[str] | None = None,
        cc: str | Iterable[str] | None = None,
        bcc: str | Iterable[str] | None = None,
        mime_subtype: str = "mixed",
        mime_charset: str = "utf-8",
        reply_to: str | None = None,
        return_path: str | None = None,
        custom_headers: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.mail_from = mail_from
        self.to = to
        self.subject = subject
        self.html_content = html_content
        self.files = files
        self.cc = cc
        self.bcc = bcc
        self.mime_subtype = mime_subtype
        self.mime_charset = mime_charset
        self.reply_to = reply_to
        self.return_path = return_path
        self.custom_headers = custom_headers

    def notify(self, context: Any) -> None:  # noqa: ARG002
        from dag_translator.authoring.hooks.smtp import SesHook

        hook = SesHook(aws_conn_id=self.aws_conn_id, region_name=self.region_name)
        hook.send_email(**{name: getattr(self, name) for name in _MAIL})


class ChimeNotifier(BaseNotifier):
    """Posts `message` to a Chime room; the connection's password is the web hook's `{id}?token={token}`."""

    template_fields = ("message", "chime_conn_id")

    def __init__(self, *, chime_conn_id: str, message: str = "This is the default chime notifier message") -> None:
        super().__init__()
        self.chime_conn_id = chime_conn_id
        self.message = message

    def notify(self, context: Any) -> None:  # noqa: ARG002
        from dag_translator.authoring.hooks.base import BaseHook
        from dag_translator.authoring.hooks.http_plain import post

        if len(self.message) > 4096:
            raise AirflowException("Chime message must be 4096 characters or less.")
        connection = BaseHook.get_connection(self.chime_conn_id)
        token = connection.password or ""
        if not re.fullmatch(r"[a-zA-Z0-9_-]+\?token=[a-zA-Z0-9_-]+", token):
            raise AirflowException("Expected Chime webhook token in the form of '{webhook.id}?token={webhook.token}'.")
        if not connection.schema or not connection.host:
            raise AirflowException("Webhook schema and host fields are required")
        url = f"{connection.schema}://{connection.host}{token}"
        post(url, json.dumps({"Content": self.message}), {"Content-type": "application/json"})


send_sns_notification = SnsNotifier
send_sqs_notification = SqsNotifier
send_ses_notification = SesNotifier
send_chime_notification = ChimeNotifier
