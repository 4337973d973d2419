"""Every measured DAG, translated and executed, against what Airflow 3.3.2 did with the same file.

Compared: the run's state, and each task instance's state, try number, XComs and rendered fields.
`tests/data/conformance` holds what Airflow did; DEVIATIONS names what differs on purpose, with the reason.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import running
from tests.conformance.comparison import compare
from tests.conformance.deviations import DEVIATIONS
from tests.conformance.report import figures, recorded_figures

# Their XComs hold the moment of the trigger.
NOW = {"t40_trigger"}
# Where Airflow's web server finds a link.
_LINK = "_link_ExternalDagLink"
_MOMENT = re.compile(r"manual__[0-9T:.+-]+")


def _at_any_time(value: Any) -> Any:
    """Run ids without their moment."""
    return json.loads(_MOMENT.sub("manual__now", json.dumps(value)))


# One of the measured files leaves files open.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("dag_id", sorted(running.EXPECTED))
def test_as_airflow_did(dag_id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where one file counts its pokes
    monkeypatch.setattr("tempfile.tempdir", None)
    expected = running.expected(dag_id)
    result = running.executed(dag_id)
    if dag_id in running.BEFORE:
        expected["xcoms"] = {name: found for name, found in expected["xcoms"].items() if found.keys() != {_LINK}}
    assert figures(result) == recorded_figures()[dag_id], "`make golden` records what a run costs anew"

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
