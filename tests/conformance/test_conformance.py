"""Every measured DAG, translated and executed, against what Airflow 3.3.2 did with the same file.

Compared: the run's state, and each task instance's state, try number, XComs and rendered fields.
`tests/data/conformance` holds what Airflow did; DEVIATIONS names what differs on purpose, with the reason;
UNSUPPORTED what is refused so far.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dag_translator.load import load
from dag_translator.pipeline import Refused, Translation, translate_loaded
from dag_translator.schedule import IntervalSettings
from infra.cli.inprocess import run_dag
from lambdas.memory_store import MemoryStore
from tests.conformance.comparison import compare
from tests.conformance.deviations import DEVIATIONS, UNSUPPORTED

TESTS = Path(__file__).parents[1]
EXPECTED = {
    path.name.removesuffix(".3.3.2.json"): path for path in (TESTS / "data" / "conformance").glob("*.3.3.2.json")
}
DAGS = TESTS / "dags" / "conformance"
LOGICAL_DATE = datetime(2024, 1, 15, tzinfo=UTC)
# Airflow 3's defaults.
INTERVALS = {"create_cron_data_intervals": False, "create_delta_data_intervals": False}
# Their XComs hold the moment of the trigger.
NOW = {"t40_trigger"}
# A DAG whose run, of the same day, was there before.
BEFORE = {"t60_external_task": "t60_upstream"}
# Where Airflow's web server finds a link.
_LINK = "_link_ExternalDagLink"
_MOMENT = re.compile(r"manual__[0-9T:.+-]+")
# Airflow's runs were triggered with these.
CONF: dict[str, dict[str, Any]] = {"t21_templates": {"k": "v"}, "t25_params": {"a": 2, "c": 9, "extra": True}}


@cache
def _translated(file: str) -> dict[str, tuple[Any, Translation | Refused]]:
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


def _at_any_time(value: Any) -> Any:
    """Run ids without their moment."""
    return json.loads(_MOMENT.sub("manual__now", json.dumps(value)))


# One of the measured files leaves files open.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("dag_id", sorted(EXPECTED.keys() - UNSUPPORTED.keys()))
def test_as_airflow_did(dag_id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where one file counts its pokes
    monkeypatch.setattr("tempfile.tempdir", None)
    expected = json.loads(EXPECTED[dag_id].read_text())
    dag, translation = _translated(expected["file"])[dag_id]
    assert isinstance(translation, Translation), translation.problems
    services, store = OtherMachines(), MemoryStore()
    if dag_id in BEFORE:
        other, before = _translated(expected["file"])[BEFORE[dag_id]]
        run_dag(before, other, LOGICAL_DATE, store=store, intervals=INTERVALS)
        expected["xcoms"] = {name: found for name, found in expected["xcoms"].items() if found.keys() != {_LINK}}
    conf = CONF.get(dag_id)
    result = run_dag(translation, dag, LOGICAL_DATE, conf, services=services, store=store, intervals=INTERVALS)

    got = {
        "dag_run_state": result.state,
        "tasks": dict(result.tasks),
        "try_number": dict(result.try_number),
        "xcoms": dict(result.xcoms),
        "rendered": dict(result.rendered),
    }
    if dag_id in NOW:
        got, expected = _at_any_time(got), _at_any_time(expected)
    differing = compare(expected, got)
    known = DEVIATIONS.get(dag_id, {})
    assert {name: parts for name, parts in differing.items() if name not in known} == {}
    assert known.keys() <= differing.keys(), "a deviation that is none any more"


@pytest.mark.parametrize("dag_id", sorted(UNSUPPORTED))
def test_what_is_not_supported_is_refused(dag_id: str) -> None:
    """With a code and a hint; when it is supported, it moves to the comparison above."""
    expected = json.loads(EXPECTED[dag_id].read_text())
    _, refused = _translated(expected["file"])[dag_id]
    assert isinstance(refused, Refused)
    assert {problem.code for problem in refused.problems} == {UNSUPPORTED[dag_id]}
    assert all(problem.hint and problem.line for problem in refused.problems)
