"""What waiting takes: a week of pokes, sixty sensors on ten slots, with the numbers that came of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dag_translator.load import load
from dag_translator.pipeline import Translation, translate_file, translate_loaded
from infra.cli.cost import PRICES, Usage, estimate
from infra.cli.inprocess import run_dag
from infra.local.engine import Callbacks, Execution, TaskCall, TaskFailed, run
from lambdas.tasks.poke_sensor import GB_SECOND_COST, LAP_COST, short_pause

HEAD = """
from datetime import datetime
from airflow import DAG
from airflow.sensors.python import PythonSensor
with DAG("d", schedule=None, start_date=datetime(2024, 1, 1)):
"""
HISTORY_LIMIT, LONGEST_HISTORY = 25_000, 18_002
POKE_SECONDS = 0.1


@dataclass
class Lambdas:
    """A DAG's Lambda: at most `slots` invocations at once, each `POKE_SECONDS` long. A sensor is done when `ready` says
    how many seconds after its first poke. held: seconds of compute; at_once: the most invocations side by side."""

    ready: dict[str, float]
    interval: float
    slots: int = 1_000
    running: int = 0
    at_once: int = 0
    throttled: int = 0
    held: float = 0.0
    invocations: int = 0
    began: dict[str, datetime] = field(default_factory=dict)
    final: dict[str, str] = field(default_factory=dict)

    async def call(self, resource: str, arguments: Any, call: TaskCall) -> Any:
        if self.running >= self.slots:
            self.throttled += 1
            raise TaskFailed("Lambda.TooManyRequestsException", "Rate Exceeded.")
        self.running += 1
        self.invocations += 1
        self.at_once = max(self.at_once, self.running)
        payload = arguments["Payload"]
        answer = getattr(self, payload["kind"])(payload, call.clock.now())
        await call.sleep(POKE_SECONDS)
        self.held += POKE_SECONDS
        self.running -= 1
        return {"Payload": answer}

    def start_run(self, _payload: Any, _now: datetime) -> Any:
        return {"run": {"run_id": "r"}, "states": {}}

    def poke_sensor(self, payload: Any, now: datetime) -> Any:
        began = self.began.setdefault(payload["task_id"], now)
        done = (now - began).total_seconds() >= self.ready[payload["task_id"]]
        return {"state": "success" if done else "up_for_reschedule", "wait": self.interval, "states": {}}

    def finish_run(self, payload: Any, _now: datetime) -> Any:
        self.final = payload["states"]
        return {"state": "success"}


def execute(body: str, lambdas: Lambdas, folder: Path) -> Execution:
    file = folder / "waits.py"
    file.write_text(HEAD + body)
    (translated,) = translate_file(file)
    assert isinstance(translated, Translation)
    placeholders = {"TaskFunction": "task", "SignalFunction": "signal"}
    done = run(translated.definition, {}, integrations=lambdas, callbacks=Callbacks(), placeholders=placeholders)
    assert done.status == "SUCCEEDED", done.cause
    return done


def test_a_week_of_pokes_every_thirty_seconds(tmp_path: Path) -> None:
    """20,104 pokes in 11 rounds; no history comes near the 25,000 events that end an execution."""
    week = 7 * 24 * 3600
    lambdas = Lambdas({"s": week}, 30)
    done = execute("    PythonSensor(task_id='s', python_callable=lambda: False, poke_interval=30)", lambdas, tmp_path)
    laps, rounds = lambdas.invocations - 2, len(done.children)
    assert (laps, rounds) == (20_104, 11)  # a pause and the poke's own time each; between rounds there is no pause
    assert max(len(each.events) for each in (done, *done.children)) == LONGEST_HISTORY < HISTORY_LIMIT
    # Three transitions a lap; the outer Map and Choice take two a round, start and finish of the run one each.
    assert done.charged == 3 * laps + 2 * rounds + 2 == 60_336
    usage = Usage(done.charged, lambdas.invocations, lambdas.invocations * 0.02)
    assert round(estimate(usage).total, 2) == 1.52


def test_sixty_sensors_on_ten_slots(tmp_path: Path) -> None:
    """Airflow's sensor deadlock: sensors in mode "poke" that hold every slot. Here a wait holds none."""
    ready = {f"s{n:02}": (n + 1) * 120.0 for n in range(60)}
    lambdas = Lambdas(ready, 60, slots=10)
    execute("    for n in range(60): PythonSensor(task_id=f's{n:02}', python_callable=bool)", lambdas, tmp_path)
    assert lambdas.final == dict.fromkeys(ready, "success")
    assert lambdas.at_once == 10
    assert lambdas.throttled > 0
    waited = sum(ready.values())
    assert lambdas.held < waited / 500
    for task_id, began in lambdas.began.items():  # each had its turn at once
        assert (began - lambdas.began["s00"]).total_seconds() < 60, task_id


def test_where_a_pause_is_cheaper_inside_the_lambda() -> None:
    """The rule of mode "poke": a pause that costs less in the Lambda than a lap of the machine is waited for there."""
    prices = PRICES
    assert pytest.approx(prices["Lambda, a GB-second (arm64)"]) == GB_SECOND_COST
    assert pytest.approx(3 * prices["Step Functions, a state transition"] + prices["Lambda, a request"]) == LAP_COST
    for memory in (128, 512, 1024, 10_240):
        pause = short_pause(memory)
        here = estimate(Usage(lambda_seconds=pause, memory_mb=memory)).total
        machine = estimate(Usage(transitions=3, invocations=1, memory_mb=memory)).total
        assert here == pytest.approx(machine)
    assert short_pause(512) == pytest.approx(11.3, abs=0.05)


POKED = """
from datetime import datetime
from airflow import DAG
from airflow.sensors.external_task import ExternalTaskSensor
from airflow.sensors.python import PythonSensor
with DAG("poked", schedule=None, start_date=datetime(2024, 1, 1)):
    {}
"""
UNLIKELY = "ExternalTaskSensor(task_id='s', external_dag_id='x', external_task_id='y', allowed_states=['running'], {})"


@pytest.mark.parametrize(
    "sensor",
    [
        "PythonSensor(task_id='s', python_callable=lambda: False, {})",
        "PythonSensor(task_id='s', python_callable=lambda: False, mode='reschedule', pool='p', {})",
        UNLIKELY,
        UNLIKELY.replace("{}", "mode='reschedule', pool='p', {}"),
    ],
)
def test_a_round_ends_before_its_history_is_full(tmp_path: Path, sensor: str) -> None:
    """Slots and task tokens take events too: a lap has up to 24 of them, where a plain one has 9."""

    def translated(arguments: str) -> tuple[Translation, Any]:
        file = tmp_path / "poked.py"
        file.write_text(POKED.replace("{}", sensor.replace("{}", arguments)))
        loaded = load(file)
        (found,) = translate_loaded(loaded, tmp_path)
        assert isinstance(found, Translation)
        return found, loaded.dags[0]

    # The laps of a short wait stand in the run's own history.
    events = []
    for minutes in (5, 15):
        found, dag = translated(f"poke_interval=60, timeout={minutes * 60}")
        events.append(run_dag(found, dag, datetime(2024, 1, 15, tzinfo=UTC)).history_events)
    per_lap = (events[1] - events[0]) / 10
    text = json.dumps(translated("poke_interval=60")[0].definition)
    (laps,) = {int(found) for found in re.findall(r"lap >= (\d+)", text)}
    assert 15_000 < laps * per_lap < 20_000
