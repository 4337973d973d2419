"""Whole runs: time, order, size."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from infra.local.engine import StuckError, run
from tests.contract.asl import State, branch, catch, machine, map_, parallel, pass_, wait
from tests.engine.fakes import World, failing, function, sleep

START = datetime(2024, 1, 15, tzinfo=UTC)


def test_retry_delays_take_virtual_time_only() -> None:
    world = World({"f": failing("MyError", times=2)})
    retry = [{"ErrorEquals": ["MyError"], "IntervalSeconds": 3600, "BackoffRate": 2}]
    done = run(machine({"A": function("f", Retry=retry)}), integrations=world, start=START)
    assert (done.status, done.output) == ("SUCCEEDED", 3)
    assert done.started == START
    assert done.stopped is not None
    assert (done.stopped - done.started).total_seconds() == 3 * 3600
    assert done.transitions == 3


def test_a_machine_sees_the_virtual_date() -> None:
    states = {"W": wait(86_400, Next="A"), "A": pass_("{% $now() %}")}
    assert run(machine(states), integrations=World(), start=START).output == "2024-01-16T00:00:00.000Z"


def test_the_same_seed_is_the_same_run() -> None:
    retry = [{"ErrorEquals": ["E"], "IntervalSeconds": 100, "JitterStrategy": "FULL"}]
    definition = machine({"A": function("f", Retry=retry, Output="{% [$random(), $uuid()] %}")})
    runs = [run(definition, integrations=World({"f": failing("E", 3)}), start=START, seed=s) for s in (5, 5, 6)]
    assert runs[0].events == runs[1].events
    assert runs[0].events != runs[2].events


def test_placeholders() -> None:
    text = (
        '{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Output": "${X}", "End": true}}}'
    )
    assert run(text, integrations=World(), placeholders={"X": 'a"b'}).output == 'a"b'
    with pytest.raises(ValueError, match="X"):
        run(text, integrations=World())


def test_a_token_that_nobody_answers() -> None:
    state = {**function("f"), "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken"}
    with pytest.raises(StuckError):
        run(machine({"A": state}), integrations=World({"f": lambda *_: None}))


def test_real_clock() -> None:
    began = time.monotonic()
    moment = {"Type": "Wait", "Timestamp": "{% $fromMillis($millis() + 50) %}", "End": True}
    done = run(machine({"W": moment}), integrations=World(), clock="real")
    assert done.status == "SUCCEEDED"
    assert 0.05 <= time.monotonic() - began < 5


def test_a_parallel_of_200_branches_lasts_as_long_as_its_longest() -> None:
    branches = [branch({f"B{i}": function("sleep", {"seconds": i})}) for i in range(200)]
    began = time.monotonic()
    done = run(machine({"P": parallel(*branches)}), integrations=World({"sleep": sleep}))
    assert done.output == list(range(200))
    assert done.stopped is not None
    assert (done.stopped - done.started).total_seconds() == 199
    assert time.monotonic() - began < 5


def test_3000_tasks_in_a_row() -> None:
    names = [f"S{i}" for i in range(3000)]
    states: State = {name: function("f", Next=after) for name, after in pairwise(names)}
    states[names[-1]] = function("f")
    began = time.monotonic()
    done = run(machine(states), integrations=World({"f": lambda *_: 1}))
    assert (done.status, done.transitions, len(done.events)) == ("SUCCEEDED", 3000, 3000 * 5 + 2)
    assert time.monotonic() - began < 20


def test_300_levels_deep() -> None:
    state = pass_(1)
    for level in range(300):
        state = parallel(branch({f"L{level}": state}), Output="{% $states.result[0] %}")
    assert run(machine({"Top": state}), integrations=World()).output == 1


def test_execution_input_and_default() -> None:
    echo = machine({"A": pass_()})
    assert run(echo, {"x": [1, None]}, integrations=World()).output == {"x": [1, None]}
    assert run(echo, integrations=World()).output == {}


def test_an_integration_that_breaks_ends_the_execution() -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops")

    states = {"A": function("f", Catch=catch("States.ALL", "B")), "B": pass_()}
    done = run(machine(states), integrations=World({"f": broken}))
    assert (done.status, done.error, done.cause) == ("FAILED", "States.Runtime", "ZeroDivisionError: oops")


def test_map_concurrency() -> None:
    state = map_("{% [1..6] %}", branch({"A": function("sleep", {"seconds": 10})}), MaxConcurrency=2)
    done = run(machine({"M": state}), integrations=World({"sleep": sleep}))
    assert done.stopped is not None
    assert (done.stopped - done.started).total_seconds() == 30
