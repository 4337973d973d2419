"""Parallel: data, isolation of branches, failures."""

from __future__ import annotations

from tests.contract.asl import branch, catch, fail, machine, parallel, pass_, wait
from tests.contract.cloud import Cloud

ONE = branch({"A": pass_(1)})
TWO = branch({"B": pass_(2)})


def test_results_in_the_order_of_the_branches(cloud: Cloud) -> None:
    states = {"P": parallel(branch({"A": pass_("{% $states.input.x %}")}), TWO)}
    assert cloud.output(machine(states), {"x": 1}) == [1, 2]


def test_arguments_are_the_branches_input(cloud: Cloud) -> None:
    states = {"P": parallel(branch({"A": pass_()}), Arguments={"k": "{% $states.input.x %}"})}
    assert cloud.output(machine(states), {"x": 1}) == [{"k": 1}]


def test_output_from_the_result(cloud: Cloud) -> None:
    assert cloud.output(machine({"P": parallel(ONE, TWO, Output="{% $sum($states.result) %}")})) == 3


def test_assign_from_the_result(cloud: Cloud) -> None:
    states = {
        "P": parallel(branch({"A": pass_(5)}), Assign={"v": "{% $states.result[0] %}"}, Next="Z"),
        "Z": pass_("{% $v %}"),
    }
    assert cloud.output(machine(states)) == 5


def test_output_can_keep_the_input(cloud: Cloud) -> None:
    assert cloud.output(machine({"P": parallel(ONE, Output="{% $states.input %}")}), {"k": 1}) == {"k": 1}


def test_variables_of_branches_are_their_own(cloud: Cloud) -> None:
    slow = {"A": pass_(Assign={"a": "A"}, Next="A2"), "A2": wait(1, Next="A3"), "A3": pass_("{% $a %}")}
    quick = {"B": wait(0, Next="B2"), "B2": pass_("b", Assign={"a": "B"})}
    states = {"S": pass_(Assign={"x": 0}, Next="P"), "P": parallel(branch(slow), branch(quick))}
    assert cloud.output(machine(states)) == ["A", "b"]


def test_context_objects_of_branches_are_their_own(cloud: Cloud) -> None:
    branches = [branch({f"S{i}": wait(1, Output="{% $states.context.State.Name %}")}) for i in range(4)]
    assert cloud.output(machine({"P": parallel(*branches)})) == ["S0", "S1", "S2", "S3"]


def test_nested_parallel(cloud: Cloud) -> None:
    states = {"P": parallel(branch({"Q": parallel(ONE, TWO)}), branch({"C": pass_(3)}))}
    assert cloud.output(machine(states)) == [[1, 2], 3]


def test_failure_of_a_branch_is_the_parallels_error(cloud: Cloud) -> None:
    caught = catch("States.ALL", "Z", Output="{% $states.errorOutput %}")
    states = {"P": parallel(branch({"A": fail("E1", "c1")}), TWO, Catch=caught), "Z": pass_()}
    assert cloud.output(machine(states)) == {"Error": "E1", "Cause": "c1"}


def test_failure_of_a_branch_stops_the_others(cloud: Cloud) -> None:
    ended = cloud.run(machine({"P": parallel(branch({"A": fail("E1")}), branch({"B": wait(5)}))}))
    assert (ended.status, ended.error) == ("FAILED", "E1")
    assert ended.seconds < 3


def test_retry_runs_all_branches_again(cloud: Cloud) -> None:
    retry = {"ErrorEquals": ["MyErr"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 3}
    states = {"P": parallel(branch({"A": cloud.fails_until(3)}), Retry=[retry])}
    assert cloud.output(machine(states)) == [{"attempts": 3}]
