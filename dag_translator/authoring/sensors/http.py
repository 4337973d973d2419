"""HttpSensor: waits until a server answers as it should. The machine waits between pokes; a poke is a Lambda."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.http import HttpHook
from dag_translator.authoring.operators.http import call
from dag_translator.authoring.sensors.base import BaseSensorOperator


class HttpSensor(BaseSensorOperator):
    """Done when `endpoint` answers without an error and response_check, if there is one, is true.

    response_check: a function of the answer (and of context values that it has parameters for); it may return a
    PokeReturnValue. response_error_codes_allowlist: error codes that mean "not yet", default ["404"].
    """

    template_fields: Any = ("endpoint", "request_params", "headers", "http_conn_id")

    def __init__(
        self,
        *,
        endpoint: str,
        http_conn_id: str = "http_default",
        method: str = "GET",
        request_params: dict[str, Any] | None = None,
        request_kwargs: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        response_error_codes_allowlist: list[str] | None = None,
        response_check: Callable[..., Any] | None = None,
        extra_options: dict[str, Any] | None = None,
        tcp_keep_alive: bool = True,
        tcp_keep_alive_idle: int = 120,
        tcp_keep_alive_count: int = 20,
        tcp_keep_alive_interval: int = 30,
        deferrable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint = endpoint
        self.http_conn_id = http_conn_id
        self.method = method
        self.request_params = request_params or {}
        self.request_kwargs = request_kwargs or {}
        self.headers = headers or {}
        allowed = response_error_codes_allowlist
        self.response_error_codes_allowlist = ("404",) if allowed is None else tuple(allowed)
        self.response_check = response_check
        self.extra_options = extra_options or {}
        self.tcp_keep_alive = tcp_keep_alive
        self.tcp_keep_alive_idle = tcp_keep_alive_idle
        self.tcp_keep_alive_count = tcp_keep_alive_count
        self.tcp_keep_alive_interval = tcp_keep_alive_interval
        self.deferrable = deferrable

    def poke(self, context: Any) -> Any:
        hook = HttpHook(method=self.method, http_conn_id=self.http_conn_id)
        self.log.info("Poking: %s", self.endpoint)
        try:
            response = hook.run(
                self.endpoint,
                data=self.request_params,
                headers=self.headers,
                extra_options=self.extra_options,
                **self.request_kwargs,
            )
            return call(self.response_check, response, context) if self.response_check else True
        except AirflowException as error:
            if str(error).startswith(self.response_error_codes_allowlist):
                return False
            raise
