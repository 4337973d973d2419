"""The table of trigger rules: its Python and its JSONata readings against each other and against Airflow."""

from __future__ import annotations

import json
from itertools import combinations, combinations_with_replacement, product
from pathlib import Path

import jsonata
import pytest

from dag_translator.trigger_rules import (
    EARLY_FIRING,
    RULES,
    STATES,
    AnyOf,
    Predicate,
    condition,
    evaluate,
    worth_asking,
)

EXPECTED = Path(__file__).parent.parent / "data" / "conformance" / "t01_trigger_rule_matrix.3.3.2.json"
MIXES = [mix for size in (1, 2, 3, 4) for mix in combinations_with_replacement(STATES, size)]
LETTERS = {"s": "success", "f": "failed", "k": "skipped", "u": "upstream_failed"}
VERDICT_OF = {"success": "run", "skipped": "skipped", "upstream_failed": "upstream_failed"}


def _jsonata_verdict(rule: str, states: tuple[str, ...]) -> str:
    """What the guard's Choice would do: the first condition that holds."""
    upstream = [f"$states.input.t{number}" for number in range(len(states))]
    payload = {f"t{number}": state for number, state in enumerate(states)}
    for predicate, verdict in RULES[rule].clauses:
        text = condition(predicate, upstream)
        if jsonata.Jsonata(text.replace("$states.input.", "")).evaluate(payload):
            return verdict
    return RULES[rule].otherwise


@pytest.mark.parametrize("rule", RULES)
def test_jsonata_says_what_python_says(rule: str) -> None:
    for mix in MIXES:
        assert _jsonata_verdict(rule, mix) == evaluate(rule, mix, len(mix)), (rule, mix)


def test_the_matrix_is_airflows() -> None:
    """Every rule against every mix of upstream states that was measured on Airflow 3.3.2."""
    measured = json.loads(EXPECTED.read_text())["tasks"]
    compared = 0
    for task_id, state in measured.items():
        letters, _, rule = task_id.partition(".")
        if rule:
            mix = [LETTERS[letter] for letter in letters]
            assert evaluate(rule, mix, len(mix)) == VERDICT_OF[state], task_id
            compared += 1
    assert compared == 17 * 12


@pytest.mark.parametrize("rule", RULES)
def test_early_verdicts_stand(rule: str) -> None:
    """What an early-firing rule decides on a part of the states, it decides on all of them."""
    for mix in MIXES:
        for known in range(len(mix)):
            early = evaluate(rule, mix[:known], len(mix))
            assert early is None or (rule in EARLY_FIRING and early == evaluate(rule, mix, len(mix)))


@pytest.mark.parametrize("rule", RULES)
def test_what_is_worth_asking_decides_the_same(rule: str) -> None:
    """Whatever is known beforehand, the clauses that are left give the verdict of the whole rule."""
    subsets = [frozenset(some) for size in (1, 2, 3, 4) for some in combinations(STATES, size)]
    for a, b in product(subsets, subsets):
        clauses = [(predicate, verdict, ("a", "b")) for predicate, verdict in RULES[rule].clauses]
        asked, otherwise = worth_asking(clauses, RULES[rule].otherwise, {"a": a, "b": b})
        for states in product(sorted(a), sorted(b)):
            held = (verdict for predicate, verdict, _ in asked if _holds(predicate, states))
            assert next(held, otherwise) == evaluate(rule, states, 2), (rule, a, b, states)
        possible = {evaluate(rule, states, 2) for states in product(a, b)}
        assert {otherwise, *(verdict for _, verdict, _ in asked)} == possible, (rule, a, b)


def _holds(predicate: Predicate, states: tuple[str, ...]) -> bool:
    found = [state in predicate.states for state in states]
    return any(found) if isinstance(predicate, AnyOf) else all(found)


def test_no_upstream_runs() -> None:
    assert {evaluate(rule, [], 0) for rule in RULES} == {"run"}
