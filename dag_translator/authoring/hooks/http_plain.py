"""One HTTP request with the standard library, for projects without `requests`."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from dag_translator.authoring.exceptions import AirflowException

_UNKNOWN = ("cert", "stream", "max_redirects")


@dataclass(frozen=True, slots=True)
class PlainResponse:
    """A server's answer, with the attributes of `requests.Response` that people use."""

    status_code: int
    reason: str
    headers: Any
    content: bytes
    url: str

    @property
    def ok(self) -> bool:
        return self.status_code < 400

    @property
    def encoding(self) -> str:
        return self.headers.get_content_charset() or "utf-8"

    @property
    def text(self) -> str:
        return self.content.decode(self.encoding, errors="replace")

    def json(self, **kwargs: Any) -> Any:
        return json.loads(self.content, **kwargs)

    def raise_for_status(self) -> None:
        if not self.ok:
            raise AirflowException(f"{self.status_code}:{self.reason}")


class _Stay(HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def send(
    method: str, request: Mapping[str, Any], login: tuple[str, str] | None, options: Mapping[str, Any]
) -> PlainResponse:
    """The answer, whatever its status. request: url, headers, params, data, json; options: as of `requests`."""
    unknown = [name for name in _UNKNOWN if options.get(name)]
    unknown += sorted(request.keys() - {"url", "headers", "params", "data", "json"})
    if unknown:
        raise AirflowException(f"{', '.join(unknown)}: needs `requests`, add it to requirements.txt")
    body, kind = _body(request)
    headers = {**({"Content-Type": kind} if kind else {}), **request["headers"]}
    if login:
        headers["Authorization"] = f"Basic {base64.b64encode(':'.join(login).encode()).decode()}"
    query = request.get("params")
    url = request["url"] + (f"?{query if isinstance(query, str) else urlencode(query, doseq=True)}" if query else "")
    handlers: list[Any] = [HTTPSHandler(context=_context(options.get("verify", options.get("verify_ssl", True))))]
    handlers += [] if options.get("allow_redirects", True) else [_Stay()]
    proxies = options.get("proxies", options.get("proxy"))
    handlers += [ProxyHandler(proxies)] if proxies else []
    timeout = options.get("timeout")
    seconds = timeout[1] if isinstance(timeout, list | tuple) else timeout
    prepared = Request(url, data=body, headers={name: str(value) for name, value in headers.items()}, method=method)
    try:
        opened = build_opener(*handlers).open(prepared, timeout=seconds)
    except HTTPError as error:
        opened = error
    with opened:
        return PlainResponse(opened.status, opened.reason, opened.headers, opened.read(), opened.url)


def post(url: str, body: str, headers: Mapping[str, str], options: Mapping[str, Any] | None = None) -> PlainResponse:
    """The answer to a POST; AirflowException for an error's. options: as for `send`."""
    answer = send("POST", {"url": url, "headers": headers, "data": body}, None, options or {"timeout": 30.0})
    answer.raise_for_status()
    return answer


def _body(request: Mapping[str, Any]) -> tuple[bytes | None, str | None]:
    """The body and its content type: text as it is, a mapping as a form."""
    if request.get("json") is not None:
        return json.dumps(request["json"]).encode(), "application/json"
    data = request.get("data")
    if not data:
        return None, None
    if isinstance(data, bytes):
        return data, None
    if isinstance(data, str):
        return data.encode(), None
    return urlencode(data, doseq=True).encode(), "application/x-www-form-urlencoded"


def _context(verify: Any) -> ssl.SSLContext:
    """verify: False for no check, or the path of the certificates to trust."""
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    if verify is False:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
