"""HttpOperator over an EventBridge connection: what Step Functions is asked for, and what stays in Lambda."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dag_translator.account import Account, HttpConnection
from infra.local.engine import TaskFailed
from tests.operators.conftest import Project, Services

ARN = "arn:aws:events:eu-west-1:123456789012:connection/my-api/0b3e"
ACCOUNT = Account(http_connections={"my_api": HttpConnection(ARN, "https://api.example.com/v1/")})
TEXT = """
from airflow.providers.http.operators.http import HttpOperator
HttpOperator(task_id="o", dag=dag, http_conn_id="my_api", {})
"""
OK = {"StatusCode": 200, "StatusText": "OK", "Headers": {}, "ResponseBody": "fine"}


@pytest.fixture
def project(project: Project) -> Project:
    project.account = ACCOUNT
    return project


def lowering(project: Project, arguments: str, text: str = TEXT) -> str:
    return project.translate(text.replace("{}", arguments)).model.by_id["o"].lowering


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (
            "method='GET', endpoint='/users/{{ ds }}?full=1', data={'q': '{{ run_id }}', 't': ['a', 'b'], 'no': None}",
            {
                "ApiEndpoint": "https://api.example.com/v1/users/2024-01-15",
                "Method": "GET",
                "QueryParameters": {"full": "1", "q": "manual__2024-01-15T00:00:00+00:00", "t": ["a", "b"]},
            },
        ),
        ("method='get'", {"ApiEndpoint": "https://api.example.com/v1", "Method": "GET", "QueryParameters": {}}),
        (
            """endpoint='a b/é', data='{"day": "{{ ds }}"}',
               headers={'Content-Type': 'application/json', 'X-N': '{{ 1 }}'}""",
            {
                "ApiEndpoint": "https://api.example.com/v1/a%20b/%C3%A9",
                "Method": "POST",
                "QueryParameters": {},
                "Headers": {"Content-Type": "application/json", "X-N": "1"},
                "RequestBody": '{"day": "2024-01-15"}',
            },
        ),
        (
            "endpoint='users', method='PUT', data={'a': ['1', 2], 'b': None, 'c': True}",
            {
                "ApiEndpoint": "https://api.example.com/v1/users",
                "Method": "PUT",
                "QueryParameters": {},
                "Headers": {"Content-Type": "application/x-www-form-urlencoded"},
                "RequestBody": {"a": ["1", "2"], "c": "True"},
                "Transform": {
                    "RequestBodyEncoding": "URL_ENCODED",
                    "RequestEncodingOptions": {"ArrayFormat": "REPEAT"},
                },
            },
        ),
    ],
)
def test_the_request(project: Project, arguments: str, asked: Any) -> None:
    services = Services({"http:invoke": OK})
    result = project.run(TEXT.replace("{}", arguments), services)
    assert result.tasks == {"o": "success"}
    assert services.calls == [("http:invoke", {**asked, "Authentication": {"ConnectionArn": ARN}})]
    assert result.xcoms["o"]["return_value"] == "fine"


@pytest.mark.parametrize(
    ("body", "text"), [({"a": [1, "é"]}, '{"a": [1, "é"]}'), ("", ""), ([], "[]"), (None, "null"), ("x", "x")]
)
def test_the_answer_is_text(project: Project, body: Any, text: str) -> None:
    result = project.run(TEXT.replace("{}", ""), Services({"http:invoke": {**OK, "ResponseBody": body}}))
    assert result.xcoms["o"]["return_value"] == text


def test_an_error_of_the_server_fails_the_task_after_its_retries(project: Project) -> None:
    failed = TaskFailed("States.Http.StatusCode.503", json.dumps({"StatusCode": 503, "ResponseBody": "busy"}))
    services = Services({"http:invoke": [failed, OK]})
    assert project.run(TEXT.replace("{}", "retries=1"), services).tasks == {"o": "success"}
    result = project.run(TEXT.replace("{}", ""), Services({"http:invoke": failed}))
    assert result.tasks == {"o": "failed"}
    assert "busy" in result.errors["o"]


@pytest.mark.parametrize(
    "arguments",
    [
        "response_check=lambda response: True",
        "response_filter=lambda response: response.json()",
        "pagination_function=lambda response: None",
        "extra_options={'timeout': 3}",
        "request_kwargs={'json': {}}",
        "log_response=True",
        "method='HEAD'",
        "method='{{ params.m }}'",
        "headers={'Authorization': 'x'}",
        "headers={'X-Amz-Date': 'x'}",
        "data=b'x'",
        "method='GET', data='a=1'",
    ],
)
def test_what_needs_python_stays_in_lambda(project: Project, arguments: str) -> None:
    assert lowering(project, arguments) == "HttpOperator"
    assert project.translate(TEXT.replace("{}", arguments)).manifest["permissions"] == []


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("my_api", "other"),
        TEXT.replace("my_api", "{{ params.x }}"),
        TEXT.replace('HttpOperator(task_id="o"', "HttpOperator.partial(task_id='o'").replace(
            "{})", ").expand(endpoint=['a', 'b'])"
        ),
        TEXT.replace("HttpOperator(task", "Mine(task").replace(
            "\nMine", "\nclass Mine(HttpOperator):\n    def process_response(self, context, response): ...\nMine"
        ),
    ],
)
def test_so_does_what_is_not_known_or_another_class(project: Project, text: str) -> None:
    assert lowering(project, "", text) == "HttpOperator"


def test_without_the_setting_nothing_changes(project: Project) -> None:
    project.account = Account()
    assert lowering(project, "") == "HttpOperator"


def test_a_secret_stays_out_of_the_request(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DB", "postgres://me:opensesame@h")
    services = Services({"http:invoke": OK})
    result = project.run(TEXT.replace("{}", "headers={'X-Key': '{{ conn.db.password }}'}"), services)
    assert result.tasks == {"o": "failed"}
    assert services.calls == []
    assert "history" in result.errors["o"]


def test_what_the_roles_may_do_and_what_is_otherwise(project: Project) -> None:
    manifest = project.translate(TEXT.replace("{}", "method='PUT'")).manifest
    call, read, secret = manifest["permissions"]
    assert call["resources"] == ["arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:d"]
    assert call["condition"] == {
        "StringEquals": {"states:HTTPMethod": "PUT"},
        "StringLike": {"states:HTTPEndpoint": ["https://api.example.com/v1", "https://api.example.com/v1/*"]},
    }
    assert (read["actions"], read["resources"]) == (["events:RetrieveConnectionCredentials"], [ARN])
    secret_arn = "arn:${AWS::Partition}:secretsmanager:eu-west-1:123456789012:secret:events!connection/my-api/*"
    assert (secret["actions"], secret["resources"]) == (
        ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
        [secret_arn],
    )
    assert [each["code"] for each in manifest["problems"]] == ["json-rewritten"]
