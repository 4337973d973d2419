"""Sensors: poking, policies on failure, timeouts, intervals."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from dag_translator.authoring import runtime
from dag_translator.authoring.definitions.dag import DAG
from dag_translator.authoring.definitions.task_decorators import task
from dag_translator.authoring.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
)
from dag_translator.authoring.sensors.athena import AthenaSensor
from dag_translator.authoring.sensors.base import BaseSensorOperator, PokeReturnValue, poke_mode_only
from dag_translator.authoring.sensors.bash import BashSensor
from dag_translator.authoring.sensors.dates import (
    DateTimeSensor,
    DateTimeSensorAsync,
    DayOfWeekSensor,
    TimeDeltaSensor,
    TimeSensor,
    WaitSensor,
)
from dag_translator.authoring.sensors.python import PythonSensor
from tests.authoring.conftest import Aws, FakeAthena


class Counting(BaseSensorOperator):
    """Done at the third poke."""

    pokes = 0

    def poke(self, context: Any) -> Any:
        self.pokes += 1
        return PokeReturnValue(self.pokes >= 3, xcom_value=self.pokes)


def raising(error: BaseException, **arguments: Any) -> PythonSensor:
    def poke() -> bool:
        raise error

    return PythonSensor(task_id="s", python_callable=poke, **arguments)


def test_a_sensor_pokes_until_done() -> None:
    assert Counting(task_id="s", poke_interval=0).execute({}) == 3


def test_reschedule_pokes_once_per_call() -> None:
    sensor = Counting(task_id="s", poke_interval=60, mode="reschedule")
    ti = SimpleNamespace(get_first_reschedule_date=lambda context: None)
    for _ in range(2):
        with pytest.raises(AirflowRescheduleException) as raised:
            sensor.execute({"ti": ti})
        assert 50 < (raised.value.reschedule_date - datetime.now(UTC)).total_seconds() <= 60
    assert sensor.execute({"ti": ti}) == 3


def test_timeouts() -> None:
    with pytest.raises(AirflowSensorTimeout, match="exceeds the specified timeout of 0"):
        PythonSensor(task_id="s", python_callable=lambda: False, timeout=0, poke_interval=0).execute({})
    with pytest.raises(AirflowSkipException):
        PythonSensor(task_id="s", python_callable=lambda: False, timeout=0, soft_fail=True).execute({})
    sensor = PythonSensor(task_id="s", python_callable=lambda: False, timeout=timedelta(minutes=1))
    assert sensor.time_out(60) is None  # type: ignore[func-returns-value]
    with pytest.raises(AirflowSensorTimeout):
        sensor.time_out(61)
    assert PythonSensor(task_id="s", python_callable=print).timeout == 7 * 24 * 3600


@pytest.mark.parametrize(
    ("error", "policy", "outcome"),
    [
        (ValueError("x"), {}, ValueError),
        (ValueError("x"), {"soft_fail": True}, ValueError),
        (ValueError("x"), {"never_fail": True}, AirflowSkipException),
        (ValueError("x"), {"silent_fail": True}, None),
        (AirflowFailException("x"), {}, AirflowFailException),
        (AirflowFailException("x"), {"soft_fail": True}, AirflowSkipException),
        (AirflowFailException("x"), {"silent_fail": True}, AirflowFailException),
        (AirflowSkipException("x"), {"silent_fail": True}, AirflowSkipException),
        (ValueError("x"), {"skip_policy": "ignore_error"}, None),
        (ValueError("x"), {"skip_policy": "skip_on_any_error"}, AirflowSkipException),
    ],
)
def test_what_an_exception_in_poke_means(error: Exception, policy: dict[str, Any], outcome: Any) -> None:
    sensor = raising(error, **policy)
    if outcome is None:
        assert not sensor.poke_once({})
    else:
        with pytest.raises(outcome):
            sensor.poke_once({})


def test_intervals_grow_with_exponential_backoff() -> None:
    with DAG("d"):
        plain = Counting(task_id="plain", poke_interval=timedelta(seconds=30))
        growing = Counting(task_id="growing", poke_interval=10, exponential_backoff=True, timeout=10_000)
        capped = Counting(task_id="capped", poke_interval=10, exponential_backoff=True, max_wait=15)
    assert plain.next_poke_interval("seed", 0, 9) == 30
    pauses = [growing.next_poke_interval("seed", 0, count) for count in range(1, 8)]
    for count, pause in enumerate(pauses, 1):
        least = max(int(10 * 2 ** (count - 2)), 1)
        assert least <= pause < 2 * least
    assert pauses == [growing.next_poke_interval("seed", 0, count) for count in range(1, 8)]
    assert capped.next_poke_interval("seed", 0, 9) == 15
    assert growing.next_poke_interval("seed", 9_999, 9) == 1


def test_arguments_are_checked() -> None:
    for wrong in ({"poke_interval": -1}, {"timeout": "x"}, {"max_wait": -1}, {"mode": "x"}):
        with pytest.raises(ValueError, match=r"must be|one of"):
            Counting(task_id="s", **wrong)
    with pytest.raises(ValueError, match="mutually exclusive"):
        Counting(task_id="s", soft_fail=True, never_fail=True)

    @poke_mode_only
    class Only(Counting): ...

    with pytest.raises(ValueError, match="Only 'poke' is acceptable"):
        Only(task_id="s", mode="reschedule")


def test_python_sensors() -> None:
    sensor = PythonSensor(task_id="s", python_callable=lambda x, ds: ds == x, op_args=["2024"])
    assert sensor.poke({"ds": "2024"}).is_done
    assert not sensor.poke({"ds": "2025"}).is_done

    @task.sensor(poke_interval=5, mode="reschedule")
    def ready(x: int) -> PokeReturnValue:
        return PokeReturnValue(is_done=True, xcom_value=x)

    with DAG("d"):
        operator = ready(7).operator
        assert ready(8).operator.task_id == "ready__1"
    assert (operator.poke_interval, operator.reschedule, operator._is_sensor) == (5, True, True)
    assert operator.poke({}).xcom_value == 7


def test_date_sensors() -> None:
    past, future = datetime(2020, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(hours=1)
    run = SimpleNamespace(run_after=past)
    with DAG("d"):
        assert DateTimeSensor(task_id="a", target_time="2020-01-01T00:00:00+00:00").poke({})
        assert not DateTimeSensor(task_id="b", target_time=future).poke({})
        assert DateTimeSensorAsync(task_id="c", target_time=past).reschedule
        assert TimeSensor(task_id="e", target_time=datetime.min.time()).poke({})
        delta = TimeDeltaSensor(task_id="f", delta=timedelta(minutes=5))
        assert delta.poke({"data_interval_end": past})
        assert not delta.poke({"data_interval_end": datetime.now(UTC)})
        assert delta.poke({"dag_run": run})
        day = DayOfWeekSensor(task_id="g", week_day="Wednesday", use_task_logical_date=True)
        assert day.poke({"logical_date": past})
        assert not day.poke({"logical_date": past + timedelta(days=1)})
        wait = WaitSensor(task_id="h", time_to_wait=timedelta(minutes=5))
        for began, done in ((past, True), (datetime.now(UTC), False)):
            ti = SimpleNamespace(get_first_reschedule_date=lambda context, began=began: began, start_date=began)
            assert wait.poke({"ti": ti}) is done


def test_bash_sensor() -> None:
    assert BashSensor(task_id="a", bash_command="exit 0").poke({})
    assert not BashSensor(task_id="b", bash_command="exit 1").poke({})
    assert not BashSensor(task_id="c", bash_command="exit 7", retry_exit_code=7).poke({})
    with pytest.raises(AirflowFailException):
        BashSensor(task_id="d", bash_command="exit 1", retry_exit_code=7).poke({})


def test_athena_sensor() -> None:
    def poke(*states: str) -> bool:
        with runtime.use(Aws(FakeAthena(*states))):
            return bool(AthenaSensor(task_id="s", query_execution_id="q", max_retries=1, sleep_time=0).poke({}))

    assert poke("SUCCEEDED")
    assert not poke("RUNNING")
    for state in ("FAILED", "CANCELLED"):
        with pytest.raises(AirflowException, match="Athena sensor failed"):
            poke(state)
