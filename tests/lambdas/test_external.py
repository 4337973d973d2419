"""Waiting for another DAG on both stores: what is seen, who is woken, and that no wake is lost in between."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.signal_function import Signals, handle, tell
from lambdas.storage.records import DagRun, Fence, RunKey, TaskKey, TaskRecord, changed
from lambdas.storage.store import Store
from lambdas.waiting.external import Watched, look, runs_on, tokens_of, watch
from tests.lambdas.driver import LOGICAL_DATE, start

DAY = "2024-01-15T00:00:00+00:00"
OTHER = """
from datetime import datetime
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.operators.empty import EmptyOperator
with DAG("etl", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    PythonOperator(task_id="load", python_callable=lambda: 1) >> EmptyOperator(task_id="end")
"""


def run(store: Store, state: str = "running", date: str = DAY, execution: str = "x") -> DagRun:
    made = DagRun("etl", f"scheduled__{date}", "scheduled", state, date, date, execution, "", date)
    return store.create_run(made)


class Tokens:
    """Step Functions' tokens: each can be used once."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send_task_success(self, *, taskToken: str, output: str) -> None:
        if taskToken in self.sent:
            raise RuntimeError("used")
        assert json.loads(output) == {}
        self.sent.append(taskToken)


def test_the_run_of_a_date_is_found_among_others(store: Store) -> None:
    dates = [f"2024-01-{day:02}T00:00:00+00:00" for day in range(1, 21)]
    for date in dates:
        run(store, date=date)
    assert sorted(runs_on(store, "etl", [dates[3], dates[17], "2023-01-01T00:00:00+00:00"])) == [dates[3], dates[17]]
    assert runs_on(store, "etl", []) == {}


def test_what_is_seen_differs_when_something_has_changed(store: Store) -> None:
    watched = Watched("etl", (DAY,), ("load",))
    digests = [look(store, watched).digest()]
    made = run(store)
    digests.append(look(store, watched).digest())
    store.save_task(TaskRecord("etl", made.run_id, "load", "running", try_number=1, execution="x"), expect=None)
    digests.append(look(store, watched).digest())
    store.end_run(made.key, "x", "success", DAY)
    digests.append(look(store, watched).digest())
    assert len(set(digests)) == 4
    assert look(store, watched).tasks == {DAY: {"load/-1": "running"}}


def test_a_group_is_seen_when_its_run_has_ended(store: Store) -> None:
    made = run(store)
    for task_id in ("g.a", "g.b", "gg.c"):
        store.save_task(TaskRecord("etl", made.run_id, task_id, "success"), expect=None)
    watched = Watched("etl", (DAY,), group="g")
    assert look(store, watched).tasks == {DAY: {}}
    store.end_run(made.key, "x", "success", DAY)
    assert look(store, watched).tasks == {DAY: {"g.a/-1": "success", "g.b/-1": "success"}}


def test_a_change_between_the_poke_and_the_registration_wakes_at_once(store: Store) -> None:
    watched = Watched("etl", (DAY,))
    seen = look(store, watched).digest()
    assert not watch(store, watched, seen, "w", "t1")
    made = run(store)
    store.end_run(made.key, "x", "success", DAY)
    assert watch(store, watched, seen, "w", "t2")
    assert tokens_of(store, "etl", DAY) == ["t2"]
    assert tokens_of(store, "etl", "2024-01-16T00:00:00+00:00") == tokens_of(store, "etl", None) == []


def test_a_mark_between_the_begin_and_the_end_of_a_task_breaks_the_write_that_ends_it(store: Store) -> None:
    made = run(store)
    running = TaskRecord("etl", made.run_id, "load", "running", try_number=1, execution="x")
    store.save_task(running, expect=None)
    watched = Watched("etl", (DAY,), ("load",))
    watch(store, watched, look(store, watched).digest(), "w", "t")
    assert not store.save_task(changed(running, state="success"), expect=Fence.unchanged(running))
    again = store.get_task(running.key)
    assert again == changed(running, watched=True)


@pytest.fixture
def signals(memory_store: Store) -> Signals:
    return Signals(memory_store, Tokens())


def event(signals: Signals, token: str, **watched: Any) -> dict[str, Any]:
    wanted = Watched("etl", (DAY,), **watched)
    what = {**wanted.to_json(), "seen": look(signals.store, wanted).digest()}
    waiting = {"dag_id": "waits", "run_id": "r", "execution": "e"}
    return {"kind": "watch", "run": waiting, "task_id": "s", "watch": what, "token": token}


def woken(signals: Signals) -> list[str]:
    tokens = signals.tokens
    assert isinstance(tokens, Tokens)
    return tokens.sent


@pytest.mark.parametrize("when", ["before the run", "before the task", "while it runs"])
def test_a_task_that_ends_wakes_whenever_somebody_began_to_wait(
    signals: Signals, make_dag: Any, make_runtime: Any, when: str
) -> None:
    """A run's start wakes too, so that the sensor looks at the run and its marks."""

    def wake(dag_id: str, date: str) -> None:
        handle(signals, {"kind": "wake_watchers", "dag_id": dag_id, "logical_date": date})

    def wait(token: str) -> None:
        assert handle(signals, event(signals, token, task_ids=("load",))) == {"woken": False}

    dag = make_dag(OTHER)
    runtime = make_runtime(dag, wake=wake)
    if when == "before the run":
        wait("t0")
    other = start(runtime)
    assert woken(signals) == (["t0"] if when == "before the run" else [])
    if when == "while it runs":
        dag.get_task("load").python_callable = lambda: wait("t1")
    else:
        wait("t1")
    other.task("load")
    assert woken(signals)[-1] == "t1", when
    record = other.record("load")
    assert (record.state, record.try_number, record.watched) == ("success", 1, True)
    assert other.everything() == "success"


def test_nobody_waits_and_nothing_is_read_or_written_for_it(
    memory_store: Any, make_dag: Any, make_runtime: Any
) -> None:
    reads: list[str] = []
    query = memory_store.query

    def counted(pk: str, prefix: str, **how: Any) -> Any:
        reads.append(pk)
        return query(pk, prefix, **how)

    memory_store.query = counted
    other = start(make_runtime(make_dag(OTHER), wake=lambda *_: pytest.fail("somebody waits")))
    other.task("load")
    assert [pk for pk in reads if pk.startswith("watch/")] == [f"watch/etl/{LOGICAL_DATE}"]  # the run's start
    assert memory_store.writes == 4  # the run, its place, the task's begin, its end


def test_a_task_that_does_not_run_is_recorded_though_it_was_marked(
    signals: Signals, make_dag: Any, make_runtime: Any
) -> None:
    other = start(make_runtime(make_dag(OTHER)))
    handle(signals, event(signals, "t", task_ids=("end",)))
    assert (other.record("end").state, other.record("end").execution) == ("scheduled", "")
    assert other.everything() == "success"
    assert (other.record("end").state, other.record("end").try_number) == ("success", 1)


def test_a_wake_that_breaks_does_not_break_the_task(signals: Signals, make_dag: Any, make_runtime: Any) -> None:
    def broken(dag_id: str, date: str) -> None:
        raise ConnectionError("Lambda is away")

    other = start(make_runtime(make_dag(OTHER)))
    other.runtime = make_runtime(other.runtime.dag, wake=broken)
    handle(signals, event(signals, "t", task_ids=("load",)))
    other.task("load")
    assert other.states == {"load": "success"}


def test_a_failure_that_nobody_recorded_wakes_too(signals: Signals, make_dag: Any, make_runtime: Any) -> None:
    calls: list[Any] = []
    other = start(make_runtime(make_dag(OTHER), wake=lambda *what: calls.append(what)))
    handle(signals, event(signals, "t", task_ids=("load",)))
    other.end("load", "Sandbox.Timedout", "900 s")
    assert calls == [("etl", LOGICAL_DATE)]


def test_a_sensor_that_watches_nothing_is_left_alone(signals: Signals) -> None:
    assert handle(signals, {**event(signals, "t"), "watch": None}) == {"woken": False}
    assert woken(signals) == []


def test_the_end_of_an_execution_wakes(memory_store: Store, signals: Signals) -> None:
    from lambdas.run_ended import wake_watchers

    arn = "arn:aws:states:us-east-1:1:execution:etl:x"
    made = memory_store.create_run(DagRun("etl", "r", "manual", "running", DAY, DAY, "x", arn, DAY))
    handle(signals, event(signals, "t"))
    memory_store.end_run(RunKey("etl", made.run_id), "x", "success", DAY)
    ended = {"detail": {"executionArn": arn, "status": "SUCCEEDED"}}
    assert wake_watchers(memory_store, lambda token: tell(signals, token), ended) == 1
    assert woken(signals) == ["t"]
    another = {"detail": {**ended["detail"], "executionArn": "another"}}
    assert wake_watchers(memory_store, lambda token: tell(signals, token), another) == 0
    assert memory_store.get_task(TaskKey("etl", "r", "load")) is None
