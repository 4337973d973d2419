"""poke_sensor: one poke. The machine waits between pokes, so no compute is held; only short pauses of a sensor in mode
"poke" are waited for here, where that costs less than the machine's transitions.

    {"kind": "poke_sensor", "run": $run, "task_id": "a", "now": iso}
        -> {"state": "success" | "up_for_reschedule" | "up_for_retry", "wait": whole seconds, "states": {…},
            "watch": {…, "seconds": the same as wait}, if a change of that wakes the machine earlier}

The record keeps when the first poke was and how many there have been; the sensor's `timeout`, `soft_fail`, backoff
and the task's retries go by it. Raises AirflowSensorTimeout when the time is over (never retried),
AirflowSkipException for a skip, and the user's exception when no retry is left.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lambdas.context.task_instance import TaskInstance
from lambdas.errors import keep_secrets
from lambdas.runtime import RunInfo, Runtime, iso, parse_time
from lambdas.tasks.opening import Ended, fixed, map_index_of, open_task
from lambdas.tasks.retries import next_try
from lambdas.tasks.tries import KeepsOn, answer_again, conclude, run_try, task_environment

# A pause is waited for here where the Lambda's time costs less than what the machine does instead: three transitions
# and an invocation. US dollars in us-east-1, 2026-11 (Lambda on arm64): 11 seconds at 512 MB, 45 at 128 MB.
LAP_COST = 3 * 25e-6 + 0.2e-6
GB_SECOND_COST = 0.0000133334
# Seconds in all; then the machine waits once, so that sensors do not hold all of an account's concurrency.
LONGEST_WAIT = 60.0
# The machine's pause. An execution lasts a year at most, and a `Wait` takes no more than 99,999,999 seconds.
LONGEST_PAUSE = 365 * 24 * 3600.0

log = logging.getLogger("airflow.task")


class NotYet(Exception):
    """The sensor has to be poked again in `wait` seconds, or when what it watches has changed.

    Not an error: it never leaves this module.
    """

    def __init__(self, wait: float, watch: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"again in {wait} s")
        self.wait = wait
        self.watch = watch


def poke_sensor(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, Any]:
    """Poke once, and say what comes next."""
    run = RunInfo.from_json(event["run"], runtime.store)
    task = runtime.dag.get_task(event["task_id"])
    now = parse_time(event["now"]) if event.get("now") else runtime.now()
    opened = open_task(runtime, run, task, 0, map_index_of(event))
    if isinstance(opened, Ended):
        return {"state": "success", "wait": 0, "states": answer_again(runtime, opened.record)}
    first_poke = opened.record.first_poke or iso(now)
    poking = Poking(runtime, parse_time(first_poke), now, opened.record.pokes + 1)
    outcome: dict[str, Any]
    with task_environment(runtime, run, task, opened.record) as ti:
        try:
            states = run_try(
                runtime,
                ti,
                poking.poke,
                # Each poke of a rescheduled sensor is a begin in Airflow.
                begins=poking.count == 1 or fixed(task, "mode") == "reschedule",
                keeps_on=_keeps_on(ti, poking),
            )
            outcome = {"state": "success", "wait": 0, "states": states}
        except NotYet as again:
            wait = max(1, math.ceil(min(again.wait, LONGEST_PAUSE)))
            outcome = {"state": ti.record.state, "wait": wait, "states": {}}
            if again.watch is not None:
                outcome["watch"] = {**again.watch, "seconds": outcome["wait"]}
    return outcome


@dataclass(slots=True)
class Poking:
    """The pokes of one invocation. first: when the sensor's first poke was; now, count: of the poke that comes next."""

    runtime: Runtime
    first: datetime
    now: datetime
    count: int
    slept: float = 0.0

    def poke(self, sensor: Any, context: Any) -> Any:
        """The XCom value when what the sensor waits for is there; else NotYet, a timeout or a skip."""
        from dag_translator.authoring.exceptions import AirflowRescheduleException

        while True:
            try:
                answer = sensor.lap(context)
            except AirflowRescheduleException as again:
                raise NotYet((again.reschedule_date - self.now).total_seconds()) from None
            if answer:
                return answer.xcom_value
            waited = (self.now - self.first).total_seconds()
            sensor.time_out(waited)
            pause = sensor.next_poke_interval(self.first, waited, self.count)
            self._wait_here(sensor, pause)

    def _wait_here(self, sensor: Any, pause: float) -> None:
        """Wait for a short pause; NotYet for one that the machine should wait for."""
        short = pause <= short_pause(self.runtime.memory_mb)
        worth_while = not sensor.reschedule and short and self.slept + pause <= LONGEST_WAIT
        if not worth_while or self.runtime.sleep is None:
            raise NotYet(pause, _watching(sensor))
        self.runtime.sleep(pause)
        self.slept += pause
        self.now += timedelta(seconds=pause)
        self.count += 1


def _watching(sensor: Any) -> Mapping[str, Any] | None:
    """What the sensor watches, which goes through the machine."""
    watching: Mapping[str, Any] | None = getattr(sensor, "watching", None)
    if watching is not None:
        keep_secrets(sensor.task_id, watching)
    return watching


def short_pause(memory_mb: int) -> float:
    """The longest pause, in seconds, that is cheaper in a Lambda of this size.

    >>> round(short_pause(512), 1), round(short_pause(128), 1), round(short_pause(1769), 1)
    (11.3, 45.1, 3.3)
    """
    return LAP_COST / (GB_SECOND_COST * memory_mb / 1024)


def _keeps_on(ti: TaskInstance, poking: Poking) -> KeepsOn:
    """What `run_try` does with an error that does not end the sensor: NotYet, or one that leaves a retry."""

    def handle(runtime: Runtime, error: BaseException) -> None:
        so_far: dict[str, Any] = {"first_poke": iso(poking.first), "pokes": poking.count}
        if isinstance(error, NotYet):
            conclude(runtime, ti, "up_for_reschedule", **so_far)
            raise error
        wait = next_try(ti, error)
        if wait is not None:
            log.exception("Sensor failed with exception (try %s); it will be tried again", ti.try_number)
            conclude(runtime, ti, "up_for_retry", error=error, **so_far)
            raise NotYet(wait) from None

    return handle
