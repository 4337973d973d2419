"""ExternalTaskSensor from its DAG file to its outcome, on the engine's virtual clock: woken, not polling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dag_translator.authoring import runtime as authoring
from dag_translator.pipeline import Translation
from infra.cli.inprocess import run_dag
from infra.cli.run_result import RunResult
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import DagRun, TaskKey, TaskRecord
from lambdas.waiting import slots
from tests.operators.conftest import LOGICAL_DATE, Project

DAY = LOGICAL_DATE.isoformat()
# The other DAG's life, told by tasks of a branch beside the sensor, each at its hour.
BESIDE = """
from airflow.sensors.external_task import ExternalTaskMarker, ExternalTaskSensor
from airflow.providers.standard.sensors.time_delta import WaitSensor
with dag:
    for hour in range(1, 4):
        (WaitSensor(task_id=f"hour_{hour}", time_to_wait=timedelta(hours=hour - 0.5))
         >> PythonOperator(task_id=f"then_{hour}", python_callable=lambda: None))
    ExternalTaskSensor(task_id="s", external_dag_id="etl", ARGUMENTS)
"""
Life = dict[int, Callable[[], None]]


class Etl:
    """The other DAG's records, and the wakes that go with them."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def run(self, state: str = "running", date: str = DAY) -> None:
        key = f"manual__{date}"
        made = self.store.create_run(DagRun("etl", key, "manual", "running", date, date, "e", "", date))
        if state != "running":
            self.store.end_run(made.key, "e", state, date)
        self._wake(date)

    def task(self, task_id: str, state: str, date: str = DAY) -> None:
        found = self.store.get_task(TaskKey("etl", f"manual__{date}", task_id))
        watched = found is not None and found.watched
        record = TaskRecord("etl", f"manual__{date}", task_id, state, execution="e", watched=watched)
        self.store.save_tasks([record])
        if watched and record.is_final:
            self._wake(date)

    def _wake(self, date: str) -> None:
        context: Any = authoring._CONTEXT.get()
        if context is not None:
            context.runtime.wake("etl", date)


@pytest.fixture
def etl() -> Etl:
    return Etl(MemoryStore())


@pytest.fixture
def wait(project: Project, etl: Etl) -> Callable[..., RunResult]:
    """Run the sensor while the other DAG lives: hour → what happens then (half an hour earlier)."""

    def make(arguments: str = "", life: Life | None = None) -> RunResult:
        dag, translated = project.load(BESIDE.replace("ARGUMENTS", arguments))
        assert isinstance(translated, Translation), [str(each) for each in translated.problems]
        for hour, happens in (life or {}).items():
            dag.get_task(f"then_{hour}").python_callable = happens
        return run_dag(translated, dag, LOGICAL_DATE, store=etl.store)

    return make


def pokes(result: RunResult) -> int:
    store: Any = result.store
    found = store.get_task(TaskKey("d", result.run_id, "s"))
    return int(found.pokes + (found.state in ("success", "skipped")))


def test_what_has_happened_before_is_seen_at_once(wait: Any, etl: Etl) -> None:
    etl.run("success")
    result = wait()
    assert (result.tasks["s"], pokes(result)) == ("success", 1)
    assert result.spans["s"].seconds == 0


def test_the_end_of_the_run_wakes(wait: Any, etl: Etl) -> None:
    result = wait(life={1: etl.run, 2: lambda: etl.run("success")})
    assert result.tasks["s"] == "success"
    # Woken when the run starts and when it ends; Airflow would have asked 90 times.
    assert (result.spans["s"].seconds, pokes(result)) == (pytest.approx(1.5 * 3600, abs=5), 3)


def test_a_rescheduled_one_holds_no_slot_while_it_waits_and_is_woken(wait: Any, etl: Etl) -> None:
    held: list[int] = []

    def count() -> None:
        held.append(len(list(slots.holders(etl.store, slots.Gate("pool/db", 1)))))

    def wakes() -> None:
        count()
        etl.run("success")

    slots.set_pool(etl.store, "db", 1, "")
    result = wait('mode="reschedule", pool="db"', {1: count, 2: wakes})
    assert (result.tasks["s"], pokes(result)) == ("success", 3)  # it looks by itself after an hour
    assert result.spans["s"].seconds == pytest.approx(1.5 * 3600, abs=5)
    assert held == [0, 0]


def test_the_end_of_a_task_wakes_though_its_run_goes_on(wait: Any, etl: Etl) -> None:
    life = {1: etl.run, 2: lambda: etl.task("load", "running"), 3: lambda: etl.task("load", "success")}
    result = wait('external_task_id="load"', life)
    assert result.tasks["s"] == "success"
    assert result.spans["s"].seconds == pytest.approx(2.5 * 3600, abs=5)


def test_a_wake_that_is_lost_costs_an_hour_at_most(wait: Any, etl: Etl) -> None:
    def silently() -> None:
        etl.store.save_tasks([TaskRecord("etl", f"manual__{DAY}", "load", "success", execution="e")])

    etl.run()
    result = wait('external_task_ids=["load"]', {2: silently})
    assert (result.tasks["s"], result.spans["s"].seconds) == ("success", pytest.approx(2 * 3600, abs=5))


@pytest.mark.parametrize(
    ("arguments", "state", "outcome"),
    [
        ('failed_states=["failed"]', "failed", "failed"),
        ('failed_states=["failed"], soft_fail=True', "failed", "skipped"),
        ('failed_states=["failed"]', "success", "success"),
        ('skipped_states=["failed"]', "failed", "skipped"),
        ('allowed_states=["failed"], failed_states=["success"]', "failed", "success"),
        ('allowed_states=["success", "failed"]', "failed", "success"),
        ("timeout=7200", "failed", "failed"),  # it waits on, until its time is over
        ("timeout=7200, soft_fail=True", "failed", "skipped"),
        ("timeout=7200, never_fail=True", "failed", "failed"),
        ("timeout=7200, check_existence=True", "failed", "failed"),
    ],
)
def test_outcomes_of_a_run(wait: Any, etl: Etl, arguments: str, state: str, outcome: str) -> None:
    result = wait(arguments, {1: lambda: etl.run(state)})
    assert result.tasks["s"] == outcome


@pytest.mark.parametrize(
    ("states", "arguments", "outcome"),
    [
        (("success", "success"), "", "success"),
        (("success", "failed"), "", "failed"),
        (("success", "failed"), 'failed_states=["failed"],', "failed"),
        (("success", "skipped"), 'skipped_states=["skipped"],', "skipped"),
        (("success", "skipped"), 'allowed_states=["success", "skipped"],', "success"),
    ],
)
def test_outcomes_of_tasks_and_of_a_group(wait: Any, etl: Etl, states: Any, arguments: str, outcome: str) -> None:
    def happens() -> None:
        for task_id, state in zip(("g.a", "g.b"), states, strict=True):
            etl.task(task_id, state)
        etl.run("success")

    etl.run()
    arguments += " timeout=7000,"
    assert wait(f'{arguments} external_task_ids=["g.a", "g.b"]', {1: happens}).tasks["s"] == outcome


def test_a_group(wait: Any, etl: Etl) -> None:
    def happens() -> None:
        etl.task("g.a", "success")
        etl.task("g.b", "success")
        etl.run("success")

    etl.run()
    assert wait('external_task_group_id="g"', {1: happens}).tasks["s"] == "success"


def test_other_dates(wait: Any, etl: Etl) -> None:
    before = (LOGICAL_DATE - timedelta(days=1)).isoformat()
    etl.run("success", before)
    assert pokes(wait("execution_delta=timedelta(days=1)")) == 1


def test_several_dates(wait: Any, etl: Etl) -> None:
    etl.run("success", (LOGICAL_DATE - timedelta(days=1)).isoformat())
    two_before = (LOGICAL_DATE - timedelta(days=2)).isoformat()
    both = "execution_date_fn=lambda dt, ds: [dt - timedelta(days=n) for n in (1, 2)]"
    result = wait(both, {1: lambda: etl.run("success", two_before)})
    assert (result.tasks["s"], result.spans["s"].seconds) == ("success", pytest.approx(1800, abs=5))


def test_a_state_that_is_not_final_is_polled_for(wait: Any, etl: Etl) -> None:
    etl.run()
    result = wait(
        'external_task_id="load", allowed_states=["running", "success"], poke_interval=600, timeout=7200',
        {1: lambda: etl.task("load", "running")},
    )
    assert result.tasks["s"] == "success"
    assert result.spans["s"].seconds <= 1800 + 600


def test_retries_look_again(wait: Any, etl: Etl) -> None:
    """As in Airflow a failed state uses up the retries, and the other DAG may recover meanwhile."""
    etl.run("failed")
    arguments = 'failed_states=["failed"], retries=3, retry_delay=timedelta(hours=1)'

    def recovers() -> None:
        etl.store.create_run(DagRun("etl", f"manual__{DAY}", "manual", "running", DAY, DAY, "e2", "", DAY))
        etl.store.end_run(TaskKey("etl", f"manual__{DAY}", "").run, "e2", "success", DAY)

    result = wait(arguments, {2: recovers})
    assert (result.tasks["s"], result.try_number["s"]) == ("success", 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('external_task_id="a", external_task_ids=["b"]', "Only one of"),
        ('external_task_id="a", external_task_group_id="b"', "Only one of"),
        ("execution_delta=timedelta(1), execution_date_fn=lambda dt: dt", "Only one of"),
        ('allowed_states=["success"], failed_states=["success"]', "Duplicate values"),
        ('allowed_states=["skipped"]', "not a state of DAG runs"),
        ('external_task_id="a", allowed_states=["done"]', "not a state of tasks"),
    ],
)
def test_arguments_are_checked(project: Project, arguments: str, message: str) -> None:
    ((_, text),) = project.refused(BESIDE.replace("ARGUMENTS", arguments))
    assert message in text


def test_what_the_roles_may_do(project: Project) -> None:
    told = project.translate(BESIDE.replace("ARGUMENTS", "")).manifest
    assert told["reads"] == ["etl"]
    text = BESIDE.replace('external_dag_id="etl"', 'external_dag_id="{{ params.x }}"').replace("ARGUMENTS", "")
    assert project.translate(text).manifest["reads"] == ["*"]
    assert "reads" not in project.translate("PythonOperator(task_id='a', python_callable=print, dag=dag)").manifest


def test_what_is_otherwise_is_said(project: Project) -> None:
    text = BESIDE.replace("ARGUMENTS", 'check_existence=True, external_task_group_id="g"')
    assert {each["code"] for each in project.translate(text).manifest["problems"]} == {
        "unused-argument",
        "group-at-end",
    }


def test_a_marker_does_nothing_and_is_remembered(project: Project) -> None:
    text = """
from airflow.sensors.external_task import ExternalTaskMarker
ExternalTaskMarker(task_id="m", dag=dag, external_dag_id="x", external_task_id="y", recursion_depth=3)
"""
    translated = project.translate(text)
    (task,) = translated.manifest["tasks"]
    assert task["marks"] == {
        "external_dag_id": "x",
        "external_task_id": "y",
        "logical_date": "{{ logical_date.isoformat() }}",
        "recursion_depth": 3,
    }
    assert translated.definition["States"]["m"]["Type"] == "Pass"
    assert project.run(text).tasks == {"m": "success"}


def test_a_subclass_with_its_own_poke_is_polled(project: Project) -> None:
    text = """
from airflow.sensors.external_task import ExternalTaskSensor
class Mine(ExternalTaskSensor):
    def poke(self, context):
        return len(seen.append(1) or seen) > 2
seen = []
Mine(task_id="s", dag=dag, external_dag_id="etl", poke_interval=60, timeout=600)
"""
    result = project.run(text)
    assert result.tasks["s"] == "success"
    assert result.spans["s"].seconds == pytest.approx(120, abs=2)
