"""What a run costs on AWS: documented prices, in one table, times what the run used.

Prices are on-demand list prices of us-east-1 in US dollars as of 2026-11, without free tiers: Step Functions Standard,
Lambda on arm64, DynamoDB on demand. Athena, S3 and what tasks call themselves are not in it: no simulation knows them.

>>> round(estimate(Usage(transitions=12, invocations=12, lambda_seconds=30.0, memory_mb=512)).total, 6)
0.000502
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

AS_OF = "2026-11"
REGION = "us-east-1"
PRICES: Mapping[str, float] = {
    "Step Functions, a state transition": 25.0 / 1_000_000,
    "Lambda, a request": 0.20 / 1_000_000,
    "Lambda, a GB-second (arm64)": 0.0000133334,
    "DynamoDB, a write unit": 0.625 / 1_000_000,
    "DynamoDB, a read unit": 0.125 / 1_000_000,
}


@dataclass(frozen=True, slots=True)
class Usage:
    """What one run used. lambda_seconds: billed time of all invocations; units: DynamoDB's own."""

    transitions: int = 0
    invocations: int = 0
    lambda_seconds: float = 0.0
    memory_mb: int = 512
    write_units: int = 0
    read_units: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars for one run, by service."""

    step_functions: float
    lambda_: float
    dynamodb: float

    @property
    def total(self) -> float:
        return self.step_functions + self.lambda_ + self.dynamodb

    def to_json(self) -> dict[str, Any]:
        """With the prices it rests on, so that a reader can check it."""
        parts = {name.rstrip("_"): round(value, 9) for name, value in asdict(self).items()}
        return {"total_usd": round(self.total, 9), **parts, "prices": dict(PRICES), "region": REGION, "as_of": AS_OF}


def estimate(usage: Usage) -> Cost:
    """The cost of what was used."""
    gb_seconds = usage.lambda_seconds * usage.memory_mb / 1024
    return Cost(
        step_functions=usage.transitions * PRICES["Step Functions, a state transition"],
        lambda_=usage.invocations * PRICES["Lambda, a request"] + gb_seconds * PRICES["Lambda, a GB-second (arm64)"],
        dynamodb=usage.write_units * PRICES["DynamoDB, a write unit"]
        + usage.read_units * PRICES["DynamoDB, a read unit"],
    )
