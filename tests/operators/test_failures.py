"""What failures do to a run: fail_fast, stopped runs, retries that ask Lambda, workers that are lost, run types."""

from __future__ import annotations

import os
from typing import Any

import pytest

from infra.local.engine import TaskCall, TaskFailed
from tests.operators.conftest import Project, Services

FAST = """
import time
from airflow.operators.empty import EmptyOperator
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.sensors.python import PythonSensor
dag = DAG("d", schedule=None, start_date=datetime(2024, 1, 1), fail_fast=True)
def no(): raise ValueError("no")
"""


class Slow(Services):
    """Services that take 500 virtual seconds."""

    async def call(self, resource: str, arguments: Any, call: TaskCall) -> Any:
        await call.sleep(500)
        return await super().call(resource, arguments, call)


def states(definition: Any) -> dict[str, Any]:
    """Every state of a definition by its name."""
    found: dict[str, Any] = {}
    waiting = [definition]
    while waiting:
        machine = waiting.pop()
        found |= machine["States"]
        for state in machine["States"].values():
            waiting += state.get("Branches", []) + [each for each in [state.get("ItemProcessor")] if each]
    return found


def test_fail_fast_stops_what_runs(project: Project) -> None:
    """A service's job is cancelled with its branch, and fails; a sensor that waits is skipped, and so is the rest."""
    text = (
        FAST
        + """
begin = EmptyOperator(task_id="begin", dag=dag)
job = AthenaOperator(task_id="job", query="select 1", database="x", output_location="s3://b/", dag=dag)
sensor = PythonSensor(task_id="sensor", python_callable=lambda: False, mode="reschedule", poke_interval=10,
                      timeout=1000, dag=dag)
first = PythonOperator(task_id="first", python_callable=print, dag=dag)
fails = PythonOperator(task_id="fails", python_callable=no, retries=1, retry_delay=timedelta(seconds=25), dag=dag)
last = PythonOperator(task_id="last", python_callable=print, dag=dag)
begin >> [job, sensor, first]
first >> fails
[job, sensor, fails] >> last
"""
    )
    result = project.run(text, Slow({"athena:startQueryExecution.sync": ANSWER}))
    assert result.tasks == {
        "begin": "success",
        "fails": "failed",
        "first": "success",
        "job": "failed",
        "sensor": "skipped",
        "last": "skipped",
    }
    assert result.try_number["fails"] == 2
    assert result.try_number["last"] == 0
    assert result.makespan_s == 25.0  # nothing is waited for
    assert result.state == "success"  # as in Airflow: the only leaf is skipped
    assert "fail_fast" in result.errors["job"]


def test_fail_fast_in_a_chain_and_nested(project: Project) -> None:
    text = (
        FAST
        + """
def task(name): return PythonOperator(task_id=name, python_callable=no if name == "d" else print, dag=dag)
a, b, c, d, e, f = map(task, "abcdef")
a >> [b, c]
b >> [d, e]
[d, e, c] >> f
"""
    )
    result = project.run(text)
    assert result.state == "success"
    assert (result.tasks["d"], result.tasks["f"]) == ("failed", "skipped")
    found = states(project.translate(text).definition)
    assert found["d · stop"] == {"Type": "Fail", "Error": "FailFast", "Cause": "d failed, and the DAG is fail_fast"}
    assert found["a · failed"]["Next"] == "finish run"
    (outer,) = (state for state in found.values() if state["Type"] == "Parallel" and "Catch" in state)
    assert outer["Catch"] == [{"ErrorEquals": ["FailFast"], "Output": "{% $states.input %}", "Next": "finish run"}]


def test_fail_fast_with_a_failing_leaf(project: Project) -> None:
    text = FAST + 'PythonOperator(task_id="a", python_callable=no, dag=dag)'
    assert (project.run(text).state, project.run(text).error) == ("failed", "DagRunFailed: a")


def test_other_instances_of_a_failed_task_go_on(project: Project) -> None:
    text = (
        FAST
        + """
def odd(n):
    if n == 1: raise ValueError(n)
m = PythonOperator.partial(task_id="m", python_callable=odd, dag=dag).expand(op_args=[[1], [2]])
m >> PythonOperator.partial(task_id="n", python_callable=odd, dag=dag).expand(op_args=[[3], [4]])
"""
    )
    result = project.run(text)
    assert result.tasks == {"m[0]": "failed", "m[1]": "success", "n[0]": "skipped", "n[1]": "skipped"}


def test_other_dags_have_no_fail_state(project: Project) -> None:
    text = "[PythonOperator(task_id=each, python_callable=print, dag=dag) for each in 'ab']"
    found = states(project.translate(text).definition)
    assert "Fail" not in {state["Type"] for state in found.values()}
    assert not [state for state in found.values() if state["Type"] == "Parallel" and "Catch" in state]


# --- retries that ask ----------------------------------------------------------------------------------------------

JOB = """
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
def note(kind):
    def callback(context):
        context["ti"].xcom_push(f"{kind} {context['ti'].try_number}", str(context.get("exception")))
    return callback
AthenaOperator(task_id="q", query="select '{{ ti.try_number }}'", database="x", output_location="s3://b/", dag=dag,
               retries=2, retry_delay=timedelta(seconds=40), on_retry_callback=note("retry"),
               on_failure_callback=note("failure"))
"""
FAILED = TaskFailed("States.TaskFailed", '{"QueryExecution": {"Status": {"StateChangeReason": "bad table"}}}')
ANSWER = {"QueryExecution": {"QueryExecutionId": "q1", "Status": {"State": "SUCCEEDED"}}}


def test_a_services_task_calls_back_at_each_retry(project: Project) -> None:
    services = Services({"athena:startQueryExecution.sync": [FAILED, ANSWER]})
    result = project.run(JOB, services)
    assert (result.tasks, result.try_number) == ({"q": "success"}, {"q": 2})
    assert result.makespan_s == 40.0
    assert result.xcoms["q"]["return_value"] == "q1"
    assert [arguments["QueryString"] for _, arguments in services.calls] == ["select '1'", "select '2'"]


def test_and_at_its_failure(project: Project) -> None:
    services = Services({"athena:startQueryExecution.sync": FAILED})
    result = project.run(JOB, services)
    assert (result.tasks, result.try_number) == ({"q": "failed"}, {"q": 3})
    assert result.xcoms == {"q": {"failure 3": "bad table"}}  # a retry begins without the XComs of the try before
    assert len(services.calls) == 3
    assert not [each for each in project.translate(JOB).problems if each.severity == "approximated"]


def test_only_then_the_states_are_others(project: Project) -> None:
    found = states(project.translate(JOB).definition)
    assert {"q · retry", "q · retry delay"} <= found.keys()
    assert "Retry" in found["q"]
    assert all("States.ALL" not in retrier["ErrorEquals"] for retrier in found["q"]["Retry"])
    plain = states(project.translate(JOB.replace("on_retry_callback=note", "on_success_callback=note")).definition)
    assert "q · retry" not in plain


POLICY = """
import os
from airflow.sdk import ExceptionRetryPolicy, RetryRule, RetryAction
policy = ExceptionRetryPolicy(
    [RetryRule(OSError, retry_delay=timedelta(seconds=7)), RetryRule(KeyError, RetryAction.FAIL)])
def work(ti):
    ti.xcom_push("try", ti.try_number)
    {body}
PythonOperator(task_id="t", python_callable=work, retries=2, retry_delay=timedelta(seconds=100), retry_policy=policy,
               dag=dag)
"""


@pytest.mark.parametrize(
    ("body", "tries", "seconds"),
    [
        ("raise OSError('x')", 3, 14.0),
        ("raise ValueError('x')", 3, 200.0),
        ("raise KeyError('x')", 1, 0.0),
        ("raise SystemExit(1)", 3, 200.0),
        ("raise (OSError if ti.try_number == 1 else KeyError)('x')", 2, 7.0),
    ],
)
def test_a_policy_decides(project: Project, body: str, tries: int, seconds: float) -> None:
    result = project.run(POLICY.format(body=body))
    assert (result.tasks, result.try_number, result.makespan_s) == ({"t": "failed"}, {"t": tries}, seconds)
    assert result.xcoms == {"t": {"try": tries}}


def test_a_policy_that_fails_says_nothing(project: Project) -> None:
    text = (
        POLICY.format(body="raise OSError('x')")
        .replace("policy = ", "policy = 1 and ")
        .replace("retry_policy=policy", "retry_policy=object()")
    )
    assert project.run(text).makespan_s == 200.0


def test_a_sensor_asks_its_policy(project: Project) -> None:
    text = POLICY.format(body="raise OSError('x')").replace(
        "PythonOperator(task_id", "from airflow.sensors.python import PythonSensor\nPythonSensor(task_id"
    )
    result = project.run(text)
    assert (result.try_number, result.makespan_s) == ({"t": 3}, 14.0)


# --- run types -----------------------------------------------------------------------------------------------------

TYPES = """
from airflow.utils.types import DagRunType
dag = DAG("d", schedule={schedule}, start_date=datetime(2024, 1, 1), allowed_run_types={allowed})
PythonOperator(task_id="t", python_callable=print, dag=dag)
"""


def test_allowed_run_types(project: Project) -> None:
    assert project.run(TYPES.format(schedule=None, allowed="DagRunType.MANUAL")).state == "success"
    result = project.run(TYPES.format(schedule=None, allowed="[DagRunType.BACKFILL_JOB]"))
    assert result.tasks == {}
    assert "InvalidRunInput: DAG d allows no manual runs: allowed_run_types is ['backfill']" in (result.error or "")
    refused = project.refused(TYPES.format(schedule="'@daily'", allowed="['manual']"))
    assert [code for code, _ in refused] == ["schedule-not-allowed"]


# --- runs that are stopped -----------------------------------------------------------------------------------------


def test_a_timeout_skips_what_runs_and_calls_back(project: Project) -> None:
    text = """
import pathlib
from airflow.sensors.python import PythonSensor
def told(context):
    note = f"{context['reason']} {context['ti'].task_id} {context['dag_run'].state} {context['ds']}"
    path = pathlib.Path(__file__).with_name("told")
    path.write_text((path.read_text() if path.exists() else "") + note)
dag = DAG("d", schedule=None, start_date=datetime(2024, 1, 1), dagrun_timeout=timedelta(minutes=5),
          on_failure_callback=told)
done = PythonOperator(task_id="done", python_callable=print, dag=dag)
done >> PythonSensor(task_id="sensor", python_callable=lambda: False, mode="reschedule", dag=dag)
"""
    result = project.run(text)
    assert (result.state, result.tasks) == ("failed", {"done": "success", "sensor": "skipped"})
    assert result.makespan_s == 300.0
    assert (project.folder / "told").read_text() == "timed_out sensor DagRunState.FAILED 2024-01-15"


def test_a_worker_that_is_lost_keeps_its_pushes(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in Airflow: what it has pushed stays, the try counts, and the next one begins without."""

    def lost(_code: int) -> None:
        raise TaskFailed("Runtime.ExitError", '{"errorMessage": "RequestId: 1 Error: Runtime exited"}')

    monkeypatch.setattr(os, "_exit", lost)
    text = """
import os
def work(ti):
    ti.xcom_push(f"try {ti.try_number}", 1)
    if ti.try_number < {survives}: os._exit(1)
    return "here"
PythonOperator(task_id="t", python_callable=work, retries={retries}, dag=dag)
"""
    result = project.run(text.replace("{survives}", "3").replace("{retries}", "2"))
    assert (result.tasks, result.try_number) == ({"t": "success"}, {"t": 3})
    assert result.xcoms == {"t": {"try 3": 1, "return_value": "here"}}
