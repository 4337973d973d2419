"""Runs one machine in this process, from start to end, and returns what happened.

>>> class NoTasks:
...     async def call(self, resource: str, arguments: Json, call: object) -> Json:
...         raise AssertionError(resource)
>>> nap = {"Type": "Wait", "Seconds": 3600, "Output": "{% $states.input.x * 2 %}", "End": True}
>>> machine = {"QueryLanguage": "JSONata", "StartAt": "nap", "States": {"nap": nap}}
>>> done = run(machine, {"x": 21}, integrations=NoTasks())
>>> done.status, done.output, (done.stopped - done.started).total_seconds()
('SUCCEEDED', 42, 3600.0)
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from infra.local.engine.callbacks import Callbacks
from infra.local.engine.clock import Clock, RealClock, VirtualClock, VirtualLoop
from infra.local.engine.engine import Engine
from infra.local.engine.errors import StuckError
from infra.local.engine.execution import Execution
from infra.local.engine.integration import Integrations
from infra.local.engine.json_values import Json
from infra.local.engine.limits import Limits

MACHINE: Final = "arn:aws:states:us-east-1:123456789012:stateMachine:{}"
ROLE: Final = "arn:aws:iam::123456789012:role/airstep"


def run(
    definition: dict[str, Any] | str,
    given: Json = None,
    *,
    integrations: Integrations,
    callbacks: Callbacks | None = None,
    placeholders: Mapping[str, str] | None = None,
    machine_name: str = "machine",
    name: str = "run",
    start: datetime | None = None,
    clock: Literal["virtual", "real"] = "virtual",
    limits: Limits | None = None,
    seed: int = 0,
    on_start: Callable[[Engine, Execution], None] | None = None,
) -> Execution:
    """Runs `definition` (an object, or its JSON text) on the input `given` ({} if None) until it is over.

    placeholders: values for `${Name}` in the definition's strings. start: the wall-clock time at which a virtual run
    begins (aware; the present if None). seed: makes jitter, `$random`, `$uuid` and tokens the same each time.
    callbacks: where task tokens are answered; pass the object that the integrations answer on. on_start: called once
    with the engine and the execution, before the first state runs.

    Raises StuckError when, on the virtual clock, everything waits for an answer that will not come; ValueError for a
    placeholder without a value. The definition is not validated: see `validation.problems`.
    """
    machine = substituted(definition, placeholders or {})
    loop: asyncio.AbstractEventLoop = VirtualLoop() if clock == "virtual" else asyncio.new_event_loop()
    ticking: Clock = VirtualClock(loop, start or datetime.now(UTC)) if isinstance(loop, VirtualLoop) else RealClock()
    engine = Engine(
        integrations=integrations,
        callbacks=callbacks or Callbacks(),
        clock=ticking,
        random=random.Random(seed),
        limits=limits or Limits(),
    )
    arn = MACHINE.format(machine_name)

    async def whole() -> Execution:
        execution = engine.start(
            machine,
            {} if given is None else given,
            arn=f"{arn.replace(':stateMachine:', ':execution:')}:{name}",
            machine_arn=arn,
            role_arn=ROLE,
        )
        if on_start is not None:
            on_start(engine, execution)
        await execution.wait()
        await engine.settle()
        return execution

    try:
        return loop.run_until_complete(whole())
    except StuckError:
        _cancel_everything(loop)
        raise
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _cancel_everything(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def substituted(definition: dict[str, Any] | str, placeholders: Mapping[str, str]) -> dict[str, Any]:
    """The definition with each `${Name}` in it replaced; raises ValueError for an unknown name.

    >>> substituted('{"Resource": "${F}"}', {"F": "arn:aws:lambda:us-east-1:1:function:f:7"})
    {'Resource': 'arn:aws:lambda:us-east-1:1:function:f:7'}
    """
    text = definition if isinstance(definition, str) else json.dumps(definition)

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in placeholders:
            raise ValueError(f"the definition has a placeholder ${{{name}}} without a value")
        return json.dumps(placeholders[name])[1:-1]

    machine: dict[str, Any] = json.loads(re.sub(r"\$\{([A-Za-z0-9_]+)\}", value, text))
    return machine
