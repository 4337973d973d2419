"""The emitted machine, executed, against the reference of Airflow's scheduler: states and times of every task."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dag_translator import asl
from dag_translator.check import check
from dag_translator.lower import lower
from dag_translator.model import Dag
from dag_translator.regions import Await, Parallel, Part, Region, Series, Signal, tasks_in, walk
from dag_translator.split import FULL, Sizes, gathered
from dag_translator.structure import structure
from dag_translator.trigger_rules import STATES
from infra.local.engine import Execution
from tests.translator.drawing import runs
from tests.translator.fakes import FakeLambdas, execute
from tests.translator.reference import Outcome, schedule

# `AIRSTEP_EXAMPLES=10000 pytest tests/translator/test_properties.py` is the long run.
EXAMPLES = int(os.environ.get("AIRSTEP_EXAMPLES", "150"))
MANY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 1000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _machine(dag: Dag) -> tuple[Region, asl.Machine]:
    region = structure(dag)
    machine = lower(dag, region)
    check(dag, machine)
    return region, machine


@MANY
@given(runs())
def test_states_and_starts_are_airflows(run: tuple[Dag, dict[str, Outcome]]) -> None:
    dag, outcomes = run
    region, machine = _machine(dag)
    assert sorted(tasks_in(region)) == sorted(task.task_id for task in dag.tasks)
    execution, lambdas = execute(dag, machine, outcomes)
    _agree(dag, outcomes, execution, lambdas)


def _agree(dag: Dag, outcomes: dict[str, Outcome], execution: Execution, lambdas: FakeLambdas) -> None:
    """The machine's states, tries and starts are Airflow's.

    A task below one that a branch has skipped may start later, at most when the skipped one's turn has come; all others
    start at the same moment. The reference does not time what is inside mapped groups.
    """
    assert execution.status == "SUCCEEDED", execution.cause
    airflow, in_turn = schedule(dag, outcomes), schedule(dag, outcomes, at_once=False)
    states = {task_id: _in_payload(state) for task_id, state in airflow.states.items()}
    assert lambdas.final == states
    assert in_turn.states == airflow.states
    starts = {task_id: start for task_id, start in lambdas.starts.items() if task_id not in dag.group_of}
    assert starts.keys() == airflow.starts.keys() == in_turn.starts.keys()
    for task_id, start in starts.items():
        assert airflow.starts[task_id] - 1e-4 <= start <= in_turn.starts[task_id] + 1e-4, task_id
    for (task_id, _), tries in lambdas.ran.items():
        assert tries == outcomes[task_id].tries, task_id


@MANY
@given(runs(), st.data())
def test_a_rerun_passes_over_what_is_kept(run: tuple[Dag, dict[str, Outcome]], data: st.DataObject) -> None:
    """Whatever is kept, and however it ended: it does not run, and the others end as Airflow's rules say, in one
    machine or in parts.

    A task that skips others may come too late for one that does not have to wait for a kept task: only where it is
    drawn that nobody skips may something be kept that has a cleared task above it.
    """
    dag, outcomes = run
    drawn = data.draw(st.dictionaries(st.sampled_from([task.task_id for task in dag.tasks]), st.sampled_from(STATES)))
    if any(outcome.skips for outcome in outcomes.values()):
        cleared = {below for task in dag.tasks if task.task_id not in drawn for below in dag.descendants(task.task_id)}
        drawn = {task_id: state for task_id, state in drawn.items() if task_id not in cleared}
    kept_groups = {group.group_id for group in dag.mapped_groups if drawn.keys() >= {*group.members}}
    drawn = {
        task_id: state
        for task_id, state in drawn.items()
        if task_id not in dag.group_of or dag.group_of[task_id].group_id in kept_groups
    }
    region = structure(dag)
    if data.draw(st.booleans()):
        region = gathered(region, Sizes({task.task_id: 0.2 for task in dag.tasks}, other=0.0078125, part=0.0625))
    machine = lower(dag, region, rerun=True)
    check(dag, machine)
    expected = schedule(dag, outcomes, drawn)
    execution, lambdas = execute(dag, machine, outcomes, drawn)
    assert execution.status == "SUCCEEDED", execution.cause
    assert lambdas.final == {task_id: _in_payload(state) for task_id, state in expected.states.items()}
    assert drawn.keys().isdisjoint(task_id for task_id, _ in lambdas.ran)


def _in_payload(state: str | tuple[str, ...]) -> str | list[str]:
    """A task's state, or the distinct states of a mapped task's instances; one alone as it is."""
    if isinstance(state, str):
        return state
    distinct = list(dict.fromkeys(state))
    return distinct[0] if len(distinct) == 1 else distinct


@MANY
@given(runs(), st.sampled_from((0.0625, 0.1875, 0.3125)))
def test_parts_change_nothing(run: tuple[Dag, dict[str, Outcome]], size: float) -> None:
    """A DAG that fills several machines: the same states at the same times. size: a task's share of a machine."""
    dag, outcomes = run
    sizes = Sizes({task.task_id: size for task in dag.tasks}, other=0.0078125, part=0.0625)
    region = gathered(structure(dag), sizes)
    machine = lower(dag, region)
    check(dag, machine)
    assert all(_filled(each, sizes) <= FULL for each in walk(Part(0, region)) if isinstance(each, Part))
    execution, lambdas = execute(dag, machine, outcomes)
    _agree(dag, outcomes, execution, lambdas)


def _filled(part: Part, sizes: Sizes) -> float:
    """How much of its machine a part fills."""
    inside = [part.region]
    total = 0.0
    while inside:
        current = inside.pop()
        total += sizes.part if isinstance(current, Part) else sizes.of(current)
        if isinstance(current, Series):
            inside += current.steps
        elif isinstance(current, Parallel):
            inside += current.branches
    return total


@MANY
@given(runs(largest=60, plain=True))
def test_no_barrier_is_false(run: tuple[Dag, dict[str, Outcome]]) -> None:
    """Every task starts the moment the last of its upstream tasks ends; the makespan is the critical path."""
    dag, outcomes = run
    _, machine = _machine(dag)
    ends: dict[str, float] = {}
    for task in dag.tasks:
        ends[task.task_id] = max((ends[each] for each in task.upstream), default=0.0) + outcomes[task.task_id].seconds
    _, lambdas = execute(dag, machine, outcomes)
    assert lambdas.ends == pytest.approx(ends, abs=1e-4)
    assert max(lambdas.ends.values()) == pytest.approx(max(ends.values()), abs=1e-4)


@MANY
@given(runs(largest=40, plain=True))
def test_every_await_is_answered(run: tuple[Dag, dict[str, Outcome]]) -> None:
    """Each join's sources are the signals that name it, no more and no fewer."""
    region = structure(run[0])
    heard: dict[str, set[str]] = {}
    for signal in (each for each in walk(region) if isinstance(each, Signal)):
        for join in signal.joins:
            heard.setdefault(join, set()).add(signal.source)
    awaited = {each.join: set(each.sources) for each in walk(region) if isinstance(each, Await)}
    assert awaited == heard


@MANY
@given(runs(largest=30, plain=True))
def test_signals_stand_only_where_the_order_does_not_nest(run: tuple[Dag, dict[str, Outcome]]) -> None:
    dag, _ = run
    region = structure(dag)
    nests = not any(isinstance(each, Await | Signal) for each in walk(region))
    assert nests == _is_series_parallel(dag)
    assert all(len(each.branches) > 1 for each in walk(region) if isinstance(each, Parallel))


def _is_series_parallel(dag: Dag) -> bool:
    """No four tasks form an N in the order (Valdes, Tarjan, Lawler): a<c, a<d, b<d, and nothing else among them."""
    below = {task.task_id: dag.descendants(task.task_id) for task in dag.tasks}

    def apart(one: str, other: str) -> bool:
        return one != other and other not in below[one] and one not in below[other]

    for a, after_a in below.items():
        for d in after_a:
            befores = [b for b in below if d in below[b] and apart(a, b)]
            afters = [c for c in after_a if apart(c, d)]
            if any(apart(b, c) for b in befores for c in afters):
                return False
    return True
