"""The reference of Airflow's scheduler against Airflow: told what each task's body did, it says how all tasks ended.

How a body ended, and whom a branch skipped (`skipmixin_key`), is read off the recordings of `tests/data/conformance`;
which tasks ran, and what became of the others, is what the reference has to find.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dag_translator.model import Dag, Expansion, MappedGroup, Task
from dag_translator.pipeline import Translation
from tests.conformance import running
from tests.conformance.deviations import DEVIATIONS
from tests.translator.reference import Outcome, reached, schedule

# DAGs that show what is not the scheduler's rules.
OTHERS = {
    "t31_fail_fast": "the API server stops the other tasks",
    "t61_fail_fast": "the API server stops the other tasks",
    "t60_task_dates": "tasks outside their own dates are not in the run",
}
# Tasks that could not be expanded for what their upstream task returned, which the reference knows nothing of.
NO_ITEMS = {"t51_mapped_chains": {"over_number_all_done"}}


@pytest.mark.parametrize("dag_id", sorted(running.EXPECTED.keys() - OTHERS.keys()))
def test_the_reference_says_what_airflow_did(dag_id: str) -> None:
    recorded = running.expected(dag_id)
    _, translation = running.translated(recorded["file"])[dag_id]
    assert isinstance(translation, Translation)
    dag = translation.model
    unknown = NO_ITEMS.get(dag_id, set())
    states = schedule(dag, _outcomes(dag, recorded)).states
    compared = 0
    for task in dag.tasks:
        if task.task_id in unknown:
            continue
        measured = _measured(task.task_id, recorded)
        if measured is not None:
            compared += 1
            assert _as_recorded(states[task.task_id], measured) == measured, task.task_id
    assert compared >= len(dag.tasks) - len(unknown) - len(DEVIATIONS.get(dag_id, ()))


def _measured(task_id: str, recorded: Mapping[str, Any]) -> str | tuple[str, ...] | None:
    """A task's state, or those of its instances."""
    states: Mapping[str, str] = recorded["tasks"]
    each = [name for name in states if name.startswith(f"{task_id}[")]
    return tuple(states[f"{task_id}[{index}]"] for index in range(len(each))) if each else states.get(task_id)


def _as_recorded(state: str | tuple[str, ...], measured: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """Instances that never ran have records of their own, or one for all: that is not the scheduler's rules."""
    if isinstance(state, str) and isinstance(measured, tuple):
        return (state,) * len(measured)
    if isinstance(measured, str) and {*state} == {measured}:
        return measured
    return state


def _outcomes(dag: Dag, recorded: Mapping[str, Any]) -> dict[str, Outcome]:
    """What the bodies did; those that did not run may do what they like."""
    found = {}
    for number, task in enumerate(dag.tasks):
        measured = _measured(task.task_id, recorded)
        each = list(measured) if isinstance(measured, tuple) else []
        group = dag.group_of.get(task.task_id)
        if group is not None:
            others = [_measured(member, recorded) for member in group.members]
            length = max(len(other) if isinstance(other, tuple) else 0 for other in others)
            each += ["success"] * (length - len(each))
        state = measured if isinstance(measured, str) else "success"
        skips = reached(dag, task.task_id, _skipped(dag, task, recorded))
        found[task.task_id] = Outcome(1 + number * 1e-3, state, skips, tuple(each))
    return found


def _skipped(dag: Dag, task: Task, recorded: Mapping[str, Any]) -> frozenset[str]:
    note = recorded["xcoms"].get(task.task_id, {}).get("skipmixin_key") or {}
    if "followed" in note:
        return frozenset(dag.downstream[task.task_id]) - frozenset(note["followed"])
    return frozenset(note.get("skipped", ()))


def test_a_skip_takes_its_turn_inside_a_group_too() -> None:
    """`skipped` waits for `first` before its turn comes, and `last` for that."""
    once = Expansion(length=1)
    tasks = (
        Task("branch", "PythonOperator", skips="children"),
        Task("first", "PythonOperator", group="g"),
        Task("skipped", "PythonOperator", ("branch", "first"), group="g"),
        Task("last", "PythonOperator", ("branch", "skipped"), "all_done", group="g"),
        Task("below", "PythonOperator", ("last",), "all_done"),
    )
    dag = Dag("d", "d.py", tasks, mapped_groups=(MappedGroup("g", ("first", "skipped", "last"), once),))
    outcomes = {task.task_id: Outcome(1.0, each=("success",) if task.group else ()) for task in tasks}
    outcomes["branch"] = Outcome(1.0, skips=frozenset({"skipped"}))
    assert schedule(dag, outcomes).starts["below"] == 2.0
    assert schedule(dag, outcomes, at_once=False).starts["below"] == 3.0
