"""How a prime part of an order becomes a forest: each member keeps the edge from its deepest direct predecessor.

A forest nests. The edges that are left over become joins: the member waits for the other predecessors to signal. This
module decides who hangs below whom, who waits for whom, and what each signal has to report so that every task finds the
states of its upstream tasks in its own branch's payload.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from dag_translator.order import Node, Order, bits, lowest


@dataclass(frozen=True, slots=True)
class Part:
    """A member: its items, its decomposition, the member it hangs below, and the other direct predecessors.

    needs: the items whose states its branch asks for, from it on, or hands on to others. fates: the items whose being
    skipped matters there.
    """

    items: int
    node: Node
    parent: int | None
    others: tuple[int, ...]
    needs: int = 0
    fates: int = 0


@dataclass(frozen=True, slots=True)
class Forest:
    """The members by their first items, in an order of execution; `waiting[k]` are the members that wait for `k`."""

    order: Order
    parts: dict[int, Part]
    children: dict[int | None, list[int]]
    waiting: dict[int, list[int]]

    def reports(self, source: int, target: int) -> int:
        """The items whose states `source` has and `target`'s branch needs and does not have by way of its parent."""
        return self.parts[target].needs & self.fresh(source, target)

    def fresh(self, source: int, target: int) -> int:
        """What has ended when `source` is through and is not known where `target` hangs."""
        parent = self.parts[target].parent
        there = 0 if parent is None else self.ended(parent)
        return self.ended(source) & ~there

    def ended(self, key: int) -> int:
        """The member's items and all before them."""
        return self.parts[key].items | self.order.before[key]


def plant(order: Order, members: tuple[tuple[int, Node], ...], asks: Callable[[int], int]) -> Forest:
    """The forest of a prime part's members; `asks` gives the items whose states some items ask for."""
    hung = _hang(order, members)
    children: dict[int | None, list[int]] = defaultdict(list)
    waiting: dict[int, list[int]] = defaultdict(list)
    for key, part in hung.items():
        children[part.parent].append(key)
        for source in part.others:
            waiting[source].append(key)
    parts: dict[int, Part] = {}
    for key in reversed(hung):  # whoever hangs below a member, or waits for it, comes after it
        part = hung[key]
        following = [parts[each] for each in (*children[key], *waiting[key])]
        needs, fates = asks(part.items), part.items
        for each in following:
            needs |= each.needs
            fates |= each.fates
        parts[key] = Part(part.items, part.node, part.parent, part.others, needs, fates)
    return Forest(order, {key: parts[key] for key in hung}, children, waiting)


def _hang(order: Order, members: tuple[tuple[int, Node], ...]) -> dict[int, Part]:
    keys = {lowest(items): (items, node) for items, node in members}
    all_keys = sum(1 << key for key in keys)
    before = {key: order.before[key] & all_keys for key in keys}
    depth: dict[int, int] = {}
    parts: dict[int, Part] = {}
    hanging: Counter[int | None] = Counter()
    for key in sorted(keys, key=lambda key: (before[key].bit_count(), key)):
        indirect = 0
        for each in bits(before[key]):
            indirect |= before[each]
        direct = tuple(bits(before[key] & ~indirect))
        # Of equally deep predecessors, one where nothing hangs yet: a lone child continues its parent's branch.
        parent = max(direct, key=lambda each: (depth[each], -hanging[each]), default=None)
        hanging[parent] += 1
        depth[key] = 0 if parent is None else depth[parent] + 1
        parts[key] = Part(*keys[key], parent, tuple(each for each in direct if each != parent))
    return parts
