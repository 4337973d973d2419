"""Timetables that are user code: when they run, who is asked, and what they may do wrong."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dag_translator.load import load
from dag_translator.pipeline import Refused, Translation, translate_loaded
from dag_translator.schedule import next_executions
from dag_translator.schedule.custom import asker
from lambdas.dispatcher import Dispatcher, dispatch
from lambdas.runs.start_run import start_run
from lambdas.runtime import Runtime
from lambdas.scheduling.ask_timetable import ask_timetable, asking
from lambdas.scheduling.renewal import renew
from lambdas.storage.memory_store import MemoryStore
from lambdas.timetables.timetable import timetable_from_spec
from tests.schedule.world import World

FILE = Path(__file__).parents[1] / "dags" / "lambdas" / "workdays.py"
MARCH = datetime(2024, 3, 1, tzinfo=UTC)


@cache
def translated(dag_id: str) -> tuple[Any, Any]:
    loaded = load(FILE)
    (dag,) = (each for each in loaded.dags if each.dag_id == dag_id)
    (result,) = (each for each in translate_loaded(loaded, FILE.parent) if each.dag_id == dag_id)
    return dag, result


class TaskFunction:
    """Lambda's Invoke, on the task function of a DAG of the file."""

    def __init__(self, dag_id: str) -> None:
        self.runtime = Runtime(dag=translated(dag_id)[0], store=MemoryStore())
        self.asked: list[str] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        self.asked.append(FunctionName)
        try:
            answer: Any = ask_timetable(self.runtime, json.loads(Payload))
        except Exception as error:
            told = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(told).encode())}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


def test_its_runs_over_a_change_of_the_clock() -> None:
    dag, result = translated("workdays")
    assert isinstance(result, Translation)
    schedule = result.manifest["schedule"]
    assert (schedule["kind"], schedule["spec"]["timetable"]) == ("renewed", {"type": "custom", "class": "AfterWorkday"})
    found = next_executions(result.manifest, 7, MARCH, asker(dag))
    assert [run["fires_at"][5:16] for run in found] == [
        "03-02T05:00",  # Friday's
        "03-05T05:00",
        "03-06T05:00",
        "03-07T05:00",
        "03-08T05:00",
        "03-09T05:00",
        "03-12T04:00",  # Monday's, in summer time
    ]
    assert found[-1]["data_interval_start"] == found[-1]["logical_date"] == "2024-03-11T04:00:00+00:00"


def test_it_is_asked_for_many_runs_a_page_at_a_time() -> None:
    function = TaskFunction("workdays")
    spec = translated("workdays")[1].manifest["schedule"]["spec"]
    timetable = timetable_from_spec(spec, asking(function, "airstep-workdays"))
    runs = timetable.next_runs(MARCH, 250)
    assert len({run.run_after for run in runs}) == 250
    assert function.asked == ["airstep-workdays"] * 5
    late = timetable.next_runs(runs[-1].run_after, 1)
    assert late[0].data_interval_start == runs[-1].data_interval_end or late[0].run_after > runs[-1].run_after


def test_it_ends_with_its_dag() -> None:
    dag, result = translated("until")
    found = next_executions(result.manifest, 9, MARCH, asker(dag))
    assert [run["logical_date"][5:10] for run in found] == ["03-01", "03-04", "03-05"]


def test_the_dispatcher_asks_the_task_function() -> None:
    world, function = World(now=datetime(2024, 3, 8, 18, tzinfo=UTC)), TaskFunction("workdays")
    spec = translated("workdays")[1].manifest["schedule"]["spec"]
    event = {**spec, "dag_id": "etl", "state_machine_arn": "arn:aws:states:us-east-1:1:stateMachine:etl"}
    event |= {"task_function": "airstep-workdays", "scheduled_time": "2024-03-08T18:00:00Z"}
    target = {"Arn": "arn:dispatcher", "RoleArn": "arn:role", "GroupName": "airstep", "DeadLetterArn": "arn:lost"}

    def ask(given: Any) -> Any:
        return asking(function, given["task_function"])

    def renewal(given: Any, tick: datetime) -> int:
        return renew(world.scheduler, given, tick, world.now, target, ask(given))

    dispatcher = Dispatcher(world.store, world.machines, lambda: world.now, renewal, ask=ask)
    assert dispatch(dispatcher, event)["renewed"] == 1
    (made,) = world.scheduler.made.values()
    assert made["ScheduleExpression"] == "at(2024-03-09T05:00:00)"
    world.now = datetime(2024, 3, 9, 5, tzinfo=UTC)
    assert dispatch(dispatcher, json.loads(made["Target"]["Input"]))["started"] == [
        "scheduled__2024-03-09T05:00:00+00:00"
    ]


def test_a_run_started_by_hand_has_its_interval() -> None:
    dag, _ = translated("workdays")
    runtime = Runtime(dag=dag, store=MemoryStore(), now=lambda: datetime(2024, 3, 11, 12, tzinfo=UTC))
    execution = {"Id": "arn", "Name": "x", "StartTime": "2024-03-11T12:00:00Z"}
    run = start_run(runtime, {"execution": execution, "input": {}})["run"]
    assert (run["data_interval_start"], run["data_interval_end"]) == (
        "2024-03-08T05:00:00+00:00",
        "2024-03-09T05:00:00+00:00",
    )


@pytest.mark.parametrize(("dag_id", "what"), [("stuck", "the run after"), ("raises", "TypeError")])
def test_a_timetable_that_fails_is_refused(dag_id: str, what: str) -> None:
    _, result = translated(dag_id)
    assert isinstance(result, Refused)
    (problem,) = result.problems
    assert (problem.code, what in problem.message) == ("timetable-raised", True)
    assert problem.hint
    assert problem.line


def test_what_user_code_raises_later_is_told() -> None:
    timetable = timetable_from_spec(
        {"timetable": {"type": "custom", "class": "Raises"}, "start_date": "2024-03-01"},
        asking(TaskFunction("raises"), "airstep-raises"),
    )
    with pytest.raises(RuntimeError, match="airstep-raises: TypeError"):
        timetable.next_runs(MARCH, 1)
    with pytest.raises(ValueError, match="user code"):
        timetable_from_spec({"timetable": {"type": "custom", "class": "Raises"}})
