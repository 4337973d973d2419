"""A store in memory that counts what DynamoDB would bill.

DynamoDB developer guide, "Read/write capacity mode": a write unit for each KB of an item, twice that in a transaction;
a read unit for each 4 KB of a strongly consistent read. Only what Lambda functions do is counted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from infra.cli.inprocess import Meter
from lambdas.storage.memory_store import MemoryStore
from lambdas.storage.records import Item
from lambdas.storage.store import Delete, Put, Write

_WRITE_BYTES, _READ_BYTES = 1024, 4096


class MeteredStore(MemoryStore):
    """meter: says whether a Lambda function runs now."""

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self.write_units = 0
        self.read_units = 0
        self._meter = meter
        self._inside = False  # an operation of ours: what it reads by itself is part of it

    def read(self, pk: str, sk: str) -> Item | None:
        item = super().read(pk, sk)
        self._count_read([item] if item is not None else [])
        return item

    def query(self, pk: str, prefix: str, *, newest_first: bool = False, keys_only: bool = False) -> Iterator[Item]:
        items = list(super().query(pk, prefix, newest_first=newest_first))  # what is left out is billed, too
        self._count_read(items)
        return ({"pk": item["pk"], "sk": item["sk"]} if keys_only else item for item in items)

    def write(self, writes: Sequence[Write]) -> bool:
        self._count_write(writes, factor=1 if len(writes) == 1 else 2)
        return bool(self._quietly(super().write, writes))

    def write_many(self, writes: Iterable[Put | Delete]) -> None:
        every = list(writes)
        self._count_write(every, factor=1)
        self._quietly(super().write_many, every)

    def merge(self, pk: str, sk: str, add: Mapping[str, set[str]], assign: Mapping[str, Any]) -> Item:
        item: Item = self._quietly(super().merge, pk, sk, add, assign)
        self._count_write([Put(pk, sk, item)], factor=1)
        return item

    def _quietly(self, operation: Any, *arguments: Any) -> Any:
        self._inside = True
        try:
            return operation(*arguments)
        finally:
            self._inside = False

    def _count_read(self, items: Sequence[Item]) -> None:
        if self._meter.current is not None and not self._inside:
            size = sum(len(json.dumps(item).encode()) for item in items)
            self.read_units += max(1, math.ceil(size / _READ_BYTES))

    def _count_write(self, writes: Iterable[Write], factor: int) -> None:
        if self._meter.current is not None:
            for write in writes:
                size = len(json.dumps(write.attributes, default=str).encode()) if isinstance(write, Put) else 0
                self.write_units += factor * max(1, math.ceil(size / _WRITE_BYTES))
