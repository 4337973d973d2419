"""The service's state as rows of plain JSON, so that a kill loses nothing that was acknowledged.

A row is `(table, key, value)`; value None means that the row is gone. Histories grow in pieces: the table "events" has
rows `<execution ARN>#<first index>`, each a list of events that is never written again. After a restart a Standard
execution that was running goes on where its checkpoint says (a task that was under way is called again, one that waits
for its token goes on waiting for the same token); an Express one is over, as failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from infra.local.engine import Engine, Execution
from infra.local.engine.distributed import MapRun
from infra.local.engine.json_values import Json
from infra.local.stepfunctions.registry import Alias, Machine, Registry, Version

Row = tuple[str, str, Json]

KINDS = {"machines": Machine, "versions": Version, "aliases": Alias}


class Journal:
    """Turns the registry's changes into rows; remembers how much of each history has been written."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._written: dict[str, int] = {}

    def take(self) -> list[Row]:
        """The rows that changed since the last call (all of them at the first)."""
        rows: list[Row] = []
        for table, key in self._registry.take_changed():
            value = getattr(self._registry, table).get(key)
            if table == "executions" and value is not None:
                rows += self._events(value)
            rows.append((table, key, None if value is None else to_json(table, value)))
        return rows

    def remember(self, arn: str, count: int) -> None:
        """So many events of this execution are in the journal already."""
        self._written[arn] = count

    def _events(self, execution: Execution) -> Iterator[Row]:
        first = self._written.get(execution.arn, 0)
        fresh = execution.events[first:]
        if fresh:
            self._written[execution.arn] = first + len(fresh)
            yield "events", f"{execution.arn}#{first:05d}", [_event_to_json(event) for event in fresh]


def to_json(table: str, value: Any) -> Json:
    """A resource as plain JSON."""
    if table == "executions":
        return _execution_to_json(value)
    if table == "map_runs":
        return _map_run_to_json(value)
    if table == "tags":
        return value
    return json.loads(json.dumps(asdict(value)))


def restore(registry: Registry, engine: Engine, rows: Iterable[Row], journal: Journal) -> None:
    """Fills an empty registry from rows, and goes on with what was running; needs the running event loop."""
    tables: dict[str, dict[str, Json]] = {}
    for table, key, value in rows:
        tables.setdefault(table, {})[key] = value
    for table, kind in KINDS.items():
        for key, value in tables.get(table, {}).items():
            getattr(registry, table)[key] = kind(**_tuples(value))
    registry.tags.update(tables.get("tags", {}))
    histories: dict[str, list[dict[str, Any]]] = {}
    for key, events in sorted(tables.get("events", {}).items()):
        histories.setdefault(key.rsplit("#", 1)[0], []).extend(_event_from_json(event) for event in events)
    for arn, value in tables.get("executions", {}).items():
        events = histories.get(arn, [])
        journal.remember(arn, len(events))
        registry.executions[arn] = _execution_from_json(engine, value, events)
    for arn, value in tables.get("map_runs", {}).items():
        registry.map_runs[arn] = _map_run_from_json(registry, value)
    _go_on(registry, engine)


def _go_on(registry: Registry, engine: Engine) -> None:
    for map_run in registry.map_runs.values():
        if map_run.status == "RUNNING":
            # Its parent starts a new run for the items that are left.
            map_run.status, map_run.stopped = "ABORTED", engine.clock.now()
            registry.changed.add(("map_runs", map_run.arn))
    for execution in list(registry.executions.values()):
        if execution.status != "RUNNING":
            continue
        if execution.map_run_arn is not None or execution.notes.get("type") == "EXPRESS":
            execution.stop("States.Runtime", "The service was restarted.")
            continue
        for token in _tokens(execution.checkpoint):
            engine.callbacks.open(token)
        execution.restart()


def _tokens(checkpoint: dict[str, Json]) -> Iterator[str]:
    stack = [checkpoint]
    while stack:
        place = stack.pop()
        if "token" in place:
            yield place["token"]
        stack += place.get("branches", {}).values()


def _tuples(value: dict[str, Json]) -> dict[str, Json]:
    """Aliases' routes are tuples."""
    routes = {"routes": tuple(tuple(route) for route in value["routes"])} if "routes" in value else {}
    return {**value, **routes}


def _event_to_json(event: dict[str, Any]) -> Json:
    return event | {"timestamp": event["timestamp"].isoformat()}


def _event_from_json(event: dict[str, Any]) -> dict[str, Any]:
    return event | {"timestamp": datetime.fromisoformat(event["timestamp"])}


def _execution_to_json(execution: Execution) -> Json:
    return {
        "arn": execution.arn,
        "machine_arn": execution.machine_arn,
        "role_arn": execution.role_arn,
        "definition": execution.definition,
        "input": execution.input,
        "started": execution.started.isoformat(),
        "status": execution.status,
        "stopped": _time(execution.stopped),
        "output": execution.output,
        "error": execution.error,
        "cause": execution.cause,
        "redrive_count": execution.redrive_count,
        "redriven": _time(execution.redriven),
        "map_run_arn": execution.map_run_arn,
        "notes": execution.notes,
        # A copy: the checkpoint moves on.
        "checkpoint": {} if execution.status == "SUCCEEDED" else json.loads(json.dumps(execution.checkpoint)),
    }


def _execution_from_json(engine: Engine, value: Json, events: list[dict[str, Any]]) -> Execution:
    execution = engine.new(
        value["definition"],
        value["input"],
        arn=value["arn"],
        machine_arn=value["machine_arn"],
        role_arn=value["role_arn"],
        events=events,
    )
    execution.started = datetime.fromisoformat(value["started"])
    execution.stopped = _moment(value["stopped"])
    execution.redriven = _moment(value["redriven"])
    for name in ("status", "output", "error", "cause", "redrive_count", "map_run_arn", "notes", "checkpoint"):
        setattr(execution, name, value[name])
    return execution


def _map_run_to_json(run: MapRun) -> Json:
    return {
        "arn": run.arn,
        "execution_arn": run.execution_arn,
        "machine_arn": run.machine_arn,
        "max_concurrency": run.max_concurrency,
        "tolerated_percentage": run.tolerated_percentage,
        "tolerated_count": run.tolerated_count,
        "started": run.started.isoformat(),
        "total": run.total,
        "status": run.status,
        "stopped": _time(run.stopped),
        "items": run.items,
        "results_written": run.results_written,
        "children": [child.arn for child in run.children],
    }


def _map_run_from_json(registry: Registry, value: Json) -> MapRun:
    known = [
        (registry.executions[arn], size)
        for arn, size in zip(value["children"], value["items"], strict=False)
        if arn in registry.executions
    ]
    times = {"started": datetime.fromisoformat(value["started"]), "stopped": _moment(value["stopped"])}
    lists = {"children": [child for child, _ in known], "items": [size for _, size in known]}
    return MapRun(**{**value, **times, **lists})


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
