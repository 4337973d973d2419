"""Sensors on a moment that their first poke computes (`MomentSensor`): that poke, one `Wait` until then, one poke more.

Two Lambda invocations and five transitions, however long it takes. The poke loop of other sensors does it, as the
sensor's own pause is all that is left; so retries, `soft_fail`, `timeout` and callbacks are theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dag_translator.operators import polling, sensor
from dag_translator.operators.lowering import Lowering


def settings(operator: Any) -> Mapping[str, Any] | None:
    """One lap. With `silent_fail` a moment that can't be computed is polled for."""
    if operator.silent_fail:
        return None
    polled = polling.settings(operator)
    return {**polled, "interval": max(polled["timeout"], polled["interval"])}


LOWERING = Lowering(sensor.lower, settings, sensor=True, becomes="one `Wait`")
