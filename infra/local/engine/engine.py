"""The engine: starts executions on the running event loop and connects them to clock, integrations and callbacks."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from infra.local.engine.callbacks import Callbacks
from infra.local.engine.clock import Clock, RealClock
from infra.local.engine.distributed import MapRun
from infra.local.engine.execution import Execution
from infra.local.engine.history import History
from infra.local.engine.integration import Integrations
from infra.local.engine.json_values import Json
from infra.local.engine.limits import Limits
from infra.local.engine.scope import Scope, State


class Observer(Protocol):
    """Is told, on the engine's thread, of what changed; must not take long."""

    def execution_changed(self, execution: Execution) -> None:
        """The execution started, ended or was redriven."""
        ...

    def history_grew(self, execution: Execution) -> None:
        """The execution has a new event, and its checkpoint may have moved."""
        ...

    def map_run_changed(self, map_run: MapRun) -> None:
        """A map run started, ended, or one of its children did."""
        ...


class NobodyWatches:
    """An Observer that doesn't care."""

    def execution_changed(self, execution: Execution) -> None:
        """Nothing to do."""

    def history_grew(self, execution: Execution) -> None:
        """Nothing to do."""

    def map_run_changed(self, map_run: MapRun) -> None:
        """Nothing to do."""


@dataclass(slots=True, eq=False)
class Engine:
    """Everything that executions share. Use it on one thread, with its event loop running."""

    integrations: Integrations
    callbacks: Callbacks = field(default_factory=Callbacks)
    clock: Clock = field(default_factory=RealClock)
    random: random.Random = field(default_factory=random.Random)
    limits: Limits = field(default_factory=Limits)
    observer: Observer = field(default_factory=NobodyWatches)
    _background: set[asyncio.Future[Any]] = field(default_factory=set)

    def start(self, definition: State, given: Json, *, arn: str, machine_arn: str, role_arn: str = "") -> Execution:
        """Starts an execution of a definition (a valid one; see `validation`) and returns at once."""
        execution = self.new(definition, given, arn=arn, machine_arn=machine_arn, role_arn=role_arn)
        execution.start()
        return execution

    def new(
        self,
        definition: State,
        given: Json,
        *,
        arn: str,
        machine_arn: str,
        role_arn: str = "",
        events: list[dict[str, Any]] | None = None,
    ) -> Execution:
        """An execution that has not begun, or that is read back after a restart, with the events it had."""
        history = History(self.clock.now, self.limits.events, events)
        execution = Execution(
            engine=self,
            arn=arn,
            name=arn.rsplit(":", 1)[-1],
            machine_arn=machine_arn,
            role_arn=role_arn,
            definition=definition,
            input=given,
            started=self.clock.now(),
            history=history,
        )
        history.listen(lambda: self.observer.history_grew(execution))
        return execution

    def child(self, parent: Execution, map_run: MapRun, given: Json, inner: Scope) -> Execution:
        """An execution for one item, or batch, of a distributed Map."""
        prefix = map_run.machine_arn.replace(":stateMachine:", ":execution:")
        child = self.new(
            parent.definition,
            given,
            arn=f"{prefix}:{self.new_id()}",
            machine_arn=map_run.machine_arn,
            role_arn=parent.role_arn,
        )
        child.map_run_arn = map_run.arn
        child.checkpoint = inner.checkpoint
        return child

    def map_run_arns(self, execution: Execution, label: str) -> tuple[str, str]:
        """The ARNs of a new map run and of the machine that its children count as executions of."""
        parts = execution.machine_arn.split(":")
        machine = f"{parts[6]}/{label}"
        head = ":".join(parts[:5])
        return f"{head}:mapRun:{machine}:{self.new_id()}", f"{head}:stateMachine:{machine}"

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def new_token(self) -> str:
        """A task token: long and opaque, as on AWS."""
        return f"AQC{self.random.getrandbits(1024):0256x}"

    def milliseconds(self) -> float:
        """The machine's time in milliseconds since 1970."""
        return self.clock.now().timestamp() * 1000

    def keep(self, future: asyncio.Future[Any]) -> None:
        """Lets a call run on although its task is over; its outcome no longer matters."""
        self._background.add(future)
        future.add_done_callback(self._forget)

    def detach(self, work: Coroutine[Any, Any, Json]) -> None:
        """Runs something that no task waits for."""
        self.keep(asyncio.ensure_future(work))

    def _forget(self, future: asyncio.Future[Any]) -> None:
        self._background.discard(future)
        if not future.cancelled():
            future.exception()

    async def settle(self) -> None:
        """Cancels the calls that outlived their tasks."""
        pending = list(self._background)
        for future in pending:
            future.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
