"""The columns of a layered graph layout: which column, in which order, at which height.

`layout` calls the verbs in turn: `set_columns` (longest path), `add_lanes` (an edge gets a lane in each column that it
crosses), `set_order` (barycentres, the sweep with the fewest crossings wins), `set_heights` (least squares with minimum
distances). They work on one list of columns of `Item`s, which they fill in.

>>> a, b = Item("a", 100, 40), Item("b", 100, 40)
>>> [[item.key for item in column] for column in set_columns([b, a], {("a", "b"): Link(a, 0, b, 0)})]
[['a'], ['b']]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

GAP_Y = 18.0
LANE = 9.0

_SWEEPS = 16
_SWEEPS_LARGE = 4
_LARGE = 600

Edge = tuple[str, str]


@dataclass(slots=True, eq=False)
class Item:
    """What stands in a column: a box, a port on the frame's side, or the lane of an edge that crosses the column."""

    key: str
    width: float
    height: float
    kind: Literal["box", "in", "out", "lane"] = "box"
    column: int = 0
    y: float = 0.0  # the middle
    before: list[tuple[Item, float]] = field(default_factory=list)  # a neighbour, and the edge's offset from its middle
    after: list[tuple[Item, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Link:
    """An edge of one level, with the offsets of its ends from the middle of the items that they touch."""

    source: Item
    leaves_at: float
    target: Item
    enters_at: float


Passed = list[tuple[Item, float]]


def set_columns(items: Sequence[Item], links: Mapping[Edge, Link]) -> list[list[Item]]:
    """Longest path from the left; then whatever mostly feeds later columns moves right, next to what it feeds."""
    after: dict[Item, list[Item]] = {item: [] for item in items}
    before: dict[Item, list[Item]] = {item: [] for item in items}
    for link in links.values():
        after[link.source].append(link.target)
        before[link.target].append(link.source)
    order = _topological(items, after, before)
    for item in order:
        item.column = max((source.column + 1 for source in before[item]), default=0)
    last = max((item.column for item in items), default=0)
    for item in reversed(order):
        room = min((target.column for target in after[item]), default=last + 1) - 1
        if item.kind == "out":
            item.column = last
        elif item.kind == "box" and len(before[item]) < len(after[item]):
            item.column = max(room, item.column)
    columns: list[list[Item]] = [[] for _ in range(last + 1)]
    for item in order:
        columns[item.column].append(item)
    return columns


def _topological(
    items: Sequence[Item], after: Mapping[Item, list[Item]], before: Mapping[Item, list[Item]]
) -> list[Item]:
    """Sources first, depth first, so that neighbours start out near each other."""
    missing = {item: len(before[item]) for item in items}
    stack = [item for item in reversed(items) if not missing[item]]
    order = []
    while stack:
        item = stack.pop()
        order.append(item)
        for target in reversed(after[item]):
            missing[target] -= 1
            if not missing[target]:
                stack.append(target)
    seen = set(order)
    return order + [item for item in items if item not in seen]  # groups that feed each other: drawn all the same


def add_lanes(columns: list[list[Item]], links: Mapping[Edge, Link]) -> dict[Edge, Passed]:
    """Give every edge a lane in each column that it crosses; answers what each edge passes, in order."""
    passed: dict[Edge, Passed] = {}
    for edge, link in links.items():
        chain: Passed = [(link.source, link.leaves_at)]
        for column in range(link.source.column + 1, link.target.column):
            lane = Item(f"{edge[0]}|{edge[1]}|{column}", 0, LANE, "lane", column)
            columns[column].append(lane)
            chain.append((lane, 0.0))
        chain.append((link.target, link.enters_at))
        for (left, left_at), (right, right_at) in pairwise(chain):
            left.after.append((right, right_at))
            right.before.append((left, left_at))
        passed[edge] = chain
    return passed


def set_order(columns: list[list[Item]]) -> None:
    """Sort each column by the mean place of its neighbours, there and back, and keep the best of all sweeps."""
    sweeps = _SWEEPS if sum(map(len, columns)) <= _LARGE else _SWEEPS_LARGE
    place: dict[Item, float] = {}
    best = [list(column) for column in columns]
    fewest = None
    for sweep in range(sweeps):
        for column in columns:
            place.update({item: index / max(1, len(column) - 1) for index, item in enumerate(column)})
        crossings = sum(_crossings(column, place) for column in columns)
        if fewest is None or crossings < fewest:
            fewest, best = crossings, [list(column) for column in columns]
        if not crossings:
            break
        forward = sweep % 2 == 0
        for column in columns if forward else reversed(columns):
            wanted = {item: _barycentre(item, forward, place) for item in column}
            column.sort(key=lambda item: wanted[item])
            place.update({item: index / max(1, len(column) - 1) for index, item in enumerate(column)})
    for column, ordered in zip(columns, best, strict=True):
        column[:] = ordered


def _barycentre(item: Item, forward: bool, place: Mapping[Item, float]) -> float:
    neighbours = (item.before if forward else item.after) or [(item, 0.0)]
    return sum(place[other] + offset / 10_000 for other, offset in neighbours) / len(neighbours)


def _crossings(column: Sequence[Item], place: Mapping[Item, float]) -> int:
    """How many pairs of edges cross between this column and the next."""
    ends: list[float] = []
    for item in column:
        ends += sorted(place[other] + offset / 10_000 for other, offset in item.after)
    if len(ends) > _LARGE:
        return sum(one > other for one, other in pairwise(ends))
    return sum(one > other for index, one in enumerate(ends) for other in ends[index + 1 :])


def set_heights(columns: list[list[Item]]) -> None:
    """Pull everything towards its neighbours' height, keeping order and distance (least squares, column by column)."""
    for column in columns:
        at = 0.0
        for item in column:
            item.y = at + item.height / 2
            at += item.height + GAP_Y
        for item in column:
            item.y -= at / 2
    for sweep in range(2 * _SWEEPS + 1):
        forward = sweep % 2 == 0
        for column in columns if forward else reversed(columns):
            _settle(column, [_wanted(item, forward, sweep >= _SWEEPS) for item in column])


def _wanted(item: Item, forward: bool, both: bool) -> tuple[float, float]:
    """Where an item would like to be, and how much it matters: lanes want to be straight above all."""
    near, far = (item.before, item.after) if forward else (item.after, item.before)
    mine = item.before + item.after if both else near or far
    if not mine:
        return item.y, 0.01
    weight = 4.0 if item.kind != "box" else 1.0
    return sum(other.y + offset for other, offset in mine) / len(mine), weight


def _settle(column: list[Item], wanted: list[tuple[float, float]]) -> None:
    """Least-squares places that keep the distances: pool neighbours that push each other (isotonic regression)."""
    blocks: list[list[float]] = []  # weighted mean, weight, number of items
    offsets, at = [], 0.0
    for index, item in enumerate(column):
        if index:
            gap = GAP_Y if item.kind == "box" or column[index - 1].kind == "box" else LANE
            at += (column[index - 1].height + item.height) / 2 + gap
        offsets.append(at)
        mean, weight = wanted[index][0] - at, wanted[index][1]
        blocks.append([mean, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, weight, count = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * weight) / (last[1] + weight)
            last[1] += weight
            last[2] += count
    index = 0
    for mean, _, count in blocks:
        for _ in range(int(count)):
            column[index].y = mean + offsets[index]
            index += 1
