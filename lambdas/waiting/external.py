"""Waiting for another DAG: what can be seen of its runs, who wants to be woken when that changes, and the waking.

    pk "watch/{dag_id}/{logical_date}"   sk "{waiting dag}/{execution}/{task_id}/{map_index}"   {"token"}

A sensor pokes; as long as the answer is "not yet", its machine waits with a task token in the signal function
(`watch`). A run that starts or ends, and a task that ends and was marked, wakes (`wake`) who is registered for its
date, and the sensor pokes again.

No wake is lost. Whoever changes something writes it first and looks for watchers then; a watcher registers first
and looks at what it waits for then. Both reads are strongly consistent, so one of the two sees the other. Runs look
for watchers when they start and when they end. A task looks only if its record is marked `watched`, and the write that
ends it fails when the mark came in between: a DAG that nobody waits for reads and writes nothing more per task.
Should a waker crash before it wakes, the sensor's own long interval is what is left.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lambdas.storage.records import FINAL_RUN_STATES, DagRun, TaskKey, TaskRecord, to_item
from lambdas.storage.store import Condition, Put, Store

_YEAR = 366 * 24 * 3600  # an execution, and so a token, lives at most a year


@dataclass(frozen=True, slots=True)
class Watched:
    """What somebody waits for: runs of a DAG by their logical dates (ISO, UTC), or some of their tasks.

    task_ids: these tasks; group: all tasks of a task group, by the prefix of their ids.
    """

    dag_id: str
    dates: tuple[str, ...]
    task_ids: tuple[str, ...] = ()
    group: str | None = None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Watched:
        return cls(value["dag_id"], tuple(value["dates"]), tuple(value["task_ids"]), value["group"])

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Seen:
    """What there was to see. runs: date → state of the run; tasks: date → ("task_id/map_index" → state), only of runs
    that exist; a group's tasks are known when its run has ended."""

    runs: Mapping[str, str]
    tasks: Mapping[str, Mapping[str, str]]

    def digest(self) -> str:
        """Differs when something has changed."""
        text = json.dumps([dict(self.runs), {date: dict(found) for date, found in self.tasks.items()}], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def runs_on(store: Store, dag_id: str, dates: Sequence[str]) -> dict[str, DagRun]:
    """The DAG's run of each logical date that has one. A run is due at its logical date or later."""
    found: dict[str, DagRun] = {}
    for run in store.list_runs(dag_id):
        if not dates or len(found) == len(set(dates)) or run.run_after < min(dates):
            break
        if run.logical_date is not None and run.logical_date in dates:
            found.setdefault(run.logical_date, run)
    return found


def look(store: Store, watched: Watched) -> Seen:
    """The states of what is watched."""
    runs = runs_on(store, watched.dag_id, watched.dates)
    tasks = {date: dict(_states(store, run, watched)) for date, run in runs.items()}
    return Seen({date: run.state for date, run in runs.items()}, tasks)


def _states(store: Store, run: DagRun, watched: Watched) -> Iterator[tuple[str, str]]:
    if watched.group is not None:
        if run.state in FINAL_RUN_STATES:
            inside = f"{watched.group}."
            records = (each for each in store.list_tasks(run.key) if each.task_id.startswith(inside))
            yield from ((f"{each.task_id}/{each.map_index}", each.state) for each in records)
        return
    for task_id in watched.task_ids:
        for record in store.list_tasks(run.key, task_id):
            if record.execution:  # else there is only our mark
                yield f"{task_id}/{record.map_index}", record.state


def watch(store: Store, watched: Watched, seen: str, waiter: str, token: str) -> bool:
    """Register a waiter by its token; whether something has changed since its poke saw what `seen` digests."""
    expires = int(time.time()) + _YEAR
    store.write_many(
        Put(f"watch/{watched.dag_id}/{date}", waiter, {"token": token, "expires": expires}) for date in watched.dates
    )
    for run in runs_on(store, watched.dag_id, watched.dates).values():
        for task_id in watched.task_ids:
            _mark(store, TaskKey(run.dag_id, run.run_id, task_id))
    return look(store, watched).digest() != seen


def _mark(store: Store, key: TaskKey) -> None:
    """Let the task know that somebody waits for its end; it may not have begun."""
    waiting = TaskRecord(key.dag_id, key.run_id, key.task_id, "scheduled", key.map_index, watched=True)
    if not store.write([Put(key.pk, key.sk, {**to_item(waiting), **store.expires()}, Condition(absent=True))]):
        store.merge(key.pk, key.sk, {}, {"watched": True})


def tokens_of(store: Store, dag_id: str, date: str | None) -> list[str]:
    """The tokens of those who wait for the DAG's run of this logical date; used ones among them do no harm."""
    if date is None:
        return []
    return [str(item["token"]) for item in store.query(f"watch/{dag_id}/{date}", "")]


def wake_all(store: Store, tell: Callable[[str], object], dag_id: str, date: str | None) -> int:
    """Wake who waits for the DAG's run of this logical date; how many still waited. tell: lets a token's state go on,
    true unless it has ended."""
    return sum(bool(tell(token)) for token in tokens_of(store, dag_id, date))


def wake_if_watched(store: Store, wake: Callable[[str, str], None] | None, dag_id: str, date: str | None) -> None:
    """Wake who waits for this run, if anybody does."""
    if wake is not None and date is not None and next(store.query(f"watch/{dag_id}/{date}", ""), None) is not None:
        wake(dag_id, date)
