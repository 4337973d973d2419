"""A backfill with `task_regex`: only a part of the DAG runs, and the rest can be run later."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dag_translator.load import load_for_run
from dag_translator.names import machine_name, rerun_name
from dag_translator.pipeline import Translation, translate_file
from lambdas.runtime import Runtime
from lambdas.storage.records import RunKey
from lambdas.task_function import handle
from tests.backfill.world import World

DAG_FILE = Path(__file__).parents[1] / "dags" / "backfill" / "parts.py"
DAY = {"from_date": "2024-01-01", "to_date": "2024-01-01"}
RUN = RunKey("parts", "backfill__2024-01-02T00:00:00+00:00")
ALL = {"extract", "transform", "load_a", "load_b", "report", "audit", "alarm", "each.first", "each.second"}


@pytest.fixture
def world() -> Iterator[World]:
    (translation,) = translate_file(DAG_FILE, DAG_FILE.parent)
    assert isinstance(translation, Translation)
    again = translation.rerun()
    assert again is not None
    spec = {**translation.manifest["schedule"]["spec"], "part_function": "TaskFunction"}
    made = World("parts", translation.definition, spec, load_for_run(DAG_FILE, "parts"), again.definition)
    yield made
    made.close()


def states(world: World) -> dict[str, str]:
    return {record.task_id: record.state for record in world.store.list_tasks(RUN)}


def tries(world: World) -> dict[str, int]:
    return {record.task_id: record.try_number for record in world.store.list_tasks(RUN)}


def run_state(world: World) -> str:
    run = world.store.get_run(RUN)
    assert run is not None
    return run.state


def clear(world: World, number: int, **request: Any) -> Mapping[str, Any]:
    """As the command does it: ask what it means, and start the machine that it takes."""
    runtime = Runtime(dag=world.dag, store=world.store)
    answer = handle(runtime, {"kind": "clear_tasks", "run_id": RUN.run_id, **request})
    given = answer["input"]
    kept = bool(given["states"] or given.get("instances") or given.get("left_out"))
    name = rerun_name("parts") if kept else machine_name("parts")
    arn = world.dag_arn.removesuffix(machine_name("parts")) + name
    started = world.act("StartExecution", stateMachineArn=arn, name=f"again-{number}", input=json.dumps(given))
    world.finish(started["executionArn"])
    return answer


def test_the_tasks_that_match_run_with_all_above_them(world: World) -> None:
    summary = world.backfill(**DAY, task_regex="load_a")
    assert (summary["status"], summary["task_regex"]) == ("success", "load_a")
    assert states(world) == dict.fromkeys(("extract", "transform", "load_a"), "success")


def test_the_rest_runs_when_a_clear_chooses_it(world: World) -> None:
    world.backfill(**DAY, task_regex="load_a")
    answer = clear(world, 2, task_regex="load_b|report")
    assert [row["task_id"] for row in answer["cleared"]] == ["load_b", "report"]
    ran = ("extract", "transform", "load_a", "load_b", "report")
    assert states(world) == dict.fromkeys(ran, "success")
    assert set(tries(world).values()) == {1}, "what had run was kept"
    clear(world, 3, task_regex="report")
    assert tries(world) == {**dict.fromkeys(ran, 1), "report": 2}, "what is left out stays so"
    clear(world, 4)
    assert states(world).keys() == ALL
    assert states(world)["alarm"] == "skipped"


def test_one_member_of_a_mapped_group_brings_the_others(world: World) -> None:
    world.backfill(**DAY, task_regex="extract")
    clear(world, 2, task_regex=r"each\.second")
    assert states(world).keys() == {"extract", "each.first", "each.second"}
    assert run_state(world) == "success"


def test_dependencies_ignored(world: World) -> None:
    assert world.backfill(**DAY, task_regex="^load_", ignore_dependencies=True)["status"] == "success"
    assert states(world) == {"load_a": "success", "load_b": "success"}


def test_the_leaves_of_the_part_decide(world: World) -> None:
    summary = world.backfill(**DAY, task_regex="load_a|audit", conf={"fail": ["transform"]})
    assert summary["counts"] == {"failed": 1}
    assert states(world) == {
        "extract": "success",
        "transform": "failed",
        "load_a": "upstream_failed",
        "audit": "success",
    }
    assert run_state(world) == "failed"


def test_a_run_that_is_there_keeps_the_rest(world: World) -> None:
    world.backfill("first", **DAY, conf={"fail": ["load_b"]})
    assert (run_state(world), states(world)["load_b"]) == ("failed", "failed")
    again = {"reprocess_behavior": "completed", "ignore_dependencies": True}
    assert world.backfill("second", **DAY, **again, task_regex="transform", conf={})["counts"] == {"failed": 1}
    assert {name for name, number in tries(world).items() if number == 2} == {"transform"}
    assert states(world)["load_b"] == "failed", "not in this part, so it stays, and so does the run's state"
    assert world.backfill("third", **DAY, **again, task_regex="load_b|report")["counts"] == {"success": 1}
    assert states(world)["report"] == "success"


def test_what_failed_above_does_not_count_when_it_is_ignored(world: World) -> None:
    world.backfill("first", **DAY, conf={"fail": ["extract"]})
    assert states(world)["load_a"] == "upstream_failed"
    again = {"reprocess_behavior": "failed", "ignore_dependencies": True}
    world.backfill("second", **DAY, **again, task_regex="load_a", conf={})
    assert (states(world)["load_a"], states(world)["extract"], run_state(world)) == ("success", "failed", "failed")


@pytest.mark.parametrize(
    ("detail", "message"),
    [
        ({"task_regex": "nothing"}, "no task whose id matches 'nothing'"),
        ({"task_regex": "("}, "is not a regular expression"),
        ({"task_regex": r"each\.first"}, "some tasks of the mapped task group each, which run together"),
        ({"task_regex": "alarm", "ignore_dependencies": True}, "alarm has the trigger rule one_failed, and transform"),
    ],
)
def test_what_is_refused(world: World, detail: dict[str, Any], message: str) -> None:
    ended = world.finish(world.deliver(**DAY, **detail))
    assert (ended.status, ended.error) == ("FAILED", "BackfillRefused")
    assert message in ended.cause
    assert world.runs() == []


def test_the_first_machine_takes_no_part(world: World) -> None:
    """It has no guards, and would run the whole DAG."""
    started = world.act("StartExecution", stateMachineArn=world.dag_arn, input='{"task_regex": "load_a"}')
    ended = world.finish(started["executionArn"])
    assert (ended.status, ended.error) == ("FAILED", "InvalidRunInput")
    assert rerun_name("parts") in ended.cause
