"""Actions on the runs of distributed Maps."""

from __future__ import annotations

from collections import Counter
from typing import Final

from infra.local.engine.distributed import MapRun
from infra.local.stepfunctions.context import Context, Request, Response, page, present, required, seconds

STATUSES: Final = {
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
}


def list_map_runs(context: Context, request: Request) -> Response:
    execution = context.registry.execution(required(request, "executionArn"))
    mine = [run for run in context.registry.map_runs.values() if run.execution_arn == execution.arn]
    runs, more = page(mine, request)
    listed = [
        present(
            executionArn=run.execution_arn,
            mapRunArn=run.arn,
            stateMachineArn=run.machine_arn,
            startDate=seconds(run.started),
            stopDate=seconds(run.stopped) if run.stopped else None,
        )
        for run in runs
    ]
    return {"mapRuns": listed, **more}


def describe_map_run(context: Context, request: Request) -> Response:
    run = context.registry.map_run(required(request, "mapRunArn"))
    return present(
        mapRunArn=run.arn,
        executionArn=run.execution_arn,
        status=run.status,
        startDate=seconds(run.started),
        stopDate=seconds(run.stopped) if run.stopped else None,
        maxConcurrency=run.max_concurrency,
        toleratedFailurePercentage=run.tolerated_percentage or 0.0,
        toleratedFailureCount=run.tolerated_count or 0,
        itemCounts=_counts(run, run.items),
        executionCounts=_counts(run, [1] * len(run.items)),
        redriveCount=0,
    )


def _counts(run: MapRun, weights: list[int]) -> dict[str, int]:
    """How many executions, or items, are in which status; a child that did not begin is pending."""
    counted: Counter[str] = Counter(dict.fromkeys(("pending", *STATUSES.values()), 0))
    for child, weight in zip(run.children, weights, strict=True):
        counted[STATUSES[child.status] if child.events else "pending"] += weight
    return {
        **counted,
        "total": sum(weights),
        "resultsWritten": run.results_written,
        "failuresNotRedrivable": 0,
        "pendingRedrive": 0,
    }
