"""SmtpNotifier: a mail from a callback; it also sends the mails of `email_on_failure` and `email_on_retry`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dag_translator.authoring.configuration import conf
from dag_translator.authoring.models.notifier import BaseNotifier
from dag_translator.authoring.utils.email import DEFAULT_CONNECTION, mail_server

# What is sent when nothing else is said; Airflow's own page has the same facts.
SUBJECT = "DAG {{ ti.dag_id }} - Task {{ ti.task_id }} - Run ID {{ ti.run_id }} in State {{ ti.state }}"
BODY = """<!DOCTYPE html><html><body><table role="presentation">
<tr><td>Run ID:</td><td>{{ ti.run_id }}</td></tr>
<tr><td>Try:</td><td>{{ ti.try_number }} of {{ ti.max_tries + 1 }}</td></tr>
<tr><td>Task State:</td><td>{{ ti.state }}</td></tr>
<tr><td>Host:</td><td>{{ ti.hostname }}</td></tr>
<tr><td>Log Link:</td><td><a href="{{ ti.log_url }}">{{ ti.log_url }}</a></td></tr>
</table></body></html>"""


class SmtpNotifier(BaseNotifier):
    """A mail by the connection's server, or by Amazon SES without one. template: a file with the html_content."""

    template_fields = (
        "from_email",
        "to",
        "subject",
        "html_content",
        "files",
        "cc",
        "bcc",
        "mime_subtype",
        "mime_charset",
        "custom_headers",
        "smtp_conn_id",
    )

    def __init__(
        self,
        to: str | Iterable[str],
        from_email: str | None = None,
        subject: str | None = None,
        html_content: str | None = None,
        files: list[str] | None = None,
        cc: str | Iterable[str] | None = None,
        bcc: str | Iterable[str] | None = None,
        mime_subtype: str = "mixed",
        mime_charset: str = "utf-8",
        custom_headers: dict[str, Any] | None = None,
        smtp_conn_id: str | None = None,
        auth_type: str = "basic",  # noqa: ARG002 - the connection's hook knows one
        *,
        template: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.smtp_conn_id = smtp_conn_id or conf.get("email", "email_conn_id", fallback=DEFAULT_CONNECTION)
        self.from_email = from_email
        self.to = to
        self.files = files
        self.cc = cc
        self.bcc = bcc
        self.mime_subtype = mime_subtype
        self.mime_charset = mime_charset
        self.custom_headers = custom_headers
        self.subject = subject
        self.html_content = html_content
        if html_content is None and template is not None:
            self.html_content = Path(template).read_text(encoding="utf-8").replace("\n", "").strip()

    def notify(self, context: Any) -> None:
        with mail_server(self.smtp_conn_id) as server:
            server.send_email_smtp(
                to=self.to,
                subject=self._text(server, "subject", SUBJECT, context),
                html_content=self._text(server, "html_content", BODY, context),
                from_email=self.from_email,
                files=self.files,
                cc=self.cc,
                bcc=self.bcc,
                mime_subtype=self.mime_subtype,
                mime_charset=self.mime_charset,
                custom_headers=self.custom_headers,
            )

    def _text(self, server: Any, name: str, default: str, context: Any) -> Any:
        given = getattr(self, name)
        return server.template(name, self, context, default) if given is None else given


send_smtp_notification = SmtpNotifier
