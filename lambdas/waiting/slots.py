"""Slots: a task that is limited (a pool, `max_active_tis_per_dag`, `max_active_tasks`) holds them while it runs.

    pk "slots/{gate}"        sk "used"                            {"used": how many slots are held}
                             sk "wait/{order}/{task_id}/{claim}"  who waits: {"claim": [pk, sk]}; the next one first
                             sk "held/{claim}"                    who holds: {"claim": [pk, sk], "slots"}
    pk "{dag_id}/{run_id}"   sk "slots/{execution}/{task_id}/{map_index}"
                             the claim: {"state": "waiting" | "held", "token", "order", "gates": [[name, slots, limit]]}
    pk "pools"               sk "pool/{name}"                     {"slots", "description"}

A gate is one thing that has slots: "pool/{name}", "task/{dag_id}/{task_id}", "run/{dag_id}/{run_id}/{execution}". A
claim needs room at all of its gates; taking it, and giving it back, is one transaction over the claim and the gates'
numbers. So `used` is always the sum of what is held, whoever dies in between, and never above the limit.

Nobody is forgotten: a claim is written before gates are looked at, and whoever gives slots back looks for claims
afterwards, so one of the two sees the other. A claim that was admitted stays on the waiting list until it has been
told. The order is Airflow's: priority weight, then logical date, then map index; who needs more slots than are free
lets others pass, as in Airflow. What binds: a gate's partition takes 1,000 writes a second, which are about 90 tasks a
second that come and go; transactions on the number `used` exclude each other and allow about as many.

>>> from lambdas.storage.memory_store import MemoryStore
>>> store, told = MemoryStore(), []
>>> set_pool(store, "db", 1, "")
>>> def claim(name, priority):
...     return Claim(RunKey("etl", "r"), "e", name, -1, order_of(priority, "2024-01-01", -1), (Gate("pool/db", 1),))
>>> for name, priority in (("a", 1), ("b", 1), ("c", 9)):
...     admit(store, told.append, claim(name, priority), token=name)
>>> told
['a']
>>> release(store, told.append, claim("a", 1)), told
(None, ['a', 'c'])
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.storage.records import Item, RunKey
from lambdas.storage.store import Add, Condition, Delete, Put, Store, Write

Tell = Callable[[str], object]  # lets the state go on that waits with this task token; a used-up token is no error

_ATTEMPTS = 20
_POOLS = "pools"


@dataclass(frozen=True, slots=True)
class Gate:
    """What a claim asks for at one gate. limit: None for a pool, whose record says how many slots there are."""

    name: str
    slots: int
    limit: int | None = None

    @property
    def pk(self) -> str:
        return f"slots/{self.name}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A task instance's claim to slots at several gates. order: see `order_of`."""

    run: RunKey
    execution: str
    task_id: str
    map_index: int
    order: str
    gates: tuple[Gate, ...]

    @property
    def sk(self) -> str:
        return f"slots/{self.execution}/{self.task_id}/{self.map_index}"

    @property
    def short(self) -> str:
        """The claim in a sort key, which has 1,024 bytes."""
        return hashlib.sha256(f"{self.run.pk}/{self.sk}".encode()).hexdigest()[:16]

    def item(self, state: str, token: str) -> Item:
        gates = [[gate.name, gate.slots, gate.limit] for gate in self.gates]
        which = [self.run.dag_id, self.run.run_id, self.execution, self.task_id, self.map_index]
        return {"state": state, "token": token, "order": self.order, "gates": gates, "which": which}

    def waits(self) -> list[tuple[str, str]]:
        """Keys of the items by which the gates know that it waits."""
        return [(gate.pk, f"wait/{self.order}/{self.task_id[:100]}/{self.short}") for gate in self.gates]

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Claim:
        dag_id, run_id, execution, task_id, map_index = item["which"]
        gates = tuple(Gate(*gate) for gate in item["gates"])
        return cls(RunKey(dag_id, run_id), execution, task_id, map_index, item["order"], gates)


def order_of(priority_weight: int, date: str, map_index: int) -> str:
    """Sorts claims as Airflow's scheduler does: the highest weight, the earliest date, the first instance."""
    weight = max(0, min(9_999_999_999, 5_000_000_000 - priority_weight))
    return f"{weight:010}/{date}/{map_index + 1:06}"


def admit(store: Store, tell: Tell, claim: Claim, token: str) -> None:
    """Claim slots for the state that waits with `token`: it is told at once, or when slots get free.

    Again with another token (the call was repeated): the last token counts, the slots are taken once.
    """
    for _ in range(_ATTEMPTS):
        found = store.read(claim.run.pk, claim.sk)
        if found is not None and found["state"] == "held":
            same = Condition(equals={"state": "held", "token": found["token"]})
            if store.write([Put(claim.run.pk, claim.sk, claim.item("held", token), same)]):
                tell(token)
                return
            continue
        condition = Condition(absent=True) if found is None else Condition(equals=_as_it_is(found))
        waiting = [Put(pk, sk, {"claim": [claim.run.pk, claim.sk]}) for pk, sk in claim.waits()]
        if store.write([Put(claim.run.pk, claim.sk, claim.item("waiting", token), condition), *waiting]):
            serve(store, tell, claim.gates)
            return
    raise RuntimeError(f"the claim of {claim.task_id} kept changing; try again")


def release(store: Store, tell: Tell, claim: Claim) -> None:
    """Give the claim's slots back, or stop waiting for them, and let others have them. Again: only the latter."""
    withdraw(store, claim)
    serve(store, tell, claim.gates)


def withdraw(store: Store, claim: Claim) -> None:
    """Give the claim's slots back, or stop waiting for them."""
    for _ in range(_ATTEMPTS):
        found = store.read(claim.run.pk, claim.sk)
        if found is None:
            return
        current = Claim.of(found)
        writes: list[Write] = [Delete(claim.run.pk, claim.sk, Condition(equals=_as_it_is(found)))]
        if found["state"] == "held":
            for gate in current.gates:
                writes += [_added(store, gate, -gate.slots), Delete(gate.pk, f"held/{current.short}")]
        if store.write(writes):
            store.write_many(Delete(pk, sk) for pk, sk in current.waits())
            return
    raise RuntimeError(f"the claim of {claim.task_id} kept changing; try again")


def withdraw_all(store: Store, run: RunKey, execution: str) -> list[Gate]:
    """Withdraw every claim of an execution that has ended; the gates where others may go on now."""
    claims = [Claim.of(item) for item in store.query(run.pk, f"slots/{execution}/")]
    for claim in claims:
        withdraw(store, claim)
    return [gate for claim in claims for gate in claim.gates if not gate.name.startswith("run/")]


def holders(store: Store, gate: Gate) -> Iterator[Item]:
    """The claims that hold slots of a gate."""
    for item in list(store.query(gate.pk, "held/")):
        found = store.read(*item["claim"])
        if found is not None:
            yield found


def serve(store: Store, tell: Tell, gates: Iterable[Gate]) -> None:
    """Admit whoever waits at these gates and finds room now."""
    for pk in dict.fromkeys(gate.pk for gate in gates):
        for item in store.query(pk, "wait/"):
            if not _serve_one(store, tell, item) and _is_full(store, pk, item):
                break


def _serve_one(store: Store, tell: Tell, wait: Item) -> bool:
    """Whether the claim of a wait item waits no more."""
    for _ in range(_ATTEMPTS):
        found = store.read(*wait["claim"])
        claim = Claim.of(found) if found is not None else None
        if found is None or claim is None or (wait["pk"], wait["sk"]) not in claim.waits():
            store.write_many([Delete(wait["pk"], wait["sk"])])  # left over from a claim that was withdrawn
            return True
        if found["state"] == "held":  # admitted by somebody who may not have got as far as telling it
            tell(found["token"])
            store.write_many(Delete(pk, sk) for pk, sk in claim.waits())
            return True
        limits = [_limit(store, gate) for gate in claim.gates]
        if any(_used(store, gate.pk) + gate.slots > limit for gate, limit in zip(claim.gates, limits, strict=True)):
            return False
        _take(store, claim, found, limits)
    raise RuntimeError(f"the claim of {wait['claim']} kept changing; try again")


def _take(store: Store, claim: Claim, found: Item, limits: list[int]) -> bool:
    """Take the slots, if there is still room at every gate and the claim is as it was found."""
    held = claim.item("held", found["token"])
    writes: list[Write] = [Put(claim.run.pk, claim.sk, held, Condition(equals=_as_it_is(found)))]
    for gate, limit in zip(claim.gates, limits, strict=True):
        holder = {"claim": [claim.run.pk, claim.sk], "slots": gate.slots}
        writes.append(_added(store, gate, gate.slots, at_most=limit - gate.slots))
        writes.append(Put(gate.pk, f"held/{claim.short}", holder))
    return store.write(writes)


def _added(store: Store, gate: Gate, slots: int, at_most: int | None = None) -> Add:
    """A run's own gate may be forgotten with the run."""
    return Add(gate.pk, "used", "used", slots, at_most, store.expires() if gate.name.startswith("run/") else {})


def _as_it_is(found: Item) -> Item:
    return {"state": found["state"], "token": found["token"]}


def _is_full(store: Store, pk: str, wait: Item) -> bool:
    """Whether nobody at all could be admitted here, however little they ask for."""
    found = store.read(*wait["claim"])
    gates = Claim.of(found).gates if found is not None else ()
    return any(gate.pk == pk and _used(store, pk) >= _limit(store, gate) for gate in gates)


def _limit(store: Store, gate: Gate) -> int:
    """A pool that nobody has made has no slots, so its tasks wait, as in Airflow."""
    if gate.limit is not None:
        return gate.limit
    pool = get_pool(store, gate.name.removeprefix("pool/"))
    slots = int(pool["slots"]) if pool is not None else 0
    return slots if slots >= 0 else 1_000_000_000  # Airflow's -1: any number


def _used(store: Store, pk: str) -> int:
    item = store.read(pk, "used")
    return int(item["used"]) if item is not None else 0


# --- pools ---------------------------------------------------------------------------------------------------------


def get_pool(store: Store, name: str) -> Item | None:
    """A pool's record: slots, description."""
    return store.read(_POOLS, f"pool/{name}")


def list_pools(store: Store) -> Iterator[Item]:
    """Every pool's record, with its name, by name."""
    for item in store.query(_POOLS, "pool/"):
        yield {"pool": item["sk"].removeprefix("pool/"), **item}


def set_pool(store: Store, name: str, slots: int, description: str) -> None:
    """Make a pool, or change it; -1 slots are any number. Who waits for it is served by `serve`."""
    store.write([Put(_POOLS, f"pool/{name}", {"slots": slots, "description": description})])


def delete_pool(store: Store, name: str) -> None:
    """Remove a pool: its tasks wait from now on."""
    store.write_many([Delete(_POOLS, f"pool/{name}")])


def occupancy(store: Store, gate: str) -> dict[str, int]:
    """How many slots of a gate are held, by how many tasks, and how many tasks wait."""
    pk = f"slots/{gate}"
    return {
        "used": _used(store, pk),
        "running": sum(1 for _ in store.query(pk, "held/")),
        "waiting": sum(1 for _ in store.query(pk, "wait/")),
    }
