"""Running a machine in process: errors as Lambda's, payloads as JSON, no false barriers."""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.cli.inprocess import Meter, lambda_error, run_dag
from infra.cli.local_run import load_one, simulate_file
from infra.cli.services import AwsServices
from infra.local.engine import TaskCall, run
from lambdas.storage.memory_store import MemoryStore


def test_errors_are_named_as_lambda_names_them() -> None:
    class MyError(Exception):
        pass

    failed = lambda_error(MyError("boom"))
    assert failed.error == "MyError"
    cause = json.loads(failed.cause)
    assert (cause["errorType"], cause["errorMessage"]) == ("MyError", "boom")
    assert lambda_error(SystemExit(1)).error == "Runtime.ExitError"


def test_one_store_holds_several_runs(dags: Path) -> None:
    translation, dag = load_one(dags / "several.py", "second")
    store, meter = MemoryStore(), Meter()
    for day in (1, 2):
        moment = datetime(2024, 1, day, tzinfo=UTC)
        result = run_dag(translation, dag, moment, {"greeting": f"day {day}"}, store=store, meter=meter)
        assert result.state == "success"
        assert result.xcoms == {"start": {"return_value": f"day {day}"}}
    assert [run.logical_date for run in store.list_runs("second")] == [
        "2024-01-02T00:00:00+00:00",
        "2024-01-01T00:00:00+00:00",
    ]
    assert meter.invocations == 2 * 4, "start, two tasks, finish"


def test_a_happy_chain_costs_at_most_two_more_transitions(tmp_path: Path) -> None:
    lines = [
        "from datetime import datetime",
        "from airflow import DAG",
        "from airflow.operators.python import PythonOperator",
        "with DAG('chain', schedule=None, start_date=datetime(2024, 1, 1)) as dag:",
        "    tasks = [PythonOperator(task_id=f't{i}', python_callable=int) for i in range(9)]",
        "    for one, other in zip(tasks, tasks[1:]): one >> other",
    ]
    (tmp_path / "chain.py").write_text("\n".join(lines))
    translation, dag = load_one(tmp_path / "chain.py", None)
    assert run_dag(translation, dag).transitions <= 9 + 2


RULES = ["all_success", "all_success", "all_done", "one_success", "one_failed", "one_done", "none_failed", "always"]


@pytest.mark.parametrize("seed", range(10))
def test_no_false_barrier(seed: int, tmp_path: Path) -> None:
    """A sample of what the translator's property test does at length: every task ends at its critical-path time."""
    rng = random.Random(seed)
    count = rng.randint(5, 30)
    edges = [(a, b) for a in range(count) for b in range(a + 1, count) if rng.random() < 2.5 / count]
    rules = [rng.choice(RULES) if seed % 2 else "all_success" for _ in range(count)]
    lines = [
        "from datetime import datetime",
        "from airflow import DAG",
        "from airflow.operators.python import PythonOperator",
        "with DAG('drawn', schedule=None, start_date=datetime(2024, 1, 1)) as dag:",
        f"    rules = {rules}",
        "    def made(i, rule): return PythonOperator(task_id=f't{i}', python_callable=int, trigger_rule=rule)",
        "    tasks = [made(i, rule) for i, rule in enumerate(rules)]",
        f"    for a, b in {edges}: tasks[a] >> tasks[b]",
    ]
    (tmp_path / "drawn.py").write_text("\n".join(lines))
    durations = {f"t{index}": rng.randint(1, 60) for index in range(count)}
    outcomes = {f"t{index}": rng.choice(["success", "success", "failed", "skipped"]) for index in range(count)}
    simulated = simulate_file(tmp_path / "drawn.py", None, durations, outcomes if seed % 2 else {})
    result = simulated.result
    ran = [task_id for task_id in result.tasks if result.try_number[task_id] > 0]
    assert {each: result.spans[each].end for each in ran} == {each: simulated.path.ends[each] for each in ran}
    assert {each: result.spans[each].seconds for each in ran} == {each: durations[each] for each in ran}
    assert result.makespan_s == simulated.path.length
    assert ran


def test_a_native_task_reaches_the_service(tmp_path: Path) -> None:
    (tmp_path / "athena.py").write_text(
        "from datetime import datetime\n"
        "from airflow import DAG\n"
        "from airflow.providers.amazon.aws.operators.athena import AthenaOperator\n"
        "with DAG('athena', schedule=None, start_date=datetime(2024, 1, 1)) as dag:\n"
        "    AthenaOperator(task_id='q', query='select {{ ds_nodash }}', database='db', output_location='s3://b/o/')\n"
    )
    asked: list[Any] = []

    class Athena:
        async def call(self, resource: str, arguments: Any, call: TaskCall) -> Any:
            asked.append((resource.rsplit(":", 1)[-1], arguments["QueryString"], call.state_name))
            await call.sleep(7)
            return {"QueryExecution": {"QueryExecutionId": "id-1", "Status": {"State": "SUCCEEDED"}}}

    translation, dag = load_one(tmp_path / "athena.py", None)
    result = run_dag(translation, dag, datetime(2024, 1, 15, tzinfo=UTC), services=Athena())
    assert asked == [("startQueryExecution.sync", "select 20240115", "q")]
    assert (result.state, result.xcoms["q"]["return_value"], result.makespan_s) == ("success", "id-1", 7)
    nobody = run_dag(translation, dag, datetime(2024, 1, 15, tzinfo=UTC))
    assert nobody.state == "failed"
    assert nobody.tasks == {"q": "failed"}


def test_aws_is_polled_in_real_time_and_not_too_often(tmp_path: Path) -> None:
    class Service:
        def __init__(self) -> None:
            self.asked: list[float] = []

        async def call(self, resource: str, arguments: Any, call: TaskCall) -> Any:
            self.asked.append(time.monotonic())
            await call.sleep(0.01)
            return {"seen": call.clock.now().isoformat()}

    states = {
        "poll": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:headObject", "Next": "again?"},
        "again?": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $states.context.Execution.StartTime < $now() and $exists($n) %}", "Next": "end"}
            ],
            "Default": "wait",
        },
        "wait": {"Type": "Wait", "Seconds": 60, "Assign": {"n": 1}, "Next": "poll"},
        "end": {"Type": "Succeed"},
    }
    service = Service()
    services = AwsServices(make=lambda: service, pause=0.2)
    assert services._made is None, "nothing is made before it is needed"
    began = time.monotonic()
    execution = run({"QueryLanguage": "JSONata", "StartAt": "poll", "States": states}, integrations=services)
    assert execution.status == "SUCCEEDED", execution.cause
    assert execution.stopped is not None
    assert (execution.stopped - execution.started).total_seconds() == 60, "AWS's own time is not the machine's"
    assert len(service.asked) == 2
    assert 0.2 <= service.asked[1] - service.asked[0] < 1
    assert time.monotonic() - began < 2
