"""The inline Map."""

from __future__ import annotations

from tests.contract.asl import branch, catch, fail, machine, map_, pass_, wait
from tests.contract.cloud import Cloud

ECHO = branch({"A": pass_()})


def test_items_selector_and_output(cloud: Cloud) -> None:
    selector = {
        "v": "{% $states.context.Map.Item.Value %}",
        "i": "{% $states.context.Map.Item.Index %}",
        "c": "{% $states.input.c %}",
    }
    inner = branch({"A": pass_("{% $states.input.v * 10 + $states.input.i %}")})
    state = map_(
        "{% $states.input.l %}", inner, ItemSelector=selector, MaxConcurrency=2, Output="{% {'r':$states.result} %}"
    )
    assert cloud.output(machine({"M": state}), {"l": [1, 2, 3], "c": 9}) == {"r": [10, 21, 32]}


def test_literal_and_empty_items(cloud: Cloud) -> None:
    assert cloud.output(machine({"M": map_([1, "{% 1+1 %}"], ECHO)})) == [1, 2]
    assert cloud.output(machine({"M": map_("{% [] %}", ECHO)})) == []


def test_failure_of_an_item_can_be_caught(cloud: Cloud) -> None:
    state = map_([1, 2], branch({"A": fail("X", "y")}), Catch=catch("X", "Z", Output="c"))
    assert cloud.output(machine({"M": state, "Z": pass_()})) == "c"


def test_variables_of_iterations_are_their_own(cloud: Cloud) -> None:
    inner = {"A": pass_(Assign={"v": "{% $states.input %}"}, Next="W"), "W": wait(1, Next="B"), "B": pass_("{% $v %}")}
    assert cloud.output(machine({"M": map_([1, 2, 3], branch(inner))})) == [1, 2, 3]


def test_functions_in_iterations(cloud: Cloud) -> None:
    inner = branch({"A": cloud.function({"op": "constant", "value": "{% $states.input %}"})})
    assert cloud.output(machine({"M": map_("{% [1..10] %}", inner, MaxConcurrency=4)})) == list(range(1, 11))
