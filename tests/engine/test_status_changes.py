"""Status events leave out what an event has no room for."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.engine.clock import VirtualClock, VirtualLoop
from infra.local.stepfunctions.service import StepFunctions
from tests.contract.asl import machine, pass_
from tests.engine.fakes import World


def last_event(given: Any, output: str) -> dict[str, Any]:
    """The detail of the event that a machine with this input and this `Output` ends with."""
    loop, told = VirtualLoop(), list[dict[str, Any]]()

    async def run() -> None:
        clock = VirtualClock(loop, datetime(2024, 1, 15, tzinfo=UTC))
        service = StepFunctions(
            account="1", region="us-east-1", integrations=World(), clock=clock, emit=lambda event: told.append(event)
        )
        definition = json.dumps(machine({"A": pass_(output)}))
        made = await service.handle("CreateStateMachine", {"name": "m", "definition": definition, "roleArn": "r"})
        started = await service.handle(
            "StartExecution", {"stateMachineArn": made["stateMachineArn"], "input": json.dumps(given)}
        )
        await asyncio.wait_for(service.registry.execution(started["executionArn"]).wait(), 10)

    loop.run_until_complete(run())
    loop.close()
    assert told[-1]["detail"]["status"] == "SUCCEEDED"
    detail: dict[str, Any] = told[-1]["detail"]
    return detail


@pytest.mark.parametrize(
    ("given", "output", "has_input", "has_output"),
    [
        ("x", "{% 1 %}", True, True),
        ("x" * 200_000, "{% 1 %}", True, True),
        ("x" * 200_000, "{% $states.input %}", False, True),
        ("x" * 260_000, "{% 1 %}", False, True),
        # Quotes are escaped twice.
        ('"' * 70_000, "{% $states.input %}", False, False),
    ],
)
def test_what_has_room(given: str, output: str, has_input: bool, has_output: bool) -> None:
    detail = last_event(given, output)
    assert detail["inputDetails"] == {"included": has_input}
    assert detail["outputDetails"] == {"included": has_output}
    assert (detail["input"] is not None, detail["output"] is not None) == (has_input, has_output)
