"""Parallel, and what it shares with Map: several branches at once, where the first failure stops the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from infra.local.engine import errors
from infra.local.engine.data import DataLanguage, Outcome, next_of
from infra.local.engine.json_values import Json
from infra.local.engine.retries import with_retries
from infra.local.engine.scope import Scope, State

RunBranch = Callable[[Scope, State, Json], Awaitable[Json]]
"""Runs a machine ({"StartAt", "States"}) in a scope on an input; `interpreter.run_branch`."""


async def all_or_first_failure(jobs: Sequence[Callable[[], Awaitable[Any]]], at_once: int) -> list[Any]:
    """The results of all jobs in order, `at_once` at a time; the first failure cancels the others and is raised."""
    slots = asyncio.Semaphore(at_once)

    async def one(job: Callable[[], Awaitable[Any]]) -> Any:
        async with slots:
            return await job()

    tasks = [asyncio.ensure_future(one(job)) for job in jobs]
    if not tasks:
        return []
    try:
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    except asyncio.CancelledError:
        await _cancel(tasks)
        raise
    if pending:
        await _cancel(list(pending))
    # Every failure is looked at, or asyncio reports it as forgotten.
    failures = [failure for task in tasks if task in done and (failure := task.exception()) is not None]
    if failures:
        raise failures[0]
    return [task.result() for task in tasks]


async def _cancel(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def parallel(scope: Scope, state: State, given: Json, data: DataLanguage, run_branch: RunBranch) -> Outcome:
    branches: list[State] = state["Branches"]

    async def attempt() -> Outcome:
        argument = data.arguments(scope, state, given)
        scope.payload(argument, "input")
        if "branches" not in scope.checkpoint:
            scope.event("ParallelStateStarted")
        inner = [scope.branch(index) for index in range(len(branches))]
        jobs = [_job(run_branch, child, branch, argument) for child, branch in zip(inner, branches, strict=True)]
        try:
            results = await all_or_first_failure(jobs, max(1, len(jobs)))
        except errors.StateFailed as failure:
            scope.previous = max(child.previous for child in inner)
            if not isinstance(failure, errors.ExecutionFailed):
                scope.event("ParallelStateFailed", {"error": failure.error, "cause": failure.cause})
            raise
        scope.previous = max((child.previous for child in inner), default=scope.previous)
        scope.payload(results, "result")  # whatever `Output` would make of it
        scope.event("ParallelStateSucceeded")
        return data.outcome(scope, state, given, results, next_of(state))

    return await with_retries(scope, state, given, data, attempt)


def _job(run_branch: RunBranch, scope: Scope, branch: State, argument: Json) -> Callable[[], Awaitable[Json]]:
    return lambda: run_branch(scope, branch, argument)
