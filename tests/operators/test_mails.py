"""Mails: SES in this process, and an SMTP server of the test's own."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from tests.operators.conftest import Lender, Project

FROM = "airflow@example.com"
OPERATOR = "from airflow.operators.email import EmailOperator\n"


@pytest.fixture
def ses(aws: Lender, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[tuple[list[str], Message]]]:
    """The mails that were sent: recipients and message."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.ses.models import ses_backends

    aws.client("ses").verify_email_identity(EmailAddress=FROM)
    monkeypatch.setenv("AIRFLOW__EMAIL__FROM_EMAIL", FROM)
    backend = ses_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"]

    def sent() -> list[tuple[list[str], Message]]:
        return [(each.destinations, email.message_from_string(each.raw_data)) for each in backend.sent_messages]

    return sent


def body(message: Message) -> str:
    part = message.get_payload(0)
    assert isinstance(part, Message)
    decoded = part.get_payload(decode=True)
    assert isinstance(decoded, bytes)
    return decoded.decode()


class _Smtp(socketserver.StreamRequestHandler):
    """As much of SMTP as smtplib speaks."""

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().strip():
            word = line.split(b":")[0].split()[0].upper()
            if word == b"DATA":
                self._say("354 go on")
                text = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    text += part
                self.server.mails.append(email.message_from_bytes(text))  # type: ignore[attr-defined]
            elif word == b"RCPT":
                self.server.recipients.append(line.decode())  # type: ignore[attr-defined]
            self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def smtp() -> Iterator[Any]:
    with socketserver.TCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.mails, server.recipients = [], []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_email_operator_by_ses(project: Project, aws: Lender, ses: Any, tmp_path: Path, actions: Any) -> None:
    file = tmp_path / "report.csv"
    file.write_text("a,b")
    text = f"""
EmailOperator(task_id="mail", to="a@x.org; b@x.org", cc=["c@x.org"], bcc="d@x.org", subject="Day {{{{ ds }}}}",
              html_content="<b>{{{{ run_id }}}}</b>", files=["{file}"], custom_headers={{"X-Team": "data"}}, dag=dag)
"""
    result = project.run(OPERATOR + text, lender=aws)
    assert result.state == "success", result.errors
    ((recipients, message),) = ses()
    assert sorted(set(recipients)) == ["a@x.org", "b@x.org", "c@x.org", "d@x.org"]
    headers = {name: message[name] for name in ("Subject", "From", "To", "CC", "BCC", "X-Team")}
    assert headers == {
        "Subject": "Day 2024-01-15",
        "From": FROM,
        "To": "a@x.org, b@x.org",
        "CC": "c@x.org",
        "BCC": None,
        "X-Team": "data",
    }
    assert body(message).startswith("<b>manual__")
    attached = message.get_payload(1)
    assert isinstance(attached, Message)
    assert (attached.get_filename(), attached.get_payload(decode=True)) == ("report.csv", b"a,b")
    granted = actions(project.translate(OPERATOR + text).manifest["task_permissions"])
    assert granted["ses:SendRawEmail"] == [
        "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*",
    ]


def test_email_operator_by_a_connections_server(
    project: Project, smtp: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "subject.txt").write_text("Run of {{ dag.dag_id }}\n")
    extra = f"disable_ssl=true&disable_tls=true&from_email=me%40x.org&subject_template={tmp_path}/subject.txt".replace(
        "/", "%2F"
    )
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", f"smtp://127.0.0.1:{smtp.server_address[1]}/?{extra}")
    text = OPERATOR + 'EmailOperator(task_id="mail", to="a@x.org", html_content="hello", dag=dag)'
    result = project.run(text)
    assert result.state == "success", result.errors
    (message,) = smtp.mails
    assert (message["Subject"], message["From"], body(message)) == ("Run of d", "me@x.org", "hello")
    assert smtp.recipients == ["rcpt TO:<a@x.org>"]


def test_nobody_to_send_from(project: Project, aws: Lender) -> None:
    result = project.run(
        OPERATOR + 'EmailOperator(task_id="m", to="a", subject="s", html_content="h", dag=dag)', lender=aws
    )
    assert result.tasks == {"m": "failed"}
    assert "mailFrom in cdk.json" in result.errors["m"]


def test_a_connection_that_is_not_there(project: Project, aws: Lender) -> None:
    text = 'EmailOperator(task_id="m", to="a", subject="s", html_content="h", conn_id="mine", dag=dag)'
    result = project.run(OPERATOR + text, lender=aws)
    assert "`mine`" in result.errors["m"]


FAILING = """
def no(): raise ValueError("a < b")
PythonOperator(task_id="t", python_callable=no, retries=1, email=["a@x.org"], email_on_retry={}, email_on_failure={},
               dag=dag)
"""


@pytest.mark.parametrize(
    ("on_retry", "on_failure", "tries"),
    [(True, True, [1, 2]), (False, True, [2]), (True, False, [1]), (False, False, [])],
)
def test_mails_about_failures(
    project: Project, aws: Lender, ses: Any, on_retry: bool, on_failure: bool, tries: list[int], actions: Any
) -> None:
    text = FAILING.format(on_retry, on_failure)
    assert project.run(text, lender=aws).tasks == {"t": "failed"}
    assert [body(message).partition("<br>Host")[0] for _, message in ses()] == [
        f'Try {number} out of 2<br>Exception:<br>a &lt; b<br>Log: <a href="">Link</a>' for number in tries
    ]
    for _, message in ses():
        assert message["Subject"].startswith("Airflow alert: <TaskInstance: d.t manual__")
    granted = actions(project.translate(text).manifest["task_permissions"])
    assert ("ses:SendRawEmail" in granted) == (on_retry or on_failure)


def test_a_mail_that_fails_changes_nothing(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    result = project.run(FAILING.format(False, True))
    assert result.tasks == {"t": "failed"}
    assert "could not be sent" in caplog.text


def test_send_email_in_python(project: Project, aws: Lender, ses: Any, actions: Any) -> None:
    text = """
from airflow.utils.email import send_email
def work(): send_email("a@x.org", "s", "<p>text</p>", mime_subtype="alternative")
PythonOperator(task_id="t", python_callable=work, dag=dag)
"""
    assert project.run(text, lender=aws).state == "success"
    ((_, message),) = ses()
    assert message.get_content_type() == "multipart/alternative"
    assert "ses:SendRawEmail" in actions(project.translate(text).manifest["task_permissions"])
