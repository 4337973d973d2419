"""Triggers: what a deferring operator waits for. There is no triggerer; the runtime waits in its place where it can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dag_translator.authoring.dates import to_utc


class TriggerEvent:
    """What a trigger fires."""

    def __init__(self, payload: Any) -> None:
        self.payload = payload


class BaseTrigger:
    """Base class of triggers; `run()` yields one TriggerEvent."""

    def __init__(self, **kwargs: Any) -> None:
        self.kwargs = kwargs

    def serialize(self) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError("Triggers must implement serialize()")

    async def run(self) -> Any:
        raise NotImplementedError("Triggers must implement run()")

    async def cleanup(self) -> None:
        """Nothing to clean up."""


class BaseEventTrigger(BaseTrigger):
    """The base of triggers that may also watch an asset."""


class DateTimeTrigger(BaseTrigger):
    """Fires at a moment."""

    def __init__(self, moment: datetime, *, end_from_trigger: bool = False) -> None:
        super().__init__()
        if moment.tzinfo is None:
            raise ValueError("You cannot pass naive datetimes")
        self.moment = to_utc(moment)
        self.end_from_trigger = end_from_trigger

    def serialize(self) -> tuple[str, dict[str, Any]]:
        name = "airflow.providers.standard.triggers.temporal.DateTimeTrigger"
        return name, {"moment": self.moment, "end_from_trigger": self.end_from_trigger}

    async def run(self) -> Any:
        import asyncio

        assert self.moment is not None
        await asyncio.sleep(max(0.0, (self.moment - datetime.now(UTC)).total_seconds()))
        yield TriggerEvent(self.moment)


class TimeDeltaTrigger(DateTimeTrigger):
    """Fires after a time."""

    def __init__(self, delta: timedelta, *, end_from_trigger: bool = False) -> None:
        super().__init__(datetime.now(UTC) + delta, end_from_trigger=end_from_trigger)


class StartTriggerArgs:
    """How to start a task from its trigger; kept, not used."""

    def __init__(
        self,
        trigger_cls: str,
        next_method: str = "execute_complete",
        trigger_kwargs: dict[str, Any] | None = None,
        next_kwargs: dict[str, Any] | None = None,
        timeout: timedelta | None = None,
    ) -> None:
        self.trigger_cls = trigger_cls
        self.next_method = next_method
        self.trigger_kwargs = trigger_kwargs
        self.next_kwargs = next_kwargs
        self.timeout = timeout
