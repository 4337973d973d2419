"""One execution: what it is, how far it got, how it ends.

Invariant: the status leaves RUNNING exactly once (until a redrive), together with the history's last event and before
anybody is told; what an interrupted branch still does afterwards changes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from infra.local.engine import errors
from infra.local.engine.branches import RunBranch
from infra.local.engine.history import NOT_TRUNCATED, Event, History
from infra.local.engine.interpreter import run_branch
from infra.local.engine.json_values import Json, dumps, timestamp
from infra.local.engine.scope import Scope, State

if TYPE_CHECKING:
    from infra.local.engine.engine import Engine

Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


@dataclass(slots=True, eq=False)
class Execution:
    """An execution under way or over.

    output: JSON (None until it succeeded); error and cause: only of a failure; notes: its owner's own, JSON.
    """

    engine: Engine = field(repr=False)
    arn: str
    name: str
    machine_arn: str
    role_arn: str
    definition: State = field(repr=False)
    input: Json
    started: datetime
    history: History = field(repr=False)
    status: Status = "RUNNING"
    stopped: datetime | None = None
    output: Json = None
    error: str | None = None
    cause: str | None = None
    redrive_count: int = 0
    redriven: datetime | None = None
    map_run_arn: str | None = None
    notes: dict[str, Json] = field(default_factory=dict, repr=False)
    checkpoint: dict[str, Json] = field(default_factory=dict, repr=False)
    task: asyncio.Task[None] | None = field(default=None, repr=False)
    fatal: errors.StateFailed | None = field(default=None, repr=False)
    children: list[Execution] = field(default_factory=list, repr=False)

    @property
    def events(self) -> list[Event]:
        """The history so far, oldest first."""
        return self.history.events

    @property
    def transitions(self) -> int:
        """State transitions as they are charged for: every state entered, and every retry."""
        entered: int = sum(event["type"].endswith("StateEntered") for event in self.events)
        tries: int = sum(event["type"] in ("TaskScheduled", "LambdaFunctionScheduled") for event in self.events)
        tasks: int = sum(event["type"] == "TaskStateEntered" for event in self.events)
        return entered + max(0, tries - tasks)

    @property
    def charged(self) -> int:
        """The transitions, with those of the children of its distributed Maps."""
        return self.transitions + sum(child.charged for child in self.children)

    def start(self) -> None:
        """Begins to run, on the running event loop."""
        self.history.add(
            "ExecutionStarted",
            0,
            {"input": dumps(self.input), "inputDetails": NOT_TRUNCATED, "roleArn": self.role_arn},
        )
        self._launch()

    def restart(self) -> None:
        """Goes on after the process was restarted: the checkpoint says where."""
        self._launch()

    def redrive(self) -> None:
        """Goes on from where it failed; retries are counted anew."""
        _forget_attempts(self.checkpoint)
        self.redrive_count += 1
        self.redriven = self.engine.clock.now()
        self.status, self.stopped, self.error, self.cause, self.fatal = "RUNNING", None, None, None, None
        self.history.reopen("ExecutionRedriven", {"redriveCount": self.redrive_count})
        self._launch()

    def _launch(self) -> None:
        self.engine.observer.execution_changed(self)
        self.task = asyncio.ensure_future(self._run(self.definition, run_branch))

    async def wait(self) -> None:
        """Returns when the execution is over; raises what a bug of the engine raised."""
        while self.status == "RUNNING" and self.task is not None:
            await asyncio.wait({self.task})
        if self.task is not None and self.task.done() and not self.task.cancelled():
            self.task.result()

    def stop(self, error: str | None = None, cause: str | None = None) -> None:
        """Aborts at once; nothing new is started after this. Does nothing to an execution that is over."""
        if self.status != "RUNNING":
            return
        self.error, self.cause = error, cause
        details = {"error": error, "cause": cause}
        self._end("ABORTED", "ExecutionAborted", {key: value for key, value in details.items() if value is not None})
        if self.task is not None:
            self.task.cancel()

    async def run_as_child(self, machine: State, runner: RunBranch) -> None:
        """Runs as a distributed Map's child, inside the parent's task: cancelling it aborts the child."""
        if self.status != "RUNNING":
            return
        if not self.events:
            details: dict[str, Any] = {"input": dumps(self.input), "inputDetails": NOT_TRUNCATED}
            self.history.add("ExecutionStarted", 0, details)
        self.engine.observer.execution_changed(self)
        try:
            await self._run(machine, runner)
        except asyncio.CancelledError:
            self.stop()
            raise

    async def _run(self, machine: State, runner: RunBranch) -> None:
        scope = self._top_scope()
        seconds = None if self.map_run_arn else machine.get("TimeoutSeconds")
        try:
            async with asyncio.timeout(self._left(seconds)) as limit:
                self.output = await runner(scope, machine, self.input)
        except errors.StateFailed as failure:
            self.error, self.cause, self.fatal = failure.error, failure.cause, failure
            details = {key: value for key, value in (("error", self.error), ("cause", self.cause)) if value}
            self._end("FAILED", "ExecutionFailed", details, scope.previous)
        except TimeoutError:
            if not limit.expired():
                raise
            self.fatal = errors.StateFailed(errors.TIMEOUT)
            self._end("TIMED_OUT", "ExecutionTimedOut", {}, scope.previous)
        except Exception as bug:
            self.error, self.cause = errors.RUNTIME, f"internal error: {type(bug).__name__}: {bug}"
            self._end("FAILED", "ExecutionFailed", {"error": self.error, "cause": self.cause}, scope.previous)
            raise
        else:
            self._end("SUCCEEDED", "ExecutionSucceeded", self._output_details(), scope.previous)

    def _output_details(self) -> dict[str, Any]:
        return {"output": dumps(self.output), "outputDetails": NOT_TRUNCATED}

    def _left(self, seconds: float | None) -> float | None:
        if seconds is None:
            return None
        began = self.redriven or self.started
        return max(0.0, seconds - (self.engine.clock.now() - began).total_seconds())

    def _top_scope(self) -> Scope:
        about: dict[str, Any] = {
            "Id": self.arn,
            "Input": self.input,
            "Name": self.name,
            "RoleArn": self.role_arn,
            "StartTime": timestamp(self.started),
            "RedriveCount": self.redrive_count,
        }
        if self.redriven is not None:
            about["RedriveTime"] = timestamp(self.redriven)
        machine = {"Id": self.machine_arn, "Name": self.machine_arn.split(":")[6]}
        # The first state's event follows none, like the start's own.
        previous = len(self.events) if self.checkpoint else 0
        language = self.definition.get("QueryLanguage", "JSONPath")
        context = {"Execution": about, "StateMachine": machine}
        return Scope(self, context, {}, previous, language, self.checkpoint)

    def _end(self, status: Status, type_: str, details: dict[str, Any], previous: int | None = None) -> None:
        if self.status != "RUNNING":
            return
        self.status = status
        self.stopped = self.engine.clock.now()
        self.history.close(type_, len(self.events) if previous is None else previous, details)
        self.engine.observer.execution_changed(self)


def _forget_attempts(checkpoint: dict[str, Json]) -> None:
    """A redriven state starts its tries, deadlines and tokens anew; finished branches stay finished."""
    for key in ("retries", "token", "submitted", "deadline", "until"):
        checkpoint.pop(key, None)
    for branch in checkpoint.get("branches", {}).values():
        _forget_attempts(branch)
