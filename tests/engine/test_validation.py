from __future__ import annotations

import json

import pytest

from infra.local.engine.validation import problems
from tests.contract.asl import State, branch, catch, choice, machine, map_, parallel, pass_, task, wait

CALL = "lambda:invoke"
LOST = branch({"B": pass_(Next="C")})
TOO_LONG = json.dumps(machine({"A": pass_("x" * 1_048_576)}))


@pytest.mark.parametrize(
    ("states", "code", "location"),
    [
        ({"A": pass_(Next="B")}, "MISSING_TRANSITION_TARGET", "/States/A/Next"),
        ({"A": choice("{% true %}", "B")}, "MISSING_TRANSITION_TARGET", "/States/A/Choices/0/Next"),
        ({"A": pass_(), "B": pass_()}, "MISSING_TRANSITION_TARGET", "/States/B"),
        ({"A": {"Type": "Task", "End": True}}, "SCHEMA_VALIDATION_FAILED", "/States/A"),
        ({"A": {"Type": "Nap", "End": True}}, "SCHEMA_VALIDATION_FAILED", "/States/A"),
        ({"A": {"Type": "Pass"}}, "SCHEMA_VALIDATION_FAILED", "/States/A"),
        ({"A": pass_(ResultPath="$.x")}, "SCHEMA_VALIDATION_FAILED", "/States/A/ResultPath"),
        ({"A": pass_({"deep": ["{% 1 + %}"]})}, "SCHEMA_VALIDATION_FAILED", "/States/A/Output"),
        ({"A": pass_(Assign={"v": "{% $eval('1') %}"})}, "SCHEMA_VALIDATION_FAILED", "/States/A/Assign"),
        ({"A": wait(1, Timestamp="x")}, "SCHEMA_VALIDATION_FAILED", "/States/A"),
        ({"A": parallel()}, "SCHEMA_VALIDATION_FAILED", "/States/A/Branches"),
        ({"A": parallel(branch({"A": pass_()}))}, "DUPLICATE_STATE_NAME", "/States/A/Branches/0/States/A"),
        (
            {"A": map_([], branch({"B": pass_(Next="C")}))},
            "MISSING_TRANSITION_TARGET",
            "/States/A/ItemProcessor/States/B/Next",
        ),
        ({"x" * 81: pass_()}, "SCHEMA_VALIDATION_FAILED", f"/States/{'x' * 81}"),
        (
            {"A": task(CALL, {}, Retry=[{"ErrorEquals": ["States.ALL", "E"]}])},
            "SCHEMA_VALIDATION_FAILED",
            "/States/A/Retry/0",
        ),
        (
            {"A": task(CALL, {}, Retry=[{"ErrorEquals": ["E"], "BackoffRate": 0.5}])},
            "SCHEMA_VALIDATION_FAILED",
            "/States/A/Retry/0/BackoffRate",
        ),
        ({"A": task(CALL, {}, Catch=[{"ErrorEquals": ["E"]}])}, "SCHEMA_VALIDATION_FAILED", "/States/A/Catch/0"),
    ],
)
def test_problems(states: State, code: str, location: str) -> None:
    assert [(problem.code, problem.location) for problem in problems(json.dumps(machine(states)))] == [(code, location)]


def test_all_problems_are_found_at_once() -> None:
    states = {"A": pass_("{% ( %}", Next="B"), "C": pass_(Parameters={})}
    assert len(problems(json.dumps(machine(states)))) == 4


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"QueryLanguage": "SQL"}', json.dumps(machine({"A": pass_("x" * 1_048_576)}))]
)
def test_what_is_no_definition(text: str) -> None:
    assert problems(text)


def test_good_definitions() -> None:
    caught = catch("E", "J")
    inner = {"I": task(CALL, {"x": "{% $states.input %}"}, Catch=caught), "J": pass_()}
    states = {"Job Complete?": parallel(branch(inner), Next="a · b"), "a · b": {"Type": "Succeed", "Output": "{% 1 %}"}}
    assert problems(json.dumps(machine(states, Comment="c", TimeoutSeconds=5))) == []
