"""BaseSensorOperator: an operator that is asked again and again until what it waits for is there.

On Step Functions the machine or the Lambda does the waiting, one `poke()` at a time; `execute()` is Airflow's own
loop, for sensors that run within one invocation. `next_poke_interval()` is the pause between pokes in both.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from dag_translator.authoring.definitions.baseoperator import BaseOperator
from dag_translator.authoring.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
)

DEFAULT_TIMEOUT = timedelta(days=7)


def _duration(name: str, value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and value >= 0:
        return timedelta(seconds=value)
    raise ValueError(f"Operator arg `{name}` must be timedelta object or a non-negative number")


class PokeReturnValue:
    """What a poke may return instead of a bool: done or not, and the XCom to push when done."""

    def __init__(self, is_done: bool, xcom_value: Any = None) -> None:
        self.is_done = is_done
        self.xcom_value = xcom_value

    def __bool__(self) -> bool:
        return self.is_done


class _NotDone(BaseException):
    """Leads out of an `execute` whose poke was not done; not an Exception, which that might catch."""


class BaseSensorOperator(BaseOperator):
    """A sensor. poke_interval, timeout (default 7 days), max_wait: seconds or timedelta.

    soft_fail: a timeout (or AirflowFailException) skips instead of failing; never_fail: any exception skips;
    silent_fail: an exception counts as "not yet". mode "reschedule" and "poke" differ in where the waiting happens.
    exponential_backoff: longer pauses each time, up to max_wait.
    """

    ui_color = "#e6f1f2"
    valid_modes = ("poke", "reschedule")
    # What `partial` is given is looked at when the file loads, not only when an instance is made of it.
    fixed_conversions = {  # noqa: RUF012
        **{name: functools.partial(_duration, name) for name in ("poke_interval", "timeout", "max_wait")},
        "mode": lambda mode: ("poke", "reschedule").index(mode),
    }
    _is_sensor = True

    def __init__(
        self,
        *,
        poke_interval: timedelta | float = 60,
        timeout: timedelta | float | None = None,
        soft_fail: bool = False,
        mode: str = "poke",
        exponential_backoff: bool = False,
        max_wait: timedelta | float | None = None,
        silent_fail: bool = False,
        never_fail: bool = False,
        skip_policy: Any = None,  # Airflow 2.10's spelling of the three above
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        policy = getattr(skip_policy, "value", skip_policy)
        self.poke_interval = _duration("poke_interval", poke_interval).total_seconds()
        self.timeout = _duration("timeout", DEFAULT_TIMEOUT if timeout is None else timeout).total_seconds()
        self.max_wait = None if max_wait is None else _duration("max_wait", max_wait)
        self.mode = mode
        self.exponential_backoff = exponential_backoff
        self.soft_fail = soft_fail or policy == "skip_on_timeout"
        self.never_fail = never_fail or policy == "skip_on_any_error"
        self.silent_fail = silent_fail or policy == "ignore_error"
        if self.soft_fail and self.never_fail:
            raise ValueError("soft_fail and never_fail are mutually exclusive, you can not provide both.")
        if mode not in self.valid_modes:
            raise ValueError(f"The mode must be one of {self.valid_modes},'{self.task_id}'; received '{mode}'.")

    @property
    def reschedule(self) -> bool:
        return self.mode == "reschedule"

    def poke(self, context: Any) -> Any:  # noqa: ARG002
        """True, or a PokeReturnValue, when what the sensor waits for is there."""
        raise AirflowException("Override me.")

    def poke_once(self, context: Any) -> PokeReturnValue:
        """One poke with the failure policy applied: done or not; skips and failures are raised."""
        try:
            answer = self.poke(context)
        except (AirflowSensorTimeout, AirflowTaskTimeout, AirflowFailException) as error:
            if self.soft_fail or self.never_fail:
                flag = "soft_fail" if self.soft_fail else "never_fail"
                raise AirflowSkipException(f"Skipping due to {flag} is set to True.") from error
            raise
        except AirflowSkipException:
            raise
        except Exception as error:
            if self.silent_fail:
                self.log.exception("Sensor poke failed")
                return PokeReturnValue(False)
            if self.never_fail:
                raise AirflowSkipException("Skipping due to never_fail is set to True.") from error
            raise
        return answer if isinstance(answer, PokeReturnValue) else PokeReturnValue(bool(answer))

    def lap(self, context: Any) -> PokeReturnValue:
        """What the machine does a lap: one poke; of a provider's sensor with an `execute` of its own that, as far as
        the first poke that is not done. It never defers.
        """
        if type(self).execute is BaseSensorOperator.execute:
            return self.poke_once(context)

        def poke_once(context: Any) -> PokeReturnValue:
            answer = type(self).poke_once(self, context)
            if not answer:
                raise _NotDone
            return answer

        object.__setattr__(self, "poke_once", poke_once)
        object.__setattr__(self, "deferrable", False)
        try:
            return PokeReturnValue(True, self.execute(context))
        except _NotDone:
            return PokeReturnValue(False)
        finally:
            object.__delattr__(self, "poke_once")

    def time_out(self, waited: float) -> None:
        """Raise what a sensor raises that waited longer (in seconds) than its timeout; nothing before that."""
        if waited <= self.timeout:
            return
        message = (
            f"Sensor has timed out; run duration of {waited} seconds exceeds the specified timeout of {self.timeout}."
        )
        raise AirflowSkipException(message) if self.soft_fail else AirflowSensorTimeout(message)

    def next_poke_interval(self, started_at: Any, waited: float, poke_count: int) -> float:
        """Seconds until the next poke. started_at seeds the jitter; poke_count: pokes so far."""
        if not self.exponential_backoff:
            return self.poke_interval
        if self.reschedule:
            poke_count = self._pokes_within(started_at, waited) or poke_count
        interval = min(self.timeout - int(waited), self._backoff(started_at, poke_count))
        return min(self.max_wait.total_seconds(), interval) if self.max_wait else interval

    def _backoff(self, started_at: Any, poke_count: int) -> float:
        least = max(int(self.poke_interval * (2 ** (poke_count - 2))), 1)
        seed = f"{self.dag_id}#{self.task_id}#{started_at}#{poke_count}"
        jitter = int(hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest(), 16) % least
        return min(least + jitter, timedelta.max.total_seconds() - 1)

    def _pokes_within(self, started_at: Any, waited: float) -> int:
        total, count = 0.0, 0
        while total <= waited:
            count += 1
            total += self._backoff(started_at, count)
        return count

    def execute(self, context: Any) -> Any:
        """Poke until done; in mode "reschedule" a single poke, then AirflowRescheduleException."""
        started_at, waited = self._clock(context)
        poke_count = 1
        while True:
            answer = self.poke_once(context)
            if answer:
                self.log.info("Success criteria met. Exiting.")
                return answer.xcom_value
            self.time_out(waited())
            pause = self.next_poke_interval(started_at, waited(), poke_count)
            if self.reschedule:
                raise AirflowRescheduleException(datetime.now(UTC) + timedelta(seconds=pause))
            time.sleep(pause)
            poke_count += 1

    def _clock(self, context: Any) -> tuple[Any, Callable[[], float]]:
        if self.reschedule:
            first = context["ti"].get_first_reschedule_date(context) or datetime.now(UTC)
            return first, lambda: (datetime.now(UTC) - first).total_seconds()
        began = time.monotonic()
        return began, lambda: time.monotonic() - began


def poke_mode_only(cls: Any) -> Any:
    """A class decorator: `mode` can only be "poke"."""
    if not issubclass(cls, BaseSensorOperator):
        raise ValueError(
            f"poke_mode_only decorator should only be applied to subclasses of BaseSensorOperator, got:{cls}."
        )

    def refuse(_: Any, value: str) -> None:
        if value != "poke":
            raise ValueError(f"Cannot set mode to '{value}'. Only 'poke' is acceptable")

    cls.mode = property(lambda _: "poke", refuse)
    return cls
