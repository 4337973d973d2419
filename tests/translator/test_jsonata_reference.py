"""Every expression that machines are made of means the same to JSONata's reference implementation as to our engine.

Step Functions follows JSONata 2.0.6; the npm package of that version is the judge. Each expression of the goldens and
of drawn DAGs is evaluated by both over random payloads, with fields missing and with lists where mapped tasks leave
them; and the conditions of trigger rules are compared with what they are to mean.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from dag_translator import asl_json
from dag_translator.lower import lower
from dag_translator.model import Dag
from dag_translator.structure import structure
from dag_translator.trigger_rules import LETTERS, RULES, SETUP_CONSTRAINT, STATES, AnyOf, Predicate, condition
from infra.local.engine.errors import StateFailed
from infra.local.engine.expressions import Bindings, body, evaluate, is_expression
from tests.translator.drawing import dags

pytestmark = pytest.mark.node

ROOT = Path(__file__).parents[2]
GOLDENS = Path(__file__).parent / "goldens"
PAYLOADS = 10

# Reads [[expression, bindings], …], writes [{"value": …} or {"error": …}, …]; undefined is an error, as on AWS.
REFERENCE = """
const jsonata = require("jsonata");
const cases = JSON.parse(require("fs").readFileSync(0));
const one = async ([text, bindings]) => {
  try {
    const value = await jsonata(text).evaluate(undefined, bindings);
    return value === undefined ? {error: "undefined"} : {value};
  } catch (error) { return {error: error.message || String(error)}; }
};
(async () => {
  const answers = [];
  for (const each of cases) answers.push(await one(each));
  process.stdout.write(JSON.stringify(answers));
})();
"""

Case = tuple[str, dict[str, Any]]


def reference(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """What the reference implementation makes of each expression with its variables."""
    if shutil.which("node") is None or not (ROOT / "node_modules" / "jsonata").exists():
        pytest.fail("the Node tools are missing: run `make setup`")
    done = subprocess.run(
        ["node", "-e", REFERENCE], input=json.dumps(cases), capture_output=True, text=True, check=True, cwd=ROOT
    )
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def engine(case: Case) -> dict[str, Any]:
    """The same of our engine."""
    text, variables = case
    others = {name: value for name, value in variables.items() if name != "states"}
    bindings = Bindings(others, variables["states"], lambda: 0.0, random.Random(0))
    try:
        return {"value": evaluate(f"{{% {text} %}}", bindings)}
    except StateFailed as error:
        return {"error": error.cause}


def agree(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """The same value (True is not 1), or both an error."""
    if "error" in one or "error" in other:
        return "error" in one and "error" in other
    return json.dumps(one["value"], sort_keys=True) == json.dumps(other["value"], sort_keys=True)


def expressions(template: Any) -> Iterator[str]:
    """Every expression in a definition, whatever its field."""
    if isinstance(template, dict):
        for value in template.values():
            yield from expressions(value)
    elif isinstance(template, list):
        for value in template:
            yield from expressions(value)
    elif is_expression(template):
        yield body(template)


def drawn_definitions() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    @settings(
        max_examples=12,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(dags(largest=14))
    def collect(dag: Dag) -> None:
        found.append(asl_json.definition(lower(dag, structure(dag)), "", None))

    collect()
    return found


def task_ids(definitions: Sequence[dict[str, Any]]) -> list[str]:
    """Names that the payloads are made of: of drawn tasks, and of every state of the goldens."""
    states = (name for each in definitions for name in each["States"])
    members = (f"{group}.{task}" for group in ("load", "fixed") for task in ("fetch", "clean", "mark", "alarm"))
    nested = ("days", "left", "right", "a", "b", "c", "d", "e", "m", "load.orders", "load.prices", *members)
    return sorted({*states, *nested, *(f"t{number}" for number in range(14))})


class Payloads:
    """Random variables for an expression: what a state may see, now and then without some of it."""

    def __init__(self, seed: int, names: list[str]) -> None:
        self._random = random.Random(seed)
        self._names = names

    def variables(self) -> dict[str, Any]:
        run: dict[str, Any] = {"dag_id": "d", "run_id": "r", "logical_date": None, "conf": {}, "execution": "x"}
        states = {
            "input": self._input(run),
            "result": self._result(),
            "errorOutput": {"Error": "ValueError", "Cause": '{"errorMessage": "x"}'},
            "context": {
                "Execution": {"Id": "arn", "Name": "x", "StartTime": "2024-01-15T00:00:00.123Z", "Input": {}},
                "State": {"Name": "s", "EnteredTime": "2024-01-15T00:00:00.123Z", "RetryCount": self._number()},
                "Task": {"Token": "token"},
                "Map": {"Item": {"Index": 1, "Value": self._random.choice((1, self._letters()))}},
            },
        }
        return {"run": run, "instance": {"run": run, "map_index": 1}, "states": states}

    def _number(self) -> int:
        return self._random.choice((0, 1, 1999, 2000, 1705276800123, 1705276800124))

    def _task_states(self) -> dict[str, Any]:
        """The payload: most tasks have a state, mapped ones the distinct states of their instances, some have none."""
        found: dict[str, Any] = {}
        odd = self._random.choice((0.0, 0.3))
        favourite = self._random.choice(STATES)
        for name in self._names:
            chance = self._random.random()
            if chance < odd / 2:
                continue
            state = favourite if self._random.random() < 0.6 else self._random.choice(STATES)
            found[name] = self._random.sample(STATES, self._random.randint(0, 3)) if chance < odd else state
        return found

    def _answer(self) -> dict[str, Any]:
        state = self._random.choice(("success", "failed", "skipped", "up_for_reschedule"))
        return {"state": state, "wait": self._number(), "error": {"Error": "E", "Cause": "C"}}

    def _input(self, run: dict[str, Any]) -> dict[str, Any]:
        if self._random.random() < 0.05:
            return {}
        return {
            **self._task_states(),
            "states": {**self._task_states(), "run": run, "map_index": 1},
            "map_index": 1,
            "length": self._random.randint(1, 3),
            "letters": [self._letters() for _ in range(self._random.randint(1, 3))],
            "lost": self._random.choice(({}, {"t1": "upstream_failed"})),
            "answer": self._answer(),
            "poll": {"arguments": {"QueryExecutionId": "q"}, "handle": {"id": "q"}, "deadline": self._number()},
            "lap": self._number(),
            "wait": self._number(),
            "run": run,
            "error": {"Error": "E", "Cause": "C"},
            "arguments": self._arguments(),
            "result": {"QueryExecution": {"QueryExecutionId": "q"}},
            "attempt": 1,
        }

    def _arguments(self) -> dict[str, Any]:
        """What a Lambda made ready for a service: a query, a pod on a cluster, a request over HTTP."""
        cluster = {"ClusterName": "c", "Endpoint": "https://c.example.com", "CertificateAuthority": "Q0E="}
        request = {"headers": {"accept": "*/*"}, "query": {"a": "1"}, "body": {"b": [1]}}
        return {"QueryString": "SELECT 1", **cluster, **request}

    def _letters(self) -> str:
        """How the members of a mapped group ended in one instance."""
        return "".join(self._random.choices(tuple(LETTERS.values()), k=len(self._names)))

    def _result(self) -> Any:
        state = self._random.choice(("SUCCEEDED", "FAILED", "CANCELLED", "RUNNING", "QUEUED"))
        execution = {"QueryExecution": {"Status": {"State": state}}}
        letters = self._letters()
        answer = {**self._task_states(), "states": {}, "run": {}, "letters": letters}
        payload = {"Payload": answer, **execution, **self._task_states()}
        branches = [{**self._task_states(), "answer": self._answer()} for _ in range(self._random.randint(1, 4))]
        instances = self._random.choices(STATES, k=self._random.randint(1, 4))
        groups = [letters, *self._random.choices((letters, letters[::-1], letters[1:] + "s"), k=3)]
        return self._random.choice((payload, payload, branches, instances, groups[: self._random.randint(1, 4)]))


def test_every_expression_has_the_value_that_the_reference_gives() -> None:
    definitions = [json.loads(path.read_text()) for path in sorted(GOLDENS.glob("*.asl.json"))] + drawn_definitions()
    texts = sorted({text for each in definitions for text in expressions(each)})
    payloads = Payloads(7, task_ids(definitions))
    cases = [(text, payloads.variables()) for text in texts for _ in range(PAYLOADS)]
    expected = reference(cases)
    different = [
        (text, variables, wanted, found)
        for (text, variables), wanted in zip(cases, expected, strict=True)
        if not agree(wanted, found := engine((text, variables)))
    ]
    assert not different, different[0]
    valued = {text for (text, _), answer in zip(cases, expected, strict=True) if "value" in answer}
    assert len(texts) > 250
    assert set(texts) == valued  # nothing was compared by its errors alone


def holds(predicate: Predicate, states: Sequence[str]) -> bool:
    """What a predicate says, in Python."""
    found = (state in predicate.states for state in states)
    return any(found) if isinstance(predicate, AnyOf) else all(found)


def test_conditions_mean_what_their_predicates_say() -> None:
    """Every predicate over one to five upstream tasks: Step Functions would decide as our Python does."""
    predicates = {clause[0] for rule in RULES.values() for clause in rule.clauses} | {
        each for each, _ in SETUP_CONSTRAINT
    }
    draw = random.Random(3)
    cases: list[Case] = []
    wanted: list[bool] = []
    for predicate in sorted(predicates, key=str):
        for count in range(1, 6):
            text = condition(predicate, [f"$states.input.t{number}" for number in range(count)])
            combinations = list(product(STATES, repeat=count))
            for states in draw.sample(combinations, min(len(combinations), 64)):
                cases.append(
                    (text, {"states": {"input": {f"t{number}": state for number, state in enumerate(states)}}})
                )
                wanted.append(holds(predicate, states))
    answers = reference(cases)
    wrong = [case for case, answer, value in zip(cases, answers, wanted, strict=True) if answer != {"value": value}]
    assert not wrong, wrong[0]
    assert {True, False} == set(wanted)
