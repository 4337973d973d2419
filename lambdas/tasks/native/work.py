"""The shape of a row in the table of native operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class NativeWork:
    """prepare: (operator with rendered fields, context) → the service's request, as JSON. record: (operator, the
    service's answer, context) → what the task returns; it may push XComs, and raises AirflowException for an
    answer that means failure. waits: (operator) → for how many seconds the request is repeated; None: it is made once.
    """

    prepare: Callable[[Any, Any], dict[str, Any]]
    record: Callable[[Any, Any, Any], Any]
    waits: Callable[[Any], float | None] = lambda _operator: None
