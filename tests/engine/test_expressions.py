from __future__ import annotations

import random
from typing import Any

import pytest

from infra.local.engine import expressions
from infra.local.engine.errors import StateFailed
from infra.local.engine.expressions import BadExpression, Bindings, evaluate, evaluate_as, parse

NOW = 1_705_276_800_123.0


def see(text: str, given: Any = None, **variables: Any) -> Any:
    return evaluate(f"{{% {text} %}}", Bindings(variables, {"input": given}, lambda: NOW, random.Random(1)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("null", None),
        ("$states.input.a", None),
        ("$states.input.l", [1, None, {"b": None}]),
        ("$states.input.l[1]", None),
        ("$map($states.input.l, function($v) { $type($v) })", ["number", "null", "object"]),
        ("$count($states.input.l)", 3),
        ("$exists($states.input.a)", True),
        ("$n = null", True),
        ("{'x': $n, 'y': [$n]}", {"x": None, "y": [None]}),
        ("$parse('null')", None),
        ("$string($states.input)", '{"a":null,"l":[1,null,{"b":null}]}'),
        ("[$filter([1], function($v) { $v > 5 })]", []),
        ("[1..3]", [1, 2, 3]),
        ("{'r': [1..2]}", {"r": [1, 2]}),
        ("10 / 5", 2),
        ("10 / 4", 2.5),
        ("'failed' in ['a', 'failed']", True),
        ('$states.input."a"', None),
    ],
)
def test_values(text: str, expected: Any) -> None:
    value = see(text, {"a": None, "l": [1, None, {"b": None}]}, n=None)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    "text", ["$states.input.nope", "$nope", "$nope.a", "function($x) { 1 }", "$sum('a')", "1 + 'a'"]
)
def test_no_value_is_a_query_evaluation_error(text: str) -> None:
    with pytest.raises(StateFailed) as failed:
        see(text, {"a": 1})
    assert failed.value.error == "States.QueryEvaluationError"
    assert text in failed.value.cause


@pytest.mark.parametrize("text", ["$eval('1')", "$a ?: 1", "$a ?? 1", "$a.", "(1", "'open", ""])
def test_what_is_not_jsonata_of_step_functions(text: str) -> None:
    with pytest.raises(BadExpression):
        parse(text)


@pytest.mark.parametrize("text", ["'a ?? b $eval(1)'", "$a ? 1 : 2", "/a?:/", "$evaluate := 1"])
def test_what_only_looks_like_it(text: str) -> None:
    parse(text)


def test_only_whole_strings_are_expressions() -> None:
    assert not expressions.is_expression("a {% 1 %}")
    assert not expressions.is_expression(" {% 1 %}")
    assert see("1") == 1


def test_results_share_nothing_with_their_input() -> None:
    given = {"l": [1]}
    see("$states.input", given)["l"].append(2)
    assert given == {"l": [1]}


def test_one_moment_and_the_engines_clock() -> None:
    assert see("[$millis(), $now(), $fromMillis($millis())]") == [
        1_705_276_800_123,
        "2024-01-15T00:00:00.123Z",
        "2024-01-15T00:00:00.123Z",
    ]


def test_random_numbers_are_the_runs_own() -> None:
    assert see("$random()") == see("$random()")
    assert see("$random(7) = $random(7)") is True
    assert see("$uuid()") == see("$uuid()")


def test_an_endless_expression_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "STEP_LIMIT", 1000)
    with pytest.raises(StateFailed, match="too long"):
        see("($f := function($x) { $f($x + 1) }; $f(0))")


def test_deep_recursion_is_an_error_of_the_expression() -> None:
    with pytest.raises(StateFailed):
        see("($f := function($x) { 1 + $f($x + 1) }; $f(0))")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$partition([1], 0)", "positive"),
        ("$range(0, 5000, 1)", "1000"),
        ("$hash('a', 'CRC')", "SHA-1"),
        ("$parse('{')", "not JSON"),
    ],
)
def test_added_functions_refuse(text: str, message: str) -> None:
    with pytest.raises(StateFailed, match=message):
        see(text)


def test_a_field_of_the_wrong_type() -> None:
    bindings = Bindings({}, {}, lambda: NOW, random.Random(1))
    with pytest.raises(StateFailed, match="Expected 'number', but was 'string'"):
        evaluate_as("{% 'x' %}", "number", "Seconds", bindings)
