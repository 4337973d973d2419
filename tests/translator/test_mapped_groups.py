"""Mapped task groups in the emitted machine: one node outside, an order of their own inside, within every limit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dag_translator import asl
from dag_translator.check import MAX_PAYLOAD, check
from dag_translator.contract import settled
from dag_translator.lower import lower
from dag_translator.lowering.mapped_groups import max_length
from dag_translator.model import Dag, Expansion, MappedGroup, Retry, Task
from dag_translator.operators.mapped import AT_ONCE, MAX_LENGTH
from dag_translator.regions import Await, Gather, Mapped, Signal, walk
from dag_translator.structure import structure
from dag_translator.validate import validate
from infra.local.engine.json_values import dumps
from lambdas.tasks import groups
from tests.translator.fakes import execute
from tests.translator.reference import Outcome


def _dag(expansion: Expansion, *members: Task, retries: int = 0) -> tuple[Dag, asl.Machine]:
    inner = members or (Task("g.a", "X", ("s",), retry=Retry(retries)), Task("g.b", "X", ("g.a",)))
    end = Task("z", "X", (inner[-1].task_id,), trigger_rule="one_failed")
    group = MappedGroup("g", tuple(task.task_id for task in inner), expansion)
    dag = settled(Dag("d", "d.py", (Task("s", "X"), *inner, end), (group,)))
    return dag, lower(dag, structure(dag))


def _map(machine: asl.Machine) -> asl.Map:
    (found,) = (
        state for inner in asl.machines(machine) for state in inner.states.values() if isinstance(state, asl.Map)
    )
    return found


def _outcomes(**each: tuple[str, ...]) -> dict[str, Outcome]:
    members = {f"g.{name}": Outcome(1, each=ends) for name, ends in each.items()}
    return {"s": Outcome(1), "z": Outcome(1), **members}


def test_ten_thousand_instances() -> None:
    dag, machine = _dag(Expansion(over=("s",)))
    first = tuple("failed" if index % 7 == 3 else "success" for index in range(10_000))
    execution, lambdas = execute(dag, machine, _outcomes(a=first, b=("success",) * 10_000))
    assert execution.status == "SUCCEEDED", execution.cause
    assert lambdas.final == {
        "s": "success",
        "g.a": ["success", "failed"],
        "g.b": ["success", "upstream_failed"],
        "z": "success",
    }
    failed = first.count("failed")
    assert len(lambdas.ran) == 2 + 10_000 + 10_000 - failed
    assert lambdas.starts["z"] == pytest.approx(1 + 2 * 10_000 / AT_ONCE, abs=3)
    assert len(execution.events) < 50, "the children's events are in their own histories"


@pytest.mark.parametrize("members", [1, 3, 10, 40])
def test_as_many_as_are_allowed_fit_the_payload(members: int) -> None:
    longest = max_length(members)
    assert len(dumps(["s" * members] * longest)) <= MAX_PAYLOAD
    assert longest == min(MAX_LENGTH, groups.max_length(members))


def test_more_than_fit_are_refused() -> None:
    members = tuple(Task(f"g.{number}", "X") for number in range(40))
    dag, _ = _dag(Expansion(7_000), *members)
    assert [problem.code for problem in validate(dag)] == ["unsupported-too-many-instances"]


@pytest.mark.parametrize(
    ("expansion", "retries", "distributed"),
    [
        (Expansion(3), 0, False),
        (Expansion(37), 0, False),
        (Expansion(38), 0, True),
        (Expansion(10), 100, True),
        (Expansion(over=("s",)), 0, True),
        (Expansion(0), 0, True),
    ],
)
def test_where_instances_run(expansion: Expansion, retries: int, distributed: bool) -> None:
    dag, machine = _dag(expansion, retries=retries)
    assert _map(machine).distributed is distributed
    assert ("g · expand" in machine.states) is (not expansion.length)
    assert not check(dag, machine)[1]


def test_what_has_certainly_succeeded_is_not_asked_for_again() -> None:
    """A group that is expanded has something to be mapped over: no guard in each of its instances."""
    _, machine = _dag(Expansion(over=("s",)))
    assert _map(machine).selector["states"] == {}
    assert list(_map(machine).processor.states)[:2] == ["g · instance", "g.a"]


def test_at_once() -> None:
    assert _map(_dag(Expansion(over=("s",)))[1]).at_once == AT_ONCE
    side_by_side = tuple(Task(f"g.{name}", "X", ("s",)) for name in "abcd")
    assert _map(_dag(Expansion(over=("s",)), *side_by_side)[1]).at_once == AT_ONCE // 4, "each runs four tasks at once"
    dag, machine = _dag(Expansion(6, at_once=2))
    _, lambdas = execute(dag, machine, _outcomes(a=("success",) * 6, b=("success",) * 6))
    assert lambdas.ends["g.b"] == pytest.approx(7, abs=0.01), "three rounds of two"


@pytest.mark.parametrize("length", [None, 3])
def test_each_instance_has_joins_of_its_own(length: int | None) -> None:
    """An order that does not nest inside a group: signals name the instance."""
    members = (
        Task("g.a", "X", ("s",)),
        Task("g.b", "X", ("s",)),
        Task("g.c", "X", ("g.a",)),
        Task("g.d", "X", ("g.a", "g.b")),
    )
    dag, machine = _dag(Expansion(length, () if length else ("s",)), *members)
    (body,) = (region.body for region in walk(structure(dag)) if isinstance(region, Mapped))
    assert any(isinstance(region, Await) for region in walk(body))
    assert any(isinstance(region, Signal) for region in walk(body))
    ends = ("success", "failed", "success")
    execution, lambdas = execute(
        dag, machine, _outcomes(a=ends, b=("success", "success", "skipped"), c=ends, d=("success",) * 3)
    )
    assert execution.status == "SUCCEEDED", execution.cause
    assert lambdas.final["g.c"] == ["success", "upstream_failed"]
    assert lambdas.final["g.d"] == ["success", "upstream_failed", "skipped"]
    assert {index for task_id, index in lambdas.ran if task_id == "g.d"} == {0}


def _group_of(members: tuple[Task, ...], *outside: Task) -> tuple[Dag, asl.Machine]:
    """A group over what `s` returns."""
    group = MappedGroup("g", tuple(task.task_id for task in members), Expansion(over=("s",)))
    dag = settled(Dag("d", "d.py", (Task("s", "X"), *outside, *members), (group,)))
    return dag, lower(dag, structure(dag))


@pytest.mark.parametrize(("above", "inside"), [("success", "skipped"), ("failed", "upstream_failed")])
def test_over_nothing_each_member_is_asked_for_its_rule(above: str, inside: str) -> None:
    """As in Airflow, a member below a failed task is upstream_failed although there is no instance of it."""
    members = (
        Task("g.a", "X", ("s", "t")),
        Task("g.b", "X", ("g.a",)),
        Task("g.c", "X", ("g.a", "g.b"), trigger_rule="one_success"),
        Task("g.d", "X", ("g.a",), trigger_rule="all_done"),
    )
    dag, machine = _group_of(members, Task("t", "X"))
    _, lambdas = execute(dag, machine, {**_outcomes(a=(), b=(), c=(), d=()), "t": Outcome(1, above)})
    assert [lambdas.final[task.task_id] for task in members] == [inside, inside, inside, "skipped"]


def test_what_a_branch_skipped_stays_skipped_in_a_group_that_can_not_be_expanded() -> None:
    branch = Task("t", "X", skips="children")
    members = (
        Task("g.a", "X", ("s", "t"), trigger_rule="all_done"),
        Task("g.b", "X", ("g.a",), trigger_rule="all_done"),
    )
    dag, machine = _group_of(members, branch)
    outcomes = {**_outcomes(a=(), b=()), "s": Outcome(1, "failed"), "t": Outcome(1, skips=frozenset({"g.a"}))}
    _, lambdas = execute(dag, machine, outcomes)
    assert (lambdas.final["g.a"], lambdas.final["g.b"]) == ("skipped", "upstream_failed")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("success", "failed", "skipped"), "upstream_failed"),
        (("success", "skipped"), ["success", "skipped"]),
        (("skipped",), "skipped"),
    ],
)
def test_a_rule_that_looks_at_all_instances(first: tuple[str, ...], second: Any) -> None:
    """Over XComs Airflow judges `none_failed_min_one_success` before it expands: one failure takes all along."""
    members = (
        Task("g.a", "X", ("s",)),
        Task("g.b", "X", ("g.a",), trigger_rule="none_failed_min_one_success"),
        Task("g.c", "X", ("g.a", "g.b"), trigger_rule="one_failed"),
    )
    dag, machine = _group_of(members)
    (body,) = (region.body for region in walk(structure(dag)) if isinstance(region, Mapped))
    assert [step for step in walk(body) if isinstance(step, Gather)] == [Gather(("g.b",))]
    fine = ("success",) * len(first)
    execution, lambdas = execute(dag, machine, _outcomes(a=first, b=fine, c=fine))
    assert execution.status == "SUCCEEDED", execution.cause
    assert lambdas.final["g.b"] == second
    assert not check(dag, machine)[1]


def test_a_group_over_literals_has_one_stage() -> None:
    members = (Task("g.a", "X"), Task("g.b", "X", ("g.a",), trigger_rule="none_failed_min_one_success"))
    dag, machine = _dag(Expansion(3), *members)
    _, lambdas = execute(dag, machine, _outcomes(a=("success", "failed", "skipped"), b=("success",) * 3))
    assert lambdas.final["g.b"] == ["success", "upstream_failed", "skipped"]


def test_one_that_can_not_run_as_a_whole_is_refused() -> None:
    between = Task("between", "X", ("g.a",))
    tasks = (Task("g.a", "X"), between, Task("g.b", "X", ("between",)))
    dag = settled(Dag("d", "d.py", tasks, (MappedGroup("g", ("g.a", "g.b"), Expansion(2), line=7),)))
    (problem,) = validate(dag)
    assert (problem.code, problem.line) == ("mapped-group-interrupted", 7)
    assert problem.hint


def test_a_child_that_is_lost_fails_its_group_and_not_the_run() -> None:
    dag, machine = _dag(Expansion(over=("s",)))
    broken = replace(_map(machine), processor=asl.Machine("x", {"x": asl.Pass(None, "{% $states.input.no.thing %}")}))
    states = {name: broken if state is _map(machine) else state for name, state in machine.states.items()}
    execution, lambdas = execute(dag, asl.Machine(machine.start_at, states), _outcomes(a=("success",), b=("success",)))
    assert execution.status == "SUCCEEDED"
    assert lambdas.final == {"s": "success", "g.a": "failed", "g.b": "failed", "z": "success"}
