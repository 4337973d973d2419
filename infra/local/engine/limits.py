"""The quotas that the engine enforces; tests lower them, nobody raises them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from infra.local.engine import errors
from infra.local.engine.history import EVENT_LIMIT
from infra.local.engine.json_values import PAYLOAD_LIMIT, Json, dumps, too_large

INLINE_CONCURRENCY: Final = 40
DISTRIBUTED_CONCURRENCY: Final = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """events: history events of an execution; payload and variable: bytes; variables: bytes of all of them together."""

    events: int = EVENT_LIMIT
    payload: int = PAYLOAD_LIMIT
    variable: int = PAYLOAD_LIMIT
    variables: int = 10 * 1024 * 1024

    def payload_text(self, value: Json, what: str) -> str:
        """The value's JSON text; raises StateFailed States.DataLimitExceeded when it is too large."""
        text = dumps(value)
        if too_large(text, self.payload):
            raise errors.StateFailed(
                errors.DATA_LIMIT,
                f"The state/task {what} has a size exceeding the maximum number of bytes service limit.",
            )
        return text
