"""EmailOperator: one mail."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.utils.email import DEFAULT_CONNECTION, mail_server


class EmailOperator(BaseOperator):
    """Sends a mail by the connection's SMTP server, or by Amazon SES if there is no connection `smtp_default`.

    Without subject or html_content the files that the connection names are sent, rendered.
    """

    template_fields = (
        "to",
        "subject",
        "html_content",
        "from_email",
        "files",
        "cc",
        "bcc",
        "mime_subtype",
        "mime_charset",
        "conn_id",
        "custom_headers",
    )
    template_ext = (".html",)
    ui_color = "#e6faf9"

    def __init__(
        self,
        *,
        to: list[str] | str,
        subject: str | None = None,
        html_content: str | None = None,
        from_email: str | None = None,
        files: list[Any] | None = None,
        cc: list[str] | str | None = None,
        bcc: list[str] | str | None = None,
        mime_subtype: str = "mixed",
        mime_charset: str = "utf-8",
        conn_id: str | None = None,
        custom_headers: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.to = to
        self.subject = subject
        self.html_content = html_content
        self.from_email = from_email
        self.files = files or []
        self.cc = cc
        self.bcc = bcc
        self.mime_subtype = mime_subtype
        self.mime_charset = mime_charset
        self.conn_id = conn_id or DEFAULT_CONNECTION
        self.custom_headers = custom_headers

    def execute(self, context: Any) -> None:
        with mail_server(self.conn_id) as server:
            server.send_email_smtp(
                to=self.to,
                subject=self._text(server, "subject", context),
                html_content=self._text(server, "html_content", context),
                from_email=self.from_email,
                files=self.files,
                cc=self.cc,
                bcc=self.bcc,
                mime_subtype=self.mime_subtype,
                mime_charset=self.mime_charset,
                custom_headers=self.custom_headers,
            )

    def _text(self, server: Any, name: str, context: Any) -> Any:
        given = getattr(self, name)
        return server.template(name, self, context) if given is None else given
