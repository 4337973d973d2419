"""The distributed Map: each item, or batch of items, is an execution of its own, with its own history.

A `MapRun` counts them. Children see no outer variables. The run fails when more children fail than are tolerated;
without a tolerance, at the first failure. With a ResultWriter the results go to S3 and the state's result is
`{"MapRunArn", "ResultWriterDetails"}`; otherwise it is the list of the outputs of the children that succeeded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from infra.local.engine import errors
from infra.local.engine.branches import RunBranch, all_or_first_failure
from infra.local.engine.data import DataLanguage
from infra.local.engine.json_values import Json, dumps, too_large
from infra.local.engine.limits import DISTRIBUTED_CONCURRENCY
from infra.local.engine.result_writer import write_results
from infra.local.engine.scope import Scope, State

if TYPE_CHECKING:
    from infra.local.engine.execution import Execution


@dataclass(slots=True)
class MapRun:
    """One run of a distributed Map.

    status: RUNNING, SUCCEEDED, FAILED or ABORTED; items: how many items each child has.
    """

    arn: str
    execution_arn: str
    machine_arn: str
    max_concurrency: int
    tolerated_percentage: float | None
    tolerated_count: int | None
    started: datetime
    total: int
    status: str = "RUNNING"
    stopped: datetime | None = None
    children: list[Execution] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    results_written: int = 0

    def intolerable(self, failed: int) -> bool:
        """Whether so many failed items fail the run."""
        if failed == 0:
            return False
        if self.tolerated_count is None and self.tolerated_percentage is None:
            return True
        over_count = self.tolerated_count is not None and failed > self.tolerated_count
        percentage = self.tolerated_percentage
        return over_count or (percentage is not None and failed * 100 > percentage * self.total)


async def run_distributed(
    scope: Scope,
    state: State,
    given: Json,
    data: DataLanguage,
    items: list[Json],
    concurrency: int,
    run_branch: RunBranch,
) -> Json:
    """Runs the children and returns the Map's result; raises StateFailed."""
    batches = _batches(scope, state, given, data, items)
    map_run = _new_map_run(scope, state, given, data, len(items), concurrency)
    scope.execution.engine.observer.map_run_changed(map_run)
    scope.event("MapRunStarted", {"mapRunArn": map_run.arn})
    jobs = []
    for index, (batch, size) in enumerate(batches):
        inner = scope.branch(index)
        child = scope.execution.engine.child(scope.execution, map_run, batch, inner)
        map_run.children.append(child)
        scope.execution.children.append(child)
        map_run.items.append(size)
        jobs.append(_job(map_run, child, state, run_branch))
    try:
        await all_or_first_failure(jobs, min(concurrency or DISTRIBUTED_CONCURRENCY, DISTRIBUTED_CONCURRENCY))
    except errors.StateFailed as failure:
        _finish(scope, map_run, "FAILED")
        scope.event("MapRunFailed", {"error": failure.error, "cause": failure.cause})
        raise
    except asyncio.CancelledError:
        _finish(scope, map_run, "ABORTED")
        raise
    if "ResultWriter" in state:
        result = await write_results(scope, state, given, data, map_run)
        map_run.results_written = len(map_run.children)
    else:
        result = [child.output for child in map_run.children if child.status == "SUCCEEDED"]
    _finish(scope, map_run, "SUCCEEDED")
    scope.event("MapRunSucceeded")
    return result


def _new_map_run(scope: Scope, state: State, given: Json, data: DataLanguage, total: int, concurrency: int) -> MapRun:
    engine = scope.execution.engine
    count = data.value(scope, state, "ToleratedFailureCount", "number", given)
    percentage = data.value(scope, state, "ToleratedFailurePercentage", "number", given)
    arn, machine_arn = engine.map_run_arns(scope.execution, state.get("Label") or scope.context["State"]["Name"])
    return MapRun(
        arn=arn,
        execution_arn=scope.execution.arn,
        machine_arn=machine_arn,
        max_concurrency=concurrency,
        tolerated_percentage=None if percentage is None else float(percentage),
        tolerated_count=None if count is None else int(count),
        started=engine.clock.now(),
        total=total,
    )


def _job(map_run: MapRun, child: Execution, state: State, run_branch: RunBranch) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await child.run_as_child(state.get("ItemProcessor") or state["Iterator"], run_branch)
        child.engine.observer.map_run_changed(map_run)
        if child.fatal is not None and map_run.intolerable(_failed_items(map_run)):
            raise _failure(map_run, child)

    return run


def _failed_items(map_run: MapRun) -> int:
    pairs = zip(map_run.children, map_run.items, strict=False)
    return sum(size for child, size in pairs if child.status in ("FAILED", "TIMED_OUT"))


def _failure(map_run: MapRun, child: Execution) -> errors.StateFailed:
    if map_run.tolerated_count is None and map_run.tolerated_percentage is None:
        shown = f"{child.error}: {child.cause}" if child.cause else child.error
        reason = f"The child execution {child.name} failed ({shown})."
    else:
        reason = "The specified tolerated failure threshold was exceeded."
    return errors.StateFailed(errors.TOLERANCE, reason)


def _finish(scope: Scope, map_run: MapRun, status: str) -> None:
    map_run.status = status
    map_run.stopped = scope.execution.engine.clock.now()
    scope.execution.engine.observer.map_run_changed(map_run)


def _batches(scope: Scope, state: State, given: Json, data: DataLanguage, items: list[Json]) -> list[tuple[Json, int]]:
    """Each child's input, and how many items it has."""
    inputs = []
    for index, item in enumerate(items):
        # The selector sees the outer scope's variables, the child does not.
        scope.context["Map"] = {"Item": {"Index": index, "Value": item}}
        inputs.append(data.item_input(scope, state, given, item))
    scope.context.pop("Map", None)
    batcher: State | None = state.get("ItemBatcher")
    if batcher is None:
        return [(item, 1) for item in inputs]
    fixed = data.template(scope, batcher, "BatchInput", given)
    most = data.value(scope, batcher, "MaxItemsPerBatch", "number", given)
    most_bytes = data.value(scope, batcher, "MaxInputBytesPerBatch", "number", given)
    head = {"BatchInput": fixed} if fixed else {}
    batches: list[list[Json]] = []
    for item in inputs:
        grown = [*batches[-1], item] if batches else []
        fits = bool(grown) and (most is None or len(grown) <= most)
        if fits and not too_large(dumps({**head, "Items": grown}), int(most_bytes or 262_144)):
            batches[-1] = grown
        else:
            batches.append([item])
    return [({**head, "Items": batch}, len(batch)) for batch in batches]
