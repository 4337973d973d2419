from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from infra.local.engine.clock import VirtualClock, VirtualLoop
from infra.local.engine.errors import StuckError


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    yield loop
    loop.close()


def test_time_jumps_from_timer_to_timer_in_order(loop: VirtualLoop) -> None:
    seen: list[tuple[str, float]] = []

    async def nap(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        seen.append((name, loop.time()))

    async def all_naps() -> None:
        await asyncio.gather(nap("year", 365 * 86_400), nap("blink", 0.001), nap("day", 86_400))

    began = time.monotonic()
    loop.run_until_complete(all_naps())
    assert seen == [("blink", 0.001), ("day", 86_400.0), ("year", 365 * 86_400.0)]
    assert time.monotonic() - began < 1


def test_wall_clock_follows(loop: VirtualLoop) -> None:
    clock = VirtualClock(loop, datetime(2024, 1, 15, 5, 0, tzinfo=UTC))
    loop.run_until_complete(asyncio.sleep(3600))
    assert clock.now() == datetime(2024, 1, 15, 6, 0, tzinfo=UTC)


def test_time_stands_still_while_a_thread_works(loop: VirtualLoop) -> None:
    async def both() -> float:
        timer = asyncio.ensure_future(asyncio.sleep(10))
        await loop.run_in_executor(None, time.sleep, 0.05)
        before = loop.time()
        await timer
        return before

    assert loop.run_until_complete(both()) == 0.0
    assert loop.time() == 10.0
    loop.run_until_complete(loop.shutdown_default_executor())


def test_waiting_for_nothing_is_an_error(loop: VirtualLoop) -> None:
    task = loop.create_task(_wait_for_ever())
    with pytest.raises(StuckError):
        loop.run_until_complete(task)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)


async def _wait_for_ever() -> None:
    await asyncio.get_running_loop().create_future()
