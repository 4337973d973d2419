"""The runtime against what Airflow 3.3.2 did with the same DAG files: states, try numbers, XComs, rendered fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dag_translator.load import load
from lambdas.memory_store import MemoryStore
from lambdas.runtime import Runtime
from tests.lambdas.conftest import DAGS, Clock
from tests.lambdas.driver import start

EXPECTED = Path(__file__).parents[1] / "data" / "airflow"

# Runs were started with this conf.
CONF = {
    "t21_templates": {"k": "v"},
    "t25_params": {"a": 2, "c": 9, "extra": True},
}

# Where this differs from Airflow 3.3.2 on purpose: DAG → task → why.
DIFFERENT: dict[str, dict[str, str]] = {
    "t21_templates": {
        "e08_execution_date": "Airflow 2's name works",
        "e13_prev_ds": "Airflow 2's name works",
        "e14_next_ds": "Airflow 2's name works",
        "e15_yesterday_ds": "Airflow 2's name works",
        "e16_tomorrow_ds": "Airflow 2's name works",
        "e17_prev_execution_date": "Airflow 2's name works",
        "e44_test_mode": "Airflow 2's name works",
        "e09_data_interval_start": "schedules have data intervals by default, as in Airflow 2",
        "e11_data_interval_start_ds": "schedules have data intervals by default, as in Airflow 2",
    },
    "t29_context": {
        "kwargs_keys": "Airflow 2's names are in the context too",
        "ti_attrs": "ti.operator, ti.pool and dag_run.execution_date of Airflow 2 exist",
    },
}


def plain(value: Any) -> Any:
    """Recorded values name some types in their own way."""
    if isinstance(value, dict):
        if value.get("__type__") == "decimal.Decimal":
            return {"__type__": "Decimal", "value": value["repr"].removeprefix("Decimal('").removesuffix("')")}
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def cases() -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted(EXPECTED.glob("*.json"))]


@pytest.mark.filterwarnings("ignore:unclosed file", "ignore::pytest.PytestUnraisableExceptionWarning")  # the files' own
@pytest.mark.parametrize("path", cases())
def test_as_airflow_did(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where one file counts its pokes
    monkeypatch.setattr("tempfile.tempdir", None)
    expected = json.loads(path.read_text())
    loaded = load(DAGS / "airflow" / expected["file"])
    assert not [str(problem) for problem in loaded.problems if problem.severity == "refused"]
    dag = next(dag for dag in loaded.dags if dag.dag_id == expected["dag_id"])
    runtime = Runtime(dag=dag, store=MemoryStore(), now=(clock := Clock()), sleep=clock.sleep)
    given = {"logical_date": "2024-01-15T00:00:00+00:00", "conf": CONF.get(dag.dag_id, {})}
    run = start(runtime, given)
    state = run.everything()

    different = DIFFERENT.get(dag.dag_id, {})
    tasks = [task_id for task_id in expected["tasks"] if task_id not in different]
    xcoms = run.xcoms()
    records = {record.task_id: record for record in runtime.store.list_tasks(run.key)}

    def of(found: dict[str, Any]) -> dict[str, Any]:
        return {task_id: found[task_id] for task_id in tasks if task_id in found}

    assert of(run.states) == of(expected["tasks"])
    assert {task_id: records[task_id].state for task_id in tasks} == of(expected["tasks"])
    assert {task_id: records[task_id].try_number for task_id in tasks} == of(expected["try_number"])
    assert of(xcoms) == plain(of(expected["xcoms"]))
    rendered = {task_id: json.loads(record.rendered) for task_id, record in records.items() if record.rendered}
    assert of({task_id: fields for task_id, fields in rendered.items() if fields}) == of(
        {task_id: fields for task_id, fields in expected["rendered"].items() if task_id in rendered}
    )
    assert of(expected["rendered"]).keys() <= rendered.keys()
    assert state == expected["dag_run_state"]


def test_what_airflow_2_knew_works() -> None:
    (dag,) = load(DAGS / "airflow" / "t21_templates.py").dags
    run = start(Runtime(dag=dag, store=MemoryStore(), now=Clock()))
    for task_id, why in DIFFERENT["t21_templates"].items():
        if why == "Airflow 2's name works":
            run.task(task_id)
    values = {task_id[:3]: xcoms["return_value"] for task_id, xcoms in run.xcoms().items()}
    date = "2024-01-15 00:00:00+00:00"
    assert values == {
        "e08": date, "e13": "2024-01-15", "e14": "2024-01-15", "e15": "2024-01-14", "e16": "2024-01-16",
        "e17": date, "e44": "False",
    }  # fmt: skip
