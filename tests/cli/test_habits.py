"""What people type who know Airflow's command: `dags test DAG_ID DATE`, `tasks test`, `dags details`, …"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lambdas.scheduling.backfills import BackfillKey, DateItem, plan_dates, refuse
from lambdas.scheduling.dag_state import DagState
from lambdas.storage.records import DagRun, RunKey
from lambdas.storage.store import Store
from tests.cli.conftest import Airstep
from tests.cli.test_account_commands import RUN, store

__all__ = ["store"]  # a fixture


@pytest.fixture
def project(dags: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A project whose DAG folder has these files of `tests/dags/cli`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dags").mkdir()

    def add(*names: str) -> None:
        for name in names:
            (tmp_path / "dags" / name).write_text((dags / name).read_text())

    return add


def test_dags_test_takes_an_id_and_a_date(airstep: Airstep, project: Callable[..., None]) -> None:
    project("several.py", "fails.py")
    called = airstep("dags", "test", "first", "2024-01-15", "-o", "json")
    assert called.code == 0, called.stderr
    assert (called.json["dag_id"], called.json["run_id"]) == ("first", "manual__2024-01-15T00:00:00+00:00")
    assert "given twice" in airstep("dags", "test", "first", "2024-01-15", "-l", "2024-01-16").stderr
    assert "did you mean first?" in airstep("dags", "test", "frist").stderr
    assert "there is no file dags/none.py" in airstep("dags", "test", "dags/none.py").stderr


def test_tasks_test_runs_one_task_whatever_is_above_it(airstep: Airstep, project: Callable[..., None]) -> None:
    project("ten_tasks.py", "fails.py")
    called = airstep("tasks", "test", "dags/ten_tasks.py", "numbers", "2024-01-15", "-o", "json")
    assert called.code == 0, called.stderr
    assert called.json["tasks"] == {"numbers": "success"}
    failed = airstep("tasks", "test", "fails", "breaks")
    assert failed.code == 1
    assert "nothing there" in failed.stdout
    unknown = airstep("tasks", "test", "fails", "brakes")
    assert unknown.code == 2
    assert "DAG fails has no task brakes; it has after_breaks" in unknown.stderr


def test_import_errors(airstep: Airstep, project: Callable[..., None], dags: Path) -> None:
    project("several.py")
    assert (airstep("dags", "list-import-errors", "-o", "json").code, airstep("dags", "list-import-errors").code) == (
        0,
        0,
    )
    called = airstep("dags", "list-import-errors", dags / "broken" / "syntax_error.py", "-o", "json")
    assert called.code == 1
    (row,) = called.json
    assert row["filepath"].endswith("syntax_error.py")
    assert "was never closed" in row["error"]


def test_details(airstep: Airstep, project: Callable[..., None]) -> None:
    project("several.py")
    told = {
        row["property_name"]: row["property_value"] for row in airstep("dags", "details", "second", "-o", "json").json
    }
    assert (told["dag_id"], told["max_active_runs"], told["tasks"]) == ("second", 16, ["start", "outer.inner.deep"])


def test_runs_between_dates(airstep: Airstep, store: Store) -> None:
    at = "2024-01-17T00:00:00+00:00"
    store.create_run(DagRun("second", "filled", "backfill", "success", at, at, "filled", logical_date=at))

    def runs(*options: str) -> list[str]:
        return [row["run_id"] for row in airstep("dags", "list-runs", "second", *options, "-o", "json").json]

    assert runs() == ["filled", "broken", RUN]
    assert runs("--start-date", "2024-01-16") == ["filled", "broken"]
    assert runs("-s", "2024-01-16", "-e", "2024-01-16") == ["broken"]
    assert runs("--no-backfill") == ["broken", RUN]


def test_delete_removes_what_is_left_of_a_dag(airstep: Airstep, store: Store) -> None:
    refused = airstep("dags", "delete", "second", "--yes")
    assert refused.code == 2
    assert "airstep deploy --prune" in refused.stderr
    at = "2024-01-17T00:00:00+00:00"
    for dag_id in ("gone", "gone-too"):
        store.create_run(DagRun(dag_id, "r", "manual", "running", at, at, "r", logical_date=at))
        DagState(store, dag_id).set_paused(True)
    key = BackfillKey("gone", "b")
    refuse(store, key, {}, "why")
    plan_dates(store, key, [DateItem(at, "r", "queued")])
    assert "still running: r" in airstep("dags", "delete", "gone", "--yes").stderr
    store.end_run(RunKey("gone", "r"), "r", "success", at)
    assert airstep("dags", "delete", "gone", "--yes").code == 0
    for pk in ("gone/r", "dag/gone", key.dates_pk):
        assert list(store.query(pk, "")) == []
    assert store.get_run(RunKey("gone-too", "r")) is not None
    assert DagState(store, "gone-too").is_paused


def test_what_is_mistyped_is_suggested(airstep: Airstep) -> None:
    assert "Did you mean 'list-runs'" in airstep("dags", "list-run").stderr
    assert json.dumps(airstep("task").code) == "2"
