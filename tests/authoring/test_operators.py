"""Operators at work: what their execute() does, and what branches and short circuits skip."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from dag_translator.authoring.definitions.dag import DAG
from dag_translator.authoring.definitions.task_decorators import task
from dag_translator.authoring.definitions.taskgroup import TaskGroup
from dag_translator.authoring.exceptions import (
    AirflowException,
)
from dag_translator.authoring.operators.dates import BranchDateTimeOperator, BranchDayOfWeekOperator
from dag_translator.authoring.operators.empty import EmptyOperator
from dag_translator.authoring.operators.latest_only import LatestOnlyOperator
from dag_translator.authoring.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from dag_translator.authoring.operators.skipmixin import BaseBranchOperator


def run(function: Any, context: dict[str, Any] | None = None, **arguments: Any) -> Any:
    return PythonOperator(task_id="t", python_callable=function, **arguments).execute(context or {})


def test_python_arguments_come_from_op_args_op_kwargs_and_context() -> None:
    context = {"ds": "2024-01-15", "ti": "TI", "y": "context's"}
    assert run(lambda x, ds, y=0, **rest: (x, ds, y, sorted(rest)), context, op_args=[1]) == (
        1,
        "2024-01-15",
        "context's",
        ["templates_dict", "ti"],
    )
    assert run(lambda x, y: (x, y), context, op_args=[1], op_kwargs={"y": 2}) == (1, 2)
    assert run(lambda templates_dict: templates_dict, templates_dict={"a": 1}) == {"a": 1}
    assert run(lambda: 5, provide_context=True) == 5
    with pytest.raises(ValueError, match="The key 'ds' in args is a part of kwargs"):
        run(lambda ds: ds, context, op_args=[1])


def test_python_coroutines_run_to_their_end() -> None:
    async def work(x: int) -> int:
        return x + 1

    assert run(work, op_args=[1]) == 2
    with pytest.raises(AirflowException, match="must be callable"):
        PythonOperator(task_id="t", python_callable=5)  # type: ignore[arg-type]


@pytest.fixture
def branching() -> Any:
    """branch → a → join, branch → b → c → join, branch → join, branch → g(x → y)."""
    with DAG("d"):
        branch = BranchPythonOperator(task_id="branch", python_callable=lambda: None)
        a, b, c, join = (EmptyOperator(task_id=i) for i in ("a", "b", "c", "join"))
        with TaskGroup("g") as group:
            _ = EmptyOperator(task_id="x") >> EmptyOperator(task_id="y")
        _ = branch >> [a, b, join, group]
        _ = a >> join
        _ = b >> c >> join
    return branch


@pytest.mark.parametrize(
    ("chosen", "skipped"),
    [
        ("a", {"b", "g.x"}),
        (["a"], {"b", "g.x"}),
        (("a", "b"), {"g.x"}),
        ("join", {"a", "b", "g.x"}),
        ("g", {"a", "b", "join"}),
        (["g", "a"], {"b"}),
        ("c", {"a", "b", "g.x"}),
        (None, {"a", "b", "join", "g.x"}),
        ([], {"a", "b", "join", "g.x"}),
        ((name for name in ["a"]), {"b", "g.x"}),
    ],
)
def test_a_branch_skips_direct_children_that_are_not_followed(branching: Any, chosen: Any, skipped: set[str]) -> None:
    assert branching.tasks_to_skip(chosen) == skipped


@pytest.mark.parametrize("chosen", ["nope", ["a", "nope"], 5, True, [1], ""])
def test_an_invalid_choice_fails(branching: Any, chosen: Any) -> None:
    with pytest.raises(AirflowException):
        branching.tasks_to_skip(chosen)


@pytest.mark.parametrize(("ignore", "skipped"), [(True, {"x", "y", "z"}), (False, {"x"})])
def test_a_short_circuit(ignore: bool, skipped: set[str]) -> None:
    with DAG("d"):
        gate = ShortCircuitOperator(task_id="gate", python_callable=lambda: 0, ignore_downstream_trigger_rules=ignore)
        x, y, z = (EmptyOperator(task_id=i) for i in "xyz")
        _ = gate >> x >> y >> z
        _ = gate >> EmptyOperator(task_id="cleanup").as_teardown(setups=EmptyOperator(task_id="s"))
    assert gate.tasks_to_skip(gate.execute({})) == skipped
    assert gate.tasks_to_skip("something") == set()


def test_a_users_own_branch_and_decorated_ones() -> None:
    class Mine(BaseBranchOperator):
        def choose_branch(self, context: Any) -> Any:
            return context["choice"]

    @task.branch
    def choose() -> str:
        return "b"

    with DAG("d"):
        mine, decorated = Mine(task_id="mine"), choose().operator
        for operator in (mine, decorated):
            _ = operator >> [EmptyOperator(task_id=f"{operator.task_id}_{i}") for i in "ab"]
        _ = decorated >> EmptyOperator(task_id="b")
    assert mine.tasks_to_skip(mine.execute({"choice": "mine_a"})) == {"mine_b"}
    assert decorated.tasks_to_skip(decorated.execute({})) == {"choose_a", "choose_b"}
    assert mine.is_branch
    assert decorated.is_branch
    assert mine.inherits_from_skipmixin
    assert not EmptyOperator(task_id="e").inherits_from_skipmixin


def test_branch_on_dates() -> None:
    monday = {"logical_date": datetime(2024, 1, 15, 12, tzinfo=UTC)}
    choices: dict[str, Any] = {
        "follow_task_ids_if_true": "yes",
        "follow_task_ids_if_false": "no",
        "use_task_logical_date": True,
    }
    with DAG("d"):
        day = BranchDayOfWeekOperator(task_id="day", week_day={"Monday", "Tuesday"}, **choices)
        other = BranchDayOfWeekOperator(task_id="other", week_day="Sunday", **choices)
        noon: dict[str, Any] = {"target_lower": datetime(2024, 1, 15, 11), "target_upper": datetime(2024, 1, 15, 13)}
        within = BranchDateTimeOperator(task_id="within", **noon, **choices)
        night = BranchDateTimeOperator(
            task_id="night",
            target_lower=datetime(2000, 1, 1, 22).time(),
            target_upper=datetime(2000, 1, 1, 6).time(),
            **choices,
        )
    assert [operator.choose_branch(monday) for operator in (day, other, within, night)] == ["yes", "no", "yes", "no"]


@pytest.mark.parametrize(
    ("run_type", "end", "expected"),
    [
        ("manual", datetime(2020, 1, 2, tzinfo=UTC), ["a"]),
        ("scheduled", datetime(2020, 1, 2, tzinfo=UTC), []),
        ("scheduled", datetime.now(UTC) - timedelta(hours=1), ["a"]),
    ],
)
def test_latest_only(run_type: str, end: datetime, expected: list[str]) -> None:
    with DAG("d", schedule="@daily"):
        latest = LatestOnlyOperator(task_id="latest")
        _ = latest >> EmptyOperator(task_id="a")
    dag_run = SimpleNamespace(run_type=run_type, data_interval_start=end - timedelta(days=1), data_interval_end=end)
    assert latest.choose_branch({"dag_run": dag_run}) == expected
