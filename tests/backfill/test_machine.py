"""The backfill machine as it runs: how many at once, what fails, what comes twice, what is stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambdas import backfill
from lambdas.scheduling import backfills
from lambdas.storage.records import DagRun
from tests.backfill.world import DAILY, World, day

DAG_FILE = Path(__file__).parents[1] / "dags" / "backfill" / "daily.py"


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def finished_run(state: str, number: int, run_id: str = "", **more: Any) -> DagRun:
    """A run of the DAG that a schedule started."""
    date = f"{day(number)}T00:00:00+00:00"
    names = {"run_id": run_id or f"scheduled__{date}", "execution": f"x{number}", **more}
    return DagRun("etl", run_type="scheduled", state=state, run_after=date, start_date=date, logical_date=date, **names)


def test_thirty_dates_five_at_once(world: World) -> None:
    world.fails = frozenset({day(3), day(17)})
    summary = world.backfill(from_date=day(0), to_date=day(29), max_active_runs=5)
    assert world.most_at_once == 5
    assert (summary["status"], summary["counts"], summary["total"]) == ("failed", {"success": 28, "failed": 2}, 30)
    assert world.dates() == {day(n): "failed" if n in (3, 17) else "success" for n in range(30)}
    runs = {run.run_id: run for run in world.runs()}
    assert len(runs) == len(world.started) == 30
    first = runs[f"backfill__{day(1)}T00:00:00+00:00"]  # named by the instant at which it may run, as in Airflow
    assert (first.run_type, first.backfill_id, (first.logical_date or "")[:10]) == ("backfill", "event-1", day(0))
    assert world.started[0] == f"backfill__{day(1)}T00-00-00+00-00"


def test_ten_years_go_through(world: World) -> None:
    execution = world.deliver(from_date="2014-01-01", to_date="2024-01-01", max_active_runs=1000)
    ended = world.finish(execution)
    assert ended.status == "SUCCEEDED"
    assert ended.output["counts"] == {"success": 3653}
    assert len(ended.history.events) < 100, "the history does not grow with the dates"
    assert world.most_at_once == 1000
    assert len(set(world.started)) == len(world.started) == 3653


def test_backwards_and_conf(world: World) -> None:
    world.backfill(from_date=day(0), to_date=day(3), max_active_runs=1, run_backwards=True, conf={"x": 1})
    assert [name[10:20] for name in world.started] == [day(4), day(3), day(2), day(1)]
    run = world.store.get_run(world.runs()[0].key)
    assert run is not None
    assert json.loads(run.conf) == {"x": 1}


def test_the_same_event_twice_starts_nothing_twice(world: World) -> None:
    dates: dict[str, Any] = {"from_date": day(0), "to_date": day(5), "max_active_runs": 2}
    first = world.deliver(**dates)
    world.pass_time(1800)
    second = world.finish(world.deliver(**dates))
    assert (second.status, second.output["start"]) == ("SUCCEEDED", False)
    world.finish(first)
    again = world.finish(world.deliver(**dates))
    assert (again.status, again.output["start"]) == ("SUCCEEDED", False)
    assert len(world.started) == 6
    assert world.summary()["counts"] == {"success": 6}


def test_the_same_request_again_finds_its_runs(world: World) -> None:
    dates: dict[str, Any] = {"from_date": day(0), "to_date": day(5)}
    world.backfill(**dates)
    summary = world.backfill("event-2", **dates)
    assert (summary["status"], summary["counts"]) == ("success", {"already exists": 6})
    assert len(world.started) == 6


def test_one_backfill_at_a_time(world: World) -> None:
    first = world.deliver(from_date=day(0), to_date=day(1))
    world.pass_time(60)
    second = world.finish(world.deliver("event-2", from_date=day(0), to_date=day(1)))
    assert (second.status, second.error) == ("FAILED", "BackfillRefused")
    refused = world.summary("event-2")
    assert refused["status"] == "refused"
    assert "event-1 of DAG etl is still running" in refused["error"]
    world.finish(first)
    assert world.backfill("event-3", from_date=day(5), to_date=day(6))["counts"] == {"success": 2}


@pytest.mark.parametrize(
    ("behavior", "counts", "started"),
    [
        ("none", {"already exists": 2, "in flight": 1, "success": 1}, 1),
        ("failed", {"already exists": 1, "in flight": 1, "success": 2}, 2),
        ("completed", {"in flight": 1, "success": 3}, 3),
    ],
)
def test_what_happens_to_dates_that_have_runs(
    world: World, behavior: str, counts: dict[str, int], started: int
) -> None:
    for number, state in enumerate(("success", "failed", "running")):
        world.store.create_run(finished_run(state, number, conf='{"old": true}'))
    summary = world.backfill(from_date=day(0), to_date=day(3), reprocess_behavior=behavior)
    assert summary["counts"] == counts
    assert len(world.started) == started
    taken_over = {run.logical_date: run for run in world.runs() if run.run_id.startswith("scheduled__")}
    assert len(taken_over) == 3, "a date that is run again keeps its run"
    failed = taken_over[f"{day(1)}T00:00:00+00:00"]
    assert (failed.state, failed.run_type) == (
        ("failed", "scheduled") if behavior == "none" else ("success", "backfill")
    )
    full = world.store.get_run(failed.key)
    assert full is not None
    assert json.loads(full.conf) == {"old": True}, "no conf was given"


def test_cancelled_and_taken_up_again(world: World) -> None:
    """What is under way goes on, what waits does not start; the next request does the rest."""
    dates: dict[str, Any] = {"from_date": day(0), "to_date": day(9), "max_active_runs": 3}
    execution = world.deliver(**dates)
    world.pass_time(5000)
    assert backfills.cancel(world.store, world.key())
    world.finish(execution)
    assert (world.summary()["status"], world.summary()["counts"]) == ("cancelled", {"success": 6, "cancelled": 4})
    assert not backfills.cancel(world.store, world.key())
    again = world.backfill("event-2", **dates)
    assert (again["status"], again["counts"]) == ("success", {"already exists": 6, "success": 4})
    assert len(set(world.started)) == len(world.started) == 10


def test_paused_it_starts_nothing_and_then_goes_on(world: World) -> None:
    execution = world.deliver(from_date=day(0), to_date=day(9), max_active_runs=3)
    world.pass_time(1800)
    assert backfills.set_paused(world.store, world.key(), True)
    world.pass_time(30 * 86_400)
    assert len(world.started) == 3, "what was under way went on, nothing new was started"
    assert not world.running
    invocations = world.meter.invocations
    world.pass_time(30 * 86_400)
    assert world.meter.invocations == invocations, "nobody asks meanwhile"
    assert backfills.set_paused(world.store, world.key(), False)
    assert backfill.handle(world.backfiller, {"kind": "release", "dag_id": "etl", "backfill_id": "event-1"}) == {
        "released": 3
    }
    world.finish(execution)
    assert (world.summary()["status"], world.summary()["counts"]) == ("success", {"success": 10})
    assert world.most_at_once == 3
    assert not backfills.set_paused(world.store, world.key(), True), "it is over"


def test_cancelled_while_it_is_paused(world: World) -> None:
    execution = world.deliver(from_date=day(0), to_date=day(9), max_active_runs=3)
    world.pass_time(1800)
    assert backfills.set_paused(world.store, world.key(), True)
    world.pass_time(86_400)
    assert backfills.cancel(world.store, world.key())
    backfill.handle(world.backfiller, {"kind": "release", "dag_id": "etl", "backfill_id": "event-1"})
    world.finish(execution)
    assert (world.summary()["status"], world.summary()["counts"]) == ("cancelled", {"success": 3, "cancelled": 7})


def test_a_child_that_comes_to_wait_too_late_goes_on(world: World) -> None:
    """The pause ended between its looking and its waiting."""
    told: list[str] = []
    backfiller = replace(world.backfiller, go_on=told.append)
    backfills.begin(world.store, world.key(), {"status": "running"}, "arn:e", replaces=None)
    row = {"pk": {"S": world.key().pk}, "sk": {"S": world.key().sk}}
    backfill.handle(backfiller, {"kind": "hold", "row": row, "token": "t"})
    assert told == ["t"]


def test_cancelled_before_a_date_was_run_again(world: World) -> None:
    """Its run is there, and failed: but not in this backfill."""
    for number in range(4):
        world.store.create_run(finished_run("failed", number))
    execution = world.deliver(from_date=day(0), to_date=day(3), max_active_runs=1, reprocess_behavior="failed")
    world.pass_time(5000)
    assert backfills.cancel(world.store, world.key())
    world.finish(execution)
    assert world.summary()["counts"] == {"success": 2, "cancelled": 2}


def test_stopped_in_the_console_and_taken_up_again(world: World) -> None:
    """Its runs are stopped with it, and count as failed."""
    dates: dict[str, Any] = {"from_date": day(0), "to_date": day(9), "max_active_runs": 3}
    execution = world.deliver(**dates)
    world.pass_time(5000)
    world.act("StopExecution", executionArn=execution)
    world.pass_time(1)
    summary = world.summary()
    assert (summary["status"], summary["counts"]) == ("cancelled", {"success": 3, "failed": 3, "cancelled": 4})
    again = world.backfill("event-2", **dates, reprocess_behavior="failed")
    assert (again["status"], again["counts"]) == ("success", {"already exists": 3, "success": 7})
    assert {run.state for run in world.runs()} == {"success"}
    assert len(world.runs()) == 10


def test_a_backfill_whose_end_was_lost_does_not_block_the_next(world: World) -> None:
    execution = world.deliver(from_date=day(0), to_date=day(1))
    world.pass_time(60)
    lost = dict(world.store.items)
    world.act("StopExecution", executionArn=execution)
    world.store.items = lost  # nobody told the table
    summary = world.backfill("event-2", from_date=day(4), to_date=day(5))
    assert summary["counts"] == {"success": 2}
    assert world.summary("event-1")["status"] == "failed"


def test_an_execution_that_left_no_run_does_not_keep_its_date(world: World) -> None:
    """Its name is taken for 90 days: the date runs under another name."""
    name = f"backfill__{day(1)}T00-00-00+00-00"
    world.act("StartExecution", stateMachineArn=world.dag_arn, name=name, input='{"run_id": "broken"}')
    world.pass_time(10)
    summary = world.backfill(from_date=day(0), to_date=day(0))
    assert summary["counts"] == {"success": 1}
    assert world.started[1].startswith(name)
    assert world.started[1] != name


@pytest.mark.parametrize("write", range(9))
def test_the_function_is_killed_between_any_two_writes(write: int) -> None:
    world = World()
    world.store.create_run(finished_run("success", 1))
    world.store.kill_at = write
    dates: dict[str, Any] = {"from_date": day(0), "to_date": day(3)}
    summary = world.backfill(**dates)
    assert (world.store.kill_at is None) == (write < 7), "plan writes four times, summarise three times"
    assert (summary["status"], summary["counts"], summary["total"]) == (
        "success",
        {"success": 3, "already exists": 1},
        4,
    )
    assert len(set(world.started)) == len(world.started) == 3
    assert world.backfill("event-2", **dates)["counts"] == {"already exists": 4}, "nothing is locked"
    world.close()


def test_a_run_that_could_not_begin_is_told(world: World) -> None:
    world.dag_id = "other"
    world.dag_arn = world.dag_arn.replace("etl", "other")  # deployed, says the table; but its machine is not there
    summary = world.backfill(from_date=day(0), to_date=day(1))
    assert (summary["status"], summary["counts"]) == ("failed", {"failed": 2})


@pytest.mark.parametrize(
    ("detail", "spec", "message"),
    [
        ({"dag_id": "nothing"}, {}, "DAG nothing is not deployed"),
        ({}, None, "has no periodic schedule"),
        ({}, {"timetable": {"type": "once"}}, "has no periodic schedule"),
        ({"from_date": "2030-01-01", "to_date": "2030-01-02"}, {}, "lies in the future"),
        ({"from_date": "2026-03-01", "to_date": "2026-03-02"}, {}, "no run in this range whose data interval is over"),
        ({"to_date": "2023-01-01"}, {}, "is after to_date"),
        ({"to_date": "soon"}, {}, "'soon' is not an ISO 8601"),
        ({"run_backwards": True}, {**DAILY, "depends_on_past": True}, "can't be run backwards"),
        ({}, {**DAILY, "depends_on_past": True}, "set --reprocess-behavior to failed or completed"),
        ({"max_active_runs": 10_001}, {}, "is not between 1 and 10,000"),
        ({"reprocess_behavior": "all"}, {}, "is none of none, failed, completed"),
        ({"tasks": "x"}, {}, "unknown field 'tasks'"),
        ({"ignore_dependencies": True}, {}, "ignore_dependencies goes with a task_regex"),
        ({"task_regex": "x"}, {}, "without the machine that runs a part of it"),
        ({"conf": {"x": "y" * 70_000}}, {}, "conf is larger than 64 KB"),
        ({"from_date": "1900-01-01"}, {"timetable": {"type": "delta_interval", "delta": {"seconds": 60}}}, "more than"),
    ],
)
def test_what_is_refused(detail: dict[str, Any], spec: dict[str, Any] | None, message: str) -> None:
    world = World()
    if spec != {}:
        world.spec = spec
    ended = world.finish(world.deliver(**{"from_date": day(0), "to_date": day(1), **detail}))
    assert (ended.status, ended.error) == ("FAILED", "BackfillRefused")
    assert message in ended.cause
    assert world.started == []
    world.close()


def test_a_translated_dag_gets_the_dates_own_macros() -> None:
    """The machine and the Lambdas of a real DAG file: `ds` follows the logical date."""
    from dag_translator.load import load_for_run
    from dag_translator.pipeline import Translation, translate_file

    (translation,) = translate_file(DAG_FILE, DAG_FILE.parent)
    assert isinstance(translation, Translation)
    spec = translation.manifest["schedule"]["spec"]
    world = World("daily", translation.definition, spec, load_for_run(DAG_FILE, "daily"))
    summary = world.backfill(from_date="2024-01-01", to_date="2024-01-10T05:00", max_active_runs=3, conf={"n": 1})
    assert (summary["status"], summary["counts"]) == ("failed", {"success": 9, "failed": 1})
    assert world.most_at_once <= 3
    shown = {}
    for run in world.runs():
        (record,) = world.store.list_tasks(run.key)
        shown[record.state, json.loads(record.rendered or "{}")["op_args"][0]] = run.run_type
    assert shown == {("failed" if n == 4 else "success", day(n)): "backfill" for n in range(10)}
    world.close()
