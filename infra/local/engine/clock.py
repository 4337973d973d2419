"""The two clocks that the one interpreter runs on.

The interpreter only ever uses asyncio's own timers (`asyncio.sleep`, `asyncio.timeout`), which ask the event loop for
the time. On an ordinary loop that is real time. On a `VirtualLoop` time stands still while anything can run, and jumps
to the next timer when nothing can: a day's Wait takes no time, and the order of events is exactly what it would be if
every computation were infinitely fast.

Invariant: virtual time never jumps while work outside the loop (threads of `run_in_executor`) is under way.

>>> loop = VirtualLoop()
>>> async def nap() -> float:
...     await asyncio.sleep(86_400)
...     return loop.time()
>>> loop.run_until_complete(nap())
86400.0
>>> loop.close()
"""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from infra.local.engine.errors import StuckError


class Clock(Protocol):
    """Tells the machine's wall-clock time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class RealClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class VirtualClock:
    """`start` plus the loop's virtual seconds."""

    loop: VirtualLoop
    start: datetime

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.loop.time())


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer when nothing is ready; it starts at 0.0 seconds.

    `run_until_complete` raises StuckError when nothing is ready and there is no timer to jump to.
    """

    def __init__(self) -> None:
        self._virtual_now = 0.0
        self._outside = 0
        self._clock_resolution = 1e-9
        super().__init__(_JumpingSelector(self._idle))

    def time(self) -> float:
        return self._virtual_now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """As asyncio's; virtual time stands still until the work is done."""
        future = super().run_in_executor(executor, func, *args)
        self._outside += 1
        future.add_done_callback(self._back_inside)
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        """As asyncio's, which ends the threads in a thread."""
        self._outside += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._outside -= 1

    def _back_inside(self, _: object) -> None:
        self._outside -= 1

    def _idle(self, timeout: float | None) -> float | None:
        """Called when the loop would block for `timeout` seconds (None: for ever); returns how long to block really."""
        if self._outside:
            return None
        if timeout is None:
            raise StuckError("everything waits for something that can no longer happen")
        self._virtual_now += timeout
        # Timers are run when they are before now plus the resolution, which far from 0 must not vanish in rounding.
        self._clock_resolution = max(1e-9, 4 * math.ulp(self._virtual_now))
        return 0


class _JumpingSelector(selectors.DefaultSelector):
    """Asks the loop what to do instead of sleeping."""

    def __init__(self, idle: Callable[[float | None], float | None]) -> None:
        super().__init__()
        self._idle = idle

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            ready = super().select(0)
            if ready:
                return list(ready)
            timeout = self._idle(timeout)
        return list(super().select(timeout))
