"""Which error a state gives, and who catches it.

Sources: Step Functions developer guide, "Handling errors in Step Functions workflows" (names, retriers, catchers),
"Passing data between states with variables" (scopes), "Task workflow state" (times).
"""

from __future__ import annotations

import pytest

from tests.contract.asl import branch, catch, choice, fail, machine, map_, parallel, pass_, wait
from tests.contract.cloud import Cloud

QUERY = "States.QueryEvaluationError"
CAUGHT = {"B": pass_()}
ANY = catch("States.ALL", "B", Output="any")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("TimeoutSeconds", -1),
        ("TimeoutSeconds", 0),
        ("TimeoutSeconds", 1.5),
        ("TimeoutSeconds", "5"),
        ("HeartbeatSeconds", 100_000_000),
    ],
)
def test_a_time_out_of_range_can_be_caught(field: str, value: object, cloud: Cloud) -> None:
    caught = catch(QUERY, "B", Output="caught")
    states = {"A": cloud.function({}, Catch=caught, **{field: "{% $states.input.v %}"}), **CAUGHT}
    assert cloud.output(machine(states), {"v": value}) == "caught"


def test_a_concurrency_below_zero_can_be_caught(cloud: Cloud) -> None:
    concurrency = "{% $states.input.v %}"
    state = map_([1], branch({"I": pass_()}), MaxConcurrency=concurrency, Catch=catch(QUERY, "B", Output="caught"))
    assert cloud.output(machine({"M": state, **CAUGHT}), {"v": -1}) == "caught"


@pytest.mark.parametrize("seconds", [-1, 0.5, 100_000_000, "1"])
def test_a_wait_out_of_range_ends_the_execution(seconds: object, cloud: Cloud) -> None:
    ended = cloud.run(machine({"W": wait("{% $states.input.s %}")}), {"s": seconds})
    assert (ended.status, ended.error) == ("FAILED", QUERY)


@pytest.mark.parametrize(
    "moment", ["tomorrow", "2026-03-14", "2026-03-14 01:59:00Z", "2026-03-14T01:59:00", "2026-02-30T00:00:00Z"]
)
def test_a_moment_that_is_none_ends_the_execution(moment: str, cloud: Cloud) -> None:
    state = {"Type": "Wait", "Timestamp": "{% $states.input.t %}", "End": True}
    assert cloud.run(machine({"W": state}), {"t": moment}).status == "FAILED"


@pytest.mark.parametrize("moment", ["2016-03-14T01:59:00Z", "2016-03-14T01:59:00.123+09:00"])
def test_a_moment_that_is_past_is_not_waited_for(moment: str, cloud: Cloud) -> None:
    state = {"Type": "Wait", "Timestamp": "{% $states.input.t %}", "End": True}
    assert cloud.run(machine({"W": state}), {"t": moment}).seconds < 1


def test_the_first_catcher_that_matches_takes_it(cloud: Cloud) -> None:
    caught = [
        *catch("Other", "B", Output=1),
        *catch("States.TaskFailed", "B", Output=2),
        *catch("MyErr", "B", Output=3),
    ]
    assert cloud.output(machine({"A": cloud.function({"op": "fail"}, Catch=caught), **CAUGHT})) == 2


def test_a_timeout_is_no_failed_task(cloud: Cloud) -> None:
    caught = [*catch("States.TaskFailed", "B", Output="failed"), *ANY]
    states = {"A": cloud.waiting_function({}, TimeoutSeconds=1, Catch=caught), **CAUGHT}
    assert cloud.output(machine(states)) == "any"


def test_a_missed_heartbeat_is_a_timeout(cloud: Cloud) -> None:
    caught = [*catch("States.Timeout", "B", Output="timeout"), *ANY]
    states = {"A": cloud.waiting_function({}, HeartbeatSeconds=1, TimeoutSeconds=9, Catch=caught), **CAUGHT}
    assert cloud.output(machine(states)) == "timeout"


def test_too_much_data_is_not_caught_by_all(cloud: Cloud) -> None:
    states = {"A": pass_("{% $join($map([1..300], function($n) { $pad('', 1000, 'x') })) %}")}
    inner = parallel(branch(states), Catch=catch("States.ALL", "B", Output="any"))
    ended = cloud.run(machine({"P": inner, **CAUGHT}))
    assert (ended.status, ended.error) == ("FAILED", "States.DataLimitExceeded")


def test_each_retrier_counts_for_itself(cloud: Cloud) -> None:
    """The function fails at its first two calls, the answer's use at the third: two retriers, three retries."""
    retry = [
        {"ErrorEquals": ["MyErr"], "MaxAttempts": 2, "IntervalSeconds": 1},
        {"ErrorEquals": [QUERY], "MaxAttempts": 1, "IntervalSeconds": 1},
    ]
    output = "{% $states.context.State.RetryCount < 3 ? $states.result.nothing : $states.context.State.RetryCount %}"
    assert cloud.output(machine({"A": cloud.fails_until(3, Retry=retry, Output=output)})) == 3


def test_retries_are_counted_anew_at_each_visit(cloud: Cloud) -> None:
    count = "$states.context.State.RetryCount"
    payload = f"{{% {count} < 1 ? {{'op':'fail'}} : {{'op':'constant','value':{count}}} %}}"
    retry = [{"ErrorEquals": ["MyErr"], "MaxAttempts": 1, "IntervalSeconds": 1}]
    states = {
        "A": cloud.function(payload, Retry=retry, Assign={"n": "{% $exists($n) ? $n + 1 : 1 %}"}, Next="C"),
        "C": choice("{% $n < 2 %}", "A", "Z"),
        "Z": pass_(),
    }
    assert cloud.output(machine(states)) == 1


def test_a_catcher_assigns_in_place_of_the_state(cloud: Cloud) -> None:
    caught = catch("MyErr", "B", Assign={"caught": "{% $states.errorOutput.Error %}"})
    states = {
        "A": cloud.function({"op": "fail"}, Assign={"done": 1}, Catch=caught),
        "B": pass_("{% {'caught': $caught, 'done': $exists($done)} %}"),
    }
    assert cloud.output(machine(states)) == {"caught": "MyErr", "done": False}


def test_a_catcher_of_a_parallel_assigns_in_the_outer_scope(cloud: Cloud) -> None:
    caught = catch("X", "B", Assign={"v": "{% $v + 1 %}"})
    states = {
        "A": pass_(Assign={"v": 1}, Next="P"),
        "P": parallel(branch({"F": fail("X")}), Catch=caught),
        "B": pass_("{% $v %}"),
    }
    assert cloud.output(machine(states)) == 2


def test_what_is_caught_inside_a_branch_leaves_the_others_alone(cloud: Cloud) -> None:
    failing = branch({"A": cloud.function({"op": "fail"}, Catch=catch("MyErr", "C", Output="c")), "C": pass_()})
    assert cloud.output(machine({"P": parallel(failing, branch({"W": wait(1, Next="D"), "D": pass_("d")}))})) == [
        "c",
        "d",
    ]


@pytest.mark.parametrize(
    "expression",
    ["$states.errorOutput.Error", "$states.context.Task.Token", "$states.context.Map.Item.Value", "$nobody"],
)
def test_what_is_not_there_is_undefined(expression: str, cloud: Cloud) -> None:
    ended = cloud.run(machine({"A": pass_(f"{{% {expression} %}}")}))
    assert (ended.status, ended.error) == ("FAILED", QUERY)


def test_arguments_know_no_result(cloud: Cloud) -> None:
    state = cloud.function("{% $states.result %}", Catch=catch(QUERY, "B", Output="caught"))
    assert cloud.output(machine({"A": state, **CAUGHT})) == "caught"
