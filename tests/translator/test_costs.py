"""What a run costs in transitions, and how fast large DAGs translate structurally."""

from __future__ import annotations

import pytest

from dag_translator import asl
from dag_translator.check import check
from dag_translator.lower import lower
from dag_translator.model import Dag, Task
from dag_translator.regions import Await, Parallel, Signal, tasks_in, walk
from dag_translator.structure import structure
from tests.translator.fakes import execute
from tests.translator.reference import Outcome


def _transitions(dag: Dag) -> int:
    execution, _ = execute(dag, lower(dag, structure(dag)), {task.task_id: Outcome(1) for task in dag.tasks})
    assert execution.status == "SUCCEEDED"
    return execution.transitions


@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_a_chain_costs_its_tasks_and_two(size: int) -> None:
    tasks = tuple(Task(f"t{n}", "X", (f"t{n - 1}",) if n else ()) for n in range(size))
    assert _transitions(Dag("d", "d.py", tasks)) == size + 2


@pytest.mark.parametrize("width", [2, 3, 10, 40])
def test_a_fan_costs_its_tasks_and_six(width: int) -> None:
    """First, `width` tasks side by side, last: start run, Parallel, guard, finish run besides."""
    middle = tuple(Task(f"m{n}", "X", ("first",)) for n in range(width))
    last = Task("last", "X", tuple(task.task_id for task in middle))
    assert _transitions(Dag("d", "d.py", (Task("first", "X"), *middle, last))) == width + 6


def test_an_empty_dag_costs_two() -> None:
    execution, _ = execute(Dag("d", "d.py"), lower(Dag("d", "d.py"), None), {})
    assert execution.transitions == 2


def _parallels(machine: asl.Machine) -> list[asl.Parallel]:
    return [state for state in machine.states.values() if isinstance(state, asl.Parallel)]


def test_branches_carry_only_what_they_ask_for() -> None:
    """Two fans, one after the other: what the first one's tasks became is nothing to the second one's.

    Else the results of the second `Parallel` would grow with the square of the width, beyond what Step Functions takes.
    """
    first = tuple(Task(f"extract_{n:03}", "X") for n in range(120))
    gate = Task("gate", "X", tuple(task.task_id for task in first))
    second = tuple(Task(f"load_{n:03}", "X", ("gate",)) for n in range(120))
    dag = Dag("d", "d.py", (*first, gate, *second))
    machine = lower(dag, structure(dag))
    before, after = _parallels(machine)
    assert before.arguments == {}
    assert "gate" in str(after.arguments)
    assert "extract" not in str(after.arguments)
    assert check(dag, machine)[1] == ()
    execution, lambdas = execute(dag, machine, {task.task_id: Outcome(1) for task in dag.tasks})
    assert execution.status == "SUCCEEDED"
    assert lambdas.final == {task.task_id: "success" for task in dag.tasks}


def test_branches_that_ask_for_too_much_are_refused() -> None:
    first = tuple(Task(f"extract_{n:03}", "X") for n in range(120))
    second = tuple(Task(f"load_{n:03}", "X", tuple(task.task_id for task in first)) for n in range(120))
    dag = Dag("d", "d.py", (*first, *second))
    machine = lower(dag, structure(dag))
    _, problems = check(dag, machine)
    assert "payload-too-large" in {problem.code for problem in problems}


def test_a_thousand_tangled_tasks_nest() -> None:
    """A chain of Ns, so tangled that each task waits for a signal: all there, in bounds that show no blow-up."""
    tasks = tuple(Task(f"t{n}", "X", tuple(f"t{m}" for m in (n - 3, n - 7) if m >= 0)) for n in range(1000))
    region = structure(Dag("d", "d.py", tasks))
    assert len(tasks_in(region)) == 1000
    assert sum(isinstance(each, Await | Signal | Parallel) for each in walk(region)) < 3000


def test_a_deep_chain_of_parallels_nests() -> None:
    """Nesting of hundreds of levels stays within Python's means."""
    tasks = [Task("t0", "X")]
    for n in range(400):
        tasks += [Task(f"a{n}", "X", (f"t{n}",)), Task(f"t{n + 1}", "X", (f"t{n}",))]
    dag = Dag("d", "d.py", tuple(tasks))
    machine = lower(dag, structure(dag))
    assert machine.start_at == "start run"
