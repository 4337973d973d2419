"""The primitives under the store: items in partitions, and large texts and files beside them.

What the items mean is in `xcom_store` and `store`; `memory_store` and `dynamo_store` bring the primitives.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lambdas.storage.records import Item
from lambdas.storage.writes import Condition, Delete, Put, Write


class Items(ABC):
    """Primitives on items; texts and files beside them.

    keep_days: how long finished things stay (attribute `expires`, read by DynamoDB's TTL); 0: for ever.
    """

    def __init__(self, keep_days: int = 0) -> None:
        self.keep_days = keep_days

    @abstractmethod
    def read(self, pk: str, sk: str) -> Item | None:
        """One item's attributes (with pk and sk), read strongly consistent."""

    @abstractmethod
    def read_many(self, pk: str, sks: Sequence[str]) -> list[Item]:
        """Those of at most 100 items of a partition that exist, in the order asked for, read strongly consistent."""

    @abstractmethod
    def query(self, pk: str, prefix: str, *, newest_first: bool = False, keys_only: bool = False) -> Iterator[Item]:
        """The items of a partition whose sk begins with `prefix`, in the order of sk; keys_only: only pk and sk."""

    @abstractmethod
    def write(self, writes: Sequence[Write]) -> bool:
        """All or none of at most 100 writes; False if a condition did not hold."""

    @abstractmethod
    def write_many(self, writes: Iterable[Put | Delete]) -> None:
        """Any number of unconditional writes, each on its own."""

    @abstractmethod
    def merge(self, pk: str, sk: str, add: Mapping[str, set[str]], assign: Mapping[str, Any]) -> Item:
        """Atomically add to the item's sets of strings and assign attributes; the whole item as it then is."""

    @abstractmethod
    def put_blob(self, key: str, text: str) -> None:
        """Keep a large text."""

    @abstractmethod
    def get_blob(self, key: str) -> str:
        """A large text; KeyError if there is none."""

    @abstractmethod
    def put_file(self, key: str, data: bytes) -> None:
        """Keep a file."""

    @abstractmethod
    def get_file(self, key: str) -> bytes:
        """A file; KeyError if there is none."""

    def _put(self, pk: str, sk: str, attributes: Item, condition: Condition | None = None) -> Put:
        return Put(pk, sk, {**attributes, **self.expires()}, condition)

    def expires(self) -> Item:
        """The attribute of an item that is written now and may go after `keep_days`; {} if nothing does."""
        return {"expires": int(time.time()) + self.keep_days * 86400} if self.keep_days else {}
