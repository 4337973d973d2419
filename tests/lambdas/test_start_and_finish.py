"""The first and the last state of a machine, and runs that end without them."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from dag_translator.authoring.exceptions import ParamValidationError
from lambdas.run_ended import call_back, callback_due, run_ended
from lambdas.runs.finish_run import DagRunFailed, named
from lambdas.runs.start_run import InvalidRunInput
from lambdas.runtime import RunInfo
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import changed
from lambdas.task_function import handle
from tests.lambdas.conftest import Clock
from tests.lambdas.driver import EXECUTION, Run, start

PLAIN = """
from datetime import datetime
from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator

with DAG("d", schedule={schedule}, start_date=datetime(2024, 1, 1), params={params}) as dag:
    a = PythonOperator(task_id="a", python_callable=lambda: 1)
    b = EmptyOperator(task_id="b")
    a >> b
"""


@pytest.fixture
def plain(make_dag: Any) -> Any:
    def make(schedule: str = "None", params: str = "{}") -> Any:
        return make_dag(PLAIN.replace("{schedule}", schedule).replace("{params}", params))

    return make


def test_nothing_given_is_a_manual_run_now(plain: Any, make_runtime: Any) -> None:
    runtime = make_runtime(plain())
    run = start(runtime, {})
    now = "2024-01-20T12:00:00+00:00"
    assert run.run == {
        "dag_id": "d",
        "run_id": f"manual__{now}",
        "run_type": "manual",
        "logical_date": now,
        "data_interval_start": now,
        "data_interval_end": now,
        "run_after": now,
        "start_date": now,
        "conf": {},
        "params": {},
        "execution": "r1",
    }
    stored = runtime.store.get_run(run.key)
    assert (stored.state, stored.execution_arn) == ("running", EXECUTION["Id"])


def test_the_same_execution_twice_is_one_run_with_one_answer(plain: Any, make_runtime: Any, clock: Clock) -> None:
    runtime = make_runtime(plain())
    first = start(runtime, {"run_id": "r"})
    clock.sleep(5)
    assert start(runtime, {"run_id": "r"}).run == first.run
    assert len(list(runtime.store.list_runs("d"))) == 1


def test_the_schedule_gives_a_manual_run_its_interval(plain: Any, make_runtime: Any) -> None:
    run = start(make_runtime(plain('"@daily"')), {"logical_date": "2024-01-15T10:30:00+09:00"})
    assert run.run["logical_date"] == "2024-01-15T01:30:00+00:00"
    assert run.run["data_interval_start"] == "2024-01-14T00:00:00+00:00"
    assert run.run["data_interval_end"] == "2024-01-15T00:00:00+00:00"


def test_what_the_dispatcher_says_counts(plain: Any, make_runtime: Any) -> None:
    given = {
        "run_id": "scheduled__2024-01-15T00:00:00+00:00",
        "logical_date": "2024-01-14T00:00:00+00:00",
        "data_interval_start": "2024-01-14T00:00:00+00:00",
        "data_interval_end": "2024-01-15T00:00:00+00:00",
        "run_after": "2024-01-15T00:00:00+00:00",
    }
    run = start(make_runtime(plain('"@daily"')), given)
    assert {name: run.run[name] for name in given} == given
    assert run.run["run_type"] == "scheduled"


def test_a_run_without_logical_date(plain: Any, make_runtime: Any) -> None:
    run = start(make_runtime(plain()), {"logical_date": None})
    assert run.run["logical_date"] is None
    assert run.run["run_id"] == "manual__2024-01-20T12:00:00+00:00"


def test_conf_overrides_params_and_is_checked(plain: Any, make_runtime: Any, memory_store: MemoryStore) -> None:
    dag = plain(params='{"n": __import__("airflow.models.param").models.param.Param(5, type="integer"), "s": "x"}')
    run = start(make_runtime(dag), {"conf": {"n": 7, "more": [1]}})
    assert run.run["params"] == {"n": 7, "s": "x", "more": [1]}
    memory_store.items.clear()
    with pytest.raises(ParamValidationError, match="n"):
        start(make_runtime(dag), {"conf": {"n": "seven"}})
    assert memory_store.items == {}  # a run that can't start leaves no trace


def test_a_large_conf_travels_by_reference(plain: Any, make_runtime: Any) -> None:
    runtime = make_runtime(plain())
    conf = {"k": "x" * 10_000}
    run = start(runtime, {"run_id": "r", "conf": conf})
    assert len(json.dumps(run.run)) < 1_000
    assert RunInfo.from_json(run.run, runtime.store).conf == conf
    looks_like = start(runtime, {"run_id": "r2", "conf": {"s3": "anything"}}, {**EXECUTION, "Name": "r2"})
    assert RunInfo.from_json(looks_like.run, runtime.store).conf == {"s3": "anything"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"logical_date": "tomorrow"}, "logical_date: 'tomorrow' is not an ISO 8601 time"),
        ({"conf": [1]}, "conf must be a JSON object, not list"),
        ({"run_type": "odd"}, "run_type: 'odd' is none of"),
        ({"states": {"a": "running"}}, "'a' can't start as 'running'"),
        ({"data_interval_start": "2024-01-01T00:00:00"}, "go together"),
        ({"run_id": "r", "cnof": {}}, "nothing that is known with 'cnof'"),
        ([], "must be a JSON object"),
    ],
)
def test_input_that_makes_no_sense(plain: Any, make_runtime: Any, given: Any, message: str) -> None:
    payload = {"kind": "start_run", "execution": EXECUTION, "input": given or "text"}
    from lambdas.task_function import handle

    with pytest.raises(InvalidRunInput, match=message):
        handle(make_runtime(plain()), payload)


def test_a_rerun_starts_with_the_outcomes_that_are_kept(plain: Any, make_runtime: Any) -> None:
    runtime = make_runtime(plain())
    first = start(runtime, {"run_id": "r", "conf": {"k": 1}})
    assert first.everything() == "success"
    again = start(
        runtime, {"run_id": "r", "states": {"a": "success", "gone": "success"}}, {**EXECUTION, "Name": "r-2", "Id": "x"}
    )
    assert again.states == {"a": "success"}
    assert (again.run["conf"], again.run["logical_date"]) == ({"k": 1}, first.run["logical_date"])
    assert runtime.store.get_run(again.key).state == "running"
    assert again.everything() == "success"
    assert (again.record("a").try_number, again.record("a").execution) == (1, "r-2")  # kept, not run


@pytest.mark.parametrize(
    ("given", "conf"),
    [
        ({}, {}),
        ({"day": 1}, {"day": 1}),
        ({"detail-type": "x", "detail": {"k": 1}}, {"detail-type": "x", "detail": {"k": 1}}),
        ({"conf": {"day": 1}}, {"day": 1}),
        ({"Comment": "Insert your JSON here"}, {}),
        ({"day": 1, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn"}, {"day": 1}),
    ],
)
def test_what_a_person_types_in_the_console(
    plain: Any, make_runtime: Any, given: dict[str, Any], conf: dict[str, Any]
) -> None:
    runtime = make_runtime(plain())
    run = start(runtime, given)
    assert run.run["conf"] == conf
    assert run.run["run_id"] == "manual__2024-01-20T12:00:00+00:00"
    assert start(runtime, given).run == run.run


# --- the end -------------------------------------------------------------------------------------------------------

CALLED_BACK = """
from datetime import datetime
from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator
seen = []

def note(context):
    seen.append((context["reason"], context["ti"].task_id, context["dag_run"].run_id, str(context["ti"].state.value)))

def boom(context):
    seen.append("boom")
    raise SystemExit(1)

callbacks = {"on_success_callback": [boom, note], "on_failure_callback": note}
with DAG("d", schedule=None, start_date=datetime(2024, 1, 1), **callbacks) as dag:
    a = PythonOperator(task_id="a", python_callable=lambda: 1 / 0)
    b = EmptyOperator(task_id="b")
    c = EmptyOperator(task_id="c", trigger_rule="all_done")
    a >> b
    a >> c
"""


def finished(run: Run, **states: str) -> Any:
    return run.call("finish_run", states=states)


def seen_by(dag: Any) -> list[Any]:
    found: list[Any] = dag.task_dict["a"].python_callable.__globals__["seen"]
    return found


def test_the_leaves_decide_and_the_failed_tasks_are_named(make_dag: Any, make_runtime: Any) -> None:
    dag = make_dag(CALLED_BACK)
    run = start(make_runtime(dag), {"run_id": "r"})
    assert run.everything() == "failed"
    assert run.states == {"a": "failed", "b": "upstream_failed", "c": "success"}
    with pytest.raises(DagRunFailed, match=r"^a$"):  # again: the same answer, and no callback a second time
        finished(run, **run.states)
    assert seen_by(dag) == [("task_failure", "a", "r", "failed")]  # the one that failed, not who waits for it
    stored: Any = run.runtime.store.get_run(run.key)
    assert (stored.state, stored.error, stored.end_date) == ("failed", "failed: a", "2024-01-20T12:00:00+00:00")


def test_an_error_names_only_so_many_tasks() -> None:
    assert named(["b", "a"]) == "a, b"
    assert named([f"t{index:03}" for index in range(53)]).endswith("t049 and 3 more")


def test_success_though_a_middle_task_failed_and_callbacks_that_fail(make_dag: Any, make_runtime: Any) -> None:
    dag = make_dag(CALLED_BACK.replace("a >> b", "a >> b >> c"))
    run = start(make_runtime(dag), {"run_id": "r"})
    assert run.everything() == "success"
    assert seen_by(dag) == ["boom", ("success", "c", "r", "success")]


def test_tasks_that_never_ran_get_their_records(make_dag: Any, make_runtime: Any) -> None:
    run = start(make_runtime(make_dag(CALLED_BACK)))
    with pytest.raises(DagRunFailed):
        finished(run, a="failed", b="upstream_failed", c="success")
    assert [(r.task_id, r.state, r.try_number) for r in run.runtime.store.list_tasks(run.key)] == [
        ("a", "failed", 0),
        ("b", "upstream_failed", 0),
        ("c", "success", 1),
    ]


TEARDOWN = """
from datetime import datetime
from airflow import DAG
from airflow.operators.empty import EmptyOperator

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    s, w = EmptyOperator(task_id="s"), EmptyOperator(task_id="w")
    t = EmptyOperator(task_id="t").as_teardown(setups=s, on_failure_fail_dagrun={fails})
    s >> w >> t
"""


@pytest.mark.parametrize(
    ("fails", "work", "state"), [("False", "success", "success"), ("False", "failed", None), ("True", "success", None)]
)
def test_a_teardown_is_no_leaf_unless_it_says_so(
    make_dag: Any, make_runtime: Any, fails: str, work: str, state: Any
) -> None:
    run = start(make_runtime(make_dag(TEARDOWN.replace("{fails}", fails))))
    if state is None:
        with pytest.raises(DagRunFailed):
            finished(run, s="success", w=work, t="failed")
    else:
        assert finished(run, s="success", w=work, t="failed") == {"state": state}


# --- an end that the machine did not see ---------------------------------------------------------------------------


def ended(status: str, arn: str = EXECUTION["Id"]) -> dict[str, Any]:
    return {"detail-type": "Step Functions Execution Status Change", "detail": {"executionArn": arn, "status": status}}


@pytest.mark.parametrize(("status", "running"), [("TIMED_OUT", "skipped"), ("ABORTED", "failed"), ("FAILED", "failed")])
def test_a_stopped_run_and_its_tasks_get_final_states(plain: Any, make_runtime: Any, status: str, running: str) -> None:
    runtime = make_runtime(plain())
    run = start(runtime, {"run_id": "r"})
    run.call("run_task", "a", attempt=0)
    done = run.record("a")
    others = [changed(done, task_id="x", state="running"), changed(done, task_id="y", state="up_for_retry")]
    runtime.store.save_tasks(others)
    answer = run_ended(runtime.store, ended(status), "t9")
    assert answer == {"run_id": "r", "tasks": {"x": running, "y": "skipped"}}
    assert run.record("a") == done
    assert (runtime.store.get_run(run.key).state, runtime.store.get_run(run.key).end_date) == ("failed", "t9")
    assert run_ended(runtime.store, ended(status), "t10") == {"run_id": None, "tasks": {}}


def test_runs_that_ended_or_moved_on_are_left_alone(plain: Any, make_runtime: Any) -> None:
    runtime = make_runtime(plain())
    nothing: dict[str, Any] = {"run_id": None, "tasks": {}}
    assert run_ended(runtime.store, ended("ABORTED"), "t") == nothing  # never started
    run = start(runtime, {"run_id": "r"})
    assert run_ended(runtime.store, ended("SUCCEEDED"), "t") == nothing
    assert runtime.store.end_run(run.key, "r1", "failed", "t")
    start(runtime, {"run_id": "r"}, {**EXECUTION, "Name": "r-2", "Id": "arn:2"})
    assert run_ended(runtime.store, ended("ABORTED"), "t") == nothing  # a newer execution has taken over
    assert runtime.store.get_run(run.key).state == "running"
    assert run_ended(runtime.store, ended("ABORTED", "arn:2"), "t")["run_id"] == "r"


CALLED = """
from datetime import datetime
from airflow.sdk import DAG, task
def told(context):
    context["ti"].xcom_push("told", f"{context['reason']} {context['ti'].task_id}")
with DAG("d", schedule=None, start_date=datetime(2024, 1, 1), on_failure_callback=[told]):
    @task
    def a(): pass
    @task
    def b(): pass
    a() >> b()
"""


def test_the_dag_is_called_back_once_about_a_stopped_run(make_dag: Any, make_runtime: Any) -> None:
    runtime = replace(make_runtime(make_dag(CALLED)), function="airstep-d:7")
    run = start(runtime, {"run_id": "r"})
    run.call("run_task", "a", attempt=0)
    done = run.record("a")
    runtime.store.save_tasks([changed(done, task_id="b", state="running")])
    assert run_ended(runtime.store, ended("TIMED_OUT"), "t9")["tasks"] == {"b": "skipped"}
    due = callback_due(runtime.store, ended("TIMED_OUT"))
    assert due == (
        "airstep-d:7",
        {"kind": "run_stopped", "dag_id": "d", "run_id": "r", "execution": "r1", "status": "TIMED_OUT"},
    )
    asked: list[dict[str, Any]] = []
    call_back(runtime.store, ended("TIMED_OUT"), lambda: SimpleNamespace(invoke=lambda **given: asked.append(given)))
    assert [(each["FunctionName"], each["Qualifier"], each["InvocationType"]) for each in asked] == [
        ("airstep-d", "7", "Event")
    ]
    assert handle(runtime, json.loads(asked[0]["Payload"])) == {"called": True}
    assert handle(runtime, due[1]) == {"called": False}
    start(runtime, {"run_id": "r"}, {**EXECUTION, "Name": "r-2", "Id": "arn:2"})
    assert handle(runtime, due[1]) == {"called": False}  # a newer execution has taken over


def test_tasks_that_never_had_a_turn_are_skipped_when_their_run_is_stopped(make_dag: Any, make_runtime: Any) -> None:
    """As Airflow does with a run that is marked failed: what runs or pokes is failed, all else is skipped."""
    runtime = replace(make_runtime(make_dag(CALLED.replace("on_failure_callback=[told]", ""))), function="airstep-d:7")
    run = start(runtime, {"run_id": "r"})
    run.call("run_task", "a", attempt=0)
    done = run.record("a")
    runtime.store.save_tasks([changed(done, state="up_for_reschedule")])
    assert run_ended(runtime.store, ended("ABORTED"), "t9")["tasks"] == {"a": "failed"}
    due = callback_due(runtime.store, ended("ABORTED"))
    assert due is not None
    for _ in range(2):
        handle(runtime, due[1])
    assert {record.task_id: (record.state, record.error) for record in runtime.store.list_tasks(run.key)} == {
        "a": ("failed", "ABORTED"),
        "b": ("skipped", "ABORTED"),
    }
    answer = handle(runtime, {"kind": "clear_tasks", "run_id": "r", "only_failed": True})
    assert [row["task_id"] for row in answer["cleared"]] == ["a", "b"], "from where it was stopped"


def test_nobody_is_asked_about_an_execution_without_a_run(plain: Any, make_runtime: Any) -> None:
    assert callback_due(make_runtime(plain()).store, ended("TIMED_OUT", "arn:nobody")) is None
