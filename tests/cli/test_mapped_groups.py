"""Mapped task groups with the real Lambdas: sensors, services and pulls inside, simulated, run again, refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from dag_translator.pipeline import Refused, translate_file
from infra.cli.inprocess import run_dag
from infra.cli.local_run import load_one, simulate_file
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import RunKey, changed, to_item
from lambdas.storage.writes import Put
from tests.cli.test_mapped_runs import Athena, _write


def test_sensors_and_services(tmp_path: Path) -> None:
    """Each instance polls in rounds of its own, and its query is its own."""
    path = _write(
        tmp_path,
        """
import itertools
pokes = {n: itertools.count(1) for n in (1, 3)}
@task_group
def each(n, query):
    wait = PythonSensor(task_id="wait", python_callable=lambda n: next(pokes[n]) >= n, op_args=[n], poke_interval=60)
    run = AthenaOperator(task_id="run", query=query, database="db", output_location="s3://b/")
    wait >> run >> EmptyOperator(task_id="done")
each.expand_kwargs([{"n": 1, "query": "one"}, {"n": 3, "query": "bad"}])
""",
    )
    result = run_dag(*load_one(path, None), services=Athena())
    assert dict(result.tasks) == {
        "each.wait[0]": "success",
        "each.wait[1]": "success",
        "each.run[0]": "success",
        "each.run[1]": "failed",
        "each.done[0]": "success",
        "each.done[1]": "upstream_failed",
    }
    assert result.xcoms["each.run[0]"]["return_value"] == "id of one"
    assert result.spans["each.wait"].seconds == pytest.approx(120, abs=5)
    assert result.state == "failed"


GROUP = """
numbers = PythonOperator(task_id="numbers", python_callable=lambda: LIST)
@task_group
def each(n):
    @task
    def first(n):
        if n == 2:
            raise ValueError(n)
        return n
    @task
    def second(n):
        return n * 10
    return second(first(n))
@task(trigger_rule="all_done")
def collect(values):
    return list(values)
collect(each.expand(n=numbers.output))
"""


def test_run_again(tmp_path: Path) -> None:
    """A second execution of the run counts tries on, and what it does not have any more is removed."""
    path = _write(tmp_path, GROUP.replace("LIST", "[1, 2, 3]"))
    translation, dag = load_one(path, None)
    store = MemoryStore()
    before = run_dag(translation, dag, store=store, run_id="r")
    assert before.xcoms["collect"]["return_value"] == [10, 30]
    dag.get_task("numbers").python_callable = lambda: [7, 1]
    key = RunKey("d", "r")
    run = store.get_run(key)
    assert run is not None
    store.write_many([Put(key.pk, "run", to_item(changed(run, execution="an earlier one")))])
    store.save_tasks(changed(record, execution="an earlier one") for record in store.list_tasks(key))
    again = run_dag(translation, dag, store=store, run_id="r")
    assert again.xcoms["collect"]["return_value"] == [70, 10]
    assert {name: again.try_number[name] for name in again.tasks if name.startswith("each.first")} == {
        "each.first[0]": 2,
        "each.first[1]": 2,
        "each.first[2]": 1,
    }
    assert again.tasks["each.second[1]"] == "success"
    assert again.tasks["each.second[2]"] == "removed"


def test_simulated(tmp_path: Path) -> None:
    path = _write(tmp_path, GROUP.replace("LIST", "[]"))
    simulation = simulate_file(path, None, {"each.first": 30, "each.second": 5}, {"each.first": ["failed"]})
    told = {task["task_id"]: task for task in simulation.to_json()["tasks"]}
    assert told["each.first"]["instances"] == {"failed": 3}
    assert told["each.second"]["state"] == "upstream_failed"
    assert told["each.first"]["end"] - told["each.first"]["start"] == pytest.approx(30)
    assert simulation.path.tasks == ("numbers", "each.first", "each.second", "collect")
    assert "first [3]" in simulation.picture()


def test_what_is_refused(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        """
@task
def work(x):
    return x
@task_group
def inner(x):
    work(x)
@task_group
def outer(x):
    inner.expand(x=[1, 2])
    work(x)
outer.expand(x=[1, 2])
""",
    )
    (refused,) = translate_file(path)
    assert isinstance(refused, Refused)
    assert {problem.code for problem in refused.problems} == {"unsupported-nested-mapped-group"}
    assert all(problem.hint and problem.line for problem in refused.problems)


def test_a_mapped_branch_is_noted(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        """
choose = BranchPythonOperator.partial(task_id="choose", python_callable=lambda n: "a").expand(op_args=[[1], [2]])
choose >> [EmptyOperator(task_id="a"), EmptyOperator(task_id="b")]
""",
    )
    translation, dag = load_one(path, None)
    assert [problem.code for problem in translation.problems] == ["unsupported-mapped-branch"]
    result = run_dag(translation, dag)
    assert result.tasks == {"choose[0]": "success", "choose[1]": "success", "a": "success", "b": "success"}
