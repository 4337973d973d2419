"""Notifiers as callbacks: SNS, SQS and SES in this process, Slack and Chime on a server of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.operators.conftest import Lender, Project

TASK = """
def no(): raise ValueError("no")
def yes(): return 1
{imports}
PythonOperator(task_id="t", python_callable={call}, {moment}={notifier}, dag=dag)
"""
AWS = "airflow.providers.amazon.aws.notifications"


def run(project: Project, notifier: str, module: str, *, moment: str = "on_failure_callback", **kwargs: Any) -> Any:
    name = notifier.partition("(")[0]
    call = "yes" if moment == "on_success_callback" else "no"
    text = TASK.format(imports=f"from {module} import {name}", call=call, moment=moment, notifier=notifier)
    project.run(text, **kwargs)
    return project.translate(text).manifest["task_permissions"]


def test_sns_and_sqs(project: Project, aws: Lender, actions: Any) -> None:
    queue = aws.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    topic = aws.client("sns").create_topic(Name="t")["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:q")
    sns = (
        f'send_sns_notification(target_arn="{topic}", message="{{{{ ti.task_id }}}} {{{{ exception }}}}", subject="s")'
    )
    granted = actions(run(project, sns, f"{AWS}.sns", lender=aws))
    assert granted["sns:Publish"] == [topic]
    sqs = f'SqsNotifier(queue_url="{queue}", message_body="{{{{ ds }}}}")'
    granted = actions(run(project, sqs, f"{AWS}.sqs", moment="on_success_callback", lender=aws))
    assert granted["sqs:SendMessage"] == ["arn:${AWS::Partition}:sqs:eu-west-1:123456789012:q"]
    received = aws.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(received[0]["Body"])["Message"], received[1]["Body"]] == ["t no", "2024-01-15"]


def test_ses(project: Project, aws: Lender, actions: Any) -> None:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.ses.models import ses_backends

    aws.client("ses").verify_email_identity(EmailAddress="me@x.org")
    notifier = (
        'SesNotifier(mail_from="me@x.org", to="a@x.org", subject="{{ ti.task_id }}", html_content="h", reply_to="b@x")'
    )
    granted = run(project, notifier, f"{AWS}.ses", lender=aws)
    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].sent_messages
    assert "Subject: t" in sent.raw_data
    assert "Reply-To: b@x" in sent.raw_data
    assert "ses:SendRawEmail" in actions(granted)


def test_smtp_notifier_defaults(project: Project, aws: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.ses.models import ses_backends

    aws.client("ses").verify_email_identity(EmailAddress="me@x.org")
    run(
        project,
        'send_smtp_notification(from_email="me@x.org", to="a@x.org")',
        "airflow.providers.smtp.notifications.smtp",
        lender=aws,
    )
    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].sent_messages
    assert "Subject: DAG d - Task t - Run ID manual__" in sent.raw_data


class _Server(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, self.headers["Authorization"], json.loads(text)))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(json.dumps({"ok": self.path != "/refused/chat.postMessage", "error": "no_channel"}).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    with HTTPServer(("127.0.0.1", 0), _Server) as made:
        made.posts, made.status = [], 200  # type: ignore[attr-defined]
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def url(server: Any) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


SLACK = "airflow.providers.slack.notifications"


def test_slack(project: Project, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "slack", "password": "xoxb", "extra": {"base_url": url(server)}}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", json.dumps(connection))
    run(project, 'SlackNotifier(text="{{ ti.task_id }} failed", channel="#data")', f"{SLACK}.slack")
    ((path, token, message),) = server.posts
    assert (path, token) == ("/chat.postMessage", "Bearer xoxb")
    assert (message["channel"], message["text"], message["blocks"]) == ("#data", "t failed", "[]")


def test_slack_refuses(
    project: Project, server: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connection = {"conn_type": "slack", "password": "x", "extra": {"base_url": f"{url(server)}/refused"}}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", json.dumps(connection))
    run(project, "send_slack_notification()", f"{SLACK}.slack")
    assert "Slack refused the message: no_channel" in caplog.text


def test_slack_web_hook(
    project: Project, server: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connection = {"conn_type": "slackwebhook", "host": url(server), "password": "T0/B0/x"}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_DEFAULT", json.dumps(connection))
    notifier = 'send_slack_webhook_notification(text="{{ ds }}", unfurl_links=False)'
    run(project, notifier, f"{SLACK}.slack_webhook")
    assert server.posts == [("/T0/B0/x", None, {"text": "2024-01-15", "unfurl_links": False})]
    server.status = 500
    run(project, notifier, f"{SLACK}.slack_webhook")
    assert "500:Internal Server Error" in caplog.text


def test_chime(project: Project, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    host = f"127.0.0.1:{server.server_address[1]}/hooks/"
    connection = {"conn_type": "chime", "schema": "http", "host": host, "password": "abc?token=def"}
    monkeypatch.setenv("AIRFLOW_CONN_CHIME", json.dumps(connection))
    run(project, 'ChimeNotifier(chime_conn_id="chime", message="{{ ti.task_id }}")', f"{AWS}.chime")
    assert server.posts == [("/hooks/abc?token=def", None, {"Content": "t"})]


def test_own_notifier_renders_anew_each_time(project: Project) -> None:
    text = """
from airflow.sdk import BaseNotifier
class Note(BaseNotifier):
    template_fields = ("text",)
    def __init__(self, text): super().__init__(); self.text = text
    def notify(self, context): context["ti"].xcom_push("note", self.text)
note = Note("{{ ti.task_id }}")
for name in ("a", "b"):
    PythonOperator(task_id=name, python_callable=print, on_success_callback=[note], dag=dag)
"""
    result = project.run(text)
    assert result.xcoms == {"a": {"note": "a"}, "b": {"note": "b"}}
