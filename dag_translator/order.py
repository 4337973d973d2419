"""Partial orders as bitsets, and their modular decomposition.

An order over items 0..n-1 is two tuples of bitsets: `before[i]` holds every item that precedes i (not only the direct
ones), `after[i]` every item that follows it. `decompose` returns the order's modular decomposition tree: every node is
a set of items that the rest of the order cannot tell apart. Source of the notions: Gallai's modular decomposition; the
search for maximal modules is partition refinement (Habib, Paul, Viennot), adapted to orders.

>>> order = Order.of([0, 0b01, 0b01, 0b111])          # 0 -> 1, 0 -> 2, both -> 3
>>> decompose(order)
SeriesNode(parts=(Leaf(item=0), ParallelNode(parts=(Leaf(item=1), Leaf(item=2))), Leaf(item=3)))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dag_translator.errors import InternalError


@dataclass(frozen=True, slots=True)
class Order:
    """A strict partial order, transitively closed; the items are numbered along it."""

    before: tuple[int, ...]
    after: tuple[int, ...]

    @classmethod
    def of(cls, before: Sequence[int]) -> Order:
        """From closed sets of predecessors."""
        after = [0] * len(before)
        for item, earlier in enumerate(before):
            for each in bits(earlier):
                after[each] |= 1 << item
        return cls(tuple(before), tuple(after))

    @property
    def everything(self) -> int:
        return (1 << len(self.before)) - 1


@dataclass(frozen=True, slots=True)
class Leaf:
    item: int


@dataclass(frozen=True, slots=True)
class SeriesNode:
    """Each part precedes the next one entirely."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ParallelNode:
    """No part says anything about another."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class PrimeNode:
    """Neither: the parts, each with its items, are ordered in a way that does not nest (the smallest is an N)."""

    parts: tuple[tuple[int, Node], ...]


Node = Leaf | SeriesNode | ParallelNode | PrimeNode


def bits(mask: int) -> Iterator[int]:
    """The items of a bitset, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def decompose(order: Order, mask: int | None = None) -> Node:
    """The modular decomposition tree of the order, or of its part `mask`."""
    mask = order.everything if mask is None else mask
    if mask.bit_count() == 1:
        return Leaf(lowest(mask))
    parts = _components(mask, lambda item: order.before[item] | order.after[item])
    if len(parts) > 1:
        return ParallelNode(tuple(decompose(order, part) for part in parts))
    parts = _components(mask, lambda item: mask & ~(order.before[item] | order.after[item] | 1 << item))
    if len(parts) > 1:
        parts.sort(key=lambda part: (order.before[lowest(part)] & mask).bit_count())
        return SeriesNode(tuple(decompose(order, part) for part in parts))
    return PrimeNode(
        tuple((part, decompose(order, part)) for part in sorted(_maximal_modules(order, mask), key=lowest))
    )


def _components(mask: int, neighbours: Callable[[int], int]) -> list[int]:
    """Connected components of the graph that `neighbours` gives."""
    found = []
    while mask:
        component = frontier = mask & -mask
        while frontier:
            reached = 0
            for item in bits(frontier):
                reached |= neighbours(item)
            frontier = reached & mask & ~component
            component |= frontier
        found.append(component)
        mask &= ~component
    return found


def _maximal_modules(order: Order, mask: int) -> list[int]:
    """The maximal proper modules of a prime part: they partition it."""
    pivot = lowest(mask)
    others = sorted(_modules_without(order, pivot, mask), key=lambda module: -module.bit_count())
    for module in others:
        outside = lowest(module)
        if _smallest_module(order, 1 << pivot | 1 << outside, mask) == mask:  # so it lies outside the pivot's module
            own = next(each for each in _modules_without(order, outside, mask) if each >> pivot & 1)
            return [own, *(each for each in others if not each & own)]
    raise InternalError("a part that is neither series, parallel nor prime")


def _modules_without(order: Order, pivot: int, mask: int) -> list[int]:
    """The maximal modules that do not contain `pivot`, by partition refinement."""
    before, after = order.before[pivot] & mask, order.after[pivot] & mask
    parts = [part for part in (before, after, mask & ~(before | after | 1 << pivot)) if part]
    done = [part for part in parts if part.bit_count() == 1]
    open_parts = [part for part in parts if part.bit_count() > 1]
    pivots = list(bits(mask))
    while pivots and open_parts:
        split: set[int] = set()
        for each in pivots:
            open_parts = _refine(order, each, open_parts, done, split)
        pivots = list(split)
    return done + open_parts


def _refine(order: Order, pivot: int, parts: list[int], done: list[int], split: set[int]) -> list[int]:
    """Splits each part that `pivot`, from outside, tells apart; single items go to `done`, all of them to `split`."""
    kept = []
    for part in parts:
        before, after = part & order.before[pivot], part & order.after[pivot]
        if part >> pivot & 1 or (before in (0, part) and after in (0, part)):
            kept.append(part)
            continue
        for piece in (before, after, part & ~(before | after)):
            if piece:
                (kept if piece.bit_count() > 1 else done).append(piece)
        split.update(bits(part))
    return kept


def _smallest_module(order: Order, start: int, mask: int) -> int:
    """The smallest module that contains `start`."""
    module = start
    while True:
        some_before = some_after = 0
        all_before = all_after = mask
        for item in bits(module):
            some_before |= order.before[item]
            some_after |= order.after[item]
            all_before &= order.before[item]
            all_after &= order.after[item]
        telling_apart = mask & ~module & ((some_before & ~all_before) | (some_after & ~all_after))
        if not telling_apart:
            return module
        module |= telling_apart
