"""HttpOperator: one HTTP request, or several pages of it, in Lambda. (Airflow 1, 2: SimpleHttpOperator.)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.definitions.signatures import determine_kwargs
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.http import HttpHook
from dag_translator.authoring.operators.aws import refuse


class HttpOperator(BaseOperator):
    """Calls `endpoint` of the connection's server; the XCom is the answer's text, or what response_filter makes of it.

    response_check, response_filter: functions of the answer (and of context values that they have parameters for).
    pagination_function: from the last answer what to change for the next request, None at the end; then all the others
    get lists. deferrable makes no difference.
    """

    template_fields: Any = ("endpoint", "data", "headers", "http_conn_id")
    template_fields_renderers: Any = {"headers": "json", "data": "py"}  # noqa: RUF012
    template_ext: Any = ()
    ui_color = "#f4a460"

    def __init__(
        self,
        *,
        endpoint: str | None = None,
        method: str = "POST",
        data: Any = None,
        headers: dict[str, str] | None = None,
        pagination_function: Callable[..., Any] | None = None,
        response_check: Callable[..., bool] | None = None,
        response_filter: Callable[..., Any] | None = None,
        extra_options: dict[str, Any] | None = None,
        request_kwargs: dict[str, Any] | None = None,
        http_conn_id: str = "http_default",
        log_response: bool = False,
        auth_type: Any = None,
        tcp_keep_alive: bool = True,
        tcp_keep_alive_idle: int = 120,
        tcp_keep_alive_count: int = 20,
        tcp_keep_alive_interval: int = 30,
        deferrable: bool = False,
        warn_on_non_idempotent: bool = True,
        retry_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint = endpoint
        self.method = method
        self.data = data or {}
        self.headers = headers or {}
        self.pagination_function = pagination_function
        self.response_check = response_check
        self.response_filter = response_filter
        self.extra_options = extra_options or {}
        self.request_kwargs = request_kwargs or {}
        self.http_conn_id = http_conn_id
        self.log_response = log_response
        self.auth_type = auth_type
        self.tcp_keep_alive = tcp_keep_alive
        self.tcp_keep_alive_idle = tcp_keep_alive_idle
        self.tcp_keep_alive_count = tcp_keep_alive_count
        self.tcp_keep_alive_interval = tcp_keep_alive_interval
        self.deferrable = deferrable
        self.warn_on_non_idempotent = warn_on_non_idempotent
        if retry_args:
            refuse("HttpOperator: retry_args", "use retries, retry_delay and retry_exponential_backoff of the task")

    @property
    def hook(self) -> HttpHook:
        return HttpHook(method=self.method, http_conn_id=self.http_conn_id, auth_type=self.auth_type)

    def execute(self, context: Any) -> Any:
        request: dict[str, Any] = {
            "endpoint": self.endpoint,
            "data": self.data,
            "headers": self.headers,
            "extra_options": self.extra_options,
        }
        response = self.hook.run(**request, **self.request_kwargs)
        if self.pagination_function is None:
            return self.process_response(context, response)
        responses = [response]
        while changes := self.pagination_function(response):
            response = self.hook.run(**_merged(request, changes), **self.request_kwargs)
            responses.append(response)
        return self.process_response(context, responses)

    def process_response(self, context: Any, response: Any) -> Any:
        """Check the answer (or the list of pages) and make the XCom of it."""
        text = [each.text for each in response] if isinstance(response, list) else response.text
        if self.log_response:
            self.log.info(text)
        if self.response_check and not call(self.response_check, response, context):
            raise AirflowException("Response check returned False.")
        return call(self.response_filter, response, context) if self.response_filter else text


def call(function: Callable[..., Any], response: Any, context: Any) -> Any:
    """A user's function of an answer, with the context values that it has parameters for."""
    return function(response, **determine_kwargs(function, [response], context))


def _merged(request: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Mappings are merged, anything else is replaced."""
    merged = dict(request)
    for name, value in changes.items():
        both = isinstance(value, dict) and isinstance(request.get(name), dict)
        merged[name] = {**request[name], **value} if both else value
    return merged
