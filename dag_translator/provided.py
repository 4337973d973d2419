"""Operators and sensors of installed provider distributions: what decides how they run.

They are Python: an operator's `execute` runs in a Lambda, and what it defers to is waited for there. A sensor that can
`poke` is poked, a lap at a time, whether or not it would defer: no compute runs while it waits.
"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.providers.installed import ROOT
from dag_translator.authoring.sensors.base import BaseSensorOperator


def is_provided(kind: type) -> bool:
    """Whether a class is a distribution's."""
    return kind.__module__.startswith(ROOT)


def is_polled(operator_class: type, owner: type) -> bool:
    """Whether a sensor is poked although `owner`, a class of a distribution, overrides `execute`."""
    poke = getattr(operator_class, "poke", BaseSensorOperator.poke)
    return is_provided(owner) and poke is not BaseSensorOperator.poke


def waits_in_lambda(operator_class: type, seen: Any, lowering: str) -> bool:
    """Whether the operator waits for something by deferring. seen: the operator, or what is fixed of a mapped one."""
    if lowering != "BaseOperator" or not any(map(is_provided, operator_class.__mro__)):
        return False
    return issubclass(operator_class, BaseSensorOperator) or bool(getattr(seen, "deferrable", False))
