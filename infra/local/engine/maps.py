"""The Map state: inline iterations in the execution itself; a distributed Map goes to `distributed`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from infra.local.engine import errors
from infra.local.engine.branches import RunBranch, all_or_first_failure
from infra.local.engine.data import DataLanguage, Outcome, next_of
from infra.local.engine.distributed import run_distributed
from infra.local.engine.item_reader import as_items, read_items
from infra.local.engine.json_values import Json
from infra.local.engine.limits import INLINE_CONCURRENCY
from infra.local.engine.retries import with_retries
from infra.local.engine.scope import Scope, State


def processor(state: State) -> State:
    """The machine that runs for each item (`Iterator` is its name of before 2022)."""
    found: State = state.get("ItemProcessor") or state["Iterator"]
    return found


def is_distributed(state: State) -> bool:
    mode: str = processor(state).get("ProcessorConfig", {}).get("Mode", "INLINE")
    return mode == "DISTRIBUTED"


async def map_(scope: Scope, state: State, given: Json, data: DataLanguage, run_branch: RunBranch) -> Outcome:
    async def attempt() -> Outcome:
        resumed = "branches" in scope.checkpoint
        if "ItemReader" in state:
            items = await read_items(scope, state, given, data)
        else:
            items = as_items(data.items(scope, state, given))
        concurrency = data.value(scope, state, "MaxConcurrency", "number", given) or 0
        if not resumed:
            scope.event("MapStateStarted", {"length": len(items)})
        try:
            if is_distributed(state):
                result = await run_distributed(scope, state, given, data, items, int(concurrency), run_branch)
            else:
                result = await _run_inline(scope, state, given, data, items, int(concurrency), run_branch)
        except errors.StateFailed as failure:
            if not isinstance(failure, errors.ExecutionFailed):
                scope.event("MapStateFailed", {"error": failure.error, "cause": failure.cause})
            raise
        scope.event("MapStateSucceeded")
        return data.outcome(scope, state, given, result, next_of(state))

    return await with_retries(scope, state, given, data, attempt)


async def _run_inline(
    scope: Scope,
    state: State,
    given: Json,
    data: DataLanguage,
    items: list[Json],
    concurrency: int,
    run_branch: RunBranch,
) -> list[Json]:
    inner = [scope.branch(index, {"Index": index, "Value": item}) for index, item in enumerate(items)]
    name = scope.context["State"]["Name"]
    jobs = [
        _iteration(name, index, child, state, given, item, data, run_branch)
        for index, (child, item) in enumerate(zip(inner, items, strict=True))
    ]
    try:
        results = await all_or_first_failure(jobs, min(concurrency or INLINE_CONCURRENCY, INLINE_CONCURRENCY))
    finally:
        scope.previous = max((child.previous for child in inner), default=scope.previous)
    scope.payload(results, "result")  # whatever `Output` would make of it
    return results


def _iteration(
    name: str,
    index: int,
    scope: Scope,
    state: State,
    given: Json,
    item: Json,
    data: DataLanguage,
    run_branch: RunBranch,
) -> Callable[[], Awaitable[Json]]:
    details = {"name": name, "index": index}

    async def run() -> Json:
        if "output" in scope.checkpoint:
            return scope.checkpoint["output"]
        if "state" not in scope.checkpoint:
            scope.event("MapIterationStarted", details)
        try:
            argument = data.item_input(scope, state, given, item)
            scope.payload(argument, "input")
            result = await run_branch(scope, processor(state), argument)
        except errors.ExecutionFailed:
            raise
        except errors.StateFailed:
            scope.event("MapIterationFailed", details)
            raise
        scope.event("MapIterationSucceeded", details)
        return result

    return run
