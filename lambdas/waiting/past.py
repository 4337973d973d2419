"""`depends_on_past` and `wait_for_downstream`: a task waits for the DagRun before.

    pk "{dag_id}/{run_id}"  sk "past/told"          {"tasks": set of "{execution} {task_id}"}: done, as the run said
                            sk "past/wait/{hash}"   who waits for this run: {"token", "event": JSON of the question}
    pk "dag/{dag_id}"       sk "due/{logical_date}/{run_id}"
                            a run that is about to begin, and has no DagRun yet (`announce`)

The rule is Airflow 3.3.2's: the run before is the one with the next smaller logical date (with catchup: that is not a
manual one); the task there, and with wait_for_downstream the tasks right below it, must be success or skipped. The
first run of a DAG and the first of a backfill wait for nobody. Otherwise the task waits until somebody makes it so: the
run before goes on, is cleared, or its task is marked.

Who waits is written down before the question is asked, and who has an answer writes it before it looks who waits; so
one of the two sees the other. The question is asked anew whenever somebody is woken.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.storage.records import FINAL_RUN_STATES, DagRun, Item, RunKey, TaskRecord
from lambdas.storage.store import Delete, Put, Store
from lambdas.waiting.slots import Tell

_FINE = frozenset({"success", "skipped"})


@dataclass(frozen=True, slots=True)
class Past:
    """A task that asks. logical_date: None for a run without one, which has no past."""

    run: RunKey
    logical_date: str | None
    task_id: str
    ignore_first: bool
    downstream: tuple[str, ...]
    scheduled_only: bool

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Past:
        run = event["run"]
        return cls(
            RunKey(run["dag_id"], run["run_id"]),
            run.get("logical_date"),
            event["task_id"],
            event["ignore_first"],
            tuple(event["downstream"]),
            event["scheduled_only"],
        )


def await_past(store: Store, tell: Tell, event: Mapping[str, Any], token: str) -> RunKey | None:
    """Let the state that waits with `token` go on when its past is as it must be; the run it waits for, if any."""
    past = Past.of(event)
    while True:
        before = run_before(store, past)
        if before is None or _is_first_of_backfill(store, past.run):
            tell(token)
            return None
        kept = {name: event[name] for name in ("task_id", "ignore_first", "downstream", "scheduled_only")}
        kept["run"] = {name: event["run"].get(name) for name in ("dag_id", "run_id", "execution", "logical_date")}
        waiting = Put(before.pk, _wait_sk(event), {"token": token, "event": json.dumps(kept), **store.expires()})
        store.write([waiting])
        if _is_fine(store, past, before):
            tell(token)
            store.write_many([Delete(waiting.pk, waiting.sk)])
            return None
        if run_before(store, past) == before:
            return before
        store.write_many([Delete(waiting.pk, waiting.sk)])  # a run came in between


def tell_next(store: Store, tell: Tell, run: Mapping[str, Any], task_id: str) -> None:
    """The task is done in this run: wake who waits for it."""
    key = RunKey(run["dag_id"], run["run_id"])
    store.merge(key.pk, "past/told", {"tasks": {f"{run['execution']} {task_id}"}}, store.expires())
    wake(store, tell, key, task_id)


def wake(store: Store, tell: Tell, run: RunKey, task_id: str | None = None) -> int:
    """Ask anew for those who wait for this run (for this task of it); how many still wait."""
    left = 0
    for item in list(store.query(run.pk, "past/wait/")):
        event = json.loads(item["event"])
        if task_id is not None and task_id not in (event["task_id"], *event["downstream"]):
            continue
        still = await_past(store, tell, event, item["token"])
        if still != run:
            store.write_many([Delete(item["pk"], item["sk"])])
        left += still is not None
    return left


def run_before(store: Store, past: Past) -> RunKey | None:
    """The DagRun with the next smaller logical date, begun or announced."""
    if past.logical_date is None:
        return None
    best: tuple[str, str] | None = None
    for run in store.list_runs(past.run.dag_id):
        if best is not None and run.run_after <= best[0]:
            break  # runs come by run_after, and no logical date lies behind that
        if _counts(past, run.logical_date, run.run_type):
            best = max(best or ("", ""), (run.logical_date or "", run.run_id))
    for item in store.query(f"dag/{past.run.dag_id}", "due/"):
        _, date, run_id = item["sk"].split("/", 2)
        if date >= past.logical_date:
            break
        best = max(best or ("", ""), (date, run_id))
    return RunKey(past.run.dag_id, best[1]) if best is not None else None


def announce(dag_id: str, run_id: str, logical_date: str) -> Put:
    """What to write before a run is started whose tasks depend on the past: later runs then know of it."""
    return Put(f"dag/{dag_id}", f"due/{logical_date}/{run_id}", {})


def forget(store: Store, dag_id: str, run_ids: Collection[str]) -> None:
    """These runs have ended, or will not begin: nobody has to wait for their DagRuns."""
    found = [item for item in store.query(f"dag/{dag_id}", "due/") if item["sk"].split("/", 2)[2] in run_ids]
    if found:
        store.write_many([Delete(item["pk"], item["sk"]) for item in found])


def _counts(past: Past, logical_date: str | None, run_type: str) -> bool:
    if logical_date is None or past.logical_date is None or logical_date >= past.logical_date:
        return False
    return not (past.scheduled_only and run_type == "manual")


def _is_first_of_backfill(store: Store, run: RunKey) -> bool:
    own = store.get_run(run)
    if own is None or own.backfill_id is None:
        return False
    backfill = store.read(f"dag/{run.dag_id}", f"backfill/{own.backfill_id}")
    return backfill is not None and backfill.get("first_run") == run.run_id


def _is_fine(store: Store, past: Past, before: RunKey) -> bool:
    run = store.get_run(before)
    if run is None or (run.state in FINAL_RUN_STATES and _is_announced(store, run)):
        return False
    records: dict[str, list[TaskRecord]] = {}
    for record in store.list_tasks(before):
        if record.state != "removed":
            records.setdefault(record.task_id, []).append(record)
    if past.task_id not in records and run.state in FINAL_RUN_STATES:
        return past.ignore_first and not _has_ever_run(store, past)
    told = store.read(before.pk, "past/told") or {}
    asked = (past.task_id, *past.downstream)
    return all(_is_done(run, each, records.get(each, ()), told) for each in asked)


def _is_announced(store: Store, run: DagRun) -> bool:
    """Whether a run that has ended is about to run again."""
    return store.read(f"dag/{run.dag_id}", f"due/{run.logical_date}/{run.run_id}") is not None


def _is_done(run: DagRun, task_id: str, records: Any, told: Item) -> bool:
    if f"{run.execution} {task_id}" in told.get("tasks", ()):
        return True
    if not records:  # a task that the run did not have
        return run.state == "success"
    # While the run goes on, records of an earlier execution are out of date, and the instances of a mapped task may be
    # more than have records.
    certain = all(record.map_index < 0 and record.execution == run.execution for record in records)
    return (certain or run.state in FINAL_RUN_STATES) and all(record.state in _FINE for record in records)


def _has_ever_run(store: Store, past: Past) -> bool:
    """Whether any run of an earlier logical date has the task."""
    return any(store.list_tasks(run.key, past.task_id) for run in _earlier(store, past))


def _earlier(store: Store, past: Past) -> Iterator[DagRun]:
    for run in store.list_runs(past.run.dag_id):
        if run.logical_date is not None and past.logical_date is not None and run.logical_date < past.logical_date:
            yield run


def _wait_sk(event: Mapping[str, Any]) -> str:
    run = event["run"]
    who = f"{run['dag_id']}/{run['run_id']}/{run['execution']}/{event['task_id']}"
    return f"past/wait/{hashlib.sha256(who.encode()).hexdigest()[:16]}"
