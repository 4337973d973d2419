"""run_task: what a try leaves behind, and what happens when it is invoked twice, late, or never gets to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dag_translator.authoring.exceptions import AirflowFailException, AirflowSkipException
from lambdas.errors import RunIsActive
from lambdas.runtime import Runtime
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import TaskKey, changed
from lambdas.storage.store import Store
from lambdas.tasks.opening import LateInvocation
from tests.lambdas.conftest import Clock
from tests.lambdas.driver import EXECUTION, Run, start

HEADER = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import task
from airflow.exceptions import AirflowFailException, AirflowSkipException
from airflow.operators.python import PythonOperator
calls = []

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1), default_args={"retry_delay": timedelta(0)}) as dag:
"""

Begin = Callable[..., Run]


@pytest.fixture
def begin(make_dag: Any, store: Store, clock: Clock) -> Begin:
    """Start a run of a DAG with this body."""

    def make(body: str) -> Run:
        lines = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
        dag = make_dag(HEADER + lines)
        return start(Runtime(dag=dag, store=store, now=clock, worker="w1"))

    return make


def calls(run: Run) -> list[Any]:
    found: list[Any] = run.runtime.dag.get_task("a").python_callable.__globals__["calls"]
    return found


COUNTING = """
@task(retries=2)
def a(ti=None):
    calls.append(ti.try_number)
    ti.xcom_push("k", ti.try_number)
    return ti.try_number
a()
"""


def test_a_success_costs_two_writes_and_one_for_each_push(make_dag: Any, clock: Clock) -> None:
    store = MemoryStore()
    dag = make_dag(HEADER + COUNTING.replace("\n", "\n    "))
    run = start(Runtime(dag=dag, store=store, now=clock))
    before = store.writes
    assert run.call("run_task", "a", attempt=0) == {"a": "success"}
    assert store.writes - before == 3


def test_the_record_of_a_success(begin: Begin, clock: Clock) -> None:
    run = begin(COUNTING)
    run.call("run_task", "a", attempt=0)
    record = run.record("a")
    assert (record.state, record.try_number, record.max_tries, record.execution) == ("success", 1, 2, "r1")
    assert (record.operator, record.worker, record.states) == ("_PythonDecoratedOperator", "w1", {"a": "success"})
    assert record.start_date == record.end_date == clock.now.isoformat()
    assert run.xcoms() == {"a": {"k": 1, "return_value": 1}}


def test_a_success_is_answered_again_without_running(begin: Begin) -> None:
    """The answer got lost on its way, so Step Functions asks once more."""
    run = begin(COUNTING)
    for attempt in (0, 0, 1):
        assert run.call("run_task", "a", attempt=attempt) == {"a": "success"}
    assert calls(run) == [1]


def test_skips_and_failures_are_answered_again_too(begin: Begin) -> None:
    run = begin("""
@task(retries=5)
def a():
    calls.append("a")
    raise AirflowSkipException("no need")
@task(retries=5)
def b():
    calls.append("b")
    raise AirflowFailException("no use")
a(), b()
""")
    for attempt in (0, 1):
        with pytest.raises(AirflowSkipException, match="no need"):
            run.call("run_task", "a", attempt=attempt)
        with pytest.raises(AirflowFailException, match="no use"):
            run.call("run_task", "b", attempt=attempt)
    assert calls(run) == ["a", "b"]
    assert (run.record("a").state, run.record("b").state) == ("skipped", "failed")


RETRIED = """
@task(retries=1)
def a(ti=None):
    calls.append(ti.try_number)
    ti.xcom_push(f"try{ti.try_number}", 1)
    raise ValueError(f"try {ti.try_number}")
a()
"""


def test_retries_are_counted_by_the_record(begin: Begin) -> None:
    run = begin(RETRIED)
    with pytest.raises(ValueError, match="try 1"):
        run.call("run_task", "a", attempt=0)
    assert (run.record("a").state, run.record("a").error) == ("up_for_retry", "ValueError")
    assert run.xcoms() == {"a": {"try1": 1}}
    with pytest.raises(ValueError, match="try 2"):
        run.call("run_task", "a", attempt=1)
    assert (run.record("a").state, run.record("a").try_number) == ("failed", 2)
    assert run.xcoms() == {"a": {"try2": 1}}  # a retry begins without what earlier tries pushed
    with pytest.raises(AirflowFailException, match="try 2"):  # no try is left, whatever Step Functions counts
        run.call("run_task", "a", attempt=2)
    assert calls(run) == [1, 2]


def test_a_worker_that_was_lost_uses_up_a_try(begin: Begin) -> None:
    """`os._exit`, a timeout: the record still says running when the next attempt comes."""
    run = begin(COUNTING)
    run.call("run_task", "a", attempt=0)
    record = run.record("a")
    run.runtime.store.save_tasks([changed(record, state="running", end_date=None, states={})])
    assert run.call("run_task", "a", attempt=1) == {"a": "success"}
    assert (run.record("a").try_number, calls(run)) == (2, [1, 2])
    assert run.xcoms() == {"a": {"k": 2, "return_value": 2}}


def test_an_invocation_that_is_repeated_while_it_runs_is_the_same_try(begin: Begin) -> None:
    run = begin(COUNTING)
    run.call("run_task", "a", attempt=0)
    run.runtime.store.save_tasks([changed(run.record("a"), state="running", end_date=None, states={})])
    assert run.call("run_task", "a", attempt=0) == {"a": "success"}
    assert calls(run) == [1, 1]


TWICE = """
@task(retries=3)
def a(ti=None):
    calls.append(ti.try_number)
    if len(calls) == 1:
        meanwhile()
    ti.xcom_push("by", len(calls))
    return "first" if len(calls) == 1 else "second"
a()
"""


def meanwhile(run: Run, action: Callable[[], Any]) -> None:
    """Have something happen while the task's code runs for the first time."""
    run.runtime.dag.get_task("a").python_callable.__globals__["meanwhile"] = action


def test_two_at_once_leave_one_result(begin: Begin) -> None:
    run = begin(TWICE)
    meanwhile(run, lambda: run.call("run_task", "a", attempt=0))
    assert run.call("run_task", "a", attempt=0) == {"a": "success"}
    assert run.xcoms() == {"a": {"by": 2, "return_value": "second"}}
    assert run.record("a").try_number == 1


def test_a_late_one_changes_nothing(begin: Begin) -> None:
    """A Lambda that was given up on comes to its end after the next try has succeeded."""
    run = begin(TWICE)
    meanwhile(run, lambda: run.call("run_task", "a", attempt=1))
    assert run.call("run_task", "a", attempt=0) == {"a": "success"}  # the outcome that stands
    assert run.xcoms() == {"a": {"by": 2, "return_value": "second"}}
    assert run.record("a").try_number == 2


def test_a_late_one_while_the_next_try_runs(begin: Begin) -> None:
    run = begin(TWICE)
    key = TaskKey("d", run.key.run_id, "a")

    def next_try_begins() -> None:
        record = run.runtime.store.get_task(key)
        assert record is not None
        run.runtime.store.save_tasks([changed(record, try_number=2, attempt=1)])

    meanwhile(run, next_try_begins)
    with pytest.raises(LateInvocation):
        run.call("run_task", "a", attempt=0)
    assert run.xcoms() == {}
    with pytest.raises(LateInvocation):  # it may not even begin
        run.call("run_task", "a", attempt=0)
    assert run.record("a").state == "running"


def test_a_failure_that_was_recorded_meanwhile_stands(begin: Begin) -> None:
    """Step Functions timed the Lambda out and recorded the failure; the code comes to its end nevertheless."""
    run = begin(TWICE)
    meanwhile(run, lambda: run.call("record_failure", "a", error={"Error": "States.Timeout", "Cause": ""}))
    with pytest.raises(AirflowFailException):
        run.call("run_task", "a", attempt=0)
    assert (run.record("a").state, run.record("a").error) == ("failed", "States.Timeout")
    assert run.xcoms() == {}


def test_a_run_that_is_started_again_runs_the_task_again(begin: Begin) -> None:
    run = begin(RETRIED)
    run.task("a")
    assert (run.states, run.record("a").try_number) == ({"a": "failed"}, 2)
    execution = {**EXECUTION, "Id": "arn:2", "Name": "r1-2"}
    with pytest.raises(RunIsActive, match="is under way: r1"):
        start(run.runtime, {"run_id": run.key.run_id, "states": {}}, execution)
    assert run.runtime.store.end_run(run.key, "r1", "failed", "2024-01-20")
    again = start(run.runtime, {"run_id": run.key.run_id, "states": {}}, execution)
    assert again.key == run.key
    assert again.run["logical_date"] == run.run["logical_date"]
    again.task("a")
    record = again.record("a")
    assert (record.state, record.try_number, record.max_tries) == ("failed", 4, 3)
    assert calls(run) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("raised", "name", "message"),
    [
        ("SystemExit(3)", "SystemExit", "3"),
        ("KeyboardInterrupt()", "KeyboardInterrupt", ""),
        ("type('Own', (Exception,), {})('text')", "Own", "text"),
        ("type('Mute', (Exception,), {'__str__': lambda self: 1 / 0})()", "Mute", "<no message"),
        ("ValueError('x' * 100_000)", "ValueError", "x" * 4000 + "… (100000 characters)"),
    ],
)
def test_an_exception_keeps_its_name_and_never_ends_the_worker(
    begin: Begin, raised: str, name: str, message: str
) -> None:
    run = begin(f"""
@task
def a():
    raise {raised}
a()
""")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the point is that it is an Exception
        run.call("run_task", "a", attempt=0)
    assert type(caught.value).__name__ == name
    assert str(caught.value).startswith(message)
    assert run.record("a").state == "failed"


def test_endless_recursion_stays_small(begin: Begin) -> None:
    run = begin("""
@task
def a():
    def f(n): return f(n + 1)
    f(0)
a()
""")
    with pytest.raises(Exception) as caught:  # noqa: PT011
        run.call("run_task", "a", attempt=0)
    assert type(caught.value).__name__ == "RecursionError"
    frames, traceback = 0, caught.value.__traceback__
    while traceback is not None:
        frames, traceback = frames + 1, traceback.tb_next
    assert frames < 20


def test_what_cannot_be_stored_fails_the_task_and_says_why(begin: Begin) -> None:
    run = begin("""
@task
def a(ti=None):
    ti.xcom_push("fine", 1)
    return {"x": [float("nan")]}
@task
def b(ti=None):
    ti.xcom_push("", 1)
a(), b()
""")
    with pytest.raises(TypeError, match=r"XCom 'return_value' of task 'a': cannot store nan \(float\) at \['x'\]\[0\]"):
        run.call("run_task", "a", attempt=0)
    assert run.xcoms() == {"a": {"fine": 1}}  # what was pushed before stays, as in Airflow
    with pytest.raises(ValueError, match="key must be a string that is not empty"):
        run.call("run_task", "b", attempt=0)


def test_code_that_wants_to_come_back_later_is_told_how(begin: Begin) -> None:
    run = begin("""
from datetime import datetime
from airflow.exceptions import AirflowRescheduleException
@task(retries=3)
def a():
    raise AirflowRescheduleException(datetime(2024, 1, 1))
a()
""")
    with pytest.raises(AirflowFailException, match=r"'a' raised AirflowRescheduleException to come back later"):
        run.call("run_task", "a", attempt=0)
    assert run.record("a").state == "failed"


def test_deferred_work_goes_on_in_the_same_lambda(begin: Begin) -> None:
    run = begin("""
from airflow.models import BaseOperator
from airflow.triggers.base import BaseTrigger, TriggerEvent
class Fires(BaseTrigger):
    async def run(self):
        yield TriggerEvent("fired")
class Op(BaseOperator):
    def execute(self, context):
        self.defer(trigger=Fires(), method_name="resume", kwargs={"a": 1})
    def resume(self, context, event=None, a=None):
        return [event, a]
Op(task_id="a")
""")
    assert run.call("run_task", "a", attempt=0) == {"a": "success"}
    assert run.xcoms()["a"]["return_value"] == ["fired", 1]


def test_tasks_that_the_code_itself_skips(begin: Begin) -> None:
    run = begin("""
from airflow.exceptions import DownstreamTasksSkipped
@task
def a():
    raise DownstreamTasksSkipped(tasks=["x", ("y", -1)])
a()
""")
    assert run.call("run_task", "a", attempt=0) == {"a": "success", "x": "skipped", "y": "skipped"}


def test_rendering_does_not_change_the_dag_of_a_warm_lambda(begin: Begin) -> None:
    run = begin("""
def f(x, y):
    y.append(1)
    return [x, y]
PythonOperator(task_id="a", python_callable=f, op_args=["{{ run_id }}", []])
""")
    assert run.call("run_task", "a", attempt=0) == {"a": "success"}
    again = start(run.runtime, {"run_id": "other"}, {**EXECUTION, "Name": "other", "Id": "arn:other"})
    assert again.call("run_task", "a", attempt=0) == {"a": "success"}
    assert again.xcoms()["a"]["return_value"] == ["other", [1]]


def test_environment_variables_of_the_task(begin: Begin) -> None:
    run = begin("""
import os
@task
def a():
    return {k: v for k, v in os.environ.items() if k.startswith("AIRFLOW_CTX_")}
a()
""")
    run.call("run_task", "a", attempt=0)
    found = run.xcoms()["a"]["return_value"]
    assert found["AIRFLOW_CTX_DAG_ID"] == "d"
    assert found["AIRFLOW_CTX_TRY_NUMBER"] == "1"
    assert found["AIRFLOW_CTX_DAG_RUN_ID"] == run.key.run_id
    import os

    assert "AIRFLOW_CTX_DAG_ID" not in os.environ
