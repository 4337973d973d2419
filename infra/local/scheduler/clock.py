"""Fires schedules when they are due.

Invariant: every occurrence is delivered at least once; it counts as fired only when its delivery has begun. After a
restart a schedule that missed several occurrences gets the latest of them, if that is not older than its retry policy
allows (AWS would never have missed them; a day's worth of late runs at once helps nobody).
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from infra.local.scheduler.delivery import Occurrence
from infra.local.scheduler.schedules import Key, Schedules

log = logging.getLogger(__name__)

# Longer waits are cut into these, in case the machine slept or its clock was set.
LONGEST_WAIT = 30.0


class Clock:
    """A thread that waits for the next occurrence; `deliver` is called on a thread of its own for each."""

    def __init__(
        self,
        schedules: Schedules,
        deliver: Callable[[Occurrence], None],
        *,
        fired: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._schedules = schedules
        self._deliver = deliver
        self._fired = fired
        self._now = now
        self._wake = threading.Event()
        self._stopped = False
        schedules.changed = self._wake.set

    def start(self) -> None:
        threading.Thread(target=self._run, name="scheduler-clock", daemon=True).start()

    def stop(self) -> None:
        self._stopped = True
        self._wake.set()

    def fire_due(self) -> float | None:
        """Deliver what is due; the seconds until the next occurrence, or None if there is none."""
        with self._schedules.lock:
            return self._fire_due(self._now())

    def _fire_due(self, now: float) -> float | None:
        waits = []
        for key, record in list(self._schedules):
            moment = self._schedules.next_moment(key)
            if moment is None:
                continue
            if moment.timestamp() > now:
                waits.append(moment.timestamp() - now)
                continue
            latest = self._latest_due(key, moment, now)
            age = now - latest.timestamp()
            if age <= float((record["Target"].get("RetryPolicy") or {}).get("MaximumEventAgeInSeconds", 86400)):
                self._begin(Occurrence(key, record, latest))
            else:
                log.warning("schedule %s: the occurrence of %s is too old and is dropped", key.arn, latest.isoformat())
            self._schedules.mark_fired(key, latest)
            self._fired()
            waits.append(0.0)
        return min(waits, default=None)

    def _latest_due(self, key: Key, moment: datetime, now: float) -> datetime:
        """The last of the occurrences that are due by now, of which `moment` is the first."""
        latest = moment
        while following := self._schedules.moment_after(key, latest):
            if following.timestamp() > now:
                break
            latest = following
        return latest.astimezone(UTC)

    def _begin(self, occurrence: Occurrence) -> None:
        threading.Thread(
            target=self._deliver, args=(occurrence,), name=f"schedule-{occurrence.key.name}", daemon=True
        ).start()

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            try:
                wait = self.fire_due()
            except Exception:
                log.exception("the scheduler's clock failed")
                wait = 1.0
            self._wake.wait(LONGEST_WAIT if wait is None else min(wait, LONGEST_WAIT))
