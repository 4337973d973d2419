"""What the runtime keeps, and what keeping it means; the layers below only read and write items.

`Store` holds the meaning: DagRuns, task instances with their fences, XComs, joins. A subclass brings the primitives of
`Items` (`MemoryStore` in one process, `DynamoStore` on DynamoDB and S3), so both behave alike and one test suite judges
both.

Invariants: a task instance's outcome and its XComs are written together or not at all; a write with a fence that no
longer holds changes nothing; a write whose answer was lost counts as done when it is repeated.

>>> from lambdas.storage.memory_store import MemoryStore
>>> from lambdas.storage.records import DagRun, Fence, TaskRecord, XCom
>>> store = MemoryStore()
>>> running = TaskRecord("etl", "r1", "load", "running", try_number=1)
>>> store.save_task(running, expect=None)
True
>>> done = TaskRecord("etl", "r1", "load", "success", try_number=1)
>>> store.save_task(done, expect=Fence(state="running", try_number=1), xcoms={"return_value": "7"})
True
>>> store.save_task(running, expect=Fence(state="running", try_number=1))     # a late one
False
>>> store.get_xcom(done.key, "return_value")
'7'
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lambdas.errors import RunIsActive
from lambdas.storage.records import (
    FINAL_RUN_STATES,
    QUEUED,
    DagRun,
    Fence,
    Join,
    Mapped,
    RunKey,
    TaskKey,
    TaskRecord,
    changed,
    from_item,
    to_item,
)
from lambdas.storage.writes import Add, Check, Condition, Delete, Put, Write, transactions
from lambdas.storage.xcom_store import XCOM_ITEM_LIMIT, XComStore

__all__ = ["CONF_ITEM_LIMIT", "XCOM_ITEM_LIMIT", "Add", "Check", "Condition", "Delete", "Put", "Store", "Write"]

CONF_ITEM_LIMIT = 8 * 1024
_YEAR = 366 * 24 * 3600  # an execution lives at most a year


class Store(XComStore):
    """Typed operations on DagRuns, task instances, XComs and joins.

    keep_days: how long finished things stay (attribute `expires`, read by DynamoDB's TTL); 0: for ever.
    """

    # --- DagRuns ---------------------------------------------------------------------------------------------------

    def get_run(self, key: RunKey) -> DagRun | None:
        """The DagRun, with its conf."""
        item = self.read(key.pk, "run")
        if item is None:
            return None
        run = from_item(DagRun, item)
        return changed(run, conf=self.get_blob(item["conf_blob"])) if "conf_blob" in item else run

    def create_run(self, run: DagRun, *, with_conf: bool = False) -> DagRun:
        """Create the DagRun, or take it over by a new execution (a re-run); what is then stored.

        The same execution again changes nothing, unless the run waits for it (`queue_run`). A backfill makes the run
        its own, as in Airflow; with_conf: with the new conf too. Raises RunIsActive while another execution is at it.
        """
        existing = self.get_run(run.key)
        if existing is not None and existing.execution == run.execution and existing.state != QUEUED:
            return existing
        if existing is None:
            wanted, condition = run, Condition(absent=True)
        elif existing.state == "running":
            raise RunIsActive(f"{run.run_id} is under way: {existing.execution}")
        else:
            begun = {"state": run.state, "start_date": run.start_date, "end_date": None, "error": None}
            names = {"execution": run.execution, "execution_arn": run.execution_arn, "function": run.function}
            wanted = changed(existing, **begun, **names, clear_number=existing.clear_number + 1)
            if run.backfill_id is not None:
                conf = run.conf if with_conf else existing.conf
                wanted = changed(wanted, backfill_id=run.backfill_id, run_type=run.run_type, conf=conf)
            condition = Condition(equals={"execution": existing.execution, "state": existing.state})
        if self._write_run(wanted, condition):
            return wanted
        return self.create_run(run, with_conf=with_conf)  # somebody else was quicker: look again

    def queue_run(self, run: DagRun, execution: str, execution_arn: str, *also: Write) -> bool:
        """Let a DagRun wait for another execution, as a whole with `also`; False if it is not as `run` says any more.

        From now on the run is the new execution's, so nothing late of the old one reaches it.
        """
        names = {"execution": execution, "execution_arn": execution_arn}
        waiting = changed(run, state=QUEUED, end_date=None, error=None, **names)
        return self._write_run(waiting, Condition(equals={"execution": run.execution, "state": run.state}), *also)

    def end_run(self, key: RunKey, execution: str, state: str, end_date: str, error: str | None = None) -> bool:
        """Give the DagRun its final state; False if it has one or belongs to another execution by now."""
        run = self.get_run(key)
        if run is None or run.execution != execution or run.state in FINAL_RUN_STATES:
            return False
        ended = changed(run, state=state, end_date=end_date, error=error)
        return self._write_run(ended, Condition(equals={"execution": execution, "state": run.state}))

    def _write_run(self, run: DagRun, condition: Condition, *also: Write) -> bool:
        attributes = to_item(run)
        if len(run.conf) > CONF_ITEM_LIMIT:
            attributes["conf_blob"] = run.key.conf_blob
            self.put_blob(attributes["conf_blob"], attributes.pop("conf"))
        index = {name: value for name, value in attributes.items() if name not in ("conf", "conf_blob")}
        writes: list[Write] = [
            self._put(run.key.pk, "run", attributes, condition),
            self._put(f"dag/{run.dag_id}", run.index_sk, index),
            *also,
        ]
        if run.execution_arn and run.state not in FINAL_RUN_STATES:
            names = {"dag_id": run.dag_id, "run_id": run.run_id, "execution": run.execution}
            writes.append(self._put(f"execution/{run.execution_arn}", "run", names))
        return self.write(writes)

    def list_runs(self, dag_id: str) -> Iterator[DagRun]:
        """The DAG's runs, newest first, without their conf."""
        for item in self.query(f"dag/{dag_id}", "run/", newest_first=True):
            yield from_item(DagRun, item)

    def run_of_execution(self, execution_arn: str) -> tuple[RunKey, str] | None:
        """Which DagRun an execution is, and the execution's name; None if it never started one."""
        item = self.read(f"execution/{execution_arn}", "run")
        return (RunKey(item["dag_id"], item["run_id"]), item["execution"]) if item else None

    # --- task instances --------------------------------------------------------------------------------------------

    def get_task(self, key: TaskKey) -> TaskRecord | None:
        item = self.read(key.pk, key.sk)
        return from_item(TaskRecord, item) if item else None

    def list_tasks(self, run: RunKey, task_id: str | None = None) -> list[TaskRecord]:
        """Every task instance of a run (of one task) that has a record, in the order of task_id and map index."""
        prefix = "ti/" if task_id is None else f"ti/{task_id}/"
        records = [from_item(TaskRecord, item) for item in self.query(run.pk, prefix)]
        return sorted(records, key=lambda record: (record.task_id, record.map_index))

    def save_task(self, record: TaskRecord, *, expect: Fence | None, xcoms: Mapping[str, str] | None = None) -> bool:
        """Write the record with its asset events and XComs (key → text). expect=None: there must be no record yet.

        False if the fence does not hold: then nothing has changed.
        """
        condition = Condition(absent=True) if expect is None else Condition(equals=expect.equals())
        puts = [self._xcom_put(record, key, text) for key, text in (xcoms or {}).items()]
        if record.asset_events is not None:
            from lambdas.scheduling.asset_events import history

            puts += history(self, record)
        *earlier, last = transactions(puts)
        for chunk in earlier:
            if not self.write([Check(record.key.pk, record.key.sk, condition), *chunk]):
                return False
        final = self._put(record.key.pk, record.key.sk, to_item(record), condition)
        return self.write([final, *last]) or self.get_task(record.key) == record

    def save_tasks(self, records: Iterable[TaskRecord]) -> None:
        """Write many records, whatever was there before."""
        self.write_many(self._put(record.key.pk, record.key.sk, to_item(record)) for record in records)

    # --- what mapped tasks are mapped over -------------------------------------------------------------------------

    def save_mapped(self, run: RunKey, task_id: str, mapped: Mapped) -> None:
        """Keep what a mapped task is mapped over."""
        self.write([self._put(run.pk, f"map/{task_id}", {"length": mapped.length, "pushed": dict(mapped.pushed)})])

    def get_mapped(self, run: RunKey, task_id: str) -> Mapped | None:
        """What a mapped task is mapped over, if that was kept."""
        item = self.read(run.pk, f"map/{task_id}")
        return Mapped(item["length"], item["pushed"]) if item else None

    # --- joins -----------------------------------------------------------------------------------------------------

    def await_join(
        self,
        run: RunKey,
        execution: str,
        task_id: str,
        *,
        token: str,
        sources: Sequence[str],
        rule: Mapping[str, Any] | None,
    ) -> Join:
        """Register who waits at the join; the join as it is then."""
        what = {"token": token, "sources": list(sources), "rule": json.dumps(rule)}
        return self._merge_join(run, execution, task_id, {}, what)

    def signal_join(self, run: RunKey, execution: str, task_id: str, *, source: str, states: Mapping[str, Any]) -> Join:
        """Record that `source` has come with these states; the join as it is then."""
        # One element for each task's state: branches that share tasks store them once, however many meet here.
        outcomes = {json.dumps([name, state]) for name, state in states.items()}
        return self._merge_join(run, execution, task_id, {"arrived": {source}, "outcomes": outcomes}, {})

    def _merge_join(
        self, run: RunKey, execution: str, task_id: str, add: Mapping[str, set[str]], assign: Mapping[str, Any]
    ) -> Join:
        expires = {"expires": int(time.time()) + _YEAR}
        present = {name: values for name, values in add.items() if values}
        item = self.merge(run.pk, f"join/{execution}/{task_id}", present, {**assign, **expires})
        return Join(
            arrived=frozenset(item.get("arrived", ())),
            states=dict(sorted(json.loads(outcome) for outcome in item.get("outcomes", ()))),
            token=item.get("token"),
            sources=tuple(item["sources"]) if "sources" in item else None,
            rule=json.loads(item["rule"]) if "rule" in item else None,
        )
