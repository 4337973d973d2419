"""HttpHook: requests to the server that a connection names.

With `requests` among the project's requirements it sends them, and answers are its `Response`; without it the standard
library does, with an answer of the same attributes (`http_plain.PlainResponse`).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.base import BaseHook

# Options of a request that a connection's extra may give; what else is in there are headers.
_OPTIONS = (
    *("stream", "cert", "proxies", "proxy", "timeout", "verify", "verify_ssl", "allow_redirects", "max_redirects"),
    *("trust_env", "check_response"),
)


class HttpHook(BaseHook):
    """auth_type: a class of `requests`; without one, a connection's login and password are basic authentication."""

    conn_name_attr = "http_conn_id"
    default_conn_name = "http_default"
    conn_type = "http"
    hook_name = "HTTP"

    def __init__(
        self,
        method: str = "POST",
        http_conn_id: str = default_conn_name,
        auth_type: Any = None,
        tcp_keep_alive: bool = True,
        tcp_keep_alive_idle: int = 120,
        tcp_keep_alive_count: int = 20,
        tcp_keep_alive_interval: int = 30,
        adapter: Any = None,
    ) -> None:
        super().__init__()
        self.method = method.upper()
        self.http_conn_id = http_conn_id
        self.auth_type = auth_type
        self.tcp_keep_alive = tcp_keep_alive
        self.keep_alive_idle_secs = tcp_keep_alive_idle
        self.keep_alive_count = tcp_keep_alive_count
        self.keep_alive_interval = tcp_keep_alive_interval
        self.adapter = adapter
        self.base_url = ""

    def run(
        self,
        endpoint: str | None = None,
        data: Any = None,
        headers: dict[str, Any] | None = None,
        extra_options: dict[str, Any] | None = None,
        **request_kwargs: Any,
    ) -> Any:
        """The server's answer; AirflowException "<status>:<reason>" for an error's, unless check_response is False.

        data: the query of a GET, the body otherwise. request_kwargs: more of `requests.Request`'s, e.g. `json`.
        """
        connection = self.get_connection(self.http_conn_id)
        extra = dict(connection.extra_dejson)
        options = {name: extra.pop(name) for name in _OPTIONS if name in extra} | (extra_options or {})
        if isinstance(options.get("timeout"), str):  # of a connection's URI
            options["timeout"] = float(options["timeout"])
        self.base_url = _base_url(connection)
        request = {"url": self.url_from_endpoint(endpoint), "headers": {**extra, **(headers or {})}, **request_kwargs}
        if self.method == "GET":
            request["params"] = data
        elif self.method != "HEAD":
            request["data"] = data
        login = (connection.login, connection.password or "") if connection.login else None
        self.log.debug("Sending %r to url: %s", self.method, request["url"])
        response = self._send(request, login, options)
        if options.get("check_response", True):
            self.check_response(response)
        return response

    def get_conn(self, headers: dict[str, Any] | None = None, extra_options: dict[str, Any] | None = None) -> Any:
        """A `requests` session with the connection's headers and login."""
        try:
            import requests
        except ModuleNotFoundError:
            raise AirflowException("get_conn() needs `requests`: add it to requirements.txt") from None
        connection = self.get_connection(self.http_conn_id)
        self.base_url = _base_url(connection)
        session = requests.Session()
        kept = {**connection.extra_dejson, **(extra_options or {})}
        session.headers.update({name: str(value) for name, value in kept.items() if name not in _OPTIONS})
        session.headers.update(headers or {})
        session.verify = kept.get("verify", kept.get("verify_ssl", True))
        if connection.login:
            session.auth = (self.auth_type or requests.auth.HTTPBasicAuth)(connection.login, connection.password or "")
        return session

    def run_with_advanced_retry(self, _retry_args: dict[Any, Any], *args: Any, **kwargs: Any) -> Any:
        """`run`, tried again as `tenacity.Retrying(**_retry_args)` says."""
        try:
            from tenacity import Retrying  # type: ignore[import-not-found,unused-ignore]
        except ModuleNotFoundError:
            raise AirflowException("run_with_advanced_retry() needs `tenacity`: add it to requirements.txt") from None
        return Retrying(**_retry_args)(self.run, *args, **kwargs)

    def _send(self, request: dict[str, Any], login: tuple[str, str] | None, options: dict[str, Any]) -> Any:
        try:
            import requests  # type: ignore[import-untyped,unused-ignore]
        except ModuleNotFoundError:
            from dag_translator.authoring.hooks.http_plain import send

            if self.auth_type is not None or self.adapter is not None:
                raise AirflowException("auth_type and adapter need `requests`: add it to requirements.txt") from None
            return send(self.method, request, login, options)
        session = requests.Session()
        session.trust_env = options.get("trust_env", True)
        session.max_redirects = options.get("max_redirects", session.max_redirects)
        if self.adapter is not None:
            session.mount(f"{urlsplit(self.base_url).scheme}://", self.adapter)
        auth = (self.auth_type or requests.auth.HTTPBasicAuth)(*login) if login else self.auth_type and self.auth_type()
        response = session.request(
            self.method,
            **request,
            auth=auth,
            stream=options.get("stream", False),
            verify=options.get("verify", options.get("verify_ssl", True)),
            proxies=options.get("proxies", options.get("proxy", {})),
            cert=options.get("cert"),
            timeout=options.get("timeout"),
            allow_redirects=options.get("allow_redirects", True),
        )
        if not options.get("stream", False):
            session.close()
        return response

    def check_response(self, response: Any) -> None:
        if response.status_code >= 400:
            self.log.error("HTTP error: %s", response.reason)
            self.log.error(response.text)
            raise AirflowException(f"{response.status_code}:{response.reason}")

    def url_from_endpoint(self, endpoint: str | None) -> str:
        """The endpoint's URL, with one slash between."""
        if self.base_url and endpoint and not self.base_url.endswith("/") and not endpoint.startswith("/"):
            return f"{self.base_url}/{endpoint}"
        return self.base_url + (endpoint or "")


def _base_url(connection: Any) -> str:
    host = connection.host or ""
    url = host if "://" in host else f"{connection.schema or 'http'}://{host}"
    return f"{url}:{connection.port}" if connection.port else url
