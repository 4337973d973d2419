"""A machine's parts in this process: what it starts by their ARNs, without the service around.

>>> Parts({}, behind=None, machine_name="d").placeholders
{}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.local.engine import Engine, Integrations, TaskCall
from infra.local.engine.execution import Execution
from infra.local.engine.json_values import Json
from infra.local.engine.run import MACHINE, substituted
from infra.local.stepfunctions.nested import WithStepFunctions


@dataclass(slots=True)
class Parts:
    """Integrations that start `definitions` (by placeholder) as nested executions, and leave the rest to `behind`.

    `placeholders` and `begin` (as `on_start`) are for the run of the machine itself. started: the parts' executions.
    """

    definitions: Mapping[str, dict[str, Any]]
    behind: Integrations
    machine_name: str
    others: Mapping[str, str] = field(default_factory=dict)
    started: dict[str, Execution] = field(default_factory=dict)
    engine: Engine | None = None

    @property
    def placeholders(self) -> dict[str, str]:
        """Of the parts, and the `others`."""
        own = {name: MACHINE.format(f"{self.machine_name}-{name}") for name in self.definitions}
        return {**self.others, **own}

    def begin(self, engine: Engine, _execution: Execution) -> None:
        self.engine = engine

    async def call(self, resource: str, arguments: Json, call: TaskCall) -> Json:
        """See `Integrations`."""
        if isinstance(arguments, dict) and arguments.get("StateMachineArn") in self.placeholders.values():
            nested = WithStepFunctions(self.behind, self._start, self.started.__getitem__)
            return await nested.call(resource, arguments, call)
        return await self.behind.call(resource, arguments, call)

    async def _start(self, _action: str, request: dict[str, Any]) -> dict[str, Any]:
        assert self.engine is not None
        machine_arn = request["stateMachineArn"]
        placeholder = next(name for name, arn in self.placeholders.items() if arn == machine_arn)
        arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{request['name']}"
        definition = substituted(self.definitions[placeholder], self.placeholders)
        execution = self.engine.start(definition, json.loads(request["input"]), arn=arn, machine_arn=machine_arn)
        self.started[arn] = execution
        return {"executionArn": arn, "startDate": execution.started.timestamp()}
