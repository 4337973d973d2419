"""Asset events: what a task's success says about its outlets, and how events are kept and sent.

An event is plain JSON, the detail of an EventBridge event (source `airstep`, detail-type `AssetUpdated`):

    {"id": "…", "asset": {"name", "uri", "group"}, "extra": {…}, "timestamp": "…", "aliases": ["…"],
     "source": {"dag_id", "task_id", "run_id", "map_index"}}

    pk "asset/{uri}"          sk "event/{timestamp}/{id}"   {"event": JSON text}: an asset's history
    pk "asset-alias/{name}"   sk "event/{timestamp}/{id}"   the same, of those that came by an alias

Nothing is lost and nothing counts twice: the events are written with the task's outcome, in one transaction, and also
stand in its record, from which they are sent again whenever the outcome is answered again; their ids follow from the
try, and who consumes them drops those that it has seen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambdas.storage.records import TaskRecord
from lambdas.storage.store import Put, Store

if TYPE_CHECKING:
    from lambdas.runtime import Runtime

SOURCE, DETAIL_TYPE = "airstep", "AssetUpdated"
_BATCH = 10  # PutEvents takes 10 entries and 256 KB
_LARGEST = 200_000  # bytes of a task's events: they are part of its record, and an item holds 400 KB
_LONGEST_KEY = 1_800  # bytes; DynamoDB's limit is 2,048
_ATTEMPTS = 3

Event = dict[str, Any]


def asset_pk(uri: str) -> str:
    """The partition of an asset's history.

    >>> asset_pk("s3://bucket/key")
    'asset/s3://bucket/key'
    """
    plain = f"asset/{uri}"
    return plain if len(plain.encode()) <= _LONGEST_KEY else f"asset/{hashlib.sha256(uri.encode()).hexdigest()}"


def alias_pk(name: str) -> str:
    plain = f"asset-alias/{name}"
    return plain if len(plain.encode()) <= _LONGEST_KEY else f"asset-alias/{hashlib.sha256(name.encode()).hexdigest()}"


def collect(runtime: Runtime, ti: Any) -> None:
    """Note on the task instance which events its success makes. Raises ValueError for extras that are too large or are
    no JSON."""
    if not ti.task.outlets:
        return
    described = [*_of_assets(ti), *_of_aliases(ti)]
    stamp = runtime.timestamp()
    source = {"dag_id": ti.dag_id, "task_id": ti.task_id, "run_id": ti.run_id, "map_index": ti.map_index}
    unique = f"{ti.record.execution}/{ti.dag_id}/{ti.run_id}/{ti.task_id}/{ti.map_index}/{ti.try_number}"
    events = [
        {
            "id": hashlib.sha256(f"{unique}/{number}".encode()).hexdigest()[:32],
            "asset": asset,
            "extra": extra,
            "timestamp": stamp,
            "aliases": aliases,
            "source": source,
        }
        for number, (asset, extra, aliases) in enumerate(described)
    ]
    try:
        text = json.dumps(events, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the extra of an asset event must be JSON: {error}") from None
    if len(text.encode()) > _LARGEST:
        raise ValueError(f"the asset events of a task may take {_LARGEST:,} bytes, these take {len(text.encode()):,}")
    ti.asset_events = text if events else None


def _of_assets(ti: Any) -> Iterator[tuple[Event, Event, list[str]]]:
    """(asset, extra, aliases) of each outlet, once."""
    from dag_translator.authoring.models.assets import Asset, AssetRef

    given = ti.get_template_context()["outlet_events"]
    seen = set()
    for outlet in ti.task.outlets:
        asset = outlet.resolve() if isinstance(outlet, AssetRef) else outlet
        if isinstance(asset, Asset) and asset not in seen:
            seen.add(asset)
            yield described(asset), dict(given[asset].extra) if asset in given else {}, []


def _of_aliases(ti: Any) -> Iterator[tuple[Event, Event, list[str]]]:
    """What was added to the task's alias outlets; the same event by several aliases is one."""
    from dag_translator.authoring.models.assets import AssetAlias

    given = ti.get_template_context()["outlet_events"]
    found: dict[tuple[Any, str, str], list[str]] = {}
    for outlet in dict.fromkeys(each for each in ti.task.outlets if isinstance(each, AssetAlias)):
        for asset, extra in given[outlet].added if outlet in given else ():
            key = (asset, json.dumps(asset.extra, sort_keys=True), json.dumps(extra, sort_keys=True))
            names = found.setdefault(key, [])
            if outlet.name not in names:
                names.append(outlet.name)
    for (asset, _, extra), names in found.items():
        yield described(asset), json.loads(extra), names


def described(asset: Any) -> Event:
    return {"name": asset.name, "uri": asset.uri, "group": asset.group}


def of_record(record: TaskRecord) -> list[Event]:
    """The events of a task instance's recorded success."""
    events: list[Event] = json.loads(record.asset_events) if record.asset_events else []
    return events


def history(store: Store, events: TaskRecord | Sequence[Mapping[str, Any]]) -> list[Put]:
    """What keeps the events (of a task instance's success) in the histories of their assets and aliases."""
    puts = []
    for event in of_record(events) if isinstance(events, TaskRecord) else events:
        kept = {"event": json.dumps(event, ensure_ascii=False), **store.expires()}
        partitions = (asset_pk(event["asset"]["uri"]), *map(alias_pk, event["aliases"]))
        puts += [Put(pk, event_sk(event), kept) for pk in partitions]
    return puts


def event_sk(event: Mapping[str, Any]) -> str:
    return f"event/{event['timestamp']}/{event['id']}"


def read_history(store: Store, pk: str, *, newest_first: bool = False) -> Iterator[Event]:
    """The events of an asset or alias, oldest first."""
    for item in store.query(pk, "event/", newest_first=newest_first):
        yield json.loads(item["event"])


def send(client: Any, events: Sequence[Mapping[str, Any]]) -> None:
    """Put events on EventBridge's default bus. Raises RuntimeError for what it keeps refusing."""
    waiting = list(events)
    for _ in range(_ATTEMPTS):
        refused: list[tuple[Mapping[str, Any], str]] = []
        for batch in _batches(waiting):
            answer = client.put_events(Entries=[_entry(event) for event in batch])
            results = answer.get("Entries", ())
            refused += [
                (each, str(r["ErrorCode"])) for each, r in zip(batch, results, strict=False) if "ErrorCode" in r
            ]
        if not refused:
            return
        waiting = [event for event, _ in refused]
    raise RuntimeError(f"EventBridge refused {len(waiting)} asset events: {refused[0][1]}")


def _batches(events: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    batch: list[Mapping[str, Any]] = []
    size = 0
    for event in events:
        own = len(json.dumps(event, ensure_ascii=False).encode()) + 100
        if batch and (len(batch) == _BATCH or size + own > _LARGEST):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += own
    if batch:
        yield batch


def _entry(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "Detail": json.dumps(event, ensure_ascii=False),
        "Resources": [],
    }
