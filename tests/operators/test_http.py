"""HttpSensor and HttpOperator against a server in this process, with and without `requests`."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.operators.conftest import Project

SENSOR = """
from airflow.providers.http.sensors.http import HttpSensor
from airflow.sdk.bases.sensor import PokeReturnValue
def seen(response, task_instance, ds):
    return response.json()["count"] >= 3 and task_instance.task_id == "s" and ds == "2024-01-15"
HttpSensor(task_id="s", dag=dag, poke_interval=30, mode="reschedule", timeout=300, {})
"""
OPERATOR = """
from airflow.operators.http_operator import SimpleHttpOperator
SimpleHttpOperator(task_id="o", dag=dag, {})
"""


class Handler(BaseHTTPRequestHandler):
    """Counts; answers what it was asked, 404 twice below /late, 500 below /broken, a redirect below /moved."""

    counts: dict[str, int] = {}  # noqa: RUF012

    def _answer(self) -> None:
        path = self.path.partition("?")[0]
        count = self.counts[path] = self.counts.get(path, 0) + 1
        status = (
            404 if path == "/late" and count < 3 else 500 if path == "/broken" else 302 if path == "/moved" else 200
        )
        length = int(self.headers.get("Content-Length") or 0)
        told = {
            "count": count,
            "method": self.command,
            "path": self.path,
            "body": self.rfile.read(length).decode(),
            "type": self.headers.get("Content-Type"),
            "auth": self.headers.get("Authorization"),
            "extra": self.headers.get("X-Extra"),
        }
        body = json.dumps(told).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/target")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = _answer

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture(params=["requests", "plain"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "plain":
        monkeypatch.setitem(sys.modules, "requests", None)
    Handler.counts.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        extra = "?X-Extra=yes&timeout=5"
        monkeypatch.setenv("AIRFLOW_CONN_HTTP_DEFAULT", f"http://me:pw@127.0.0.1:{server.server_port}/{extra}")
        monkeypatch.setenv("no_proxy", "*")
        yield
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("arguments", "outcome", "waited"),
    [
        ('endpoint="late"', "success", 60),
        ('endpoint="late", response_error_codes_allowlist=[]', "failed", 0),
        ('endpoint="broken"', "failed", 0),
        ('endpoint="broken", response_error_codes_allowlist=["500"]', "failed", 300),
        ('endpoint="broken", extra_options={"check_response": False}', "success", 0),
        ('endpoint="/now", response_check=seen', "success", 60),
        ('endpoint="/now", response_check=lambda response: False', "failed", 300),
        ('endpoint="/now", method="PUT", request_params="{{ ds }}", deferrable=True', "success", 0),
    ],
)
@pytest.mark.usefixtures("server")
def test_the_sensor(project: Project, arguments: str, outcome: str, waited: float) -> None:
    result = project.run(SENSOR.format(arguments))
    assert result.tasks == {"s": outcome}
    assert waited <= result.makespan_s < waited + 61


@pytest.mark.usefixtures("server")
def test_what_the_sensor_found(project: Project) -> None:
    check = 'endpoint="/now", response_check=lambda response: PokeReturnValue(True, response.json()["path"])'
    result = project.run(SENSOR.format(check + ', request_params={"day": "{{ ds }}"}'))
    assert result.xcoms["s"] == {"return_value": "/now?day=2024-01-15"}


def answer(project: Project, arguments: str) -> Any:
    return json.loads(project.run(OPERATOR.format(arguments)).xcoms["o"]["return_value"])


@pytest.mark.usefixtures("server")
def test_requests(project: Project) -> None:
    told = answer(project, 'endpoint="x", data={"a": "{{ ds }}"}')
    assert (told["method"], told["path"], told["body"]) == ("POST", "/x", "a=2024-01-15")
    assert (told["auth"], told["extra"]) == ("Basic bWU6cHc=", "yes")
    assert told["type"] == "application/x-www-form-urlencoded"
    told = answer(project, 'endpoint="x", method="GET", data={"a": 1}, headers={"X-Extra": "own"}')
    assert (told["path"], told["extra"], told["body"]) == ("/x?a=1", "own", "")
    told = answer(project, 'endpoint="x", request_kwargs={"json": {"b": 2}}')
    assert json.loads(told["body"]) == {"b": 2}
    assert answer(project, 'endpoint="moved", method="GET"')["path"] == "/target"
    assert (
        answer(project, 'endpoint="moved", method="GET", extra_options={"allow_redirects": False}')["path"] == "/moved"
    )


@pytest.mark.usefixtures("server")
def test_checks_filters_and_pages(project: Project) -> None:
    def run(arguments: str) -> Any:
        return project.run(OPERATOR.format(arguments))

    result = run('endpoint="x", response_check=lambda response, ds: ds in response.text')
    assert result.errors["o"] == "Response check returned False."
    result = run('endpoint="x", response_filter=lambda response, run_id: [response.status_code, run_id[:6]]')
    assert result.xcoms["o"]["return_value"] == [200, "manual"]
    assert run('endpoint="broken"').errors["o"] == "500:Internal Server Error"
    pages = """endpoint="page", method="GET", data={"n": 1, "k": "v"},
        pagination_function=lambda r: {"data": {"n": 2}} if r.json()["count"] == 1 else None,
        response_filter=lambda responses: [r.json()["path"] for r in responses]"""
    assert run(pages).xcoms["o"]["return_value"] == ["/page?n=1&k=v", "/page?n=2&k=v"]


def test_what_is_noted_or_refused(project: Project) -> None:
    (problem,) = project.translate(SENSOR.format('endpoint="x", tcp_keep_alive=False')).problems
    assert (problem.code, problem.severity) == ("unused-argument", "approximated")
    ((code, _),) = project.refused(OPERATOR.format('endpoint="x", retry_args={"stop": 1}'))
    assert code == "unsupported-argument"


def test_what_needs_requests(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests", None)
    monkeypatch.setenv("AIRFLOW_CONN_HTTP_DEFAULT", "http://127.0.0.1:9")
    result = project.run(OPERATOR.format('endpoint="x", extra_options={"cert": "/x.pem"}'))
    assert result.errors["o"] == "cert: needs `requests`, add it to requirements.txt"
