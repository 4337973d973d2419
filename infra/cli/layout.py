"""Place a graph of boxes in columns, left to right, with nested frames around groups.

Groups are laid out on their own first and then stand as one box in the graph around them; an edge that crosses a frame
passes through a port on the frame's side, so that it never runs across a box. `layers` does one level's columns.

Invariant: boxes of one level never overlap; edges go from left to right, unless groups feed each other in circles; the
same graph gives the same layout.

>>> placed = arrange({"a": (100, 40), "b": (100, 40)}, [("a", "b")], {})
>>> placed.boxes["a"].x < placed.boxes["b"].x
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from infra.cli.layers import Edge, Item, Link, Passed, add_lanes, set_columns, set_heights, set_order

GAP_X = 52.0
GAP_X_PORTS = 22.0
FRAME_PADDING = 14.0
FRAME_TITLE = 20.0

Point = tuple[float, float]
Route = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Rect:
    """A placed box: top left corner, width and height, in pixels."""

    x: float
    y: float
    width: float
    height: float

    def moved(self, x: float, y: float) -> Rect:
        return Rect(self.x + x, self.y + y, self.width, self.height)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands. routes: for each edge the points that it passes, in pairs (a level stretch each)."""

    width: float
    height: float
    boxes: dict[str, Rect]
    frames: dict[str, Rect]
    routes: dict[Edge, Route]


def arrange(
    sizes: Mapping[str, tuple[float, float]],
    edges: Iterable[Edge],
    group_of: Mapping[str, str | None],
    parent_of: Mapping[str, str | None] | None = None,
) -> Layout:
    """Lay out boxes of the given sizes. group_of: box → its group; parent_of: group → the group around it."""
    owner = {box: group_of.get(box) for box in sizes}
    owner.update({group: None for group in group_of.values() if group})
    owner.update(parent_of or {})
    rank = {box: index for index, box in enumerate(sizes)}
    ordered = sorted(set(edges), key=lambda edge: (rank[edge[0]], rank[edge[1]]))
    paths = {box: _path(box, owner) for box in sizes}
    return _arrange(_Graph(sizes, ordered, owner, paths), None)


@dataclass(frozen=True, slots=True)
class _Graph:
    """The whole graph. owner: box or group → the group around it; paths: box → its groups from outside in, itself."""

    sizes: Mapping[str, tuple[float, float]]
    edges: Sequence[Edge]
    owner: Mapping[str, str | None]
    paths: Mapping[str, tuple[str | None, ...]]


def _path(box: str, owner: Mapping[str, str | None]) -> tuple[str | None, ...]:
    chain: list[str | None] = [box]
    while (around := owner.get(str(chain[-1]))) is not None:
        chain.append(around)
    return (None, *reversed(chain))


def _arrange(graph: _Graph, group: str | None) -> Layout:
    """Lay out what stands directly in `group`, its subgroups first."""
    mine = [key for key, around in graph.owner.items() if around == group]
    inner = {key: _arrange(graph, key) for key in mine if key not in graph.sizes}
    items: dict[str, Item] = {}
    for key in mine:
        size = graph.sizes[key] if key in graph.sizes else (inner[key].width, inner[key].height)
        items[key] = Item(key, *size)
    links = _links(graph, group, items, inner)
    columns = set_columns(list(items.values()), links)
    passed = add_lanes(columns, links)
    set_order(columns)
    set_heights(columns)
    return _place(columns, passed, inner, framed=group is not None)


def _links(graph: _Graph, group: str | None, items: dict[str, Item], inner: Mapping[str, Layout]) -> dict[Edge, Link]:
    """The edges of this level. One that leaves the group ends in a port of the frame, made here: one a box and side.

    A port is called "out|box" or "in|box", so that a route's key says what it joins.
    """
    links: dict[Edge, Link] = {}
    for source, target in graph.edges:
        from_, to = (_own_item(graph, group, end, items) for end in (source, target))
        if from_ is to:  # both outside, or both inside the same subgroup
            continue
        source_key, target_key = source, target
        if from_ is None:
            source_key = f"in|{target}"
            from_ = items.setdefault(source_key, Item(source_key, 0, 0, "in"))
        if to is None:
            target_key = f"out|{source}"
            to = items.setdefault(target_key, Item(target_key, 0, 0, "out"))
        leaves_at = _port_offset(inner, from_.key, (source, f"out|{source}"), -1)
        enters_at = _port_offset(inner, to.key, (f"in|{target}", target), 0)
        links[source_key, target_key] = Link(from_, leaves_at, to, enters_at)
    return links


def _own_item(graph: _Graph, group: str | None, end: str, items: Mapping[str, Item]) -> Item | None:
    """What stands for an edge's end on this level: the box itself, the subgroup that holds it, or None (outside)."""
    path = graph.paths[end]
    return items[str(path[path.index(group) + 1])] if group in path else None


def _port_offset(inner: Mapping[str, Layout], key: str, port: Edge, end: int) -> float:
    """How far below a frame's middle a port lies; 0 for a plain box."""
    if key not in inner:
        return 0.0
    return inner[key].routes[port][end][1] - inner[key].height / 2


def _place(
    columns: list[list[Item]], passed: Mapping[Edge, Passed], inner: Mapping[str, Layout], framed: bool
) -> Layout:
    """Turn columns into coordinates, and put the inner layouts where their frames ended up."""
    padding, title = (FRAME_PADDING, FRAME_TITLE) if framed else (0.0, 0.0)
    every = [item for column in columns for item in column]
    top = min((item.y - item.height / 2 for item in every), default=0.0) - padding - title
    bottom = max((item.y + item.height / 2 for item in every), default=0.0) + padding
    lefts, widths, right = _column_positions(columns, padding)
    layout = Layout(right, bottom - top, {}, {}, {})
    ports: dict[Edge, Route] = {}  # what the subgroups drew between their boxes and their frames; it continues here
    for item in every:
        x = lefts[item.column] + (widths[item.column] - item.width) / 2
        y = item.y - item.height / 2 - top
        if item.key in inner:
            child = inner[item.key]
            layout.frames[item.key] = Rect(x, y, child.width, child.height)
            layout.boxes.update({key: rect.moved(x, y) for key, rect in child.boxes.items()})
            layout.frames.update({key: rect.moved(x, y) for key, rect in child.frames.items()})
            for edge, route in child.routes.items():
                (ports if "|" in "".join(edge) else layout.routes)[edge] = _moved(route, x, y)
        elif item.kind == "box":
            layout.boxes[item.key] = Rect(x, y, item.width, item.height)
    for edge, stretch in passed.items():
        head = ports.get((edge[0], f"out|{edge[0]}"), ())
        tail = ports.get((f"in|{edge[1]}", edge[1]), ())
        layout.routes[edge] = (*head, *_route(stretch, lefts, widths, right, top), *tail)
    return layout


def _moved(route: Route, x: float, y: float) -> Route:
    return tuple((px + x, py + y) for px, py in route)


def _column_positions(columns: list[list[Item]], padding: float) -> tuple[list[float], list[float], float]:
    """The left side and width of each column, and the right side of the frame around them."""
    ports = [all(item.kind in ("in", "out") for item in column) for column in columns]
    lefts, widths, at = [], [], 0.0 if ports and ports[0] else padding
    for index, column in enumerate(columns):
        lefts.append(at)
        widths.append(max((item.width for item in column), default=0.0))
        narrow = ports[index] or (index + 1 < len(columns) and ports[index + 1])
        bends = sum(len(item.after) for item in column)
        at += widths[-1] + (GAP_X_PORTS if narrow else GAP_X + min(60.0, 1.5 * bends))
    right = lefts[-1] + widths[-1] if columns else 0.0
    return lefts, widths, right + (0.0 if ports and ports[-1] else padding)


def _route(stretch: Passed, lefts: Sequence[float], widths: Sequence[float], right: float, top: float) -> Route:
    """The points that an edge passes, in pairs that bound a level stretch; it bends between two pairs."""
    points: list[Point] = []
    for index, (item, offset) in enumerate(stretch):
        start, end = lefts[item.column], lefts[item.column] + widths[item.column]
        middle = (start + end) / 2
        if item.kind == "in":
            start = 0.0
        elif item.kind == "out":
            end = right
        elif item.kind == "box" and index == 0:
            start = middle + item.width / 2
        elif item.kind == "box":
            end = middle - item.width / 2
        y = item.y + offset - top
        points += [(start, y), (end, y)]
    return tuple(points)
