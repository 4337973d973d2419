"""Mapped sensors, queries and classic operators in the emitted machine, with the real Lambdas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dag_translator.pipeline import Refused, translate_file
from infra.cli.inprocess import run_dag
from infra.cli.local_run import load_one, simulate_file
from infra.local.engine import TaskCall, TaskFailed

HEAD = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import task, task_group
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.sensors.athena import AthenaSensor
from airflow.sensors.python import PythonSensor
with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
"""


def _write(folder: Path, body: str) -> Path:
    path = folder / "d.py"
    path.write_text(HEAD + "\n".join(f"    {line}" for line in body.strip().splitlines()) + "\n")
    return path


class Athena:
    """Two of three queries succeed, after a minute."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def call(self, resource: str, arguments: Any, call: TaskCall) -> Any:
        await call.sleep(60)
        if resource.endswith("getQueryExecution"):
            query = arguments["QueryExecutionId"]
            self.asked.append(query)
            state = "SUCCEEDED" if self.asked.count(query) > 1 else "RUNNING"
            return {"QueryExecution": {"QueryExecutionId": query, "Status": {"State": state}}}
        query = arguments["QueryString"]
        if query == "bad":
            raise TaskFailed("Athena.AthenaException.Failed", "no")
        status = {"State": "SUCCEEDED"}
        return {"QueryExecution": {"QueryExecutionId": f"id of {query}", "Query": query, "Status": status}}


def test_queries(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        """
queries = PythonOperator(task_id="queries", python_callable=lambda: ["one", "bad", "two"])
run = AthenaOperator.partial(task_id="run", database="db", output_location="s3://b/").expand(query=queries.output)
watch = AthenaSensor.partial(task_id="watch", sleep_time=30, trigger_rule="all_done").expand(
    query_execution_id=run.output)
PythonOperator(task_id="end", python_callable=lambda ids: list(ids), op_args=[run.output], trigger_rule="one_failed")
""",
    )
    athena = Athena()
    result = run_dag(*load_one(path, None), services=athena)
    assert dict(result.tasks) == {
        "queries": "success",
        "run[0]": "success",
        "run[1]": "failed",
        "run[2]": "success",
        "watch[0]": "success",
        "watch[1]": "success",
        "end": "success",
    }
    assert sorted(athena.asked) == ["id of one", "id of one", "id of two", "id of two"]
    assert result.xcoms["end"]["return_value"] == ["id of one", "id of two"]
    assert result.state == "success", "the leaves decide"


def test_sensors(tmp_path: Path) -> None:
    """Each instance polls on its own; one of them times out."""
    path = _write(
        tmp_path,
        """
import itertools
pokes = {n: itertools.count(1) for n in (1, 3, 99)}
PythonSensor.partial(
    task_id="s", python_callable=lambda n: next(pokes[n]) >= n, mode="reschedule", poke_interval=60, timeout=600,
).expand(op_args=[[1], [3], [99]])
""",
    )
    result = run_dag(*load_one(path, None))
    assert dict(result.tasks) == {"s[0]": "success", "s[1]": "success", "s[2]": "failed"}
    assert result.state == "failed"


def test_empty_operators_and_task_arguments(tmp_path: Path) -> None:
    path = _write(tmp_path, 'EmptyOperator.partial(task_id="e").expand(doc_md=["a", "b"])')
    assert dict(run_dag(*load_one(path, None)).tasks) == {"e[0]": "success", "e[1]": "success"}


def test_simulated(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        """
items = PythonOperator(task_id="items", python_callable=list)
work = PythonOperator.partial(task_id="work", python_callable=print, retries=0).expand(op_args=items.output)
work >> EmptyOperator(task_id="end", trigger_rule="all_done")
""",
    )
    result = simulate_file(path, None, {"work": 90}, {"work": "failed"})
    states = dict(result.result.tasks)
    assert states == {"items": "success", **{f"work[{n}]": "failed" for n in range(3)}, "end": "success"}


def test_params(tmp_path: Path) -> None:
    """What is mapped over replaces and adds keys, of its own instance only; the run's conf has the last word."""
    path = _write(
        tmp_path,
        """
items = PythonOperator(task_id="items", python_callable=lambda: [{"a": 5}, {"b": 6, "c": 7}])
def show(given, params): return {**params, "given": given}
dag.params.update({"a": 1, "b": 2})
fixed = PythonOperator.partial(task_id="fixed", python_callable=show, op_args=["{{ params.a }}"], params={"b": 20})
fixed.expand(params=items.output)
PythonOperator.partial(task_id="kwargs", python_callable=show).expand_kwargs(
    [{"params": {"a": 7}, "op_args": ["{{ params.a }}"]}, {"op_args": [dag.param("a")]}])
BashOperator.partial(task_id="none", bash_command="echo").expand(params=["a"])
""",
    )
    text = path.read_text().replace("\nwith DAG", "\nfrom airflow.operators.bash import BashOperator\nwith DAG")
    path.write_text(text)
    result = run_dag(*load_one(path, None), conf={"c": 100})
    assert result.tasks["none[0]"] == "failed"
    values = {name: xcoms["return_value"] for name, xcoms in result.xcoms.items() if name != "items"}
    assert values == {
        "fixed[0]": {"a": 5, "b": 20, "c": 100, "given": "5"},
        "fixed[1]": {"a": 1, "b": 6, "c": 100, "given": "1"},
        "kwargs[0]": {"a": 7, "b": 2, "c": 100, "given": "7"},
        "kwargs[1]": {"a": 1, "b": 2, "c": 100, "given": 1},
    }


def test_what_is_refused(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        """
PythonOperator.partial(task_id="retries", python_callable=print).expand(retries=[1, 2])
AthenaSensor.partial(task_id="soft", query_execution_id="q").expand(soft_fail=[True, False])
PythonOperator.partial(task_id="many", python_callable=print).expand(op_args=[[]] * 20_001)
""",
    )
    (refused,) = translate_file(path)
    assert isinstance(refused, Refused)
    assert {(problem.task_id, problem.code) for problem in refused.problems} == {
        ("retries", "unsupported-mapped-argument"),
        ("soft", "unsupported-mapped-argument"),
        ("many", "unsupported-too-many-instances"),
    }
    assert all(problem.hint and problem.line for problem in refused.problems)
