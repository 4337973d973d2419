"""One row per operator or sensor that is made of rows: how it is written, what its service answers, what comes of it.

`test_service_cases.py` runs each on the engine against `aws_fake`, which checks every request and
answer against botocore's models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.operators.aws_fake import Failure

OPERATORS = "airflow.providers.amazon.aws.operators."
SENSORS = "airflow.providers.amazon.aws.sensors."
NOW = datetime(2024, 1, 1, tzinfo=UTC)
STOPPED_JOB = Failure("States.TaskFailed", "the job has FAILED")
NO = Failure("AccessDeniedException", "no right")


@dataclass(frozen=True)
class Case:
    """name: the class. module: Airflow's, below `operators` or `sensors`, or all of it. arguments: as a DAG file writes
    them. answers: of a run that succeeds. calls: the actions that it takes, in order, without repetitions of the last
    one. result: the return value. failing: answers of a run in which what was started fails, over `answers`."""

    name: str
    module: str
    arguments: str
    answers: Mapping[str, Any]
    calls: tuple[str, ...]
    result: Any = None
    failing: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        place = "" if "." in self.module else SENSORS if self.name.endswith("Sensor") else OPERATORS
        return f"from {place}{self.module} import {self.name}\n{self.name}(task_id='t', dag=dag, {self.arguments})\n"


def once(module: str, name: str, arguments: Any, call: Any, answer: Any, result: Any = None) -> Case:
    """One that makes one call. call: "service:Action"."""
    return Case(name, module, arguments, {call: answer}, (call.partition(":")[2],), result, {call: NO})


def waits(
    module: str, name: str, arguments: Any, start: Any, ask: Any, told: Any, bad: Any, result: Any = None
) -> Case:
    """One that starts a job, and asks. start: "service:Action" and its answer. told: what it is told, bad: in a run
    that fails."""
    called = (start[0].partition(":")[2], ask.partition(":")[2])
    return Case(name, module, arguments, {start[0]: start[1], ask: told}, called, result, {ask: bad})


def sensor(module: str, name: str, arguments: Any, ask: Any, told: Any, bad: Any) -> Case:
    """One that asks."""
    return Case(name, module, arguments, {ask: told}, (ask.partition(":")[2],), failing={ask: bad})


def states(path: str, *values: str, **more: Any) -> list[Any]:
    """Answers that differ in what is at a path; `[]` behind a name makes a list of it."""
    found = []
    for value in values:
        answer: Any = value
        for name in reversed(path.split(".")):
            answer = {name.removesuffix("[]"): [answer] if name.endswith("[]") else answer}
        found.append({**answer, **more})
    return found
