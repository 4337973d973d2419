"""S3KeySensor on buckets that send their events: from its DAG file to its outcome, on the engine's virtual clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dag_translator.account import Account
from dag_translator.pipeline import Translation
from infra.cli.inprocess import run_dag
from infra.cli.run_result import RunResult
from infra.local.engine import Callbacks
from lambdas.signal_function import Signals, handle
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import TaskKey
from tests.lambdas.test_objects import created
from tests.operators.conftest import LOGICAL_DATE, Lender, Project

TEXT = """
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.standard.sensors.time_delta import WaitSensor
with dag:
    for hour in range(1, 4):
        (WaitSensor(task_id=f"hour_{hour}", time_to_wait=timedelta(hours=(hour - 0.5) * 0.9))
         >> PythonOperator(task_id=f"then_{hour}", python_callable=lambda: None))
    SENSOR
"""
AT = {1: 0.45 * 3600, 2: 1.35 * 3600, 3: 2.25 * 3600}
ONE = "S3KeySensor(bucket_key='s3://lake/in/{{ ds }}.csv')"


class Lake:
    """A bucket, of whose objects EventBridge is told (or not), and what came of that."""

    def __init__(self, aws: Lender, name: str = "lake") -> None:
        self.s3, self.name = aws.client("s3"), name
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.store, self.callbacks = MemoryStore(), Callbacks()
        self.woken: list[int] = []

    def put(self, *keys: str, told: bool = True, body: bytes = b"1") -> None:
        for key in keys:
            self.s3.put_object(Bucket=self.name, Key=key, Body=body)
            if told:
                self.woken.append(handle(Signals(self.store, self.callbacks), created(key, self.name))["woken"])


@pytest.fixture
def lake(aws: Lender) -> Lake:
    return Lake(aws)


@pytest.fixture
def sense(project: Project, aws: Lender, lake: Lake) -> Callable[..., RunResult]:
    """Run one sensor (task s) while then[n] happens at AT[n], in seconds after the start."""
    project.account = Account(event_buckets=("lake", "lake2"))

    def make(sensor: str, then: dict[int, Callable[[], object]], arguments: str = "timeout=18000") -> RunResult:
        made = sensor.replace("S3KeySensor(", f"S3KeySensor(task_id='s', {arguments}, ", 1)
        dag, translated = project.load(TEXT.replace("SENSOR", made))
        assert isinstance(translated, Translation), [str(each) for each in translated.problems]
        for hour, happens in then.items():
            dag.get_task(f"then_{hour}").python_callable = lambda happens=happens: happens() and None
        account = project.account
        return run_dag(
            translated, dag, LOGICAL_DATE, lender=aws, store=lake.store, callbacks=lake.callbacks, account=account
        )

    return make


def pokes(result: RunResult) -> int:
    store: Any = result.store
    found = store.get_task(TaskKey("d", result.run_id, "s"))
    return int(found.pokes + (found.state in ("success", "skipped")))


@pytest.mark.parametrize(
    "sensor",
    [
        ONE,
        "S3KeySensor(bucket_name='lake', bucket_key='in/2024-01-15.csv', mode='reschedule')",
        "S3KeySensor(bucket_name='{{ \"lake\" }}', bucket_key='in/2024-01-15.csv', deferrable=True)",
        "S3KeySensor(bucket_key='s3://lake/in/*.csv', wildcard_match=True)",
        "S3KeySensor(bucket_name='lake', bucket_key='in/[0-9-]+.csv', use_regex=True)",
        "S3KeySensor.partial(task_id='s', timeout=18000).expand(bucket_key=['s3://lake/in/2024-01-15.csv'])",
    ],
)
def test_the_object_wakes_and_others_do_not(sense: Any, lake: Lake, sensor: str) -> None:
    mapped = ".expand(" in sensor
    then = {1: lambda: lake.put("other"), 2: lambda: lake.put("in/2024-01-15.csv")}
    result = sense(sensor, then)
    task_id = "s[0]" if mapped else "s"
    assert result.tasks[task_id] == "success"
    assert lake.woken == [0, 1]
    # A look at the start, one after an hour, and one when the object has come.
    assert result.spans["s"].seconds == pytest.approx(AT[2], abs=5)
    assert mapped or pokes(result) == 3


def test_what_is_there_already_is_seen_at_once(sense: Any, lake: Lake) -> None:
    lake.put("in/2024-01-15.csv", told=False)
    result = sense(ONE, {})
    assert (result.tasks["s"], result.spans["s"].seconds, pokes(result)) == ("success", 0, 1)


def test_an_object_that_comes_while_it_looks_is_not_missed(sense: Any, lake: Lake) -> None:
    """Its event is there before the machine waits."""
    looked: list[int] = []

    def look(files: Any) -> bool:
        looked.append(len(files))
        if len(looked) == 1:
            lake.put("in/b")
            return False
        return True

    lake.put("in/a", told=False)
    import builtins

    builtins.look = look  # type: ignore[attr-defined]
    sensor = "S3KeySensor(bucket_key='s3://lake/in/*', wildcard_match=True, check_fn=lambda files: look(files))"
    try:
        result = sense(sensor, {}, "timeout=18000, poke_interval=7200")
    finally:
        del builtins.look  # type: ignore[attr-defined]
    assert (result.tasks["s"], looked) == ("success", [1, 2])
    assert result.spans["s"].seconds < 5


def test_an_event_that_is_lost_costs_an_hour_at_most(sense: Any, lake: Lake) -> None:
    result = sense(ONE, {1: lambda: lake.put("in/2024-01-15.csv", told=False)})
    assert (result.tasks["s"], result.spans["s"].seconds) == ("success", pytest.approx(3600, abs=5))


def test_several_keys_wake_one_after_the_other(sense: Any, lake: Lake) -> None:
    then = {
        1: lambda: lake.put("b", "b"),  # the first that is missing is `a`
        2: lambda: lake.put("a", "a"),
        3: lambda: lake.put("c"),
    }
    result = sense("S3KeySensor(bucket_key=['s3://lake/a', 's3://lake/b', 's3://lake/c'])", then)
    assert (result.tasks["s"], result.spans["s"].seconds) == ("success", pytest.approx(AT[3], abs=5))
    assert lake.woken == [0, 0, 1, 0, 1]


def test_a_check_is_asked_at_its_interval_and_when_an_object_comes(sense: Any, lake: Lake) -> None:
    then = {1: lambda: lake.put("in/a"), 2: lambda: lake.put("in/a", body=b"123", told=False)}
    sensor = "S3KeySensor(bucket_key='s3://lake/in/a', check_fn=lambda files: files[0]['Size'] > 1)"
    result = sense(sensor, then, "timeout=18000, poke_interval=1000")
    assert (result.tasks["s"], lake.woken) == ("success", [1])
    assert AT[2] <= result.spans["s"].seconds <= AT[2] + 1000
    assert pokes(result) == 7


@pytest.mark.parametrize(("soft_fail", "state"), [(False, "failed"), (True, "skipped")])
def test_its_time_is_over(sense: Any, soft_fail: bool, state: str) -> None:
    result = sense(ONE, {}, f"timeout=5000, soft_fail={soft_fail}")
    assert (result.tasks["s"], result.spans["s"].seconds) == (state, pytest.approx(5001, abs=3))


@pytest.mark.parametrize(
    "sensor",
    [
        "S3KeySensor(bucket_key='s3://inbox/in/a.csv')",
        "S3KeySensor(bucket_key=['s3://lake/a', 's3://inbox/a'])",
    ],
)
def test_other_buckets_are_polled(project: Project, sensor: str) -> None:
    project.account = Account(event_buckets=("lake",))
    translated = project.translate(TEXT.replace("SENSOR", sensor.replace("(", "(task_id='s', ", 1)))
    assert translated.model.by_id["s"].lowering == "S3KeySensor"
    assert "watches" not in translated.manifest
    assert "waitForTaskToken" not in json.dumps(translated.definition)


def test_a_bucket_that_only_a_run_knows_is_polled_if_nobody_vouches_for_it(sense: Any, lake: Lake, aws: Lender) -> None:
    inbox = Lake(aws, "inbox")
    result = sense(
        "S3KeySensor(bucket_name='{{ \"inbox\" }}', bucket_key='a')",
        {1: lambda: inbox.put("a", told=False)},
        "timeout=18000, poke_interval=600",
    )
    assert (result.tasks["s"], result.spans["s"].seconds) == ("success", pytest.approx(1800, abs=5))
    assert pokes(result) == 4


def test_a_subclass_with_its_own_poke_is_polled(sense: Any, lake: Lake) -> None:
    sensor = """
    class Mine(S3KeySensor):
        def poke(self, context):
            return super().poke(context)
    Mine(task_id="s", bucket_key="s3://lake/a", poke_interval=600, timeout=18000)
"""
    result = sense(sensor, {1: lambda: lake.put("a")})
    assert (result.tasks["s"], lake.woken) == ("success", [0])
    assert result.spans["s"].seconds == pytest.approx(1800, abs=5)


def test_many_wakes_do_not_fill_a_history(project: Project) -> None:
    """A check may say no to any number of objects; a key that is there wakes once."""
    project.account = Account(event_buckets=("lake",))

    def polls_in_rounds(arguments: str) -> bool:
        text = TEXT.replace("SENSOR", f"S3KeySensor(task_id='s', {arguments})")
        return '"Type": "Map"' in json.dumps(project.translate(text).definition)

    assert not polls_in_rounds("bucket_key='s3://lake/a'")
    assert not polls_in_rounds("bucket_key=['s3://lake/a', 's3://lake/b']")
    assert polls_in_rounds("bucket_key='s3://lake/a', check_fn=len, poke_interval=7200")
    assert polls_in_rounds(f"bucket_key={[f's3://lake/{n}' for n in range(101)]}")


def test_what_the_roles_may_do(project: Project) -> None:
    project.account = Account(event_buckets=("lake",))
    sensor = "S3KeySensor(task_id='s', bucket_key='s3://lake/a')"
    assert project.translate(TEXT.replace("SENSOR", sensor)).manifest["watches"] == ["lake"]
    sensor = "S3KeySensor(task_id='s', bucket_name='{{ params.b }}', bucket_key='a')"
    assert project.translate(TEXT.replace("SENSOR", sensor)).manifest["watches"] == ["*"]
