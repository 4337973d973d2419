"""A sensor's rounds of polling: what ends them, and that nothing that happens inside breaks the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dag_translator.pipeline import Translation, translate_file
from infra.local.engine import Callbacks, Execution, TaskCall, run

SHAPES = Path(__file__).parents[1] / "dags" / "golden" / "shapes.py"


class Lambdas:
    """The functions of a run whose sensors get these answers, one a poke; the last one again and again."""

    def __init__(self, answers: list[dict[str, Any]]) -> None:
        self.answers = answers
        self.failures: list[tuple[str, str]] = []
        self.final: dict[str, str] = {}
        self.execution: dict[str, Any] = {}

    async def call(self, resource: str, arguments: Any, call: TaskCall) -> Any:
        return {"Payload": getattr(self, arguments["Payload"]["kind"])(arguments["Payload"])}

    def start_run(self, payload: Any) -> Any:
        self.execution = payload["execution"]
        return {"run": {"run_id": "r"}, "states": {"short": "success"}}

    def poke_sensor(self, payload: Any) -> Any:
        if payload["task_id"] == "short":
            return {"state": "success", "wait": 0, "states": {}}
        assert payload["run"] == {"run_id": "r"}
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def run_task(self, payload: Any) -> Any:
        return {payload["task_id"]: "success"}

    def record_failure(self, payload: Any) -> Any:
        self.failures.append((payload["task_id"], payload["error"]["Error"]))
        return {payload["task_id"]: "failed"}

    def finish_run(self, payload: Any) -> Any:
        self.final = payload["states"]
        return {"state": "success"}


def execute(answers: list[dict[str, Any]], given: Any = None) -> tuple[Execution, Lambdas]:
    found = {each.dag_id: each for each in translate_file(SHAPES) if isinstance(each, Translation)}
    lambdas = Lambdas(answers)
    placeholders = {"TaskFunction": "task", "SignalFunction": "signal"}
    definition = found["sensors"].definition
    done = run(definition, given or {}, integrations=lambdas, callbacks=Callbacks(), placeholders=placeholders)
    return done, lambdas


def test_a_round_that_is_over_is_followed_by_the_next() -> None:
    waiting = {"state": "up_for_reschedule", "wait": 30, "states": {}}
    execution, lambdas = execute([*(waiting for _ in range(4100)), {"state": "success", "wait": 0, "states": {}}])
    assert execution.status == "SUCCEEDED", execution.cause
    assert lambdas.final == {"short": "success", "long": "success", "go": "success"}
    maps = [event for event in execution.events if event["type"] == "MapStateStarted"]
    assert len(maps) == 3


def test_a_round_that_breaks_fails_the_sensor_and_not_the_machine() -> None:
    """A `Wait` can't catch what goes wrong in it, so its execution fails, and with it the map."""
    execution, lambdas = execute([{"state": "up_for_reschedule", "wait": "a while", "states": {}}])
    assert execution.status == "SUCCEEDED", execution.cause
    assert lambdas.failures == [("long", "States.ExceedToleratedFailureThreshold")]
    assert lambdas.final == {"short": "success", "long": "failed", "go": "upstream_failed"}


def test_the_run_is_told_which_execution_it_is_but_not_its_input_twice() -> None:
    _, lambdas = execute([{"state": "success", "wait": 0, "states": {}}], {"conf": {"k": 1}})
    assert sorted(lambdas.execution) == ["Id", "Name", "StartTime"]
