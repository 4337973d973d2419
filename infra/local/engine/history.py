"""An execution's history: the events that GetExecutionHistory gives.

Each event knows the one before it in its own branch (`previousEventId`), so that the order of interleaved branches can
be told. The last event that fits is the one that ends the execution: reaching the limit fails the execution.

>>> from datetime import UTC
>>> history = History(now=lambda: datetime(2024, 1, 15, tzinfo=UTC))
>>> history.add("ExecutionStarted", 0, {"input": "{}"})
1
>>> history.events[0]["executionStartedEventDetails"]
{'input': '{}'}
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from infra.local.engine.errors import RUNTIME, ExecutionFailed

EVENT_LIMIT: Final = 25_000
NOT_TRUNCATED: Final = {"truncated": False}

Event = dict[str, Any]
"""`id`, `type`, `timestamp` (aware datetime), `previousEventId` and, for most types, one `...EventDetails` object."""


def details_key(type_: str) -> str:
    """The name of the details that an event of this type carries.

    >>> details_key("PassStateEntered"), details_key("TaskScheduled")
    ('stateEnteredEventDetails', 'taskScheduledEventDetails')
    """
    for ending in ("StateEntered", "StateExited"):
        if type_.endswith(ending):
            return f"s{ending[1:]}EventDetails"
    return f"{type_[0].lower()}{type_[1:]}EventDetails"


class History:
    """The events of one execution, in order; `id`s count from 1."""

    def __init__(
        self,
        now: Callable[[], datetime],
        limit: int = EVENT_LIMIT,
        events: list[Event] | None = None,
    ) -> None:
        self.events: list[Event] = events if events is not None else []
        self._now = now
        self._limit = limit
        self._listener: Callable[[], None] | None = None
        self._closed = False

    def listen(self, listener: Callable[[], None]) -> None:
        """Has `listener` called after each event."""
        self._listener = listener

    def add(self, type_: str, previous: int, details: dict[str, Any] | None = None) -> int:
        """Appends an event and returns its id; raises ExecutionFailed when only the final event still fits."""
        if self._closed:
            return previous
        if len(self.events) >= self._limit - 1:
            raise ExecutionFailed(
                RUNTIME, f"The execution reached the maximum number of history events ({self._limit:,})."
            )
        return self._append(type_, previous, details)

    def close(self, type_: str, previous: int, details: dict[str, Any] | None = None) -> int:
        """Appends the final event; what late branches still report is dropped, as after a stop on AWS."""
        number = self._append(type_, previous, details)
        self._closed = True
        return number

    def reopen(self, type_: str, details: dict[str, Any]) -> int:
        """A redrive goes on in the same history."""
        self._closed = False
        return self._append(type_, len(self.events), details)

    def _append(self, type_: str, previous: int, details: dict[str, Any] | None) -> int:
        number = len(self.events) + 1
        event: Event = {"timestamp": self._now(), "type": type_, "id": number, "previousEventId": previous}
        if details is not None:
            event[details_key(type_)] = details
        self.events.append(event)
        if self._listener is not None:
            self._listener()
        return number
