"""What the table holds of a backfill, and what is done with it: begin, plan, cancel, finish.

    pk "dag/{dag_id}"                sk "backfill/{id}"          the backfill: request, status, counts
                                                             is_cancelled, is_paused
                                     sk "active-backfill"        {"backfill_id"}: one at a time for each DAG; "" if none
    pk "backfill/{dag_id}/{id}"      sk "date/{logical_date}"    one item for each date: run_id, state, reason
                                     sk "held/{…}"            token of a child that holds still while it is paused
    pk "execution/{arn}"             sk "backfill"               which backfill an execution is

A backfill is `running`, then `success`, `failed` or `cancelled`; one that never began is `refused`. A date is `queued`
until its run has begun, then it is in the run's state; `cancelled` if it was not started any more. A date that is left
alone has no state but a reason, Airflow's "already exists" or "in flight".

>>> from lambdas.storage.memory_store import MemoryStore
>>> store, key = MemoryStore(), BackfillKey("etl", "b1")
>>> begin(store, key, {"status": "running"}, "arn:e", replaces=None)
True
>>> plan_dates(store, key, [DateItem("2024-01-01T00:00:00+00:00", "backfill__x", "queued")])
>>> cancel(store, key), finish(store, key, "now")["counts"]
(True, {'cancelled': 1})
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.storage.records import FINAL_RUN_STATES, DagRun, Item
from lambdas.storage.store import Condition, Delete, Put, Store
from lambdas.waiting import past

ALREADY_EXISTS, IN_FLIGHT = "already exists", "in flight"
_ACTIVE = "active-backfill"


@dataclass(frozen=True, slots=True)
class BackfillKey:
    """Which backfill."""

    dag_id: str
    backfill_id: str

    @property
    def pk(self) -> str:
        return f"dag/{self.dag_id}"

    @property
    def sk(self) -> str:
        return f"backfill/{self.backfill_id}"

    @property
    def dates_pk(self) -> str:
        return f"backfill/{self.dag_id}/{self.backfill_id}"

    @property
    def blob(self) -> str:
        """Folder of the backfill's files in the bucket."""
        return f"backfill/{self.dag_id}/{self.backfill_id}"


@dataclass(frozen=True, slots=True)
class DateItem:
    """One logical date (ISO, UTC). state: None when it is left alone, for `reason`."""

    logical_date: str
    run_id: str
    state: str | None
    reason: str | None = None


def get_backfill(store: Store, key: BackfillKey) -> Item | None:
    """The backfill's item: the request's fields, `backfill_id`, `status`, `execution_arn`, `counts`, `error`…"""
    return store.read(key.pk, key.sk)


def list_backfills(store: Store, dag_id: str) -> Iterator[Item]:
    """The DAG's backfills, newest id first."""
    return store.query(f"dag/{dag_id}", "backfill/", newest_first=True)


def active_backfill(store: Store, dag_id: str) -> str | None:
    """The id of the backfill that runs, as far as the table knows."""
    item = store.read(f"dag/{dag_id}", _ACTIVE)
    return str(item["backfill_id"]) or None if item else None


def begin(store: Store, key: BackfillKey, attributes: Item, execution_arn: str, replaces: str | None) -> bool:
    """Enter a backfill that runs now. replaces: what `active_backfill` said; False if that is no longer so, or if this
    backfill has been entered already."""
    lock = store.read(key.pk, _ACTIVE)
    if (str(lock["backfill_id"]) if lock else "") != (replaces or ""):
        return False
    condition = Condition(equals={"backfill_id": replaces or ""}) if lock else Condition(absent=True)
    item = {**attributes, "backfill_id": key.backfill_id, "execution_arn": execution_arn, "is_cancelled": False}
    names = {"dag_id": key.dag_id, "backfill_id": key.backfill_id}
    return store.write(
        [
            Put(key.pk, key.sk, item, Condition(absent=True)),
            Put(key.pk, _ACTIVE, {"backfill_id": key.backfill_id}, condition),
            Put(f"execution/{execution_arn}", "backfill", names),
        ]
    )


def refuse(store: Store, key: BackfillKey, attributes: Item, error: str) -> None:
    """Enter a backfill that cannot be done, for people to see; nothing changes if it is there already."""
    item = {**attributes, "backfill_id": key.backfill_id, "status": "refused", "error": error}
    store.write([Put(key.pk, key.sk, item, Condition(absent=True))])


def plan_dates(store: Store, key: BackfillKey, dates: Iterable[DateItem]) -> None:
    """Write one item for each date. They stay until the backfill has ended, however long that takes."""
    store.write_many(_put(key, each, {}) for each in dates)


def list_dates(store: Store, key: BackfillKey) -> list[DateItem]:
    """The dates in their order, with the states that were last written (see `current`)."""
    return [
        DateItem(item["logical_date"], item["run_id"], item.get("state"), item.get("reason"))
        for item in store.query(key.dates_pk, "date/")
    ]


def current(store: Store, key: BackfillKey, dates: Iterable[DateItem]) -> list[DateItem]:
    """The dates in the states that their runs are in now."""
    runs = {run.run_id: run for run in store.list_runs(key.dag_id)}
    return [_now(each, runs.get(each.run_id), key) for each in dates]


def counts_of(dates: Iterable[DateItem]) -> dict[str, int]:
    """How many dates there are by state, or by the reason for having none."""
    return dict(Counter(each.state or each.reason or "" for each in dates))


def cancel(store: Store, key: BackfillKey) -> bool:
    """Start no further runs; those that are under way go on. False if the backfill is not running."""
    item = get_backfill(store, key)
    if item is None or item["status"] != "running":
        return False
    store.merge(key.pk, key.sk, {}, {"is_cancelled": True})
    return True


def set_paused(store: Store, key: BackfillKey, paused: bool) -> bool:
    """Pause: start no further runs for the time being; or go on (see `release`). False if the backfill is over."""
    item = get_backfill(store, key)
    if item is None or item["status"] != "running" or item.get("is_cancelled"):
        return False
    store.merge(key.pk, key.sk, {}, {"is_paused": paused})
    return True


def hold(store: Store, key: BackfillKey, token: str) -> bool:
    """Keep the token of a child that waits; False if there is nothing to wait for any more."""
    # First kept, then looked: whoever ends the pause looks for tokens after having said so.
    store.write([Put(key.dates_pk, _held_sk(token), {"token": token, **store.expires()})])
    item = get_backfill(store, key)
    return bool(item and item["status"] == "running" and item.get("is_paused") and not item.get("is_cancelled"))


def release(store: Store, key: BackfillKey, go_on: Callable[[str], None]) -> int:
    """Let all children that wait look again; how many there were. go_on: answers a token, also one that is over."""
    tokens = [str(item["token"]) for item in store.query(key.dates_pk, "held/")]
    for token in tokens:
        go_on(token)
        store.write_many([Delete(key.dates_pk, _held_sk(token))])
    return len(tokens)


def _held_sk(token: str) -> str:
    return f"held/{hashlib.sha256(token.encode()).hexdigest()}"


def finish(store: Store, key: BackfillKey, now: str, status: str | None = None) -> Item:
    """Write the summary, once all runs have ended: state for each date, counts, status; the backfill as it is then.

    status: what became of it, when its machine did not come to its end. A backfill that has ended stays as it is.
    """
    item = get_backfill(store, key)
    if item is None:
        raise KeyError(f"there is no backfill {key}")
    if item["status"] != "running":
        return item
    left = "cancelled" if item.get("is_cancelled") or status == "cancelled" else "failed"
    dates = [_final(each, left) for each in current(store, key, list_dates(store, key))]
    expires = store.expires()
    store.write_many(_put(key, each, expires) for each in dates)
    counts = counts_of(dates)
    outcome = status or next((each for each in ("cancelled", "failed") if counts.get(each)), "success")
    past.forget(store, key.dag_id, {each.run_id for each in dates})
    ended = store.merge(key.pk, key.sk, {}, {"status": outcome, "counts": counts, "completed_at": now})
    free = Condition(equals={"backfill_id": key.backfill_id})
    store.write([Put(key.pk, _ACTIVE, {"backfill_id": ""}, free)])
    return ended


def execution_ended(store: Store, event: Mapping[str, Any], now: str) -> str | None:
    """From the event that an execution has ended: finish its backfill, if it is one and has not finished itself."""
    detail = event["detail"]
    names = store.read(f"execution/{detail['executionArn']}", "backfill")
    if names is None or detail["status"] not in STATUS_OF_EXECUTION:
        return None
    key = BackfillKey(names["dag_id"], names["backfill_id"])
    finish(store, key, now, STATUS_OF_EXECUTION[detail["status"]])
    return key.backfill_id


STATUS_OF_EXECUTION: Mapping[str, str] = {"ABORTED": "cancelled", "FAILED": "failed", "TIMED_OUT": "failed"}


def _put(key: BackfillKey, each: DateItem, expires: Item) -> Put:
    attributes = {"logical_date": each.logical_date, "run_id": each.run_id, "state": each.state, "reason": each.reason}
    kept = {name: value for name, value in attributes.items() if value is not None}
    return Put(key.dates_pk, f"date/{each.logical_date}", {**kept, **expires})


def _now(each: DateItem, run: DagRun | None, key: BackfillKey) -> DateItem:
    """A run that an earlier backfill (or a schedule) made says nothing about this one."""
    if each.state is None or run is None or run.backfill_id != key.backfill_id:
        return each
    return DateItem(each.logical_date, each.run_id, run.state, run.error)


def _final(each: DateItem, unstarted: str) -> DateItem:
    """What is not over when the backfill is: not started, or its machine was stopped from outside."""
    if each.state is None or each.state in FINAL_RUN_STATES:
        return each
    if each.state == "queued":
        why = None if unstarted == "cancelled" else "the execution ended before its run began; see the execution"
        return DateItem(each.logical_date, each.run_id, unstarted, why)
    return DateItem(each.logical_date, each.run_id, "failed", "the execution was stopped")
