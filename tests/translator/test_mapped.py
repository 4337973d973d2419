"""Mapped tasks in the emitted machine: few inline, many distributed, ten thousand within every limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dag_translator import asl
from dag_translator.check import MAX_EVENTS, MAX_PAYLOAD, check
from dag_translator.lower import lower
from dag_translator.model import Dag, Expansion, Retry, Task
from dag_translator.operators.mapped import AT_ONCE, MAX_LENGTH
from dag_translator.structure import structure
from infra.local.engine.json_values import dumps
from lambdas.tasks import expand_task
from tests.translator.fakes import execute
from tests.translator.reference import Outcome


def _dag(expansion: Expansion, retries: int = 0) -> tuple[Dag, asl.Machine]:
    mapped = Task("m", "X", ("a",), expansion=expansion, retry=Retry(retries))
    dag = Dag("d", "d.py", (Task("a", "X"), mapped, Task("z", "X", ("m",), trigger_rule="none_failed_min_one_success")))
    return dag, lower(dag, structure(dag))


def _map(machine: asl.Machine) -> asl.Map:
    (found,) = (state for state in machine.states.values() if isinstance(state, asl.Map))
    return found


def test_ten_thousand_instances() -> None:
    dag, machine = _dag(Expansion(over=("a",)))
    each = tuple("skipped" if index % 7 == 3 else "success" for index in range(10_000))
    execution, lambdas = execute(dag, machine, {"a": Outcome(1), "m": Outcome(1, each=each), "z": Outcome(1)})
    assert execution.status == "SUCCEEDED", execution.cause
    assert lambdas.final == {"a": "success", "m": ["success", "skipped"], "z": "success"}
    assert len(lambdas.ran) == 10_002
    assert lambdas.starts["z"] == pytest.approx(1 + 10_000 / AT_ONCE, abs=0.1)
    assert len(execution.events) < 50, "the children's events are in their own histories"


def test_as_many_as_are_allowed_fit_the_payload() -> None:
    """The map's result is every instance's state. (The Lambda loads none of the translator's passes.)"""
    assert expand_task.MAX_LENGTH == MAX_LENGTH
    assert len(dumps(["skipped"] * MAX_LENGTH)) < MAX_PAYLOAD


@pytest.mark.parametrize(
    ("expansion", "retries", "distributed"),
    [
        (Expansion(3), 0, False),
        (Expansion(40), 0, False),
        (Expansion(41), 0, True),
        (Expansion(40), 100, True),
        (Expansion(over=("a",)), 0, True),
    ],
)
def test_where_instances_run(expansion: Expansion, retries: int, distributed: bool) -> None:
    dag, machine = _dag(expansion, retries)
    assert _map(machine).distributed is distributed
    estimates, problems = check(dag, machine)
    assert not problems
    assert estimates.history_events < MAX_EVENTS / 10
    assert ("m · expand" in machine.states) is (expansion.length is None)


def test_a_literal_map_costs_its_instances_and_one() -> None:
    dag, machine = _dag(Expansion(5))
    outcomes = {"a": Outcome(1), "m": Outcome(1, each=("success",) * 5), "z": Outcome(1)}
    execution, _ = execute(dag, machine, outcomes)
    # start run, a, the Map, z, its guard, finish run
    assert execution.transitions == 5 + 6


def test_at_once() -> None:
    dag, machine = _dag(Expansion(6, at_once=2))
    _, lambdas = execute(dag, machine, {"a": Outcome(1), "m": Outcome(10, each=("success",) * 6), "z": Outcome(1)})
    assert lambdas.starts["z"] == pytest.approx(31, abs=0.01), "three rounds of two"


def test_nothing_to_map_over_in_the_file_needs_no_lambda() -> None:
    dag, machine = _dag(Expansion(0))
    assert isinstance(machine.states["m"], asl.Pass)
    _, lambdas = execute(dag, machine, {"a": Outcome(1), "m": Outcome(1), "z": Outcome(1)})
    assert lambdas.final == {"a": "success", "m": "skipped", "z": "skipped"}


def test_a_child_that_is_lost_fails_the_task_and_not_the_run() -> None:
    dag, machine = _dag(Expansion(over=("a",)))
    # More states than were planned: the fake has no outcome for the fourth instance, and fails as no task would.
    broken = replace(_map(machine), processor=_fails())
    states = {name: broken if state is _map(machine) else state for name, state in machine.states.items()}
    outcomes = {"a": Outcome(1), "m": Outcome(1, each=("success",)), "z": Outcome(1)}
    execution, lambdas = execute(dag, asl.Machine(machine.start_at, states), outcomes)
    assert execution.status == "SUCCEEDED"
    assert lambdas.final == {"a": "success", "m": "failed", "z": "upstream_failed"}


def _fails() -> asl.Machine:
    """A processor whose only state can't be evaluated."""
    return asl.Machine("x", {"x": asl.Pass(None, "{% $states.input.nothing.at.all %}")})
