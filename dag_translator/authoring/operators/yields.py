"""What a task function that is a generator yields: `Metadata` about the assets that it makes.

@task(outlets=[Asset("a")])
def f():
    yield Metadata(Asset("a"), {"rows": 3})
    return "done"                              # the task's return value
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from dag_translator.authoring.models.assets import Metadata


def run_generator(generator: Any, context: Mapping[str, Any], log: Any) -> Any:
    """Exhaust it; what it returns, or for an asynchronous one the list of what it yields, as Airflow does."""
    if inspect.isasyncgen(generator):
        import asyncio

        return asyncio.run(_collect(generator, context))
    while True:
        try:
            given = next(generator)
        except StopIteration as end:
            return end.value
        if not _note(given, context):
            log.warning("Ignoring unknown data of %r received from task", type(given))


async def _collect(generator: Any, context: Mapping[str, Any]) -> list[Any]:
    found = []
    async for given in generator:
        _note(given, context)
        found.append(given)
    return found


def _note(given: Any, context: Mapping[str, Any]) -> bool:
    """Whether it was Metadata, which goes into `outlet_events`."""
    if not isinstance(given, Metadata):
        return False
    outlets = context["outlet_events"]
    outlets[given.asset].extra.update(given.extra)
    if given.alias:
        outlets[given.alias].add(given.asset, extra=given.extra)
    return True
