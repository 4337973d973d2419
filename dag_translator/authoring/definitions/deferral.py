"""Deferral without a triggerer: `self.defer(trigger=…)` waits in the Lambda and goes on with the named method.

That suits triggers that fire within the task's own time; for longer waits a sensor in mode "reschedule" holds no
compute.

>>> from dag_translator.authoring.definitions.baseoperator import BaseOperator
>>> from dag_translator.authoring.models.triggers import BaseTrigger, TriggerEvent
>>> class Now(BaseTrigger):
...     async def run(self):
...         yield TriggerEvent("fired")
>>> class Waits(BaseOperator):
...     def execute(self, context):
...         self.defer(trigger=Now(), method_name="go_on", kwargs={"x": 1})
...     def go_on(self, context, event=None, x=0):
...         return event, x
>>> execute(Waits(task_id="w"), {})
('fired', 1)
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dag_translator.authoring.exceptions import AirflowSensorTimeout, TaskDeferralTimeout, TaskDeferred


def execute(operator: Any, context: Any) -> Any:
    """`operator.execute(context)`, and what it defers to, until something is returned.

    Raises TaskDeferralTimeout (of a sensor AirflowSensorTimeout) when a trigger takes longer than its timeout.
    """
    try:
        return operator.execute(context)
    except TaskDeferred as deferred:
        waiting = deferred
    while True:
        try:
            kwargs = {**(waiting.kwargs or {}), "event": _event(operator, waiting)}
            return getattr(operator, waiting.method_name)(context, **kwargs)
        except TaskDeferred as deferred:
            waiting = deferred


def _event(operator: Any, deferred: TaskDeferred) -> Any:
    """The payload of the trigger's first event."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor
    from contextvars import copy_context

    async def first() -> Any:
        async for event in deferred.trigger.run():
            return event.payload
        raise TaskDeferralTimeout("the trigger ended without an event")

    async def in_time() -> Any:
        return await asyncio.wait_for(first(), seconds)

    timeout = deferred.timeout
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    try:
        # In a thread of its own: whoever runs the task may have an event loop running in this one.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(copy_context().run, lambda: asyncio.run(in_time())).result()
    except TimeoutError:
        message = f"Trigger timeout after {seconds} s"
        raise (AirflowSensorTimeout if operator._is_sensor else TaskDeferralTimeout)(message) from None
