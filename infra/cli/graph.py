"""A DAG's graph from its manifest: as an outline for the terminal, as boxes and edges for the picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from infra.cli.dates import as_instant, seconds_between
from infra.cli.picture import Box, draw, duration
from lambdas.storage.records import DagRun, TaskRecord

# The worst state of a mapped task's instances is what its one box shows.
_WORST_FIRST = (
    *("failed", "upstream_failed", "up_for_retry", "running", "up_for_reschedule", "queued"),
    *("skipped", "success"),
)


def edges(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(upstream, downstream) task ids."""
    return [(upstream, task["task_id"]) for task in manifest["tasks"] for upstream in task["upstream"]]


def outline(manifest: Mapping[str, Any]) -> str:
    """A line a task, in topological order, with what it waits for."""
    lines = [manifest["dag_id"]]
    for task in manifest["tasks"]:
        rule = "" if task["trigger_rule"] == "all_success" else f" ({task['trigger_rule']})"
        upstream = f"  ← {', '.join(task['upstream'])}{rule}" if task["upstream"] else ""
        lines.append(f"  {task['task_id']} [{task['operator']}]{upstream}")
    return "\n".join(lines) + "\n"


def draw_run(manifest: Mapping[str, Any], run: DagRun | None, records: Iterable[TaskRecord]) -> str:
    """The SVG of a DAG, coloured as in a run if there is one."""
    by_task: dict[str, list[TaskRecord]] = {}
    for record in records:
        by_task.setdefault(record.task_id, []).append(record)
    boxes = [_box(task, by_task.get(task["task_id"], ()), run) for task in manifest["tasks"]]
    return draw(manifest["dag_id"], boxes, edges(manifest), _subtitle(manifest, run))


def _subtitle(manifest: Mapping[str, Any], run: DagRun | None) -> str:
    if run is None:
        return str(manifest.get("description") or "")
    seconds = seconds_between(run.start_date, run.end_date)
    parts = [run.run_id, run.state, duration(seconds) if seconds is not None else ""]
    return " · ".join(part for part in parts if part)


def _box(task: Mapping[str, Any], records: Sequence[TaskRecord], run: DagRun | None) -> Box:
    began = as_instant(run.start_date) if run is not None else None
    starts = [moment for record in records if (moment := _moment(record.start_date))]
    ends = [moment for record in records if (moment := _moment(record.end_date))]
    mapped = any(record.map_index >= 0 for record in records)
    return Box(
        task["task_id"],
        task["group"],
        task["operator"],
        worst(record.state for record in records),
        max(0.0, (min(starts) - began).total_seconds()) if starts and began is not None else None,
        max(0.0, (max(ends) - began).total_seconds()) if ends and starts and began is not None else None,
        max((record.try_number for record in records), default=0),
        len(records) if mapped else None,
    )


def _moment(text: str | None) -> Any:
    return as_instant(text) if text else None


def worst(states: Iterable[str]) -> str | None:
    """What the states of a task's instances come to."""
    found = set(states)
    return next((state for state in _WORST_FIRST if state in found), next(iter(found), None))
