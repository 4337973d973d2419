"""The emitted machines on an engine that others wrote: the same final states as on ours and by Airflow's rules."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings

from dag_translator import asl_json
from dag_translator.lower import lower
from dag_translator.model import Dag, Retry, Task
from dag_translator.structure import structure
from infra.local.engine import TaskCall, TaskFailed
from tests.translator import fakes
from tests.translator.drawing import runs
from tests.translator.reference import Outcome, schedule
from tests.translator.second_engine import execute

# `AIRSTEP_EXAMPLES=2000 pytest tests/translator/test_second_engine.py` is the long run (about two DAGs a second).
EXAMPLES = min(int(os.environ.get("AIRSTEP_EXAMPLES", "30")), 5000)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 1000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(runs(largest=12))
def test_two_engines_and_the_reference_agree(run: tuple[Dag, dict[str, Outcome]]) -> None:
    dag, outcomes = run
    machine = lower(dag, structure(dag))
    status, others = execute(dag, asl_json.definition(machine, "", None), outcomes)
    assert status == "ProgramEnded"
    _, ours = fakes.execute(dag, machine, outcomes)
    assert others.final == ours.final
    assert others.ran == ours.ran
    expected = schedule(dag, outcomes, at_once=False).states
    assert {task_id: set(fakes.several(state)) for task_id, state in others.final.items()} == {
        task_id: {state} if isinstance(state, str) else set(state) for task_id, state in expected.items()
    }


@dataclass(slots=True)
class Flaky(fakes.FakeLambdas):
    """Bodies that fail in their first two tries."""

    tries: Counter[str] = field(default_factory=Counter)

    async def run_task(self, payload: Any, call: TaskCall) -> Any:
        self.tries[payload["task_id"]] += 1
        assert payload["attempt"] == self.tries[payload["task_id"]] - 1
        if self.tries[payload["task_id"]] <= 2:
            raise TaskFailed("ValueError", "again")
        return {payload["task_id"]: "success"}


def test_the_other_engine_tries_again_as_often_as_the_task_says() -> None:
    often = Task("often", "PythonOperator", retry=Retry(attempts=2, delay=300.0))
    once = Task("once", "PythonOperator", retry=Retry(attempts=1, delay=300.0))
    after = Task("after", "PythonOperator", ("often", "once"), trigger_rule="one_success")
    dag = Dag("flaky", "flaky.py", (often, once, after))
    outcomes = {task.task_id: Outcome(1.0) for task in dag.tasks}
    status, lambdas = execute(dag, asl_json.definition(lower(dag, structure(dag)), "", None), outcomes, Flaky)
    assert status == "ProgramEnded"
    assert isinstance(lambdas, Flaky)
    assert lambdas.final == {"often": "success", "once": "failed", "after": "failed"}
    assert lambdas.tries == {"often": 3, "once": 2, "after": 1}
