"""XComs of tasks that fail, large ones, and those of single instances, as Airflow 3.3.2 has them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lambdas.driver import start

FILE = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import task
from airflow.exceptions import AirflowSkipException
seen, tries = [], []

with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    @task(retries=1, retry_delay=timedelta(0))
    def fails(ti=None):
        tries.append(1)
        ti.xcom_push("note", f"try {len(tries)}")
        if len(tries) == 1:
            ti.xcom_push("first", "only in the first try")
        raise ValueError("no")

    @task
    def skips(ti=None):
        ti.xcom_push("why", "because")
        raise AirflowSkipException("so")

    @task(trigger_rule="all_done")
    def below(ti=None):
        pull = ti.xcom_pull
        return [pull("fails", key="note"), pull("fails", key="first"), pull("fails"), pull("skips", key="why")]

    @task
    def m(x):
        return {"x": x}

    @task
    def picks(ti=None):
        pull = ti.xcom_pull
        return [
            pull("m", map_indexes=1), pull("m", map_indexes=[2, 0]), pull(["m", "m"], map_indexes=0),
            pull("m", map_indexes=9, default="none"), pull("m", map_indexes=None),
        ]

    @task
    def large(size: int):
        return "é" * (size // 2)

    [fails(), skips()] >> below()
    m.expand(x=[1, 2, 3]) >> picks()
    large(60 * 2**20)
    large.override(task_id="fits")(40 * 2**20)
"""


@pytest.fixture
def run(make_dag: Any, make_runtime: Any) -> Any:
    return start(make_runtime(make_dag(FILE)))


def test_what_a_task_pushed_before_it_failed_stays_and_a_retry_begins_without(run: Any) -> None:
    for task_id in ("fails", "skips", "below"):
        run.task(task_id)
    assert (run.states["fails"], run.states["skips"]) == ("failed", "skipped")
    assert run.xcoms()["below"]["return_value"] == ["try 2", None, None, "because"]
    assert set(run.xcoms()["fails"]) == {"note"}


def test_an_instance_is_pulled_by_its_index(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(3):
        run.call("run_task", "m", map_index=index)
    monkeypatch.setattr(run.runtime.store, "list_xcoms", lambda *_: pytest.fail("reads the XComs of all instances"))
    run.task("picks")
    monkeypatch.undo()
    x = [{"x": number} for number in range(4)]
    assert run.xcoms()["picks"]["return_value"] == [x[2], [x[3], x[1]], [x[1], x[1]], "none", None]


def test_an_xcom_has_up_to_fifty_megabytes(run: Any) -> None:
    run.task("fits")
    assert run.states["fits"] == "success"
    (blob,) = run.runtime.store.blobs
    assert blob == "xcom/d/manual__2024-01-15T00:00:00+00:00/fits/-1/return_value/1.json"
    run.task("large")
    assert run.states["large"] == "failed"
    assert "has 60.0 MB, an XCom takes 50 MB: write the data to S3" in run.record("large").error_message


OTHERS = """
from datetime import datetime
from airflow import DAG
from airflow.decorators import task

with DAG("reads", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    @task
    def pulls(ti=None):
        def pull(*args, **kwargs):
            return ti.xcom_pull(*args, dag_id="writes", **kwargs)
        return [
            pull("w"), pull(task_ids=["w", "none"]), pull("w", run_id="early"), pull("w", key="other", run_id="early"),
            pull("w", key="other"), pull("w", key="other", include_prior_dates=True), pull("w", run_id="nowhere"),
            pull("w", run_id="nowhere", include_prior_dates=True), ti.xcom_pull("w", dag_id="unknown"),
        ]
    pulls()
"""
WRITES = """
from datetime import datetime
from airflow import DAG
from airflow.decorators import task

with DAG("writes", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    @task
    def w(dag_run=None, ti=None):
        if dag_run.run_id != "now":
            ti.xcom_push("other", dag_run.run_id)
        return dag_run.run_id
    w()
"""


def test_another_dags_xcoms_are_those_of_its_run_with_the_same_id(make_dag: Any, make_runtime: Any) -> None:
    """With include_prior_dates also those of its earlier runs, if it has a run with this id."""
    writes = make_runtime(make_dag(WRITES, "writes.py"))
    for run_id, date in (("early", "2024-01-01"), ("late", "2024-01-03"), ("now", "2024-01-02")):
        start(writes, {"run_id": run_id, "logical_date": f"{date}T00:00:00+00:00"}).task("w")
    reads = make_runtime(make_dag(OTHERS, "reads.py"))
    run = start(reads, {"run_id": "now", "logical_date": "2024-01-02T00:00:00+00:00"})
    run.task("pulls")
    expected = ["now", ["now", None], "early", "early", None, "early", None, None, None]
    assert run.xcoms()["pulls"]["return_value"] == expected
