"""How long a task's code may run: `execution_timeout`, and the end of the Lambda's own time.

A timer signal raises `AirflowTaskTimeout` inside the user's code, as in Airflow (a BaseException: `except
Exception` does not catch it). The Lambda's end is treated alike, a margin before it, so that the failure can still
be recorded.

>>> from datetime import timedelta
>>> with time_limit(timedelta(seconds=60), remaining_ms=None):
...     "quick"
'quick'
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

RECORDING_MARGIN = 10.0  # seconds kept to record a failure and run its callbacks


@contextmanager
def time_limit(execution_timeout: timedelta | None, remaining_ms: Callable[[], int] | None) -> Iterator[None]:
    """Raises AirflowTaskTimeout in the block when its time is over. Outside the main thread there is no limit."""
    from dag_translator.authoring.exceptions import AirflowTaskTimeout

    found = _tightest(execution_timeout, remaining_ms)
    if found is None:
        yield
        return
    seconds, message = found
    if seconds <= 0:
        raise AirflowTaskTimeout(message)
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_alarm(_signal: int, _frame: Any) -> None:
        raise AirflowTaskTimeout(message)

    began = time.monotonic()
    handler_before = signal.signal(signal.SIGALRM, on_alarm)
    left_before, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler_before)
        if left_before:  # a limit around this one
            signal.setitimer(signal.ITIMER_REAL, max(left_before - (time.monotonic() - began), 0.001))


def _tightest(execution_timeout: timedelta | None, remaining_ms: Callable[[], int] | None) -> tuple[float, str] | None:
    limits = []
    if execution_timeout is not None:
        limits.append((execution_timeout.total_seconds(), f"Timeout, PID: {os.getpid()}"))
    if remaining_ms is not None:
        left = remaining_ms() / 1000
        margin = min(RECORDING_MARGIN, left * 0.2)
        limits.append(
            (left - margin, "the task ran until the end of its Lambda's time (at most 15 minutes): split it up")
        )
    return min(limits, default=None)
