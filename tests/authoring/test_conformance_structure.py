"""Every conformance DAG file has, as live objects, the structure that Airflow 3.3.2 gave it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from dag_translator.load import LoadedFile, load

TESTS = Path(__file__).parent.parent
EXPECTED = sorted((TESTS / "data" / "conformance").glob("*.3.3.2.json"))

# DAG id → why its structure differs.
DEVIATIONS = {"t18_nested_lists": "a list inside a list is a chain here; Airflow raises AttributeError"}
# File → the codes of the problems that it has.
PROBLEMS: dict[str, list[str]] = {}


@lru_cache
def loaded(name: str) -> LoadedFile:
    return load(TESTS / "dags" / "conformance" / name)


def structure(dag: Any) -> dict[str, Any]:
    return {
        task.task_id: {
            "downstream": sorted(task.downstream_task_ids),
            "group": task.task_group.group_id,
            "is_setup": task.is_setup,
            "is_teardown": task.is_teardown,
            "mapped": task.is_mapped,
            "operator": task.task_type,
            "retries": task.retries,
            "trigger_rule": str(task.trigger_rule),
        }
        for task in dag.tasks
    }


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.name.removesuffix(".3.3.2.json"))
def test_structure(path: Path) -> None:
    expected = json.loads(path.read_text())
    file = loaded(expected["file"])
    dags = {dag.dag_id: dag for dag in file.dags}
    assert sorted(dags) == sorted(expected["dag_ids"])
    assert [problem.code for problem in file.problems] == PROBLEMS.get(expected["file"], [])
    found = structure(dags[expected["dag_id"]])
    if expected["dag_id"] in DEVIATIONS:
        assert found != expected["structure"], "the deviation is gone; remove it from the table"
        return
    assert found == expected["structure"]


def test_every_file_is_covered() -> None:
    files = {path.name for path in (TESTS / "dags" / "conformance").glob("t*.py")}
    assert files == {json.loads(path.read_text())["file"] for path in EXPECTED}


def test_nested_lists_are_chains() -> None:
    (dag,) = loaded("t18_nested_lists.py").dags
    for form in ("down", "set"):
        assert dag.get_task(f"{form}_start").downstream_task_ids == {f"{form}_t1", f"{form}_t3"}
        assert dag.get_task(f"{form}_t1").downstream_task_ids == {f"{form}_t2"}
    assert dag.get_task("down_t4").upstream_task_ids == {"down_t2", "down_t3"}
    assert dag.get_task("up_t4").upstream_task_ids == {"up_t2", "up_t3"}
    assert dag.get_task("up_t1").downstream_task_ids == {"up_t2"}
    assert dag.has_task("setlit_error_AttributeError")
