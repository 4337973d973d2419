"""The numbers that fields of a state may have: written in the definition, or given by an expression at run time.

An expression whose value is out of a field's range is a `States.QueryEvaluationError`, as one of the wrong type is.
Source: Step Functions developer guide, "Handling errors" (QueryEvaluationError), and the pages of the states.

>>> str(RANGES["Seconds"]), RANGES["Seconds"].fits(1.5), RANGES["ToleratedFailurePercentage"].fits(1.5)
('a whole number from 0 to 99,999,999', False, True)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

_SECONDS: Final = 99_999_999


@dataclass(frozen=True, slots=True)
class Range:
    """From `least` to `most` (None: no end); `whole`: integers only."""

    least: int
    most: int | None = None
    whole: bool = True

    def fits(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.whole and not float(value).is_integer():
            return False
        return value >= self.least and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return (
            f"{kind} of at least {self.least:,}"
            if self.most is None
            else f"{kind} from {self.least:,} to {self.most:,}"
        )


RANGES: Final[dict[str, Range]] = {
    "Seconds": Range(0, _SECONDS),
    "TimeoutSeconds": Range(1, _SECONDS),
    "HeartbeatSeconds": Range(1, _SECONDS),
    "MaxConcurrency": Range(0),
    "ToleratedFailureCount": Range(0),
    "ToleratedFailurePercentage": Range(0, 100, whole=False),
    "MaxItemsPerBatch": Range(1),
    "MaxInputBytesPerBatch": Range(1, 262_144),
    "MaxItems": Range(1, 100_000_000),
}
"""Of states, and of a Map's `ItemBatcher` and `ReaderConfig`."""

RETRIER: Final[dict[str, Range]] = {
    "IntervalSeconds": Range(1, _SECONDS),
    "MaxAttempts": Range(0, _SECONDS),
    "BackoffRate": Range(1, whole=False),
    "MaxDelaySeconds": Range(1, 31_622_399),
}
"""Of a retrier; these are never expressions."""
