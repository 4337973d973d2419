"""SmtpHook: mails by the SMTP server that a connection names; SesHook: by Amazon SES.

A connection's extra: from_email, disable_ssl, disable_tls, timeout, retry_limit, ssl_context, subject_template and
html_content_template (paths), as in Airflow's provider.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Self

from dag_translator.authoring import runtime
from dag_translator.authoring.exceptions import AirflowException, AirflowNotFoundException
from dag_translator.authoring.hooks.aws import AwsBaseHook
from dag_translator.authoring.hooks.base import BaseHook
from dag_translator.authoring.utils.email import build_mime_message, sender


class SmtpHook(BaseHook):
    """Use it as a context manager: it logs in, and closes."""

    conn_name_attr = "smtp_conn_id"
    default_conn_name = "smtp_default"
    conn_type = "smtp"
    hook_name = "SMTP"

    def __init__(self, smtp_conn_id: str = default_conn_name, auth_type: str = "basic") -> None:
        super().__init__()
        if auth_type != "basic":
            raise AirflowException(f"auth_type {auth_type!r} is not supported: use login and password")
        self.smtp_conn_id = smtp_conn_id
        self._client: Any = None

    def __enter__(self) -> Self:
        return self.get_conn()

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    @cached_property
    def conn(self) -> Any:
        try:
            return self.get_connection(self.smtp_conn_id)
        except AirflowNotFoundException:
            raise AirflowException("SMTP connection is not found.") from None

    def _extra(self, name: str, default: Any = None) -> Any:
        return self.conn.extra_dejson.get(name, default)

    @property
    def from_email(self) -> str | None:
        return self._extra("from_email")  # type: ignore[no-any-return]

    @property
    def subject_template(self) -> str | None:
        return self._extra("subject_template")  # type: ignore[no-any-return]

    @property
    def html_content_template(self) -> str | None:
        return self._extra("html_content_template")  # type: ignore[no-any-return]

    def template(self, name: str, owner: Any, context: Any, default: str | None = None) -> str:
        """The connection's template of that name (subject, html_content), else the default, rendered for `owner`."""
        path = getattr(self, f"{name}_template")
        text = default if path is None and default is not None else _read(path, name)
        return str(runtime.current().render_template(owner, text, context))

    def get_conn(self) -> Self:
        import smtplib

        for left in range(int(self._extra("retry_limit", 5)), -1, -1):
            if self._client is not None:
                break
            try:
                self._client = self._connected()
            except smtplib.SMTPServerDisconnected:
                if not left:
                    raise AirflowException("Unable to connect to smtp server") from None
        return self

    def _connected(self) -> Any:
        import smtplib
        import ssl

        connection = self.conn
        checks = self._extra("ssl_context", "default")
        if checks not in ("default", "none"):
            raise RuntimeError(f"ssl_context must be 'default' or 'none', not {checks!r}")
        context = ssl.create_default_context() if checks == "default" else None
        host, port, timeout = connection.host or "", connection.port or 0, int(self._extra("timeout", 30))
        client: Any
        if self._extra("disable_ssl", False):
            client = smtplib.SMTP(host, port, timeout=timeout)
        else:
            client = smtplib.SMTP_SSL(host, port, timeout=timeout, context=context)
        if not self._extra("disable_tls", False):
            client.starttls(context=context)
            client.ehlo()
        if connection.login and connection.password:
            client.login(connection.login, connection.password)
        return client

    def send_email_smtp(
        self,
        *,
        to: str | Iterable[str],
        subject: str | None = None,
        html_content: str | None = None,
        from_email: str | None = None,
        files: list[str] | None = None,
        dryrun: bool = False,
        cc: str | Iterable[str] | None = None,
        bcc: str | Iterable[str] | None = None,
        mime_subtype: str = "mixed",
        mime_charset: str = "utf-8",
        custom_headers: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Send a mail; subject and html_content default to the connection's template files."""
        mail_from = sender(from_email, self.from_email)
        message, recipients = build_mime_message(
            mail_from,
            to,
            subject if subject is not None else _read(self.subject_template, "subject"),
            html_content if html_content is not None else _read(self.html_content_template, "html_content"),
            files,
            cc,
            bcc,
            mime_subtype,
            mime_charset,
            custom_headers,
        )
        if not dryrun:
            self._deliver(mail_from, recipients, message.as_string())

    def _deliver(self, mail_from: str, recipients: list[str], text: str) -> None:
        self._client.sendmail(from_addr=mail_from, to_addrs=recipients, msg=text)


class SesServer(SmtpHook):
    """Amazon SES where an SMTP server would be."""

    from_email = None
    subject_template = None
    html_content_template = None

    def get_conn(self) -> Self:
        return self

    def _deliver(self, mail_from: str, recipients: list[str], text: str) -> None:
        SesHook().send_raw(mail_from, recipients, text)


class SesHook(AwsBaseHook):
    """Amazon SES. Its action is ses:SendRawEmail."""

    service = "ses"

    def send_email(
        self,
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
    ) -> Any:
        """SES's answer, with the MessageId."""
        headers = {**(custom_headers or {}), "Reply-To": reply_to, "Return-Path": return_path}
        message, recipients = build_mime_message(
            mail_from, to, subject, html_content, files, cc, bcc, mime_subtype, mime_charset, headers
        )
        return self.send_raw(mail_from, recipients, message.as_string())

    def send_raw(self, mail_from: str, recipients: list[str], text: str) -> Any:
        return self.get_conn().send_raw_email(Source=mail_from, Destinations=recipients, RawMessage={"Data": text})


def _read(path: str | None, name: str) -> str:
    """A template file's text in one line, as Airflow reads it."""
    if path is None:
        raise AirflowException(f"You should provide `{name}` or define `{name}_template` in the connection.")
    with open(path, encoding="utf-8") as file:
        return file.read().replace("\n", "").strip()
