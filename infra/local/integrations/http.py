"""`http:invoke`: an HTTP request with what an EventBridge connection adds to it.

Source: Step Functions developer guide, "Call HTTPS APIs in Step Functions workflows". Unlike AWS's own, plain HTTP is
accepted: the server may be on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from dag_translator.operators.http_task import is_refused
from infra.local.engine import TaskFailed
from infra.local.engine.json_values import Json, dumps

SECONDS: Final = 60
_MOST_BYTES: Final = 262_144
_METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")
_FIELDS: Final = frozenset(
    {
        *("ApiEndpoint", "Method", "Authentication", "InvocationConfig", "Headers", "QueryParameters", "RequestBody"),
        "Transform",
    }
)
_BINARY: Final = ("application/octet-stream", "image/", "video/", "audio/")


@dataclass(frozen=True, slots=True)
class Connection:
    """What a connection adds to each request: its credentials, and its own parameters."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)


# The connection of an ARN; None if there is none.
Connections = Callable[[str], Connection | None]


def invoke(connections: Connections, arguments: Json) -> Json:
    """The answer as Step Functions has it; raises TaskFailed. Blocks."""
    if unknown := arguments.keys() - _FIELDS:
        raise _wrong(f"The fields {sorted(unknown)} are not supported by an HTTP Task.")
    if arguments.get("Method") not in _METHODS:
        raise _wrong(f"The method {arguments.get('Method')!r} is none of {', '.join(_METHODS)}.")
    given = {name: _text(value) for name, value in (arguments.get("Headers") or {}).items()}
    if refused := [name for name in given if is_refused(name)]:
        raise _wrong(f"The headers {refused} can't be set in an HTTP Task.")
    place = arguments.get("Authentication") or arguments.get("InvocationConfig") or {}
    if not place.get("ConnectionArn"):
        raise _wrong("An HTTP Task needs a ConnectionArn.")
    connection = connections(place["ConnectionArn"])
    if connection is None:
        raise TaskFailed("Events.ConnectionResource.ResourceNotFound", f"There is no {place['ConnectionArn']}")
    request = Request(
        _url(arguments, connection),
        data=_body(arguments, connection, given),
        headers={**given, **connection.headers, "User-Agent": "Amazon|StepFunctions|HttpInvoke|local"},
        method=arguments["Method"],
    )
    return _answered(request)


def _url(arguments: Json, connection: Connection) -> str:
    url = str(arguments.get("ApiEndpoint"))
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.netloc:
        raise _wrong(f"{url!r} is not the URL of an HTTPS endpoint.")
    query = urlencode({**(arguments.get("QueryParameters") or {}), **connection.query}, doseq=True)
    return f"{url}{'&' if parts.query else '?'}{query}" if query else url


def _body(arguments: Json, connection: Connection, headers: dict[str, str]) -> bytes | None:
    body = arguments.get("RequestBody")
    if connection.body:
        if body is not None and not isinstance(body, dict):
            raise _wrong("A RequestBody that is no object can't be merged with that of the connection.")
        body = {**(body or {}), **connection.body}
    if body is None:
        return None
    transform = arguments.get("Transform") or {}
    if transform.get("RequestBodyEncoding") == "URL_ENCODED":
        if transform.get("RequestEncodingOptions", {}).get("ArrayFormat", "INDICES") != "REPEAT":
            raise _wrong("Locally arrays in a form are repeated only (ArrayFormat REPEAT).")
        return urlencode(body, doseq=True).encode()
    if "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = "application/json; charset=UTF-8"
    return (body if isinstance(body, str) else dumps(body)).encode()


def _answered(request: Request) -> Json:
    try:
        with urlopen(request, timeout=SECONDS) as response:
            return _read(response, response.status)
    except HTTPError as error:
        with error:
            cause = dumps(_read(error, error.code))
        raise TaskFailed(f"States.Http.StatusCode.{error.code}", cause) from None
    except TimeoutError:
        raise TaskFailed("States.Http.Socket", f"no answer within {SECONDS} s") from None
    except URLError as error:
        name = "States.Http.Socket" if isinstance(error.reason, TimeoutError) else "States.TaskFailed"
        raise TaskFailed(name, str(error.reason)) from None


def _read(response: Any, status: int) -> Json:
    kind = response.headers.get_content_type()
    if kind.startswith(_BINARY):
        raise _wrong(f"An answer of the type {kind} is not supported.")
    data = response.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise TaskFailed("States.DataLimitExceeded", "the answer is larger than a payload may be")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise _wrong("The answer is not text.") from None
    headers: dict[str, list[str]] = {}
    for name, value in response.headers.items():
        headers.setdefault(name, []).append(value)
    return {
        "StatusCode": status,
        "StatusText": response.reason,
        "Headers": headers,
        "ResponseBody": _parsed(text) if kind == "application/json" or kind.endswith("+json") else text,
    }


def _parsed(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _text(value: Json) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _wrong(cause: str) -> TaskFailed:
    return TaskFailed("States.Runtime", cause)
