"""The sweep: what repairs a wake-up or a status event that got lost. It runs only while something waits.

    pk "waiting"   sk "gate/{name}" | "past/{dag_id}/{run_id}" | "dag/{dag_id}"    {"names": […]}: somebody waits there

Whoever begins to wait where nobody did makes a one-time schedule (`arm`), and then enters the place. When that fires,
the dispatcher function sweeps: executions that should make room but are over are closed as their status event would
have done it, and who may go on is woken. While somebody still waits it arms itself again; else nothing is left.

Invariant: an entered place has a sweep before it, or somebody armed twice. The sweep takes a place off before it looks
whether anybody waits there, and waiting is written down before a place is entered, so none is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lambdas.storage.records import FINAL_RUN_STATES, QUEUED, RunKey
from lambdas.storage.store import Delete, Put, Store
from lambdas.waiting import past, slots
from lambdas.waiting.slots import Gate, Tell

PERIOD = timedelta(minutes=15)
_PK = "waiting"

Arm = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Sweeper:
    """What a sweep works with. status: of an execution by ARN, None if there is none; close(arn, status): what its
    status event does; start(dag_id): starts what waits for a place among the DAG's runs, and says whether any still
    does."""

    store: Store
    tell: Tell
    arm: Arm
    status: Callable[[str], str | None]
    close: Callable[[str, str], object]
    start: Callable[[str], bool]


def enter(store: Store, arm: Arm, kind: str, *names: str) -> None:
    """Somebody waits there: a sweep will look after them."""
    sk = "/".join((kind, *names))
    if store.read(_PK, sk) is None:
        arm()
        store.write([Put(_PK, sk, {"kind": kind, "names": list(names)})])


def sweep(sweeper: Sweeper) -> dict[str, Any]:
    """Look at every place where somebody waits; how many are left."""
    left = 0
    for item in list(sweeper.store.query(_PK, "")):
        sweeper.store.write_many([Delete(_PK, item["sk"])])
        if _KINDS[item["kind"]](sweeper, *item["names"]):
            left += 1
            sweeper.store.write([Put(_PK, item["sk"], {"kind": item["kind"], "names": item["names"]})])
    if left:
        sweeper.arm()
    return {"left": left}


def _gate(sweeper: Sweeper, name: str) -> bool:
    gate = Gate(name, 0)
    held = [slots.Claim.of(item) for item in slots.holders(sweeper.store, gate)]
    for run, execution in dict.fromkeys((claim.run, claim.execution) for claim in held):
        _look(sweeper, run, execution)
    slots.serve(sweeper.store, sweeper.tell, [gate])
    return any(True for _ in sweeper.store.query(gate.pk, "wait/"))


def _past(sweeper: Sweeper, dag_id: str, run_id: str) -> bool:
    run = RunKey(dag_id, run_id)
    _look(sweeper, run)
    return past.wake(sweeper.store, sweeper.tell, run) > 0


def _dag(sweeper: Sweeper, dag_id: str) -> bool:
    active = sweeper.store.read(f"dag/{dag_id}", "active") or {}
    for run_id in active.get("runs", ()):
        _look(sweeper, RunKey(dag_id, run_id))
    return sweeper.start(dag_id)


def _look(sweeper: Sweeper, key: RunKey, execution: str | None = None) -> None:
    """Close a run whose execution is over without anybody having noticed."""
    run = sweeper.store.get_run(key)
    if run is None or not run.execution_arn or run.state == QUEUED:
        return
    if execution not in (None, run.execution):  # an older one, which a newer has replaced
        slots.serve(sweeper.store, sweeper.tell, slots.withdraw_all(sweeper.store, key, str(execution)))
        return
    status = sweeper.status(run.execution_arn)
    if status in ("RUNNING", "PENDING_REDRIVE"):
        return
    known = status or ("SUCCEEDED" if run.state in FINAL_RUN_STATES else "ABORTED")
    sweeper.close(run.execution_arn, known)


_KINDS: Mapping[str, Callable[..., bool]] = {"gate": _gate, "past": _past, "dag": _dag}


def arm_on_aws(clients: Any) -> None:
    """`arm` for a Lambda function of the platform."""
    from datetime import UTC

    from lambdas.scheduling.one_time import target_on_aws

    schedule_sweep(clients.client("scheduler"), datetime.now(UTC), target_on_aws())


def schedule_sweep(scheduler: Any, now: datetime, target: Mapping[str, str]) -> None:
    """The one-time schedule for the next sweep but one period; many at once make one. target: see `one_time.create`."""
    from lambdas.scheduling.one_time import create

    seconds = PERIOD.total_seconds()
    at = datetime.fromtimestamp((now.timestamp() // seconds + 2) * seconds, now.tzinfo)
    create(scheduler, f"{at:%Y%m%dT%H%M%S}-sweep", f"at({at:%Y-%m-%dT%H:%M:%S})", {"sweep": True}, target)
