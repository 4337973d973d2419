"""What a definition may say: which are refused when a machine is made, and which are not.

Sources: Step Functions developer guide, "Transforming data with JSONata", "Handling errors", "Map state", "Passing data
between states with variables", the pages of the states; Amazon States Language.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.asl import (
    DISTRIBUTED,
    State,
    branch,
    catch,
    choice,
    fail,
    machine,
    map_,
    parallel,
    pass_,
    task,
    wait,
)
from tests.contract.cloud import Cloud

ECHO = branch({"I": pass_()})
CHILD = {**DISTRIBUTED, **ECHO}


def call(**more: Any) -> State:
    return task("lambda:invoke", {"FunctionName": "f"}, **more)


def retry(**more: Any) -> State:
    return call(Retry=[{"ErrorEquals": ["E"], **more}])


REFUSED: dict[str, State] = {
    "the context item at the top level": {"A": pass_("{% $ %}")},
    "the context item in a function's argument": {"A": pass_("{% $string($.a) %}")},
    "the root, wherever it stands": {"A": pass_("{% $states.input.rows[$$.a = 1] %}")},
    "a field that nothing qualifies": {"A": pass_("{% price * 2 %}")},
    "$eval": {"A": pass_("{% $eval('1') %}")},
    "Elvis, which JSONata 2.0 lacks": {"A": pass_("{% $states.input.a ?: 1 %}")},
    "a negative wait": {"A": wait(-1)},
    "a wait of over 99,999,999 seconds": {"A": wait(100_000_000)},
    "half a second": {"A": wait(0.5)},
    "no time for a task": {"A": call(TimeoutSeconds=0)},
    "a heartbeat that comes with the timeout": {"A": call(TimeoutSeconds=5, HeartbeatSeconds=5)},
    "no time for the machine": {"A": pass_(), "TimeoutSeconds": 0},
    "too many attempts": {"A": retry(MaxAttempts=100_000_000)},
    "an interval of nothing": {"A": retry(IntervalSeconds=0)},
    "a delay of a leap year": {"A": retry(MaxDelaySeconds=31_622_400)},
    "retries ever faster": {"A": retry(BackoffRate=0.9)},
    "some jitter": {"A": retry(JitterStrategy="SOME")},
    "States.ALL in company": {"A": call(Retry=[{"ErrorEquals": ["States.ALL", "E"]}])},
    "States.ALL before others": {"A": call(Catch=[*catch("States.ALL", "B"), *catch("E", "B")]), "B": pass_()},
    "a catcher on a Pass": {"A": pass_(Catch=catch("E", "B")), "B": pass_()},
    "an end of a Choice": {"A": choice("{% true %}", "B", End=True), "B": pass_()},
    "a rule without a condition": {"A": {"Type": "Choice", "Choices": [{"Next": "B"}]}, "B": pass_()},
    "something after a Fail": {"A": {**fail("E"), "Next": "B"}, "B": pass_()},
    "a variable called states": {"A": pass_(Assign={"states": 1})},
    "a variable with a dot": {"A": pass_(Assign={"a.b": 1})},
    "a variable's name of 81 characters": {"A": pass_(Assign={"x" * 81: 1})},
    "an outer variable assigned inside": {
        "A": pass_(Assign={"v": 1}, Next="P"),
        "P": parallel(branch({"B": pass_(Assign={"v": 2})})),
    },
    "an inline Map with an ItemReader": {
        "M": map_(..., ECHO, ItemReader={"Resource": "arn:aws:states:::s3:getObject"})
    },
    "children of no kind": {"M": map_([1], {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **ECHO})},
    "a label of 41 characters": {"M": map_([1], CHILD, Label="x" * 41)},
    "failures beyond all": {"M": map_([1], CHILD, ToleratedFailurePercentage=101)},
    "batches of nothing": {"M": map_([1], CHILD, ItemBatcher={"MaxItemsPerBatch": 0})},
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str, cloud: Cloud) -> None:
    states = dict(REFUSED[what])
    top = {"TimeoutSeconds": states.pop("TimeoutSeconds")} if "TimeoutSeconds" in states else {}
    assert cloud.refusal(machine(states, **top)) == "InvalidDefinition"


ACCEPTED: dict[str, State] = {
    "the context item in a predicate": {"A": pass_("{% $count($states.input.rows[$ = 1 or $.a = 2]) %}")},
    "bare fields in a step": {"A": pass_("{% $sum($states.input.rows.(price * quantity)) %}")},
    "the context item as a key": {"A": pass_("{% $keys($merge($states.input.rows.{$string($): 1})) %}")},
    "bare fields in a function": {"A": pass_("{% $map($states.input.rows, function($r) { $r.price }) %}")},
    "numbers as expressions": {
        "M": map_("{% $states.input.rows %}", ECHO, MaxConcurrency="{% $states.input.most %}", Next="W"),
        "W": wait("{% $states.input.pause %}", Next="T"),
        "T": call(TimeoutSeconds="{% $states.input.time %}", HeartbeatSeconds="{% $states.input.beat %}"),
    },
    "the longest interval": {"A": retry(MaxAttempts=99_999_999, IntervalSeconds=99_999_999)},
    "the longest delay": {"A": retry(MaxAttempts=0, MaxDelaySeconds=31_622_399)},
    "names for people": {"Job Complete? · 100 %": pass_(Next="日本語"), "日本語": {"Type": "Succeed"}},
    "all that a Choice may have": {
        "A": {
            "Type": "Choice",
            "Comment": "which way",
            "Choices": [{"Condition": "{% true %}", "Assign": {"v": 1}, "Output": {"x": 1}, "Next": "B"}],
            "Default": "B",
            "Assign": {"v": 2},
            "Output": "{% 2 %}",
        },
        "B": pass_(),
    },
    "all that a distributed Map may have": {
        "M": map_(
            "{% [1..3] %}",
            CHILD,
            ItemSelector={"v": "{% $states.context.Map.Item.Value %}"},
            ItemBatcher={"MaxItemsPerBatch": 2, "BatchInput": {"x": "{% $states.input.x %}"}},
            MaxConcurrency=2,
            ToleratedFailurePercentage=12,
            ToleratedFailureCount="{% $states.input.most %}",
            Label="rows",
            Retry=[{"ErrorEquals": ["States.ALL"]}],
            Assign={"v": "{% $states.result %}"},
            Output="{% $count($states.result) %}",
        )
    },
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_accepted(what: str, cloud: Cloud) -> None:
    assert cloud.create(machine(ACCEPTED[what]))
