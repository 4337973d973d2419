"""What the backfill commands ask of a deployed environment: a dry run, a request, how far one is.

The request is an event on EventBridge's default bus, for the rule of the platform's stack; what comes of it is read off
the table. So a request of another origin (a schedule of yours, another account) is seen and cancelled in the same way.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from dag_translator.errors import AirstepError, UsageError
from infra.cli.account import Account
from infra.settings import BACKFILL_DETAIL_TYPE, BACKFILL_SOURCE
from lambdas.scheduling import backfills
from lambdas.scheduling.backfills import BackfillKey, DateItem

Told = Callable[[list[DateItem]], None]

_PATIENCE = 120.0  # seconds until the event must have begun something, or the table must know of an end
_MANY = 200  # dates from which on the table is not asked every second


def new_id(now: datetime | None = None) -> str:
    """An id that sorts by time."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def dry_run(account: Account, detail: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the request would start now, decided by the function that decides for the machine.

    Rows {"logical_date", "run_id", "action"}. Raises UsageError with the reason if the backfill is refused.
    """
    payload = _invoke(account, {"kind": "dry_run", "detail": dict(detail)})
    if "refused" in payload:
        raise UsageError(f"no backfill: {payload['refused']}")
    return list(payload["runs"])


def release(account: Account, key: BackfillKey) -> None:
    """Let what holds still look again: the pause is over, or the backfill is cancelled."""
    _invoke(account, {"kind": "release", "dag_id": key.dag_id, "backfill_id": key.backfill_id})


def _invoke(account: Account, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The backfill function's answer."""
    lambda_ = account.client("lambda")
    try:
        answer = lambda_.invoke(FunctionName=account.settings.function("backfill"), Payload=json.dumps(event).encode())
    except lambda_.exceptions.ResourceNotFoundException:
        raise UsageError("this environment has no backfills yet\n    → deploy it: `airstep deploy`") from None
    payload: Mapping[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise AirstepError(f"the backfill function failed: {payload.get('errorMessage', payload)}")
    return payload


def request(account: Account, detail: Mapping[str, Any]) -> None:
    """Send the event. Raises AirstepError if EventBridge does not take it."""
    entry = {"Source": BACKFILL_SOURCE, "DetailType": BACKFILL_DETAIL_TYPE, "Detail": json.dumps(dict(detail))}
    answer = account.client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        (failed,) = answer["Entries"]
        raise AirstepError(f"EventBridge refused the event: {failed.get('ErrorCode')}: {failed.get('ErrorMessage')}")


def wait_for(account: Account, key: BackfillKey, told: Told, pause: float = 1.0) -> Mapping[str, Any]:
    """The backfill's item once it has ended. told: called with the dates at every look; pause: seconds between two.

    Raises AirstepError if nothing begins, or if its execution ended and nobody wrote a summary.
    """
    store, give_up = account.store, time.monotonic() + _PATIENCE
    dates: list[DateItem] = []
    while True:
        item = backfills.get_backfill(store, key)
        if item is not None and item["status"] != "running":
            told(backfills.list_dates(store, key))
            return item
        if item is not None and "total" in item:
            dates = dates or backfills.list_dates(store, key)
            told(backfills.current(store, key, dates))
        if item is not None and _is_running(account, item["execution_arn"]):
            give_up = time.monotonic() + _PATIENCE
        if time.monotonic() > give_up:
            raise AirstepError(
                f"backfill {key.backfill_id} of DAG {key.dag_id}: nothing happens\n    → look at the executions of "
                f"{account.settings.backfill_machine}, and at the queue of what could not be delivered"
            )
        time.sleep(pause if len(dates) < _MANY else 5 * pause)


def _is_running(account: Account, execution_arn: str) -> bool:
    status = account.client("stepfunctions").describe_execution(executionArn=execution_arn)["status"]
    return bool(status in ("RUNNING", "PENDING_REDRIVE"))


def find(account: Account, dag_id: str, backfill_id: str | None) -> tuple[BackfillKey, Mapping[str, Any]]:
    """A backfill by its id; the DAG's newest if None. Raises UsageError if there is none."""
    if backfill_id is None:
        newest = next(iter(listed(account, dag_id)), None)
        if newest is None:
            raise UsageError(f"DAG {dag_id} has no backfills\n    → `airstep dags backfill {dag_id} --from-date …`")
        return BackfillKey(dag_id, newest["backfill_id"]), newest
    key = BackfillKey(dag_id, backfill_id)
    item = backfills.get_backfill(account.store, key)
    if item is None:
        raise UsageError(f"DAG {dag_id} has no backfill {backfill_id}\n    → see `airstep backfill list {dag_id}`")
    return key, item


def listed(account: Account, dag_id: str) -> list[Mapping[str, Any]]:
    """The DAG's backfills, newest first; one that runs with the counts of this moment."""
    store = account.store
    found = []
    for item in backfills.list_backfills(store, dag_id):
        if item["status"] == "running":
            key = BackfillKey(dag_id, item["backfill_id"])
            now = backfills.current(store, key, backfills.list_dates(store, key))
            item["counts"] = backfills.counts_of(now)
        found.append(item)
    return sorted(found, key=lambda item: str(item.get("created_at", "")), reverse=True)
