"""A backfill on the local AWS, as a person does it: the command, EventBridge, the rule, the machine, real Lambdas."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.cli.account import Account
from tests.cli.conftest import Airstep, airstep

__all__ = ["airstep"]  # a fixture

pytestmark = pytest.mark.local_aws


@pytest.fixture(scope="module")
def account(deployed: Callable[[str], Account]) -> Account:
    return deployed("backfill/daily.py")


def test_thirty_dates_five_at_once(airstep: Airstep, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.cli.account.connect", lambda local: account)
    request = (
        "dags",
        "backfill",
        "daily",
        "--from-date",
        "2024-01-01",
        "--to-date",
        "2024-01-30T05:00:00",
        "-o",
        "json",
    )
    called = airstep(*request, "--max-active-runs", 5, "--conf", '{"n": 1}', "--wait")
    assert called.code == 1, called.stderr
    (row,) = called.json
    assert (row["status"], row["counts"]) == ("failed", {"success": 29, "failed": 1})
    assert {each["logical_date"][:10]: each["state"] for each in row["dates"]} == {
        f"2024-01-{day:02}": "failed" if day == 5 else "success" for day in range(1, 31)
    }
    again = airstep(*request, "--conf", '{"n": 1}', "--wait")
    assert again.code == 0, again.stderr
    assert again.json[0]["counts"] == {"already exists": 30}
    executions = account.client("stepfunctions").list_executions(stateMachineArn=account.machine_arn("daily"))
    times = [(each["startDate"], each["stopDate"]) for each in executions["executions"]]
    assert len(times) == 30
    assert max(sum(start <= moment < end for start, end in times) for moment, _ in times) == 5
