"""Runs that updates of assets start: the part of the dispatcher that asset events reach.

A rule in the stack of each consuming DAG hands over what it matched, with the DAG's spec beside it:

    {"asset_event": the event's detail (see `asset_events`), "event_id", "event_time",
     "assets": condition, "dag_id", "state_machine_arn", "max_active_runs", …the rest of the spec}

    condition: {"asset": {"name", "uri"}} | {"asset_ref": {"name"} | {"uri"}} | {"alias": {"name"}}
               | {"all": [condition, …]} | {"any": [condition, …]}

As Airflow 3.3.2: an update is recorded always, and queued for the DAG unless it is paused. Each asset is queued once,
by its first update since the last run. As soon as the queued assets satisfy the condition, the DAG is not paused and
max_active_runs leaves room, a run starts, and the queue is empty again; its date is that of the newest queued update.
It gets every event since the last run's, up to that one; a later one goes to the next run.

    pk "dag/{dag_id}"  sk "assets"                {"version", "held": JSON text of `Held`, "event": the spec}
                       sk "asset-event/{number}"  {"event": JSON text}: the DAG's events in the order of their coming
                       sk "asset-seen/{id}"       so that an event that is delivered again changes nothing

Every step is one transaction on the version of "assets": events and runs have an order, and whoever stops in between
leaves a state from which the next event, the end of a run, or an unpause goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lambdas.scheduling import asset_events
from lambdas.scheduling.dag_state import DagState, Queued
from lambdas.storage.records import Item
from lambdas.storage.store import Condition, Put, Store
from lambdas.waiting import sweep

if TYPE_CHECKING:
    from lambdas.dispatcher import Dispatcher

_ATTEMPTS = 50
_NO_ROOM = "max_active_runs runs are active"
# EventBridge tries for a day, Lambda's own queue for six hours.
_REMEMBERED = timedelta(days=8)
_DELIVERY = ("asset_event", "event_id", "event_time", "activate", "waiting", "scheduled_time", "one_time")

Event = Mapping[str, Any]
Key = tuple[str, str]  # name and URI of an asset


@dataclass(frozen=True, slots=True)
class Held:
    """What a consuming DAG has of its assets. number: of the newest event; taken: of the newest that a run has got.

    queued: JSON of [name, uri] → [number, time] of its first update since the last run. aliases: name → the assets that
    came by it so far.
    """

    number: int = 0
    taken: int = 0
    queued: Mapping[str, list[Any]] = field(default_factory=dict)
    aliases: Mapping[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, item: Item | None) -> Held:
        return cls(**json.loads(item["held"])) if item else cls()


def on_event(dispatcher: Dispatcher, event: Event) -> str | None:
    """Take an update in (if the event carries one), and queue the run that is due; why none is."""
    state = DagState(dispatcher.store, event["dag_id"])
    consumer = {name: value for name, value in event.items() if name not in _DELIVERY}
    if "asset_event" in event:
        update = _update(event, consumer["assets"])
        if not any(_is_about(leaf, update) for leaf in leaves(consumer["assets"])):
            return "none of the DAG's assets"
        _record(state, consumer, update, dispatcher.now())
    reason = _fire(state, consumer)
    if reason == _NO_ROOM:
        sweep.enter(dispatcher.store, dispatcher.arm, "dag", state.dag_id)
    return reason


def _update(event: Event, condition: Event) -> dict[str, Any]:
    """The event in full: anybody may send one that only says the URI. Raises ValueError for one that does not."""
    told = event["asset_event"]
    asset = told.get("asset") if isinstance(told, Mapping) else None
    uri = asset.get("uri") if isinstance(asset, Mapping) else None
    if not isinstance(uri, str) or not uri:
        raise ValueError(f"an asset event's detail needs asset.uri, this one is {json.dumps(told)[:500]}")
    known = [leaf["asset"]["name"] for leaf in leaves(condition) if leaf.get("asset", {}).get("uri") == uri]
    name = asset.get("name") or (known[0] if known else uri)  # type: ignore[union-attr]
    return {
        "id": str(told.get("id") or event["event_id"]),
        "asset": {"name": name, "uri": uri},
        "extra": dict(told.get("extra") or {}),
        "timestamp": str(told.get("timestamp") or event["event_time"]),
        "aliases": list(told.get("aliases") or ()),
        "source": dict(told.get("source") or {}),
    }


def _record(state: DagState, consumer: Event, update: dict[str, Any], now: datetime) -> None:
    """Give the update its number and queue it, once."""
    seen = {"expires": int((now + _REMEMBERED).timestamp())}
    external = [] if update["source"] else asset_events.history(state.store, [update])
    paused = _is_paused(state, consumer)
    for _ in range(_ATTEMPTS):
        if state.store.read(state.pk, f"asset-seen/{update['id']}") is not None:
            return
        item = state.store.read(state.pk, "assets")
        held = _with_update(Held.of(item), consumer["assets"], update, now, paused)
        kept = {"event": json.dumps(update, ensure_ascii=False), **state.store.expires()}
        writes = [
            Put(state.pk, f"asset-seen/{update['id']}", seen, Condition(absent=True)),
            Put(state.pk, event_sk(held.number), kept),
            _held_put(state, item, held, consumer),
        ]
        if state.store.write([*writes, *external]):
            return
    raise RuntimeError(f"DAG {state.dag_id}: the record of its assets kept changing; try again")


def _with_update(held: Held, condition: Event, update: Mapping[str, Any], now: datetime, paused: bool) -> Held:
    key = json.dumps([update["asset"]["name"], update["asset"]["uri"]], ensure_ascii=False)
    number = held.number + 1
    queued = dict(held.queued) if paused else {key: [number, now.isoformat()], **held.queued}
    asked = {leaf["alias"]["name"] for leaf in leaves(condition) if "alias" in leaf}
    aliases = {name: list(keys) for name, keys in held.aliases.items()}
    for name in asked.intersection(update["aliases"]):
        aliases[name] = sorted({*aliases.get(name, ()), key})
    return replace(held, number=number, queued=queued, aliases=aliases)


def _fire(state: DagState, consumer: Event) -> str | None:
    """Queue the run that the updates so far call for; why there is none."""
    for _ in range(_ATTEMPTS):
        item = state.store.read(state.pk, "assets")
        held = Held.of(item)
        if item is None or not is_met(consumer["assets"], held):
            return "other assets have not been updated yet"
        if _is_paused(state, consumer):
            return "paused"
        if not state.has_room(int(consumer["max_active_runs"])):
            return _NO_ROOM
        queued, after = _run(state.dag_id, held)
        if state.store.write([state.queue_put(queued), _held_put(state, item, after, consumer)]):
            return None
    raise RuntimeError(f"DAG {state.dag_id}: the record of its assets kept changing; try again")


def _run(dag_id: str, held: Held) -> tuple[Queued, Held]:
    """The run of what is queued, and what is held afterwards."""
    number, moment = max(held.queued.values(), key=lambda entry: int(entry[0]))
    span = f"{held.taken + 1}-{number}"
    # Airflow's end in eight random characters; these are the same for the same events.
    run_id = f"asset_triggered__{moment}_{hashlib.sha256(f'{dag_id}/{span}'.encode()).hexdigest()[:8]}"
    given = {
        "run_id": run_id,
        "run_type": "asset_triggered",
        "logical_date": None,
        "run_after": moment,
        "asset_events": span,
    }
    return Queued(run_id, moment, given), replace(held, taken=number, queued={})


def _held_put(state: DagState, before: Item | None, held: Held, consumer: Event) -> Put:
    version = before["version"] if before else 0
    condition = Condition(equals={"version": version}) if before else Condition(absent=True)
    kept = {"version": version + 1, "held": json.dumps(asdict(held)), "event": json.dumps(consumer)}
    return Put(state.pk, "assets", kept, condition)


def _is_paused(state: DagState, consumer: Event) -> bool:
    return state.paused(at_first=bool(consumer.get("is_paused_upon_creation")))


# --- conditions ----------------------------------------------------------------------------------------------------


def leaves(condition: Event) -> Iterator[Event]:
    """The assets, references and aliases of a condition.

    >>> list(leaves({"any": [{"alias": {"name": "x"}}, {"all": []}]}))
    [{'alias': {'name': 'x'}}]
    """
    for kind in ("all", "any"):
        for each in condition.get(kind, ()):
            yield from leaves(each)
    if "all" not in condition and "any" not in condition:
        yield condition


def _is_about(leaf: Event, update: Event) -> bool:
    asset = update["asset"]
    match leaf:
        case {"asset": wanted}:
            return bool((wanted["name"], wanted["uri"]) == (asset["name"], asset["uri"]))
        case {"asset_ref": wanted}:
            return all(asset[part] == value for part, value in wanted.items())
        case {"alias": wanted}:
            return wanted["name"] in update["aliases"]
    raise ValueError(f"no condition: {leaf}")


def is_met(condition: Event, held: Held) -> bool:
    """Whether the queued assets satisfy the condition. An alias stands for all assets that ever came by it.

    >>> both = {"all": [{"asset": {"name": "a", "uri": "a"}}, {"asset_ref": {"name": "b"}}]}
    >>> is_met(both, Held(queued={'["a", "a"]': [1, ""]}))
    False
    >>> is_met(both, Held(queued={'["a", "a"]': [1, ""], '["b", "s3://b"]': [2, ""]}))
    True
    """
    queued = {tuple(json.loads(key)) for key in held.queued}
    return _met(condition, queued, held.aliases)


def _met(condition: Event, queued: set[Any], aliases: Mapping[str, list[str]]) -> bool:
    combine: Mapping[str, Callable[[Iterator[bool]], bool]] = {"all": all, "any": any}
    for kind, holds in combine.items():
        if kind in condition:
            return holds(_met(each, queued, aliases) for each in condition[kind])
    if "alias" in condition:
        return any(tuple(json.loads(key)) in queued for key in aliases.get(condition["alias"]["name"], ()))
    return any(_is_about(condition, {"asset": {"name": name, "uri": uri}}) for name, uri in queued)


# --- the events of a run -------------------------------------------------------------------------------------------


def event_sk(number: int) -> str:
    return f"asset-event/{number:012}"


def taken_events(store: Store, dag_id: str, span: str) -> Iterator[dict[str, Any]]:
    """The events that a run got. span: "first-last", their numbers."""
    first, last = (event_sk(int(number)) for number in span.split("-"))
    shared = first
    while not last.startswith(shared):
        shared = shared[:-1]
    for item in store.query(f"dag/{dag_id}", shared):
        if first <= item["sk"] <= last:
            yield json.loads(item["event"])
