"""`http:invoke` against a server in this process: what is sent, what comes back, which errors there are."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from infra.local.engine import Execution, run
from infra.local.integrations import AwsIntegrations
from infra.local.integrations.http import Connection
from tests.contract.asl import machine, task

ARN = "arn:aws:events:us-east-1:000000000000:connection/api/1"
ANSWERS: dict[str, tuple[int, str, bytes]] = {
    "/text": (200, "text/plain", "grüß".encode()),
    "/json": (201, "application/hal+json", b'{"a": [1]}'),
    "/not-json": (200, "application/json", b"{"),
    "/image": (200, "image/png", b"x"),
    "/binary": (200, "text/plain", b"\xff"),
    "/large": (200, "text/plain", b"x" * 262_145),
    "/busy": (503, "text/plain", b"later"),
}


class Handler(BaseHTTPRequestHandler):
    """Answers as `ANSWERS` says, else what it was asked."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        names = ("Content-Type", "Authorization", "X-One")
        told = {"method": self.command, "path": self.path, "body": body, **{name: self.headers[name] for name in names}}
        plain = (200, "application/json", json.dumps(told).encode())
        status, kind, data = ANSWERS.get(self.path, plain)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _answer

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


LOGIN = Connection({"Authorization": "Basic x"}, {"key": "k"}, {"more": "m"})
PLAIN = "arn:aws:events:us-east-1:000000000000:connection/plain/1"


def invoke(url: str, **arguments: Any) -> Execution:
    given = {"ApiEndpoint": url, "Method": "GET", "Authentication": {"ConnectionArn": PLAIN}, **arguments}
    integrations = AwsIntegrations(lambda _: None, connections={ARN: LOGIN, PLAIN: Connection()}.get, threads=0)
    return run(machine({"A": task("http:invoke", given)}), integrations=integrations)


def told(execution: Execution) -> Any:
    assert execution.status == "SUCCEEDED", execution.cause
    return execution.output["ResponseBody"]


def test_the_connection_is_added(server: str) -> None:
    connection = {"ConnectionArn": ARN}
    found = told(invoke(f"{server}/a?b=1", Method="POST", RequestBody={"n": 1}, Authentication=connection))
    assert (found["path"], found["Authorization"]) == ("/a?b=1&key=k", "Basic x")
    assert (json.loads(found["body"]), found["Content-Type"]) == (
        {"n": 1, "more": "m"},
        "application/json; charset=UTF-8",
    )
    wrong = invoke(server, Method="POST", RequestBody="text", Authentication=connection)
    assert (wrong.status, wrong.error) == ("FAILED", "States.Runtime")


def test_headers_query_and_bodies(server: str) -> None:
    found = told(invoke(server, Headers={"X-One": ["a", "b"]}, QueryParameters={"q": ["1", "2"], "r": "s t"}))
    assert (found["X-One"], found["path"]) == ("a,b", "/?q=1&q=2&r=s+t")
    form = {"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": {"ArrayFormat": "REPEAT"}}
    assert told(invoke(server, Method="POST", RequestBody={"a": ["1", "2"]}, Transform=form))["body"] == "a=1&a=2"
    raw = told(invoke(server, Method="POST", RequestBody="<a/>", Headers={"Content-Type": "text/xml"}))
    assert (raw["body"], raw["Content-Type"]) == ("<a/>", "text/xml")


def test_answers(server: str) -> None:
    answer = invoke(f"{server}/json").output
    assert (answer["StatusCode"], answer["StatusText"], answer["ResponseBody"]) == (201, "Created", {"a": [1]})
    assert answer["Headers"]["Content-Type"] == ["application/hal+json"]
    assert told(invoke(f"{server}/text")) == "grüß"
    assert told(invoke(f"{server}/not-json")) == "{"


@pytest.mark.parametrize(
    ("path", "arguments", "error"),
    [
        ("/busy", {}, "States.Http.StatusCode.503"),
        ("/image", {}, "States.Runtime"),
        ("/binary", {}, "States.Runtime"),
        ("/large", {}, "States.DataLimitExceeded"),
        ("", {"Headers": {"authorization": "x"}}, "States.Runtime"),
        ("", {"Headers": {"X-Amz-Date": "x"}}, "States.Runtime"),
        ("", {"Method": "TRACE"}, "States.Runtime"),
        ("", {"Body": {}}, "States.Runtime"),
        ("", {"Authentication": {}}, "States.Runtime"),
        ("", {"Authentication": {"ConnectionArn": "arn:x"}}, "Events.ConnectionResource.ResourceNotFound"),
        ("", {"ApiEndpoint": "file:///etc/passwd"}, "States.Runtime"),
        ("", {"ApiEndpoint": "http://127.0.0.1:1/"}, "States.TaskFailed"),
    ],
)
def test_errors(server: str, path: str, arguments: Any, error: str) -> None:
    execution = invoke(server + path, **arguments)
    assert (execution.status, execution.error) == ("FAILED", error)
    if error.endswith("503"):
        assert json.loads(execution.cause or "")["ResponseBody"] == "later"
