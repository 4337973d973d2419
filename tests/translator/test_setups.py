"""Setups and teardowns in the emitted machine, where `always` lets a task begin before those above it."""

from __future__ import annotations

import pytest

from dag_translator.check import check
from dag_translator.lower import lower
from dag_translator.model import Dag, Task
from dag_translator.structure import structure
from tests.translator.fakes import FakeLambdas, execute
from tests.translator.reference import Outcome, schedule


def _executed(dag: Dag, **states: str) -> FakeLambdas:
    machine = lower(dag, structure(dag))
    check(dag, machine)
    outcomes = {
        task.task_id: Outcome(100 + number, states.get(task.task_id, "success"))
        for number, task in enumerate(dag.tasks)
    }
    execution, lambdas = execute(dag, machine, outcomes)
    assert execution.status == "SUCCEEDED", execution.cause
    expected = schedule(dag, outcomes)
    assert lambdas.final == expected.states
    assert lambdas.starts == pytest.approx(expected.starts, abs=1e-4)
    return lambdas


def _dag(*work: Task) -> Dag:
    down = Task("down", "X", ("up", work[-1].task_id), "all_done_setup_success", setups=("up",), is_teardown=True)
    return Dag("d", "d.py", (Task("up", "X", is_setup=True), *work, down))


def test_a_teardown_waits_for_all_of_its_scope() -> None:
    """The task right above it began at once; what the setup made is in use until the others have ended."""
    first = Task("first", "X", ("up",), setups=("up",))
    second = Task("second", "X", ("first",), "always", setups=("up",))
    lambdas = _executed(_dag(first, second))
    assert lambdas.starts["second"] == pytest.approx(0, abs=1e-4)
    assert lambdas.starts["down"] == pytest.approx(lambdas.ends["first"], abs=1e-4)


@pytest.mark.parametrize(("up", "third"), [("success", "success"), ("failed", "upstream_failed")])
def test_a_task_waits_for_its_setups(up: str, third: str) -> None:
    first = Task("first", "X", ("up",), setups=("up",))
    second = Task("second", "X", ("first",), "always", setups=("up",))
    work = Task("third", "X", ("second",), setups=("up",))
    assert _executed(_dag(first, second, work), up=up).final["third"] == third
