"""Expressions, variables, Choice, and what a machine's creation refuses."""

from __future__ import annotations

from tests.contract.asl import choice, fail, machine, pass_
from tests.contract.cloud import Cloud


def test_pass_output(cloud: Cloud) -> None:
    states = {"A": pass_({"y": "{% $states.input.x + 1 %}", "l": ["{% $states.input.x %}", 2]})}
    assert cloud.output(machine(states), {"x": 1}) == {"y": 2, "l": [1, 2]}


def test_assigned_variables_are_seen_by_later_states(cloud: Cloud) -> None:
    states = {
        "A": pass_(Assign={"v": "{% $states.input.x %}", "o": {"k": [1, 2]}}, Next="B"),
        "B": pass_("{% {'v':$v,'k':$o.k[1]} %}"),
    }
    assert cloud.output(machine(states), {"x": 7}) == {"v": 7, "k": 2}


def test_assign_sees_the_values_at_entry(cloud: Cloud) -> None:
    states = {
        "A": pass_(Assign={"x": 1, "y": 2}, Next="B"),
        "B": pass_(Assign={"x": "{% $y %}", "y": "{% $x %}"}, Next="C"),
        "C": pass_("{% [$x,$y] %}"),
    }
    assert cloud.output(machine(states)) == [2, 1]


def test_output_sees_the_old_value_of_a_variable_assigned_beside_it(cloud: Cloud) -> None:
    states = {"A": pass_(Assign={"x": 1}, Next="B"), "B": pass_("{% $x %}", Assign={"x": 2})}
    assert cloud.output(machine(states)) == 1


def test_choice_rule_with_assign_and_output(cloud: Cloud) -> None:
    rule = {"Condition": "{% $states.input.x > 5 %}", "Assign": {"b": "big"}, "Output": {"o": 1}, "Next": "B"}
    states = {
        "A": {"Type": "Choice", "Choices": [rule], "Default": "F"},
        "B": pass_("{% {'b':$b,'i':$states.input} %}"),
        "F": fail("NotChosen"),
    }
    assert cloud.output(machine(states), {"x": 7}) == {"b": "big", "i": {"o": 1}}


def test_choice_default_with_the_states_own_output_and_assign(cloud: Cloud) -> None:
    states = {
        "A": choice("{% false %}", "F", "B", Output={"d": 1}, Assign={"z": 3}),
        "B": pass_("{% {'i':$states.input,'z':$z} %}"),
        "F": fail("Chosen"),
    }
    assert cloud.output(machine(states)) == {"i": {"d": 1}, "z": 3}


def test_choice_condition_must_be_boolean(cloud: Cloud) -> None:
    states = {"A": choice("{% 'yes' %}", "B", "B"), "B": {"Type": "Succeed"}}
    assert cloud.run(machine(states)).error == "States.QueryEvaluationError"


def test_choice_without_match_and_default(cloud: Cloud) -> None:
    states = {"A": choice("{% false %}", "B"), "B": {"Type": "Succeed"}}
    assert cloud.run(machine(states)).error == "States.NoChoiceMatched"


def test_succeed_output(cloud: Cloud) -> None:
    states = {"A": {"Type": "Succeed", "Output": "{% {'z':$states.input.x} %}"}}
    assert cloud.output(machine(states), {"x": 3}) == {"z": 3}


def test_undefined_is_an_error(cloud: Cloud) -> None:
    ended = cloud.run(machine({"A": pass_("{% $states.input.nope %}")}))
    assert (ended.status, ended.error) == ("FAILED", "States.QueryEvaluationError")


def test_evaluation_errors_of_a_task_can_be_caught(cloud: Cloud) -> None:
    catcher = {"ErrorEquals": ["States.QueryEvaluationError"], "Next": "B"}
    states = {"A": cloud.function("{% $states.input.nope %}", Catch=[catcher]), "B": pass_("caught")}
    assert cloud.output(machine(states)) == "caught"


def test_functions(cloud: Cloud) -> None:
    expected = {
        "{% $length($uuid()) %}": 36,
        "{% $partition([1,2,3,4,5],2) %}": [[1, 2], [3, 4], [5]],
        "{% $range(0,10,5) %}": [0, 5, 10],
        "{% $hash('a','SHA-256') %}": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
        "{% $parse('{\"a\":1}').a %}": 1,
        "{% $length($now()) %}": 24,
        "{% $millis() > 1600000000000 %}": True,
        "{% $toMillis('2024-01-01T00:00:00Z') %}": 1704067200000,
        "{% $fromMillis(1704067200000,'[Y0001]-[M01]-[D01]') %}": "2024-01-01",
        "{% $random() < 1 %}": True,
        "{% $map([1,2],function($v){$v*2}) %}": [2, 4],
        "{% $merge([{'a':1},{'b':2}]) %}": {"a": 1, "b": 2},
        "{% $contains('ab1',/[a-z]+/) %}": True,
        "{% $exists($states.input.q) ? 1 : 2 %}": 2,
    }
    assert cloud.output(machine({"A": pass_(list(expected))})) == list(expected.values())


def test_eval_is_refused(cloud: Cloud) -> None:
    assert cloud.refusal(machine({"A": pass_("{% $eval('1+1') %}")})) == "InvalidDefinition"


def test_context_object(cloud: Cloud) -> None:
    context = cloud.output(machine({"A": pass_("{% $states.context %}")}), {"q": 1})
    assert set(context["Execution"]) >= {"Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount"}
    assert set(context["StateMachine"]) >= {"Id", "Name"}
    assert set(context["State"]) >= {"Name", "EnteredTime"}


def test_broken_jsonata_is_refused_at_creation(cloud: Cloud) -> None:
    assert cloud.refusal(machine({"A": pass_("{% $states.input. %}")})) == "InvalidDefinition"


def test_missing_target_is_refused_at_creation(cloud: Cloud) -> None:
    assert cloud.refusal(machine({"A": pass_(Next="NOPE")})) == "InvalidDefinition"


def test_jsonpath_field_in_a_jsonata_state_is_refused_at_creation(cloud: Cloud) -> None:
    assert cloud.refusal(machine({"A": pass_(ResultPath="$.x")})) == "InvalidDefinition"


def test_jsonpath_machine_with_a_jsonata_state(cloud: Cloud) -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": pass_("{% {'x':$states.input.x+1} %}", QueryLanguage="JSONata", Next="B"),
            "B": pass_(Parameters={"y.$": "$.x", "i.$": "States.Format('v{}',$.x)"}),
        },
    }
    assert cloud.output(definition, {"x": 1}) == {"y": 2, "i": "v2"}


def test_jsonpath_states(cloud: Cloud) -> None:
    both = [{"Variable": "$.p.x", "NumericEquals": 1}, {"Variable": "$.p.n", "IsPresent": True}]
    definition = {
        "StartAt": "A",
        "States": {
            "A": pass_(Parameters={"n.$": "$$.Execution.Name", "x": 1}, ResultPath="$.p", Next="C"),
            "C": {"Type": "Choice", "Choices": [{"And": both, "Next": "Z"}], "Default": "F"},
            "F": fail("NotChosen"),
            "Z": pass_(Result="ok"),
        },
    }
    assert cloud.output(definition) == "ok"
