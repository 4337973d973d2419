"""WokenSensor: a sensor that an event wakes, so that it need not poll.

The machine waits with a task token between two pokes; what the sensor leaves in `watching` says what wakes it.
"""

from __future__ import annotations

import math
from typing import Any

from dag_translator.authoring.sensors.base import BaseSensorOperator

UNWOKEN = 3600.0  # seconds between looks of a sensor that is woken: for a wake that was lost in a crash


class WokenSensor(BaseSensorOperator):
    """watching: after a poke that found nothing, what the machine needs to be woken by a change, as JSON."""

    watching: dict[str, Any] | None = None

    @property
    def is_woken(self) -> bool:
        """Whether everything that decides wakes."""
        return False

    def next_poke_interval(self, started_at: Any, waited: float, poke_count: int) -> float:
        """A sensor that is woken looks by itself seldom, and when its time is over."""
        usual = super().next_poke_interval(started_at, waited, poke_count)
        if not self.is_woken:
            return usual
        return min(max(usual, UNWOKEN), math.floor(max(0.0, self.timeout - waited)) + 1.0)
