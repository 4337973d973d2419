"""Sensors poked from outside, and tasks whose work a service does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dag_translator.authoring.exceptions import AirflowException, AirflowSensorTimeout, AirflowSkipException
from lambdas.runtime import iso
from lambdas.tasks.retries import retry_delay
from tests.lambdas.conftest import Clock
from tests.lambdas.driver import Run, start

SENSOR = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.sensors.python import PythonSensor
from airflow.sensors.base import BaseSensorOperator, PokeReturnValue
answers, seen = [], []

def ask(**context):
    answer = answers.pop(0)
    if isinstance(answer, BaseException):
        raise answer
    return answer

def note(kind):
    return lambda context: seen.append((kind, context["ti"].try_number))

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    PythonSensor(task_id="s", python_callable=ask, on_execute_callback=note("begin"),
                 on_success_callback=note("success"), on_failure_callback=note("failure"),
                 on_retry_callback=note("retry"), on_skipped_callback=note("skipped"),
                 **{"poke_interval": 30, "timeout": 100, {arguments}})
"""

Sense = Callable[..., tuple[Run, list[Any], list[Any]]]


@pytest.fixture
def sense(make_dag: Any, make_runtime: Any) -> Sense:
    """A run with one sensor; its answers; the callbacks seen."""

    def make(*answers: Any, arguments: str = "") -> tuple[Run, list[Any], list[Any]]:
        dag = make_dag(SENSOR.replace("{arguments}", arguments))
        names = dag.get_task("s").python_callable.__globals__
        names["answers"].extend(answers)
        return start(make_runtime(dag)), names["answers"], names["seen"]

    return make


def poke(run: Run) -> dict[str, Any]:
    clock: Any = run.runtime.now
    answer = run.call("poke_sensor", "s", now=iso(clock()))
    clock.sleep(answer["wait"])
    return answer


def test_a_sensor_is_poked_until_it_says_yes(sense: Sense) -> None:
    run, _, seen = sense(False, False, True)
    again = {"state": "up_for_reschedule", "wait": 30, "states": {}}
    assert [poke(run), poke(run)] == [again, again]
    record = run.record("s")
    assert (record.state, record.pokes, record.try_number) == ("up_for_reschedule", 2, 1)
    assert record.first_poke == "2024-01-20T12:00:00+00:00"
    assert poke(run) == {"state": "success", "wait": 0, "states": {"s": "success"}}
    assert poke(run)["states"] == {"s": "success"}  # asked again: nothing runs
    assert seen == [("begin", 1), ("success", 1)]


def test_a_pause_is_one_that_the_machine_can_wait_for(sense: Sense) -> None:
    """A `Wait` takes 99,999,999 seconds at most, and an execution ends after a year."""
    run, _, _ = sense(False, arguments='"poke_interval": 10**9, "timeout": 10**10,')
    assert poke(run)["wait"] == 365 * 24 * 3600


def test_time_is_up(sense: Sense) -> None:
    run, _, seen = sense(*[False] * 9, arguments='"retries": 3,')
    run.sensor("s")
    assert run.states == {"s": "failed"}
    assert (run.record("s").error, run.record("s").try_number, run.record("s").pokes) == ("AirflowSensorTimeout", 1, 4)
    assert seen[-1] == ("failure", 1)


def test_time_is_up_softly(sense: Sense) -> None:
    run, _, seen = sense(*[False] * 9, arguments='"soft_fail": True,')
    run.sensor("s")
    assert (run.states, run.record("s").state) == ({"s": "skipped"}, "skipped")
    assert seen == [("begin", 1), ("skipped", 1)]


def test_a_poke_that_raises_is_tried_again_while_there_are_retries(sense: Sense) -> None:
    run, _, seen = sense(
        False,
        ValueError("one"),
        False,
        ValueError("two"),
        arguments='"retries": 1, "retry_delay": timedelta(seconds=7),',
    )
    assert poke(run)["state"] == "up_for_reschedule"
    assert poke(run) == {"state": "up_for_retry", "wait": 7, "states": {}}
    assert run.record("s").error == "ValueError"
    assert poke(run)["state"] == "up_for_reschedule"
    assert run.record("s").try_number == 2
    with pytest.raises(ValueError, match="two"):
        poke(run)
    assert run.record("s").state == "failed"
    assert seen == [("begin", 1), ("retry", 1), ("begin", 2), ("failure", 2)]


@pytest.mark.parametrize(("mode", "waited"), [("poke", 0.0), ("reschedule", 37.0)])
def test_where_the_timeout_counts_from_after_a_retry(sense: Sense, mode: str, waited: float) -> None:
    arguments = f'"retries": 1, "retry_delay": timedelta(seconds=7), "mode": "{mode}",'
    run, _, _ = sense(False, ValueError("one"), False, arguments=arguments)
    poke(run), poke(run), poke(run)
    began = run.record("s").first_poke
    assert began == ("2024-01-20T12:00:00+00:00" if waited else "2024-01-20T12:00:37+00:00")


def test_short_pauses_are_waited_for_here_where_there_is_a_sleep(sense: Sense, make_runtime: Any, clock: Clock) -> None:
    run, answers, _ = sense(*[False] * 3, True, arguments='"poke_interval": 10,')
    run.runtime = make_runtime(run.runtime.dag, sleep=clock.sleep)
    assert poke(run)["state"] == "success"
    assert (answers, clock.now.isoformat()) == ([], "2024-01-20T12:00:30+00:00")

    run, _, _ = sense(*[False] * 99, arguments='"poke_interval": 10, "timeout": 10_000,')
    run.runtime = make_runtime(run.runtime.dag, sleep=clock.sleep)
    run.run["run_id"] = "another"
    assert poke(run)["wait"] == 10  # not for ever
    assert run.record("s").pokes == 7


def test_skips_and_final_failures(sense: Sense) -> None:
    run, _, _ = sense(AirflowSkipException("enough"), arguments='"retries": 3,')
    with pytest.raises(AirflowSkipException, match="enough"):
        poke(run)
    run, _, _ = sense(AirflowSensorTimeout("own"), arguments='"retries": 3, "never_fail": True,')
    run.run["run_id"] = "another"
    with pytest.raises(AirflowSkipException, match="never_fail"):
        poke(run)


@pytest.mark.parametrize(
    ("arguments", "delays"),
    [
        ({}, [60, 60, 60]),
        ({"retry_exponential_backoff": True}, [60, 120, 240]),
        ({"retry_exponential_backoff": 3.0, "max_retry_delay": 200}, [60, 180, 200]),
    ],
)
def test_delays_between_tries(arguments: dict[str, Any], delays: list[int]) -> None:
    from datetime import timedelta

    from dag_translator.authoring.definitions.baseoperator import BaseOperator

    if "max_retry_delay" in arguments:
        arguments = {**arguments, "max_retry_delay": timedelta(seconds=arguments["max_retry_delay"])}
    task = BaseOperator(task_id="t", retry_delay=timedelta(minutes=1), **arguments)
    assert [retry_delay(task, number) for number in (1, 2, 3)] == delays


# --- Athena --------------------------------------------------------------------------------------------------------

ATHENA = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.sensors.athena import AthenaSensor
seen = []

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1), params={"bucket": "results"}) as dag:
    q = AthenaOperator(
        task_id="q", query="SELECT * FROM t WHERE day = '{{ ds }}'", database="db", retries=2,
        output_location="s3://{{ params.bucket }}/{{ ds_nodash }}/", region_name="eu-west-1",
        on_success_callback=lambda context: seen.append(context["ti"].xcom_pull("q")),
        on_failure_callback=lambda context: seen.append(str(context["exception"])),
    )
    w = AthenaSensor(task_id="w", query_execution_id=q.output, timeout=timedelta(minutes=5), sleep_time=20)
"""
ANSWER = {"QueryExecution": {"QueryExecutionId": "id-1", "Status": {"State": "SUCCEEDED"}, "WorkGroup": "primary"}}


@pytest.fixture
def athena(make_dag: Any, make_runtime: Any) -> Run:
    return start(make_runtime(make_dag(ATHENA)))


def seen_by(run: Run) -> list[Any]:
    found: list[Any] = run.runtime.dag.get_task("q").on_success_callback[0].__globals__["seen"]
    return found


def test_a_query_from_its_request_to_its_xcoms(athena: Run) -> None:
    assert athena.call("prepare_task", "q") == {
        "QueryString": "SELECT * FROM t WHERE day = '2024-01-15'",
        "QueryExecutionContext": {"Database": "db", "Catalog": "AwsDataCatalog"},
        "ResultConfiguration": {"OutputLocation": "s3://results/20240115/"},
        "WorkGroup": "primary",
    }
    assert athena.record("q").state == "running"
    assert "2024-01-15" in athena.record("q").rendered
    assert athena.call("record_result", "q", result=ANSWER, attempt=1) == {"q": "success"}
    assert (athena.record("q").state, athena.record("q").try_number) == ("success", 2)
    link = {"region_name": "eu-west-1", "aws_domain": "aws.amazon.com", "query_execution_id": "id-1"}
    assert athena.xcoms() == {"q": {"return_value": "id-1", "_athena_query_results": link}}
    assert athena.call("record_result", "q", result=ANSWER) == {"q": "success"}
    assert seen_by(athena) == ["id-1"]


def test_a_query_that_failed(athena: Run) -> None:
    athena.call("prepare_task", "q")
    cause = '{"QueryExecution": {"Status": {"State": "FAILED", "StateChangeReason": "TABLE_NOT_FOUND: t"}}}'
    error = {"Error": "States.TaskFailed", "Cause": cause}
    for _ in range(2):
        assert athena.call("record_failure", "q", error=error) == {"q": "failed"}
    assert athena.record("q").error_message == "TABLE_NOT_FOUND: t"
    assert seen_by(athena) == ["TABLE_NOT_FOUND: t"]


def test_an_answer_that_is_no_success(athena: Run) -> None:
    athena.call("prepare_task", "q")
    failed = {"QueryExecution": {"QueryExecutionId": "id-1", "Status": {"State": "CANCELLED"}}}
    with pytest.raises(AirflowException, match="Final state of Athena job is CANCELLED"):
        athena.call("record_result", "q", result=failed)
    assert athena.record("q").state == "failed"


def test_a_sensor_of_a_query(athena: Run, clock: Clock) -> None:
    athena.call("prepare_task", "q")
    athena.call("record_result", "q", result=ANSWER)
    deadline = int(clock.now.timestamp() * 1000) + 300_000
    prepared = {"arguments": {"QueryExecutionId": "id-1"}, "deadline": deadline}
    assert athena.call("prepare_task", "w") == prepared
    assert athena.call("record_result", "w", result=None) == {"w": "success"}
    assert "w" not in athena.xcoms()


def test_a_sensor_of_no_query(athena: Run) -> None:
    with pytest.raises(AirflowException, match="task 'w': query_execution_id is None"):
        athena.call("prepare_task", "w")
    assert athena.record("w").state == "failed"
    assert athena.call("record_failure", "w", error={"Error": "AirflowException", "Cause": "x"}) == {"w": "failed"}
    assert "query_execution_id is None" in athena.record("w").error_message


def test_record_failure_of_what_never_began(athena: Run) -> None:
    cause = '{"errorMessage": "Task timed out after 900.00 seconds", "errorType": "Sandbox.Timedout"}'
    athena.call("record_failure", "q", error={"Error": "Sandbox.Timedout", "Cause": cause})
    record = athena.record("q")
    assert (record.state, record.try_number, record.error) == ("failed", 1, "Sandbox.Timedout")
    assert record.error_message == "Task timed out after 900.00 seconds"
    assert seen_by(athena) == ["Task timed out after 900.00 seconds"]
