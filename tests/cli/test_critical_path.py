"""The earliest possible end of a run, by its trigger rules; and what it costs."""

from __future__ import annotations

import pytest

from infra.cli.cost import PRICES, Usage, estimate
from infra.cli.critical_path import Step, critical_path
from infra.cli.inprocess import Invocation, Meter
from infra.cli.metered_store import MeteredStore
from infra.local.engine.clock import RealClock
from lambdas.storage.store import Condition, Delete, Put


def test_an_n_shape_waits_only_for_what_it_needs() -> None:
    steps = [
        Step("a", 1, "success"),
        Step("b", 10, "success"),
        Step("c", 5, "success", ("a",)),
        Step("d", 1, "success", ("a", "b")),
    ]
    path = critical_path(steps)
    assert path.ends == {"a": 1, "b": 10, "c": 6, "d": 11}
    assert path.tasks == ("b", "d")


@pytest.mark.parametrize(
    ("rule", "states", "start"),
    [
        ("one_success", ("success", "success"), 1),
        ("one_success", ("failed", "success"), 9),
        ("one_failed", ("success", "failed"), 9),
        ("one_failed", ("failed", "success"), 1),
        ("all_done", ("failed", "success"), 9),
        ("always", ("success", "success"), 0),
    ],
)
def test_early_rules_start_early(rule: str, states: tuple[str, str], start: float) -> None:
    steps = [Step("a", 1, states[0]), Step("b", 9, states[1]), Step("c", 1, "success", ("a", "b"), rule)]
    assert critical_path(steps).ends["c"] == start + 1


def test_no_tasks() -> None:
    assert critical_path([]).length == 0


def test_cost_adds_up() -> None:
    usage = Usage(transitions=1_000_000, invocations=1_000_000, lambda_seconds=1000, memory_mb=2048, write_units=10)
    cost = estimate(usage)
    assert cost.step_functions == pytest.approx(25)
    assert cost.lambda_ == pytest.approx(0.2 + 2000 * PRICES["Lambda, a GB-second (arm64)"])
    assert cost.total == pytest.approx(cost.step_functions + cost.lambda_ + cost.dynamodb)
    assert cost.to_json()["prices"] == PRICES


def test_what_dynamodb_would_bill() -> None:
    meter = Meter()
    store = MeteredStore(meter)
    store.write([Put("p", "outside", {"n": 1})])
    assert (store.write_units, store.read_units) == (0, 0), "only what Lambda functions do counts"
    meter.current = Invocation(RealClock(), "1")
    store.write([Put("p", "s", {"text": "x" * 1500}, Condition(absent=True))])
    assert (store.write_units, store.read_units) == (2, 0), "two KB; looking at the condition is part of the write"
    store.write([Put("p", "t", {}), Put("p", "u", {})])
    assert store.write_units == 2 + 2 * 2, "a transaction counts twice"
    store.merge("p", "j", {"arrived": {"a"}}, {})
    store.write_many([Put("p", "v", {}), Delete("p", "t")])
    assert store.write_units == 6 + 1 + 2
    store.read("p", "s")
    list(store.query("p", ""))
    assert store.read_units == 2
