"""The Amazon States Language, interpreted in this process on a virtual or a real clock.

    run.run(definition, input, integrations=...)   one machine from start to end; what tests and the command use
    engine.Engine                                  many executions on one event loop; what the local AWS uses

The parts, in the order in which a state passes through them: `interpreter` (state by state) → `simple_states`,
`tasks`, `branches`, `maps` → `retries` → `data` (`jsonata_data`, `jsonpath_data`) → `expressions`; `execution` is one
execution's life, `history` its events, `scope` a branch's variables and checkpoint, `clock` the two clocks.
"""

from infra.local.engine.callbacks import CallbackError, Callbacks
from infra.local.engine.engine import Engine
from infra.local.engine.errors import StateFailed, StuckError, TaskFailed
from infra.local.engine.execution import Execution
from infra.local.engine.integration import Integrations, TaskCall
from infra.local.engine.limits import Limits
from infra.local.engine.run import run

__all__ = [
    "CallbackError",
    "Callbacks",
    "Engine",
    "Execution",
    "Integrations",
    "Limits",
    "StateFailed",
    "StuckError",
    "TaskCall",
    "TaskFailed",
    "run",
]
