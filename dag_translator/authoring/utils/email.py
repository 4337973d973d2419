"""`airflow.utils.email`: mails, by Amazon SES, or by the SMTP server of a connection where that exists.

>>> get_email_address_list("a@example.com; b@example.com,c@example.com")
['a@example.com', 'b@example.com', 'c@example.com']
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any

from dag_translator.authoring.configuration import conf
from dag_translator.authoring.exceptions import AirflowException, AirflowNotFoundException

DEFAULT_CONNECTION = "smtp_default"


def send_email(
    to: str | Iterable[str],
    subject: str,
    html_content: str,
    files: list[str] | None = None,
    dryrun: bool = False,
    cc: str | Iterable[str] | None = None,
    bcc: str | Iterable[str] | None = None,
    mime_subtype: str = "mixed",
    mime_charset: str = "utf-8",
    conn_id: str | None = None,
    custom_headers: dict[str, Any] | None = None,
    from_email: str | None = None,
    **_: Any,
) -> None:
    """Send a mail. files: paths to attach. conn_id: of an SMTP server; without such a connection SES sends it."""
    with mail_server(conn_id or conf.get("email", "email_conn_id", fallback=DEFAULT_CONNECTION)) as server:
        server.send_email_smtp(
            to=to,
            subject=subject,
            html_content=html_content,
            from_email=from_email,
            files=files,
            dryrun=dryrun,
            cc=cc,
            bcc=bcc,
            mime_subtype=mime_subtype,
            mime_charset=mime_charset,
            custom_headers=custom_headers,
        )


send_email_smtp = send_email


def mail_server(conn_id: str) -> Any:
    """What sends mails, as an SmtpHook: the connection's server, or SES if there is no such connection.

    Raises AirflowNotFoundException for a connection that was asked for by another name than the default one.
    """
    from dag_translator.authoring.hooks.smtp import SesServer, SmtpHook

    try:
        SmtpHook.get_connection(conn_id)
    except AirflowNotFoundException:
        if conn_id != DEFAULT_CONNECTION:
            raise
        return SesServer()
    return SmtpHook(conn_id)


def sender(given: str | None, of_connection: str | None) -> str:
    """Who the mail is from: as given, else as the connection says, else the project's setting."""
    found = given or of_connection or conf.get("email", "from_email")
    if not found:
        raise AirflowException(
            "nobody to send the mail from: give from_email, or set mailFrom in cdk.json to an address verified in SES"
        )
    return str(found)


def get_email_address_list(addresses: str | Iterable[str]) -> list[str]:
    """The addresses, of a text split at commas and semicolons."""
    if isinstance(addresses, str):
        return [each for each in re.split(r"\s*[,;]\s*", addresses.strip()) if each]
    found = list(addresses)
    if not all(isinstance(each, str) for each in found):
        raise TypeError("The items in your iterable must be strings.")
    return found


def build_mime_message(
    mail_from: str | None,
    to: str | Iterable[str],
    subject: str,
    html_content: str,
    files: list[str] | None = None,
    cc: str | Iterable[str] | None = None,
    bcc: str | Iterable[str] | None = None,
    mime_subtype: str = "mixed",
    mime_charset: str = "utf-8",
    custom_headers: dict[str, Any] | None = None,
) -> tuple[Any, list[str]]:
    """The message (a MIMEMultipart), and all its recipients. bcc stands in no header."""
    from email.mime.application import MIMEApplication
    from email.mime.multipart import MIMEMultipart
    from email.mime.text import MIMEText
    from email.utils import formatdate

    message = MIMEMultipart(mime_subtype)
    recipients = get_email_address_list(to)
    headers = {"Subject": subject, "From": mail_from, "To": ", ".join(recipients)}
    if cc:
        copies = get_email_address_list(cc)
        headers["CC"] = ", ".join(copies)
        recipients += copies
    if bcc:
        recipients += get_email_address_list(bcc)
    for name, value in {**headers, "Date": formatdate(localtime=True), **(custom_headers or {})}.items():
        if value:
            message[name] = str(value)
    message.attach(MIMEText(html_content, "html", mime_charset))
    for path in files or ():
        name = os.path.basename(path)
        with open(path, "rb") as file:
            part = MIMEApplication(file.read(), Name=name)
        part.add_header("Content-Disposition", "attachment", filename=name)
        part["Content-ID"] = f"<{name}>"
        message.attach(part)
    return message, recipients
