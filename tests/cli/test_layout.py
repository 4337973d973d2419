"""The layout's invariants, on graphs drawn at random."""

from __future__ import annotations

import itertools
import random

import pytest

from infra.cli.layers import Item, Link, set_columns
from infra.cli.layout import Layout, Rect, arrange

SIZE = (120.0, 50.0)


def overlap(a: Rect, b: Rect) -> bool:
    apart = a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
    return not apart


def inside(a: Rect, b: Rect) -> bool:
    return b.x <= a.x and b.y <= a.y and a.x + a.width <= b.x + b.width and a.y + a.height <= b.y + b.height


def drawn(seed: int) -> tuple[Layout, list[tuple[str, str]], dict[str, str | None], dict[str, str | None]]:
    rng = random.Random(seed)
    names = [f"t{index}" for index in range(rng.randint(1, 40))]
    edges = [(a, b) for a, b in itertools.combinations(names, 2) if rng.random() < 2.5 / len(names)]
    # Groups of neighbours, so that they don't feed each other in circles.
    grouped = [rng.random() < 0.7 for _ in range(5)]
    groups: dict[str, str | None] = {
        name: f"g{index // 8}" if grouped[index // 8] else None for index, name in enumerate(names)
    }
    parents: dict[str, str | None] = {f"g{index}": "outer" if index < 2 else None for index in range(5)}
    parents = {group: parent for group, parent in parents.items() if group in groups.values()}
    if "outer" in parents.values():
        parents["outer"] = None
    return arrange(dict.fromkeys(names, SIZE), edges, groups, parents), edges, groups, parents


@pytest.mark.parametrize("seed", range(25))
def test_nothing_overlaps_and_everything_is_inside(seed: int) -> None:
    layout, edges, groups, parents = drawn(seed)
    for a, b in itertools.combinations(layout.boxes.values(), 2):
        assert not overlap(a, b)
    for name, group in groups.items():
        for key, frame in layout.frames.items():
            belongs = group is not None and key in (group, parents.get(group))
            assert inside(layout.boxes[name], frame) if belongs else not overlap(layout.boxes[name], frame)
    assert set(layout.routes) == set(edges)
    whole = Rect(0, 0, layout.width + 0.01, layout.height + 0.01)
    assert all(inside(box, whole) for box in [*layout.boxes.values(), *layout.frames.values()])


@pytest.mark.parametrize("seed", range(25))
def test_edges_run_from_side_to_side(seed: int) -> None:
    layout, edges, _, _ = drawn(seed)
    for source, target in edges:
        route, start, end = layout.routes[source, target], layout.boxes[source], layout.boxes[target]
        assert route[0] == pytest.approx((start.x + start.width, start.y + start.height / 2))
        assert route[-1] == pytest.approx((end.x, end.y + end.height / 2))
        assert all(before[0] <= after[0] + 0.01 for before, after in itertools.pairwise(route))


def test_the_same_graph_gives_the_same_layout() -> None:
    assert drawn(7)[0] == drawn(7)[0]


def test_a_chain_is_a_straight_line() -> None:
    names = [f"t{index}" for index in range(6)]
    layout = arrange(dict.fromkeys(names, SIZE), list(itertools.pairwise(names)), {})
    assert len({box.y for box in layout.boxes.values()}) == 1


def test_a_lonely_source_stands_next_to_what_it_feeds() -> None:
    items = {name: Item(name, *SIZE) for name in "abcds"}
    pairs = ["ab", "bc", "cd", "sd"]
    links = {(pair[0], pair[1]): Link(items[pair[0]], 0, items[pair[1]], 0) for pair in pairs}
    set_columns(list(items.values()), links)
    assert items["s"].column == 2


def test_groups_that_feed_each_other_are_drawn_all_the_same() -> None:
    groups: dict[str, str | None] = {"a": "g", "b": "h", "c": "g"}
    layout = arrange(dict.fromkeys("abc", SIZE), [("a", "b"), ("b", "c")], groups)
    assert len(layout.boxes) == 3
