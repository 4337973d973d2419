"""What the dispatcher keeps of a DAG: whether it is paused, which of its runs are active, which wait in the queue.

    pk "dag/{dag_id}"  sk "state"                        {"is_paused"}
                       sk "active"                       {"version", "runs": {run_id: execution name}}
                       sk "queue/{run_after}/{run_id}"   {"run_id", "input": JSON text of the execution's input}; of a
                       run that was cleared also {"execution", "machine"}: names, where they are not the run's and DAG's
                       sk "machine"                      {"event": JSON text}: how runs are started by hand
                       sk "schedule"                     {"version", "event": JSON text, "cursor", …}: the
                       schedule's last event
                       sk "assets", "asset-event/…"      what its assets' updates ask for, see `dispatch_assets`

Everything is built on the store's conditional writes, so it is the same on DynamoDB and in memory. A run is first
written into the queue, then claimed (into `active`), then started, then taken off the queue: whoever stops in
between leaves something from which the next one goes on, and starting a run twice is harmless because of the
execution's name.

>>> from lambdas.storage.memory_store import MemoryStore
>>> state = DagState(MemoryStore(), "etl")
>>> [state.enqueue(Queued(f"r{n}", f"2024-01-0{n}", {})) for n in (2, 1, 1)]
[True, True, False]
>>> [queued.run_id for queued in state.claim(limit=1)], [queued.run_id for queued in state.queue()]
(['r1'], ['r1', 'r2'])
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dag_translator.names import execution_name
from lambdas.storage.records import FINAL_RUN_STATES, DagRun, Item, RunKey
from lambdas.storage.store import Condition, Delete, Put, Store

_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Queued:
    """A run that waits: its id, when it became due (ISO, UTC), and the input that its execution gets.

    execution, machine: the execution's name, and the machine's; None for those that a first execution has.
    """

    run_id: str
    run_after: str
    input: Mapping[str, Any]
    execution: str | None = None
    machine: str | None = None

    @property
    def execution_name(self) -> str:
        return self.execution or execution_name(self.run_id)

    @property
    def sk(self) -> str:
        return f"queue/{self.run_after}/{self.run_id}"


@dataclass(frozen=True, slots=True)
class DagState:
    """The state of one DAG."""

    store: Store
    dag_id: str

    @property
    def pk(self) -> str:
        return f"dag/{self.dag_id}"

    # --- pause -----------------------------------------------------------------------------------------------------

    @property
    def is_paused(self) -> bool:
        return self.paused(at_first=False)

    def paused(self, *, at_first: bool) -> bool:
        """Whether the DAG is paused: as somebody said last, `at_first` if nobody did."""
        item = self.store.read(self.pk, "state")
        return bool(item["is_paused"]) if item and "is_paused" in item else at_first

    def set_paused(self, paused: bool) -> None:
        """Pause or unpause: runs that are under way go on, runs that wait in the queue wait on."""
        self.store.merge(self.pk, "state", {}, {"is_paused": paused})

    # --- the queue -------------------------------------------------------------------------------------------------

    def enqueue(self, queued: Queued) -> bool:
        """Put a run into the queue; False if it is there already or has run."""
        if self.store.get_run(RunKey(self.dag_id, queued.run_id)) is not None:
            return False
        return self.store.write([self.queue_put(queued)])

    def enqueue_again(self, run: DagRun, queued: Queued, execution_arn: str) -> bool:
        """Let a run that has ended wait for another execution; False if it is not as `run` says any more."""
        return self.store.queue_run(run, queued.execution_name, execution_arn, self.queue_put(queued))

    def queue_put(self, queued: Queued) -> Put:
        """What puts a run into the queue that is not there yet."""
        attributes = {"run_id": queued.run_id, "input": json.dumps(queued.input, ensure_ascii=False)}
        again = {"execution": queued.execution, "machine": queued.machine}
        attributes |= {name: value for name, value in again.items() if value is not None}
        return Put(self.pk, queued.sk, attributes, Condition(absent=True))

    def queue(self) -> Iterator[Queued]:
        """What waits, oldest first; also what is claimed but not known to have started."""
        for item in self.store.query(self.pk, "queue/"):
            run_after = item["sk"].split("/", 2)[1]
            again = (item.get("execution"), item.get("machine"))
            yield Queued(item["run_id"], run_after, json.loads(item["input"]), *again)

    def dequeue(self, queued: Queued) -> None:
        """Take a run off the queue that has been started."""
        self.store.write_many([Delete(self.pk, queued.sk)])

    # --- the active runs -------------------------------------------------------------------------------------------

    def active(self) -> Mapping[str, str]:
        """run_id → execution name of the runs that take up a place."""
        item = self.store.read(self.pk, "active")
        runs: Mapping[str, str] = item["runs"] if item else {}
        return runs

    def claim(self, limit: int) -> list[Queued]:
        """The runs to start now, oldest first: those that there is room for (they are active from now on), and those
        that were claimed before and are still in the queue, because whoever claimed them may have stopped."""
        found: list[Queued] = []

        def change(runs: dict[str, str]) -> None:
            found.clear()
            for queued in self.queue():
                if queued.run_id not in runs:
                    if len(runs) >= limit:
                        self._drop_ended(runs)
                    if len(runs) >= limit:
                        return
                    runs[queued.run_id] = queued.execution_name
                found.append(queued)

        self._change_active(change)
        return list(found)

    def occupy(self, run_id: str, execution: str) -> None:
        """The run takes up a place, even if there is none: somebody has started it in the console, or another DAG."""
        self._change_active(lambda runs: runs.update({run_id: execution}))

    def release(self, run_id: str, execution: str) -> None:
        """The run's execution has ended: its place is free, unless it is another execution's by now."""

        def change(runs: dict[str, str]) -> None:
            if runs.get(run_id) == execution:
                del runs[run_id]

        self._change_active(change)

    def has_room(self, limit: int) -> bool:
        """Whether a further run would start at once: fewer than `limit` are active or wait."""
        waiting = {queued.run_id for queued in self.queue()}
        if len(waiting | self.active().keys()) >= limit:
            self._change_active(self._drop_ended)
        return len(waiting | self.active().keys()) < limit

    def _drop_ended(self, runs: dict[str, str]) -> None:
        """Forget runs whose end nobody reported: a lost event must not block the DAG for ever."""
        for run_id in list(runs):
            run = self.store.get_run(RunKey(self.dag_id, run_id))
            if run is not None and run.state in FINAL_RUN_STATES:
                del runs[run_id]

    def _change_active(self, change: Callable[[dict[str, str]], object]) -> None:
        for _ in range(_ATTEMPTS):
            item = self.store.read(self.pk, "active")
            before = item["runs"] if item else {}
            runs = dict(before)
            change(runs)
            if runs == before or self._replace("active", item, {"runs": runs}):
                return
        raise RuntimeError(f"DAG {self.dag_id}: the list of active runs kept changing; try again")

    # --- what the schedule said last -------------------------------------------------------------------------------

    def schedule(self) -> Item | None:
        """The item of the schedule's last event, None before the first."""
        return self.store.read(self.pk, "schedule")

    def last_event(self) -> dict[str, Any] | None:
        """The schedule's last event; of a DAG without one what its assets' last said, or what `remember` was given
        last. None before all of these."""
        item = next(filter(None, (self.store.read(self.pk, sk) for sk in ("schedule", "assets", "machine"))), None)
        return json.loads(item["event"]) if item is not None else None

    def remember(self, event: Mapping[str, Any]) -> None:
        """Keep how runs of the DAG are started by hand."""
        self.store.write([Put(self.pk, "machine", {"event": json.dumps(event)})])

    def save_schedule(self, before: Item | None, attributes: Item) -> bool:
        """Replace it; False if somebody else has written since `before` was read."""
        return self._replace("schedule", before, attributes)

    def _replace(self, sk: str, before: Item | None, attributes: Item) -> bool:
        version = before["version"] if before else 0
        condition = Condition(equals={"version": version}) if before else Condition(absent=True)
        return self.store.write([Put(self.pk, sk, {**attributes, "version": version + 1}, condition)])
