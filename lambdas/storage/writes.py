"""Writes as data: what a store is asked to do, and under which condition.

>>> len(transactions([Put("p", str(index), {}) for index in range(200)]))
3
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambdas.storage.records import Item

_TRANSACTION_WRITES = 90  # DynamoDB takes 100 and 4 MB
_TRANSACTION_BYTES = 3_000_000


@dataclass(frozen=True, slots=True)
class Condition:
    """What an item must be for a write: absent, or present with these attributes (present at all if {})."""

    absent: bool = False
    equals: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Put:
    """Replace an item as a whole."""

    pk: str
    sk: str
    attributes: Item
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an item; fine if it does not exist, unless there is a condition (which only a transaction can have)."""

    pk: str
    sk: str
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Add:
    """Add `by` to an item's number `attribute` (0 if there is none yet), if it is `at_most` that much before.

    also: attributes to set with it.
    """

    pk: str
    sk: str
    attribute: str
    by: int
    at_most: int | None = None
    also: Item = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing, but fail the whole transaction when the condition does not hold."""

    pk: str
    sk: str
    condition: Condition


Write = Put | Delete | Check | Add


def transactions(puts: Sequence[Put]) -> list[list[Put]]:
    """`puts` in pieces that fit a transaction together with one more write; at least one, maybe empty, piece."""
    pieces: list[list[Put]] = [[]]
    size = 0
    for put in puts:
        bytes_ = len(put.sk.encode()) + len(str(put.attributes.get("value", "")).encode())
        if pieces[-1] and (len(pieces[-1]) >= _TRANSACTION_WRITES or size + bytes_ > _TRANSACTION_BYTES):
            pieces.append([])
            size = 0
        pieces[-1].append(put)
        size += bytes_
    return pieces
