"""When updates of assets start a run, and which events it gets, against Airflow 3.3.2's own scheduler.

tests/data/schedule/assets.json: a row per scenario: the condition, max_active_runs and what happens, each step with the
runs that Airflow's scheduler made right after it, each as the names of the assets of its events, in order. `update`:
an asset with the aliases that it came by; `end`: the oldest active run ends.

What differs: Airflow starts a run for an asset that the schedule names by `Asset.ref` and then leaves its events out of
those that the run gets; here they are in.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from lambdas.dispatcher import dispatch
from lambdas.scheduling.dag_state import DagState
from lambdas.scheduling.dispatch_assets import taken_events
from tests.schedule.test_dispatch_assets import update
from tests.schedule.world import World

ROWS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data" / "schedule" / "assets.json").read_text())


def step(world: World, row: dict[str, Any], what: str, *arguments: Any) -> list[str]:
    """Do it; the run ids that are started by it."""
    world.now += timedelta(seconds=1)
    event = update(row["condition"], "", max_active_runs=row["limit"])
    match what:
        case "update":
            name, aliases = arguments
            event = update(row["condition"], name, aliases=tuple(aliases), max_active_runs=row["limit"])
            return list(dispatch(world.dispatcher, event)["started"])
        case "end":
            oldest = next((name for name in world.machines.started if name in world.machines.running), None)
            return world.end(oldest) if oldest else []
        case "pause":
            DagState(world.store, "etl").set_paused(True)
            return []
        case "unpause":
            DagState(world.store, "etl").set_paused(False)
            del event["asset_event"]
            return list(dispatch(world.dispatcher, {**event, "activate": True})["started"])
    raise AssertionError(what)


def events_of(world: World, run_id: str) -> str:
    (given,) = (each for each in map(json.loads, world.machines.running.values()) if each["run_id"] == run_id)
    return "".join(each["asset"]["name"] for each in taken_events(world.store, "etl", given["asset_events"]))


def test_runs_and_their_events_are_airflows() -> None:
    runs = 0
    for row in ROWS:
        world = World()
        for number, (*what, expected) in enumerate(row["ops"]):
            found = [events_of(world, run_id) for run_id in step(world, row, *what)]
            place = (row["condition"], row["limit"], number, row["ops"])
            assert len(found) == len(expected), place
            if "asset_ref" not in json.dumps(row["condition"]):
                assert found == expected, place
            runs += len(found)
    assert (len(ROWS), runs) == (140, sum(len(expected) for row in ROWS for *_, expected in row["ops"]))
    assert runs > 200
