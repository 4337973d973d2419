"""Which errors which rules match, and the limits that make errors."""

from __future__ import annotations

import pytest

from infra.local.engine import Limits, run
from infra.local.engine.retries import delay, matches
from tests.contract.asl import branch, catch, choice, machine, parallel, pass_
from tests.engine.fakes import World, failing, function


@pytest.mark.parametrize(
    ("names", "error", "expected"),
    [
        (["States.ALL"], "Anything", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.QueryEvaluationError", True),
        (["States.ALL"], "States.DataLimitExceeded", False),
        (["States.ALL"], "States.Runtime", False),
        (["States.Runtime"], "States.Runtime", False),
        (["States.DataLimitExceeded"], "States.DataLimitExceeded", True),
        (["States.TaskFailed"], "MyError", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["States.TaskFailed"], "States.Runtime", False),
        (["States.TaskFailed"], "States.DataLimitExceeded", False),
        (["States.Timeout"], "States.HeartbeatTimeout", True),
        (["States.HeartbeatTimeout"], "States.Timeout", False),
        (["myerror"], "MyError", False),
        (["A", "B"], "B", True),
    ],
)
def test_matches(names: list[str], error: str, expected: bool) -> None:
    assert matches(names, error) is expected


def test_delay_defaults() -> None:
    assert [delay({}, attempts) for attempts in range(3)] == [1, 2, 4]


def test_each_retrier_counts_for_itself() -> None:
    calls = iter(["A", "B", "A", "B", "A"])

    def alternating(*_: object) -> object:
        return failing(next(calls))(None, None)  # type: ignore[arg-type]

    retry = [{"ErrorEquals": ["A"], "MaxAttempts": 2}, {"ErrorEquals": ["B"], "MaxAttempts": 5}]
    world = World({"f": alternating})
    done = run(machine({"T": function("f", Retry=retry)}), integrations=world)
    assert (done.status, done.error, len(world.calls)) == ("FAILED", "A", 5)


def test_the_first_retrier_that_matches_decides() -> None:
    retry = [{"ErrorEquals": ["E"], "MaxAttempts": 1}, {"ErrorEquals": ["States.ALL"], "MaxAttempts": 9}]
    world = World({"f": failing("E")})
    run(machine({"T": function("f", Retry=retry)}), integrations=world)
    assert len(world.calls) == 2


def test_payload_limit_is_not_caught_by_all() -> None:
    world = World({"f": lambda *_: "ü" * 131_072})  # 262,146 bytes with its quotes
    states = {"A": function("f", Output=1, Catch=catch("States.ALL", "B")), "B": pass_()}
    assert run(machine(states), integrations=world).error == "States.DataLimitExceeded"


def test_payload_at_the_limit_passes() -> None:
    assert run(machine({"A": pass_("x" * 262_142)}), integrations=World()).status == "SUCCEEDED"
    assert run(machine({"A": pass_("x" * 262_143)}), integrations=World()).error == "States.DataLimitExceeded"


def test_variable_limit() -> None:
    small = Limits(variable=100)
    done = run(machine({"A": pass_(Assign={"v": "x" * 100})}), integrations=World(), limits=small)
    assert done.error == "States.DataLimitExceeded"


def test_history_limit_ends_the_execution_whatever_catches() -> None:
    loop = {"L": pass_(Next="C"), "C": choice("{% true %}", "L")}
    states = {"P": parallel(branch(loop), Catch=catch("States.ALL", "Z")), "Z": pass_()}
    done = run(machine(states), integrations=World(), limits=Limits(events=200))
    assert (done.status, done.error, len(done.events)) == ("FAILED", "States.Runtime", 200)
    assert done.events[-1]["type"] == "ExecutionFailed"


def test_failing_catch_output_fails_the_execution() -> None:
    states = {"A": function("f", Catch=catch("E", "B", Output="{% $nope %}")), "B": pass_()}
    assert run(machine(states), integrations=World({"f": failing("E")})).error == "States.QueryEvaluationError"


def test_a_failing_output_is_caught_and_retried_like_the_task() -> None:
    world = World({"f": lambda *_: 1})
    retry = [{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}]
    state = function("f", Output="{% $nope %}", Retry=retry, Catch=catch("States.ALL", "B", Output="caught"))
    done = run(machine({"A": state, "B": pass_()}), integrations=world)
    assert (done.output, len(world.calls)) == ("caught", 2)
    assert "EvaluationFailed" not in [event["type"] for event in done.events]
