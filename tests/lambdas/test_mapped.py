"""Mapped tasks at run time: how many instances, what each of them gets, and what is read for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from dag_translator.authoring.exceptions import AirflowSkipException
from lambdas.runs.finish_run import DagRunFailed
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import TaskKey, changed
from lambdas.tasks.expand_task import MAX_LENGTH, CannotExpand
from lambdas.tasks.mapped import LazyXComSequence
from tests.lambdas.driver import Run, start

FILE = """
from datetime import datetime
from airflow import DAG
from airflow.decorators import task
from airflow.exceptions import AirflowSkipException
from airflow.sdk import get_current_context
items, gaps, seen = [], [], []

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    @task
    def source():
        return list(items)

    @task(map_index_template="item {{ label }}")
    def m(x):
        get_current_context()["label"] = x
        if x in gaps:
            raise AirflowSkipException("a gap")
        return x * 10

    @task
    def over(y, ti=None, **context):
        seen.append((ti.map_index, y, context["expanded_ti_count"]))
        return y

    @task
    def collect(values):
        return [repr(values), len(values), repr(values), list(values)]

    mapped = m.expand(x=source())
    over.override(trigger_rule="all_done").expand(y=mapped)
    collect.override(trigger_rule="all_done")(mapped)
"""

Start = Callable[..., tuple[Run, list[Any]]]


@pytest.fixture
def begin(make_dag: Any, make_runtime: Any) -> Start:
    """A run in which `source` has pushed these items; and what `over` saw."""

    def make(*items: Any, gaps: tuple[Any, ...] = ()) -> tuple[Run, list[Any]]:
        dag = make_dag(FILE)
        names = dag.get_task("source").python_callable.__globals__
        names["items"].extend(items)
        names["gaps"].extend(gaps)
        run = start(make_runtime(dag))
        run.call("run_task", "source")
        return run, names["seen"]

    return make


def run_all(run: Run, task_id: str, **states: Any) -> int:
    """Expand a task and run its instances; how many there are."""
    length: int = run.call("expand_task", task_id, **({"states": states} if states else {}))["length"]
    for index in range(length):
        with suppress(AirflowSkipException):
            assert run.call("run_task", task_id, map_index=index) == {task_id: "success"}
    return length


def record(run: Run, task_id: str, map_index: int = -1) -> Any:
    return run.runtime.store.get_task(TaskKey(run.key.dag_id, run.key.run_id, task_id, map_index))


def test_each_instance_has_a_record_and_a_label(begin: Start) -> None:
    run, _ = begin(1, 2)
    assert run_all(run, "m") == 2
    assert [(record(run, "m", index).state, record(run, "m", index).rendered_map_index) for index in (0, 1)] == [
        ("success", "item 1"),
        ("success", "item 2"),
    ]
    assert record(run, "m") is None


def test_expanding_again_gives_the_same(begin: Start) -> None:
    run, _ = begin(1, 2)
    assert run.call("expand_task", "m") == run.call("expand_task", "m") == {"length": 2}


def test_mapping_over_what_was_pushed(begin: Start) -> None:
    """An index that pushed nothing is not mapped over; the ones after it move up."""
    run, seen = begin(1, 2, 3, gaps=(2,))
    run_all(run, "m")
    assert run_all(run, "over", m=["success", "skipped"]) == 2
    assert seen == [(0, 10, 2), (1, 30, 2)]
    kept = run.runtime.store.get_mapped(run.key, "over")
    assert kept is not None
    assert kept.pushed == {"m": [0, 2]}


def test_an_instance_reads_its_own_item_only(begin: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    run, seen = begin(*range(50))
    run_all(run, "m")
    run.call("expand_task", "over")

    def forbidden(*_: Any, **__: Any) -> Any:
        raise AssertionError("reads the XComs of all instances")

    monkeypatch.setattr(MemoryStore, "list_xcoms", forbidden)
    monkeypatch.setattr(MemoryStore, "xcom_indexes", forbidden)
    run.call("run_task", "over", map_index=49)
    assert seen == [(49, 490, 50)]


def test_nothing_to_map_over(begin: Start) -> None:
    run, _ = begin()
    with pytest.raises(AirflowSkipException):
        run.call("expand_task", "m")


@pytest.mark.parametrize(("state", "error"), [("upstream_failed", CannotExpand), ("skipped", AirflowSkipException)])
def test_mapping_over_a_task_that_was_not_expanded(begin: Start, state: str, error: type[Exception]) -> None:
    run, _ = begin()
    with pytest.raises(error):
        run.call("expand_task", "over", states={"m": state})


def test_too_many_instances(begin: Start) -> None:
    run, _ = begin(*range(MAX_LENGTH + 1))
    with pytest.raises(CannotExpand, match="20,001 instances"):
        run.call("expand_task", "m")
    assert (record(run, "m").state, record(run, "m").try_number) == ("upstream_failed", 0)
    assert "batches" in record(run, "m").error_message


def test_what_an_earlier_execution_left_is_removed(begin: Start) -> None:
    run, _ = begin(1, 2, 3)
    run_all(run, "m")
    names = run.runtime.dag.get_task("source").python_callable.__globals__
    del names["items"][1:]
    again = Run(run.runtime, {**run.run, "execution": "r2"})
    again.call("run_task", "source")
    assert run_all(again, "m") == 1
    assert [record(again, "m", index).state for index in range(3)] == ["success", "removed", "removed"]
    assert run.runtime.store.xcom_indexes(run.key, "m", "return_value") == [0]


def test_the_output_of_all_instances_is_lazy(begin: Start) -> None:
    run, _ = begin(1, 2)
    run_all(run, "m")
    run.call("run_task", "collect")
    lazy = "LazyXComSequence(<unevaluated length>)"
    assert run.xcoms()["collect"]["return_value"] == [lazy, 2, "LazyXComSequence([2 items])", [10, 20]]


def test_what_is_asked_of_the_output_of_all_instances_is_all_that_is_read(begin: Start) -> None:
    run, _ = begin(*range(250))
    run_all(run, "m")
    store, read = run.runtime.store, []
    values = LazyXComSequence(store, run.key, "m", "return_value", None)
    reading = store.read

    def counted(pk: str, sk: str) -> Any:
        read.append(sk)
        return reading(pk, sk)

    store.read = counted  # type: ignore[method-assign]
    assert (len(values), read) == (250, [])
    assert (values[-1], values[3], len(read)) == (2490, 30, 2)
    assert (values[10:13], values[:-251:-125], len(read)) == ([100, 110, 120], [2490, 1240], 7)
    assert (next(iter(values)), len(read)) == (0, 107)  # a page
    assert list(values) == [index * 10 for index in range(250)]
    assert (30 in values, values.index(40), next(reversed(values))) == (True, 4, 2490)
    with pytest.raises(IndexError):
        values[250]
    with pytest.raises(TypeError):
        values["1"]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("returned", "error"), [("None", "XComForMappingNotPushed"), ("7", "UnmappableXComTypePushed")]
)
def test_what_others_map_over_has_items(make_dag: Any, make_runtime: Any, returned: str, error: str) -> None:
    run = start(make_runtime(make_dag(FILE.replace("return list(items)", f"return {returned}"))))
    with pytest.raises(TypeError) as raised:
        run.call("run_task", "source")
    assert type(raised.value).__name__ == error


def test_a_failure_is_recorded_for_its_instance(begin: Start) -> None:
    run, _ = begin(1, 2)
    run.call("expand_task", "m")
    error = {"Error": "Runtime.ExitError", "Cause": "{}"}
    assert run.call("record_failure", "m", map_index=1, error=error) == {"m": "failed"}
    assert (record(run, "m", 1).state, record(run, "m", 0)) == ("failed", None)


def test_the_end_of_the_run(begin: Start) -> None:
    """No record for the task as a whole where there are instances; instances that were stopped have failed."""
    run, _ = begin(1, 2)
    run.call("expand_task", "m")
    run.call("run_task", "m", map_index=0)
    stopped = changed(record(run, "m", 0), map_index=1, state="running")
    run.runtime.store.save_tasks([stopped])
    with pytest.raises(DagRunFailed, match=r"^m$"):
        run.call(
            "finish_run",
            states={"source": "success", "m": "failed", "over": "upstream_failed", "collect": "success"},
        )
    assert record(run, "m") is None
    assert [record(run, "m", index).state for index in (0, 1)] == ["success", "failed"]
    assert (record(run, "over").state, record(run, "over").try_number) == ("upstream_failed", 0)
