"""ministack's front: its settings, its ASGI application, the table of handlers, whose request is being served.

Invariant: `settings()` must be in the environment before `Gateway()` is made, for ministack reads them on import.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.ministack import internals

Answer = tuple[int, dict[str, str], bytes]
# (method, path, headers in lower case, body, query parameters) -> (status, headers, body)
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Scope:
    """On whose behalf a request is served."""

    account: str
    region: str


def settings(port: int, state_dir: Path, account: str, region: str) -> dict[str, str]:
    """The environment variables that ministack takes its settings from."""
    return {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": account,
        "MINISTACK_REGION": region,
        "LAMBDA_EXECUTOR": "local",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        # Saving is our own business (`durability`); this is only where Lambda code goes.
        "PERSIST_STATE": "0",
        "STATE_DIR": str(state_dir / "services"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state_dir / "s3"),
        # Never look for containers: what needs them is not emulated here.
        "DOCKER_HOST": f"unix://{state_dir}/no-docker",
    }


class Gateway:
    """The one ministack of this process."""

    def __init__(self) -> None:
        internals.check_version()
        self._app: Any = internals.module("app")
        self._responses: Any = internals.module("core.responses")
        self.application: Any = self._app.app
        self.handlers: dict[str, Handler] = self._app.SERVICE_HANDLERS

    def scope(self) -> Scope:
        """Whose request is being served by the current task or thread."""
        return Scope(self._responses.get_account_id(), self._responses.get_region())

    @contextmanager
    def acting_for(self, scope: Scope) -> Iterator[None]:
        """Outside of a request: whom the calls in this block are for."""
        with self._responses.request_scope(scope.account, scope.region):
            yield

    def replace_handler(self, service: str, make: Callable[[Handler], Handler]) -> None:
        """Serve `service` (ministack's name of it) with `make(the handler so far)`."""
        self.handlers[service] = make(self.handlers[service])
