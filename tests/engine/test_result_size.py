"""What branches and iterations give back counts against the payload limit before `Output` makes something of it."""

from __future__ import annotations

import pytest

from infra.local.engine import Limits, run
from infra.local.engine.json_values import Json
from tests.contract.asl import machine

BIG = "x" * 400


class _Nothing:
    async def call(self, resource: str, arguments: Json, call: object) -> Json:
        raise AssertionError(resource)


@pytest.mark.parametrize(("size", "status"), [(2, "SUCCEEDED"), (3, "FAILED")])
def test_parallel(size: int, status: str) -> None:
    branch = {"StartAt": "B", "States": {"B": {"Type": "Pass", "Output": BIG, "End": True}}}
    branches = [{**branch, "StartAt": f"B{n}", "States": {f"B{n}": branch["States"]["B"]}} for n in range(size)]  # type: ignore[index]
    definition = machine({"A": {"Type": "Parallel", "Branches": branches, "Output": "small", "End": True}})
    done = run(definition, integrations=_Nothing(), limits=Limits(payload=1000))
    assert (done.status, done.error) == (status, None if status == "SUCCEEDED" else "States.DataLimitExceeded")


@pytest.mark.parametrize(("size", "status"), [(2, "SUCCEEDED"), (3, "FAILED")])
def test_inline_map(size: int, status: str) -> None:
    processor = {"StartAt": "B", "States": {"B": {"Type": "Pass", "Output": BIG, "End": True}}}
    state = {"Type": "Map", "Items": list(range(size)), "ItemProcessor": processor, "Output": "small", "End": True}
    done = run(machine({"A": state}), integrations=_Nothing(), limits=Limits(payload=1000))
    assert (done.status, done.error) == (status, None if status == "SUCCEEDED" else "States.DataLimitExceeded")
