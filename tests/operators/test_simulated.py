"""Every native operator can be simulated, in success and in failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.cli.local_run import simulate_file

SHAPES = Path(__file__).parents[1] / "dags" / "golden" / "shapes.py"


@pytest.mark.parametrize("dag_id", ["trigger", "calls", "jobs", "images", "pods"])
def test_simulated(dag_id: str) -> None:
    told = simulate_file(SHAPES, dag_id, {}, {}).to_json()
    assert {task["state"] for task in told["tasks"]} == {"success"}
    first = told["tasks"][-1]["task_id"]
    told = simulate_file(SHAPES, dag_id, {}, {first: "failed"}).to_json()
    assert told["state"] == "failed"
