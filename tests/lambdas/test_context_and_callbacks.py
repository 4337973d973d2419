"""The context's less used keys, `xcom_pull` in all its forms, callbacks, and time limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dag_translator.authoring.exceptions import AirflowTaskTimeout
from lambdas.context import context_keys as context
from lambdas.context.lazy import Lazy
from lambdas.storage.records import TaskKey, TaskRecord
from lambdas.tasks.limits import time_limit
from tests.lambdas.driver import EXECUTION, Run, start

HEADER = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import task
from airflow.exceptions import AirflowSkipException
from airflow.operators.python import PythonOperator
seen = []

with DAG("d", schedule={schedule}, start_date=datetime(2024, 1, 1)) as dag:
"""

Begin = Callable[..., Run]


@pytest.fixture
def begin(make_dag: Any, make_runtime: Any) -> Begin:
    def make(body: str, given: Any = None, schedule: str = "None", **replaced: Any) -> Run:
        lines = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
        dag = make_dag(HEADER.replace("{schedule}", schedule) + lines)
        return start(make_runtime(dag, **replaced), given)

    return make


def returned(run: Run, task_id: str = "a") -> Any:
    run.call("run_task", task_id, attempt=0)
    return run.xcoms()[task_id]["return_value"]


SCHEDULED = {
    "run_id": "scheduled__2024-01-16T00:00:00+00:00",
    "logical_date": "2024-01-15T00:00:00+00:00",
    "data_interval_start": "2024-01-15T00:00:00+00:00",
    "data_interval_end": "2024-01-16T00:00:00+00:00",
    "run_after": "2024-01-16T00:00:00+00:00",
}
NEIGHBOURS = """
@task
def a(prev_ds, next_ds, next_execution_date, prev_execution_date, yesterday_ds_nodash, **kwargs):
    return [prev_ds, next_ds, str(next_execution_date), str(prev_execution_date), yesterday_ds_nodash]
a()
"""


def test_the_neighbours_of_a_scheduled_run(begin: Begin) -> None:
    run = begin(NEIGHBOURS, SCHEDULED, '"@daily"')
    dates = ["2024-01-16 00:00:00+00:00", "2024-01-14 00:00:00+00:00"]
    assert returned(run) == ["2024-01-14", "2024-01-16", *dates, "20240114"]


def test_when_the_next_interval_ends(begin: Begin) -> None:
    body = "PythonOperator(task_id='a', python_callable=lambda dag_run: str(dag_run.next_data_interval_end))"
    assert returned(begin(body, SCHEDULED, '"@daily"')) == "2024-01-17 00:00:00+00:00"


def test_a_manual_run_is_its_own_neighbour(begin: Begin) -> None:
    date = "2024-01-15 00:00:00+00:00"
    assert returned(begin(NEIGHBOURS)) == ["2024-01-15", "2024-01-15", date, date, "20240114"]


def test_a_run_without_logical_date_has_no_dates(begin: Begin) -> None:
    body = """
@task
def a(**context):
    return ["ds" in context, "logical_date" in context, context["task_instance_key_str"], context.get("ts")]
a()
"""
    run = begin(body, {"logical_date": None, "run_id": "r"})
    assert returned(run) == [False, False, "d__a__r", None]


def test_the_run_before_that_succeeded(begin: Begin) -> None:
    body = """
@task
def a(prev_data_interval_start_success, prev_start_date_success, ti=None, **context):
    before = ti.get_previous_dagrun()
    return [str(prev_data_interval_start_success), str(prev_start_date_success), before and before.run_id,
            ti.previous_ti and ti.previous_ti.state, str(context["prev_end_date_success"])]
a()
"""
    run = begin(body)
    assert returned(run) == ["None", "None", None, None, "None"]
    store = run.runtime.store
    for day, state in (("12", "success"), ("13", "success"), ("14", "failed"), ("16", "success")):
        date = f"2024-01-{day}T00:00:00+00:00"
        other = start(run.runtime, {"run_id": day, "logical_date": date}, {**EXECUTION, "Name": day, "Id": day})
        store.save_tasks([TaskRecord("d", day, "a", "failed" if day == "14" else "success")])
        store.end_run(other.key, day, state, f"2024-01-{day}T01:00:00+00:00")
    again = start(
        run.runtime, {"run_id": "now", "logical_date": SCHEDULED["logical_date"]}, {**EXECUTION, "Name": "now"}
    )
    assert returned(again) == [
        "2024-01-13 00:00:00+00:00",
        "2024-01-20 12:00:00+00:00",
        "14",
        "failed",
        "2024-01-13 01:00:00+00:00",
    ]


def test_a_plain_task_makes_nothing_that_it_does_not_ask_for(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin("PythonOperator(task_id='a', python_callable=lambda ds: ds)")
    made: list[str] = []

    def watched(name: str, maker: context.Maker) -> context.Maker:
        def make(self: context.Context) -> Any:
            made.append(name)
            return maker(self)

        return make

    for table in (context.ALWAYS, context.DATED):
        for name, maker in list(table.items()):
            monkeypatch.setitem(table, name, watched(name, maker))
    assert returned(run) == "2024-01-15"
    assert made == ["ds"]


PULLS = """
@task
def p1(ti=None):
    ti.xcom_push(key="k", value={"n": 1})
    return "r1"
@task
def p2(**kwargs):
    kwargs["ti"].xcom_push("k", 2)
    return "r2"
@task
def nothing():
    return None
@task(do_xcom_push=False)
def nopush():
    return "hidden"
@task
def a(ti=None, run_id=None):
    ti.xcom_push("own", 5)
    pull = ti.xcom_pull
    return {
        "one": pull(task_ids="p1"), "list": pull(task_ids=["p1", "p2"]), "key": pull(task_ids="p1", key="k"),
        "listkey": pull(task_ids=["p2", "p1"], key="k"), "none": pull(task_ids="nothing"), "nopush": pull("nopush"),
        "missing_task": pull(task_ids="does_not_exist"), "missing_key": pull(task_ids="p1", key="zz"),
        "default": pull(task_ids="p1", key="zz", default="dflt"), "positional": pull("p2"),
        "list_with_missing": pull(task_ids=["p1", "nothing", "nope"]), "own": pull(key="own"), "unknown": pull(key="k"),
        "mapped_all": pull(task_ids="m"), "mapped_one": pull(task_ids="m", map_indexes=1),
        "mapped_list": pull(task_ids="m", map_indexes=[2, 0]), "unmapped": pull("p1", map_indexes=None),
        "unmapped_default": pull("p1", map_indexes=7, default="d"), "run": pull("p1", run_id=run_id, dag_id="d"),
        "other_run": pull("p1", run_id="other"), "generator": pull(t for t in ("p1",)),
    }
[p1(), p2(), nothing(), nopush()] >> a()
"""


def test_every_form_of_xcom_pull(begin: Begin) -> None:
    run = begin(PULLS)
    for task_id in ("p1", "p2", "nothing", "nopush"):
        run.call("run_task", task_id, attempt=0)
    for index in range(3):  # as if there were a mapped task m
        record = TaskRecord("d", run.key.run_id, "m", "success", map_index=index)
        run.runtime.store.save_task(record, expect=None, xcoms={"return_value": str(index * 2 + 2)})
    assert returned(run) == {
        "one": "r1", "list": ["r1", "r2"], "key": {"n": 1}, "listkey": [2, {"n": 1}], "none": None, "nopush": None,
        "missing_task": None, "missing_key": None, "default": None, "positional": "r2",
        "list_with_missing": ["r1", None, None], "own": 5, "unknown": None, "mapped_all": [2, 4, 6], "mapped_one": 4,
        "mapped_list": [6, 2], "unmapped": "r1", "unmapped_default": "d", "run": "r1", "other_run": None,
        "generator": ["r1"],
    }  # fmt: skip


def test_xcoms_of_earlier_runs(begin: Begin) -> None:
    body = """
@task
def p(run_id=None):
    return None if run_id == "now" else run_id
@task
def a(ti=None):
    return [ti.xcom_pull("p"), ti.xcom_pull("p", include_prior_dates=True)]
p() >> a()
"""
    run = begin(body, {"run_id": "now", "logical_date": "2024-01-15T00:00:00+00:00"})
    for day in ("12", "14", "16"):
        date = f"2024-01-{day}T00:00:00+00:00"
        start(run.runtime, {"run_id": day, "logical_date": date}, {**EXECUTION, "Name": day, "Id": day}).task("p")
    run.call("run_task", "p", attempt=0)
    assert returned(run) == [None, "14"]


def test_what_dag_run_tells_about_its_tasks(begin: Begin) -> None:
    body = """
@task
def b(): raise AirflowSkipException
@task
def a(dag_run=None, ti=None):
    found = dag_run.get_task_instances(state="skipped")
    return [[t.task_id for t in found], dag_run.get_task_instance("a").state, dag_run.get_state(), ti.current_state(),
            ti.is_eligible_to_retry(), dag_run.external_trigger, ti.key.task_id, dag_run.dag.dag_id]
b(), a()
"""
    run = begin(body)
    run.task("b")
    assert returned(run) == [["b"], "running", "running", "running", False, True, "a", "d"]


# --- callbacks -----------------------------------------------------------------------------------------------------

CALLBACKS = """
def note(kind):
    def callback(context):
        seen.append((kind, context["ti"].state.value, type(context.get("exception")).__name__))
        context["ti"].xcom_push(f"by_{kind}", len(seen))
    return callback
def boom(context):
    raise SystemExit("callbacks can't end the worker")
@task(retries=1, on_execute_callback=note("execute"), on_success_callback=[boom, note("success")],
      on_failure_callback=note("failure"), on_retry_callback=note("retry"), on_skipped_callback=note("skipped"))
def a(ti=None):
    if behaviour == "skip":
        raise AirflowSkipException("no")
    if behaviour == "fail" or (behaviour == "retry" and ti.try_number == 1):
        raise ValueError("no")
a()
"""


@pytest.mark.parametrize(
    ("behaviour", "state", "expected", "pushed"),
    [
        ("go", "success", [("execute", "running", "NoneType"), ("success", "success", "NoneType")],
         ["execute", "success"]),
        ("skip", "skipped", [("execute", "running", "NoneType"), ("skipped", "skipped", "NoneType")],
         ["execute", "skipped"]),
        ("retry", "success", [("execute", "running", "NoneType"), ("retry", "up_for_retry", "ValueError"),
         ("execute", "running", "NoneType"), ("success", "success", "NoneType")], ["execute", "success"]),
        ("fail", "failed", [("execute", "running", "NoneType"), ("retry", "up_for_retry", "ValueError"),
         ("execute", "running", "NoneType"), ("failure", "failed", "ValueError")], ["execute", "failure"]),
    ],
)  # fmt: skip
def test_callbacks_in_their_order(begin: Begin, behaviour: str, state: str, expected: Any, pushed: list[str]) -> None:
    run = begin(CALLBACKS)
    names = run.runtime.dag.get_task("a").python_callable.__globals__
    names["behaviour"] = behaviour
    run.task("a")
    if state == "failed":
        run.call("record_failure", "a", error={"Error": "Again", "Cause": ""})
    assert (run.states["a"], run.record("a").state) == (state, state)
    assert names["seen"] == expected  # and the failure's only once
    assert sorted(run.xcoms()["a"]) == sorted(f"by_{kind}" for kind in pushed)


def test_the_callback_of_a_crash(begin: Begin) -> None:
    """The worker was lost: its record says running, and nobody has called back yet."""
    run = begin(CALLBACKS)
    key = TaskKey("d", run.key.run_id, "a")
    run.runtime.store.save_tasks(
        [TaskRecord("d", key.run_id, "a", "running", try_number=2, max_tries=1, execution="r1")]
    )
    error = {"Error": "Runtime.ExitError", "Cause": '{"errorMessage": "RequestId: x Error: Runtime exited"}'}
    for _ in range(2):
        assert run.call("record_failure", "a", error=error) == {"a": "failed"}
    seen = run.runtime.dag.get_task("a").python_callable.__globals__["seen"]
    assert seen == [("failure", "failed", "Runtime_ExitError")]
    assert (run.record("a").error, run.record("a").try_number) == ("Runtime.ExitError", 2)


# --- time ----------------------------------------------------------------------------------------------------------


def slow(seconds: float = 5.0) -> None:
    time.sleep(seconds)


def test_a_limit_raises_inside_the_code() -> None:
    began = time.monotonic()
    with pytest.raises(AirflowTaskTimeout, match="Timeout, PID"), time_limit(timedelta(seconds=0.05), None):
        slow()
    assert time.monotonic() - began < 1
    with pytest.raises(AirflowTaskTimeout), time_limit(timedelta(0), None):
        slow()


def test_the_end_of_the_lambda_is_a_limit_too() -> None:
    with pytest.raises(AirflowTaskTimeout, match="15 minutes"), time_limit(timedelta(hours=1), lambda: 60):
        slow()


def test_a_limit_within_a_limit() -> None:
    def work() -> None:
        with time_limit(timedelta(seconds=30), None):
            pass
        slow()

    with pytest.raises(AirflowTaskTimeout, match="15 minutes"), time_limit(None, lambda: 250):
        work()


def test_after_a_limit_nothing_happens() -> None:
    with time_limit(timedelta(seconds=0.05), None):
        pass
    time.sleep(0.1)


def test_a_task_may_catch_its_timeout_and_is_told_to_clean_up(begin: Begin) -> None:
    body = """
import time
from airflow.exceptions import AirflowTaskTimeout
from airflow.models import BaseOperator
@task(execution_timeout=timedelta(seconds=0.05))
def a():
    try:
        time.sleep(5)
    except AirflowTaskTimeout:
        return "caught"
class Op(BaseOperator):
    def execute(self, context): time.sleep(5)
    def on_kill(self): seen.append("killed")
a()
Op(task_id="b", execution_timeout=timedelta(seconds=0.05))
"""
    run = begin(body)
    assert returned(run) == "caught"
    run.task("b")
    assert (run.record("b").state, run.record("b").error) == ("failed", "AirflowTaskTimeout")
    assert run.runtime.dag.get_task("a").python_callable.__globals__["seen"] == ["killed"]


# --- lazy values ---------------------------------------------------------------------------------------------------


def test_a_lazy_value_behaves_like_its_value() -> None:
    import pendulum

    date = pendulum.datetime(2024, 1, 15)
    lazy: Any = Lazy(lambda: date)
    assert lazy == date
    assert lazy + timedelta(days=1) == date.add(days=1)
    assert date - lazy == timedelta(0)
    assert lazy < date.add(days=1)
    assert f"{lazy:%Y}" == "2024"
    assert str(lazy) == str(date)
    assert lazy.add(days=1).day == 16
    assert isinstance(lazy, pendulum.DateTime)
    assert not Lazy(lambda: None)
    assert {lazy: 1}[date] == 1
