"""A DAG as it ran, as an SVG: boxes in Airflow's state colours, task groups as frames, a bar for when each task ran.

Pure Python, no graphviz: `layout` places the boxes. The picture stands alone (no script, no font to fetch) and reads
the same in a browser, an issue or a slide. Without states it is simply the DAG's graph.

>>> svg = draw("example", [Box("a"), Box("b", state="success", started=0.0, stopped=1.5)], [("a", "b")])
>>> svg.startswith("<svg") and "1.5 s" in svg
True
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from infra.cli.layout import Rect, Route, arrange

# Airflow's own colours for states, a little darker where white paper asks for it.
STATE_COLOURS: Mapping[str, str] = {
    "success": "#1a8a3c",
    "running": "#32c24d",
    "failed": "#d92d20",
    "upstream_failed": "#f08c00",
    "skipped": "#e0529c",
    "up_for_retry": "#d4a106",
    "up_for_reschedule": "#23b5b5",
    "deferred": "#9370db",
    "queued": "#808080",
    "scheduled": "#b99868",
    "removed": "#a9a9a9",
}
NO_STATE = "#8fa3b8"

_FONT = "'Inter','Segoe UI','Helvetica Neue',Arial,sans-serif"
_INK, _GREY, _LINE, _FRAME, _FRAME_FILL = "#1f2933", "#64707d", "#97a3b0", "#c3ccd6", "#7b8ba1"
_ARROW_HEAD = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    f'<path d="M0.5,0.8 L7.2,4 L0.5,7.2 Z" fill="{_LINE}"/></marker></defs>'
)
_MARGIN, _HEAD, _FOOT = 28.0, 62.0, 40.0
_NAME_SIZE, _NOTE_SIZE = 13.0, 10.5
_HEIGHT = 50.0
_MIN_WIDTH, _MAX_WIDTH = 118.0, 280.0


@dataclass(frozen=True, slots=True)
class Box:
    """One task. started and stopped: seconds since the run's start; tries: how often it ran; instances: if mapped."""

    task_id: str
    group: str | None = None
    operator: str = ""
    state: str | None = None
    started: float | None = None
    stopped: float | None = None
    tries: int = 0
    instances: int | None = None


def draw(
    title: str,
    boxes: Sequence[Box],
    edges: Iterable[tuple[str, str]],
    subtitle: str = "",
    groups: Mapping[str, str | None] | None = None,
) -> str:
    """The picture of a graph. groups: task group → the group around it; edges: (upstream, downstream) task ids."""
    parents = dict(groups) if groups is not None else _groups_by_prefix(boxes)
    labels = {box.task_id: _label(box) for box in boxes}
    widths = [_text_width(label, _NAME_SIZE, bold=True) for label in labels.values()]
    width = max([*widths, *(_text_width(_note(box), _NOTE_SIZE) for box in boxes)], default=0.0) + 34
    width = min(max(width, _MIN_WIDTH), _MAX_WIDTH)
    layout = arrange(
        {box.task_id: (width, _HEIGHT) for box in boxes}, edges, {box.task_id: box.group for box in boxes}, parents
    )
    head = _text_width(title, 18.0, bold=True)
    total_width = max(layout.width, head, _text_width(subtitle, 12.0), 320.0) + 2 * _MARGIN
    total_height = layout.height + _HEAD + _FOOT + _MARGIN
    makespan = max((box.stopped for box in boxes if box.stopped is not None), default=0.0)
    place = f'width="{total_width:.0f}" height="{total_height:.0f}" viewBox="0 0 {total_width:.0f} {total_height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {place} font-family="{_FONT}">',
        f"<title>{escape(title)}</title>",
        _ARROW_HEAD,
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _text(_MARGIN, 36, title, 18, weight=700),
        _text(_MARGIN, 55, subtitle, 12, colour=_GREY),
        f'<g transform="translate({_MARGIN:.0f},{_HEAD + 12:.0f})">',
        *(_frame(key, rect, parents) for key, rect in layout.frames.items()),
        *(_arrow(route) for route in layout.routes.values()),
        *(_task(box, labels[box.task_id], layout.boxes[box.task_id], makespan) for box in boxes),
        "</g>",
        _legend(boxes, total_height - 20),
        "</svg>",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _groups_by_prefix(boxes: Iterable[Box]) -> dict[str, str | None]:
    """Airflow names a nested group "outer.inner"; whatever else is unknown stands on its own."""
    known = {box.group for box in boxes if box.group}
    for group in sorted(known):
        parts = group.split(".")
        known.update(".".join(parts[:depth]) for depth in range(1, len(parts)))
    return {group: ".".join(group.split(".")[:-1]) or None for group in sorted(known)}


def _label(box: Box) -> str:
    """The task's id; inside its group's frame without the group's prefix; with [n] for n mapped instances."""
    name = box.task_id
    if box.group and name.startswith(f"{box.group}."):
        name = name[len(box.group) + 1 :]
    return f"{name} [{box.instances}]" if box.instances is not None else name


def _task(box: Box, label: str, rect: Rect, makespan: float) -> str:
    colour = STATE_COLOURS.get(box.state or "", NO_STATE)
    dash = ' stroke-dasharray="5 3"' if box.state in ("skipped", "upstream_failed") else ""
    room = rect.width - 31
    parts = [
        f"<g><title>{escape(_tooltip(box))}</title>",
        _rect(rect, 7, f'fill="#ffffff" stroke="{colour}" stroke-width="1.8"{dash}'),
        _rect(rect, 7, f'fill="{colour}" fill-opacity="0.07"'),
        f'<circle cx="{rect.x + 13:.1f}" cy="{rect.y + 17:.1f}" r="4.2" fill="{colour}"/>',
        _text(rect.x + 23, rect.y + 21.5, _shorten(label, room, _NAME_SIZE, bold=True), _NAME_SIZE, weight=600),
        _text(rect.x + 23, rect.y + 36.5, _shorten(_note(box), room, _NOTE_SIZE), _NOTE_SIZE, colour=_GREY),
    ]
    if box.started is not None and box.stopped is not None and makespan > 0:
        track = Rect(rect.x + 8, rect.y + 42.5, rect.width - 16, 3)
        length = max(track.width * (box.stopped - box.started) / makespan, 2.0)
        start = min(track.x + track.width * box.started / makespan, track.x + track.width - length)
        parts.append(_rect(track, 1.5, 'fill="#e8ecf1"'))
        parts.append(_rect(Rect(start, track.y, length, track.height), 1.5, f'fill="{colour}"'))
    return "".join(parts) + "</g>"


def _rect(rect: Rect, radius: float, style: str) -> str:
    place = f'x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.width:.1f}" height="{rect.height:.1f}"'
    return f'<rect {place} rx="{radius:g}" {style}/>'


def _note(box: Box) -> str:
    """The second line: how it went, how long it took, how many tries; before a run the operator."""
    if box.state is None:
        return box.operator
    parts = [box.state.replace("_", " ")]
    if box.started is not None and box.stopped is not None:
        parts.append(duration(box.stopped - box.started))
    if box.tries > 1:
        parts.append(f"try {box.tries}")
    return " · ".join(parts)


def _tooltip(box: Box) -> str:
    parts = [box.task_id, box.operator, _note(box)]
    if box.started is not None and box.stopped is not None:
        parts.append(f"from {duration(box.started)} to {duration(box.stopped)} into the run")
    return "\n".join(dict.fromkeys(part for part in parts if part))


def _frame(key: str, rect: Rect, parents: Mapping[str, str | None]) -> str:
    parent = parents.get(key)
    name = key[len(parent) + 1 :] if parent and key.startswith(f"{parent}.") else key
    border = _rect(rect, 10, f'fill="{_FRAME_FILL}" fill-opacity="0.07" stroke="{_FRAME}" stroke-width="1.2"')
    return border + _text(
        rect.x + 12, rect.y + 18, _shorten(name, rect.width - 20, 11.5, bold=True), 11.5, _GREY, weight=600
    )


def _arrow(route: Route) -> str:
    """A line through the route's points: straight inside a column, bent between columns, an arrow at its end."""
    x, y = route[0]
    path = [f"M{x:.1f},{y:.1f}"]
    for px, py in route[1:]:
        if abs(py - y) < 0.5:
            path.append(f"L{px:.1f},{py:.1f}")
        else:
            middle = (x + px) / 2
            path.append(f"C{middle:.1f},{y:.1f} {middle:.1f},{py:.1f} {px:.1f},{py:.1f}")
        x, y = px, py
    return f'<path d="{" ".join(path)}" fill="none" stroke="{_LINE}" stroke-width="1.5" marker-end="url(#arrow)"/>'


def _legend(boxes: Iterable[Box], y: float) -> str:
    counts: dict[str, int] = {}
    for box in boxes:
        if box.state is not None:
            counts[box.state] = counts.get(box.state, 0) + 1
    parts, x = [], _MARGIN
    for state in (state for state in STATE_COLOURS if state in counts):
        words = f"{state.replace('_', ' ')} {counts[state]}"
        parts.append(f'<circle cx="{x + 5:.1f}" cy="{y - 4:.1f}" r="4.5" fill="{STATE_COLOURS[state]}"/>')
        parts.append(_text(x + 15, y, words, 11.5, colour=_GREY))
        x += 15 + _text_width(words, 11.5) + 20
    return "".join(parts)


def _text(x: float, y: float, text: str, size: float, colour: str = _INK, weight: int = 400) -> str:
    if not text:
        return ""
    bold = f' font-weight="{weight}"' if weight != 400 else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}"{bold}>{escape(text)}</text>'


def _text_width(text: str, size: float, bold: bool = False) -> float:
    """At most how wide a text is in the fonts that browsers fall back to; wide (CJK) letters count double."""
    units = 0.0
    for letter in text:
        if unicodedata.east_asian_width(letter) in "WF":
            units += 1.0
        elif letter in "ijl.,:;|'[]()fI ":
            units += 0.36
        elif letter in "rt":
            units += 0.46
        elif letter in "mwMW":
            units += 0.96
        else:
            units += 0.7 if letter.isupper() else 0.62
    return units * size * (1.1 if bold else 1.0)


def _shorten(text: str, width: float, size: float, bold: bool = False) -> str:
    if _text_width(text, size, bold) <= width:
        return text
    while text and _text_width(text + "…", size, bold) > width:
        text = text[:-1]
    return text.rstrip(" ._-") + "…"


def duration(seconds: float) -> str:
    """A length of time for people: 0.04 s, 1.5 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.2f}".rstrip("0").rstrip(".") + " s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
