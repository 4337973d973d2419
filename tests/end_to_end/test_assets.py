"""Assets, deployed to the local AWS: a task's success travels over EventBridge to the DAGs that wait for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.cli.account import Account
from lambdas.storage import xcom_codec
from lambdas.storage.records import DagRun, TaskKey
from tests.cli.conftest import Airstep, airstep
from tests.end_to_end.conftest import run_once, wait_until

__all__ = ["airstep"]  # a fixture
pytestmark = pytest.mark.local_aws


@pytest.fixture(scope="module")
def account(deployed: Callable[[str], Account]) -> Account:
    return deployed("end_to_end/assets.py")


def finished_run(account: Account, dag_id: str) -> DagRun:
    """The DAG's only run, once it has ended."""
    return wait_until(
        lambda: next((run for run in account.store.list_runs(dag_id) if run.state in ("success", "failed")), None)
    )


def returned(account: Account, run: DagRun, task_id: str) -> object:
    text = account.store.get_xcom(TaskKey(run.dag_id, run.run_id, task_id), "return_value")
    assert text is not None
    return xcom_codec.decode(text)


def test_updates_start_runs(account: Account, airstep: Airstep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.cli.account.connect", lambda local: account)
    assert run_once(account, "assets_producer", "manual__1") == "SUCCEEDED"
    by_alias = finished_run(account, "assets_alias")
    assert (by_alias.run_type, by_alias.state, by_alias.logical_date) == ("asset_triggered", "success", None)
    assert returned(account, by_alias, "read_alias") == [("s3://lake/dynamic", {"rows": 7})]

    assert list(account.store.list_runs("assets_both")) == []  # prices are missing
    told = airstep("assets", "trigger", "--name", "prices", "--extra", '{"from": "outside"}', "--output", "json")
    assert told.code == 0, told.stderr
    both = finished_run(account, "assets_both")
    assert both.run_id.startswith("asset_triggered__")
    assert returned(account, both, "read") == {
        "triggers": {"orders": [{"rows": 3}], "prices": [{"from": "outside"}]},
        "inlet": {"rows": 3},
        "from": "assets_producer",
        "run_type": "asset_triggered",
        "logical_date": None,
    }

    rows = {row["name"]: row for row in airstep("assets", "list", "--output", "json").json}
    assert rows["orders"]["producing_tasks"] == ["assets_producer.write"]
    assert rows["orders"]["scheduled_dags"] == ["assets_both"]
    assert rows["done"]["producing_tasks"] == ["assets_producer.empty"]
    (event,) = airstep("assets", "events", "--uri", "s3://lake/dynamic", "--output", "json").json
    assert (event["aliases"], event["extra"]) == (["written"], {"rows": 7})
    details = airstep("assets", "details", "--name", "done", "--output", "json").json
    assert details["last_event"] is not None
    made = airstep("assets", "materialize", "--name", "orders", "--output", "json").json
    assert made[0]["dag_id"] == "assets_producer"
