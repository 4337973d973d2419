"""A store in one process: for tests and for running a DAG file without AWS.

Items are kept as JSON text, so that nothing gets through here that would not get through a table.

>>> from lambdas.storage.store import Condition, Put
>>> store = MemoryStore()
>>> store.write([Put("p", "s", {"n": 1}, Condition(absent=True))])
True
>>> store.write([Put("p", "s", {"n": 2}, Condition(absent=True))])
False
>>> store.read("p", "s")
{'pk': 'p', 'sk': 's', 'n': 1}
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lambdas.storage.records import Item
from lambdas.storage.store import Add, Check, Condition, Delete, Put, Store, Write


class MemoryStore(Store):
    """Everything in dictionaries, under one lock. `items` is (pk, sk) → JSON text; `blobs` is key → text, `files` key →
    bytes."""

    def __init__(self, keep_days: int = 0) -> None:
        super().__init__(keep_days)
        self.items: dict[tuple[str, str], str] = {}
        self.blobs: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.writes = 0  # calls that would be billed as writes, for tests
        self._lock = threading.RLock()

    def read(self, pk: str, sk: str) -> Item | None:
        with self._lock:
            text = self.items.get((pk, sk))
        return None if text is None else {"pk": pk, "sk": sk, **json.loads(text)}

    def read_many(self, pk: str, sks: Sequence[str]) -> list[Item]:
        return [item for sk in sks if (item := self.read(pk, sk)) is not None]

    def query(self, pk: str, prefix: str, *, newest_first: bool = False, keys_only: bool = False) -> Iterator[Item]:
        with self._lock:
            keys = sorted(
                (key for key in self.items if key[0] == pk and key[1].startswith(prefix)), reverse=newest_first
            )
            items = [{"pk": key[0], "sk": key[1], **({} if keys_only else json.loads(self.items[key]))} for key in keys]
        return iter(items)

    def write(self, writes: Sequence[Write]) -> bool:
        if len(writes) > 100:
            raise ValueError(f"a transaction takes at most 100 writes, not {len(writes)}")
        with self._lock:
            self.writes += 1
            if not all(self._holds(write) for write in writes):
                return False
            for write in writes:
                self._apply(write)
        return True

    def write_many(self, writes: Iterable[Put | Delete]) -> None:
        with self._lock:
            for write in writes:
                self.writes += 1
                self._apply(write)

    def merge(self, pk: str, sk: str, add: Mapping[str, set[str]], assign: Mapping[str, Any]) -> Item:
        with self._lock:
            self.writes += 1
            item = self.read(pk, sk) or {}
            for name, values in add.items():
                item[name] = sorted({*item.get(name, ()), *values})
            item.update(assign)
            self._apply(Put(pk, sk, {name: value for name, value in item.items() if name not in ("pk", "sk")}))
        return {"pk": pk, "sk": sk, **item}

    def put_blob(self, key: str, text: str) -> None:
        self.blobs[key] = text

    def get_blob(self, key: str) -> str:
        return self.blobs[key]

    def put_file(self, key: str, data: bytes) -> None:
        self.files[key] = data

    def get_file(self, key: str) -> bytes:
        return self.files[key]

    def _holds(self, write: Write) -> bool:
        item = self.read(write.pk, write.sk)
        if isinstance(write, Add):
            return write.at_most is None or (item or {}).get(write.attribute, 0) <= write.at_most
        return write.condition is None or _holds(write.condition, item)

    def _apply(self, write: Write) -> None:
        match write:
            case Put():
                self.items[write.pk, write.sk] = json.dumps(write.attributes, allow_nan=False)
            case Delete():
                self.items.pop((write.pk, write.sk), None)
            case Add(pk, sk, attribute, by):
                item = json.loads(self.items.get((pk, sk), "{}"))
                self.items[pk, sk] = json.dumps({**item, **write.also, attribute: item.get(attribute, 0) + by})
            case Check():
                pass


def _holds(condition: Condition, item: Item | None) -> bool:
    if condition.absent:
        return item is None
    return item is not None and all(item.get(name) == value for name, value in condition.equals.items())
