"""A task's try in a container: its exit code says whether the task has its outcome."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from dag_translator.authoring.exceptions import AirflowException, AirflowFailException
from lambdas.container import _terminated, run_event
from lambdas.storage.records import Fence, TaskKey, TaskRecord, changed
from lambdas.tasks.task_outcome import NoOutcome
from tests.lambdas.driver import Run, start

FILE = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import task
behaviour = []

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    @task(retries=1, retry_delay=timedelta(0))
    def t(dag_run=None):
        for action in behaviour:
            action()
        return dag_run.conf
    t()
"""


@pytest.fixture
def run(make_dag: Any, make_runtime: Any) -> Run:
    return start(make_runtime(make_dag(FILE)), {"logical_date": "2024-01-15T00:00:00+00:00", "conf": {"k": "v" * 9000}})


def event(run: Run, attempt: int = 0, **changes: Any) -> dict[str, Any]:
    """What the state hands over: no conf, whatever its size."""
    names = {name: run.run[name] for name in ("dag_id", "run_id", "execution")}
    return {**names, "task_id": "t", "attempt": attempt, **changes}


def behaves(run: Run, *actions: Any) -> None:
    run.runtime.dag.get_task("t").python_callable.__globals__["behaviour"][:] = actions


def test_it_reads_the_run_from_the_table_and_a_lambda_reads_the_outcome(run: Run) -> None:
    assert run_event(run.runtime, event(run)) == 0
    assert run.xcoms()["t"]["return_value"] == {"k": "v" * 9000}
    assert run.call("task_outcome", "t") == {"t": "success"}
    assert run_event(run.runtime, event(run)) == 0  # started twice: the outcome stands


def test_it_fails_the_state_as_long_as_there_is_a_try_left(run: Run) -> None:
    def fail() -> None:
        raise ValueError("no")

    behaves(run, fail)
    assert run_event(run.runtime, event(run)) == 1
    with pytest.raises(NoOutcome):
        run.call("task_outcome", "t")
    assert run_event(run.runtime, event(run, attempt=1)) == 0
    with pytest.raises(AirflowFailException, match="no"):
        run.call("task_outcome", "t")
    assert run.record("t").try_number == 2


def test_a_container_that_was_lost_is_a_try(run: Run) -> None:

    record = _running(run)
    run.runtime.store.save_tasks([record])
    assert run_event(run.runtime, event(run, attempt=1)) == 0
    assert run.record("t").try_number == 2


def _running(run: Run) -> Any:
    return TaskRecord(run.key.dag_id, run.key.run_id, "t", "running", try_number=1, execution=run.run["execution"])


@pytest.mark.parametrize("change", [{"execution": "another"}, {"run_id": "none"}])
def test_a_container_of_an_execution_that_is_over_runs_nothing(run: Run, change: dict[str, Any]) -> None:
    behaves(run, lambda: pytest.fail("ran"))
    assert run_event(run.runtime, event(run, **change)) == 1
    assert run.record("t") is None


def test_a_late_container_runs_nothing(run: Run) -> None:
    run.runtime.store.save_task(changed(_running(run), attempt=2), expect=None)
    behaves(run, lambda: pytest.fail("ran"))
    assert run_event(run.runtime, event(run, attempt=1)) == 1


def test_a_result_that_comes_when_a_newer_try_runs_does_not_count(run: Run) -> None:
    def overtake() -> None:
        store = run.runtime.store
        now = store.get_task(TaskKey(run.key.dag_id, run.key.run_id, "t"))
        assert now is not None
        assert store.save_task(changed(now, try_number=2, attempt=1), expect=Fence.unchanged(now))

    behaves(run, overtake)
    assert run_event(run.runtime, event(run)) == 1
    assert run.record("t").state == "running"


def test_a_container_that_is_stopped_fails_as_in_airflow(run: Run) -> None:
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        behaves(run, lambda: os.kill(os.getpid(), signal.SIGTERM))
        assert run_event(run.runtime, event(run)) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (run.record("t").state, run.record("t").error) == ("up_for_retry", AirflowException.__name__)
    assert run.record("t").error_message == "Task received SIGTERM signal"
