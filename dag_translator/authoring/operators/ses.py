"""SesEmailOperator: a mail by Amazon SES."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask
from dag_translator.authoring.aws.rows import grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields


class SesEmailOperator(ServiceTask):
    """Sends a mail; the XCom is SES's answer. to, cc, bcc: addresses, as a list or a text with commas or semicolons.
    files: paths in what is deployed with the DAG."""

    template_fields: Any = aws_template_fields(
        *("mail_from", "to", "subject", "html_content", "cc", "bcc", "mime_subtype", "mime_charset", "reply_to"),
        *("return_path", "custom_headers"),
    )
    service, action = "ses", "SendRawEmail"
    starts = (grant("ses:SendRawEmail", "ses:{here}:identity/*", "ses:{here}:configuration-set/*"),)
    returns = "*"
    __init__ = takes(
        *("mail_from", "to", "subject", "html_content"),
        files=None,
        cc=None,
        bcc=None,
        mime_subtype="mixed",
        mime_charset="utf-8",
        reply_to=None,
        return_path=None,
        custom_headers=None,
    )

    def request(self) -> dict[str, Any]:
        to, cc, bcc = (_addresses(given) for given in (self.to, self.cc, self.bcc))
        message = self._message(to, cc)
        return {
            "Source": self.mail_from,
            "Destinations": [*to, *cc, *bcc],
            "RawMessage": {"Data": message.as_string()},
        }

    def _message(self, to: list[str], cc: list[str]) -> Any:
        from email.mime.application import MIMEApplication
        from email.mime.multipart import MIMEMultipart
        from email.mime.text import MIMEText
        from email.utils import formatdate

        message = MIMEMultipart(self.mime_subtype)
        headers = {
            "Subject": self.subject,
            "From": self.mail_from,
            "To": ", ".join(to),
            "CC": ", ".join(cc),
            "Date": formatdate(localtime=True),
            **(self.custom_headers or {}),
            "Reply-To": self.reply_to,
            "Return-Path": self.return_path,
        }
        for name, value in headers.items():
            if value:
                message[name] = value
        message.attach(MIMEText(self.html_content, "html", self.mime_charset))
        for path in map(Path, self.files or ()):
            part = MIMEApplication(path.read_bytes(), Name=path.name)
            part["Content-Disposition"] = f'attachment; filename="{path.name}"'
            part["Content-ID"] = f"<{path.name}>"
            message.attach(part)
        return message


def _addresses(given: str | Iterable[str] | None) -> list[str]:
    """
    >>> _addresses("a@example.com; b@example.com")
    ['a@example.com', 'b@example.com']
    """
    if isinstance(given, str):
        return [each for each in re.split(r"\s*[,;]\s*", given.strip()) if each]
    return list(given or ())
