"""What the service knows: machines, versions, aliases, executions, map runs, tags; and what changed since last asked.

Everything but the running executions is a frozen value that is replaced as a whole, so a change is a `put`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from infra.local.engine.distributed import MapRun
from infra.local.engine.execution import Execution
from infra.local.stepfunctions.errors import ApiError

NAME: Final = re.compile(r"[^\x00-\x20\x7f-\x9f<>{}\[\]?*\"#%\\^|~`$&,;:/]{1,80}")


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine. definition: JSON text; created, updated: seconds since 1970; type: STANDARD or EXPRESS."""

    arn: str
    name: str
    type: str
    definition: str
    role_arn: str
    created: float
    updated: float
    revision: str
    configuration: dict[str, Any]
    versions: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """A published version: definition and role as they were."""

    arn: str
    machine_arn: str
    definition: str
    role_arn: str
    revision: str
    created: float
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for one version, or for two with weights: `routes` is ((version ARN, per cent), ...)."""

    arn: str
    machine_arn: str
    name: str
    routes: tuple[tuple[str, int], ...]
    created: float
    updated: float
    description: str | None = None


@dataclass(slots=True)
class Registry:
    """All resources of one account and region, by ARN. changed: (table, key) pairs since the last `take_changed`."""

    machines: dict[str, Machine] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    map_runs: dict[str, MapRun] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    changed: set[tuple[str, str]] = field(default_factory=set)

    def put(self, table: str, key: str, value: Any) -> None:
        """Adds or replaces a resource; `table` is one of this class's own names."""
        getattr(self, table)[key] = value
        self.changed.add((table, key))

    def drop(self, table: str, key: str) -> None:
        """Removes a resource if it is there."""
        if getattr(self, table).pop(key, None) is not None:
            self.changed.add((table, key))

    def take_changed(self) -> list[tuple[str, str]]:
        """The (table, key) pairs that changed since the last call."""
        changed, self.changed = sorted(self.changed), set()
        return changed

    def machine(self, arn: str) -> Machine:
        if arn not in self.machines:
            _check_arn(arn, "stateMachine")
            raise ApiError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        return self.machines[arn]

    def execution(self, arn: str) -> Execution:
        if arn not in self.executions:
            _check_arn(arn, "execution")
            raise ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return self.executions[arn]

    def map_run(self, arn: str) -> MapRun:
        if arn not in self.map_runs:
            raise ApiError("ResourceNotFound", f"Map Run Does Not Exist: '{arn}'", resourceName=arn)
        return self.map_runs[arn]


def _check_arn(arn: str, kind: str) -> None:
    """Raises InvalidArn for what is no ARN of this kind at all."""
    if not re.fullmatch(rf"arn:[^:]+:states:[^:]+:[^:]+:{kind}:.+", arn):
        raise ApiError("InvalidArn", f"Invalid Arn: '{arn}'")


def check_name(name: str) -> str:
    """The name of a machine or an execution; raises InvalidName."""
    if NAME.fullmatch(name) is None:
        raise ApiError("InvalidName", f"Invalid Name: '{name}'")
    return name
