"""The measured DAG files through the translator and the engine, for the comparison and for README's table."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from dag_translator.load import load
from dag_translator.pipeline import Refused, Translation, translate_loaded
from dag_translator.schedule import IntervalSettings
from infra.cli.inprocess import run_dag
from infra.cli.run_result import RunResult
from lambdas.storage.memory_store import MemoryStore

TESTS = Path(__file__).parents[1]
EXPECTED = {
    path.name.removesuffix(".3.3.2.json"): path for path in (TESTS / "data" / "conformance").glob("*.3.3.2.json")
}
DAGS = TESTS / "dags" / "conformance"
LOGICAL_DATE = datetime(2024, 1, 15, tzinfo=UTC)
# Airflow 3's defaults.
INTERVALS = {"create_cron_data_intervals": False, "create_delta_data_intervals": False}
# Airflow's runs were triggered with these.
CONF: dict[str, dict[str, Any]] = {"t21_templates": {"k": "v"}, "t25_params": {"a": 2, "c": 9, "extra": True}}

# A DAG whose run, of the same day, was there before.
BEFORE = {"t60_external_task": "t60_upstream"}


@cache
def translated(file: str) -> dict[str, tuple[Any, Translation | Refused]]:
    """The live DAGs of a file, each with its translation."""
    loaded = load(DAGS / file, root=DAGS)
    live = {dag.dag_id: dag for dag in loaded.dags}
    return {
        each.dag_id: (live[each.dag_id], each)
        for each in translate_loaded(loaded, DAGS, IntervalSettings(**INTERVALS))
        if each.dag_id is not None
    }


class OtherMachines:
    """Step Functions, as far as another DAG's machine is started."""

    async def call(self, resource: str, arguments: Any, call: Any) -> Any:
        assert resource == "arn:aws:states:::states:startExecution"
        machine = arguments["StateMachineArn"].replace(":stateMachine:", ":execution:")
        return {"ExecutionArn": f"{machine}:{arguments['Name']}", "StartDate": 0}


def executed(dag_id: str) -> RunResult:
    """The run of a measured DAG as the emitted machine decides it."""
    store = MemoryStore()
    if dag_id in BEFORE:
        _run(BEFORE[dag_id], expected(dag_id)["file"], store)
    return _run(dag_id, expected(dag_id)["file"], store)


def _run(dag_id: str, file: str, store: MemoryStore) -> RunResult:
    dag, translation = translated(file)[dag_id]
    assert isinstance(translation, Translation), translation.problems
    conf, services = CONF.get(dag_id), OtherMachines()
    return run_dag(translation, dag, LOGICAL_DATE, conf, services=services, store=store, intervals=INTERVALS)


def expected(dag_id: str) -> dict[str, Any]:
    """What Airflow recorded."""
    recorded: dict[str, Any] = json.loads(EXPECTED[dag_id].read_text())
    return recorded
