"""The Step Functions API: `handle(action, request)` answers one action of the JSON protocol.

Requests and responses are the protocol's own bodies: member names in camelCase, times as seconds since 1970. Use it on
one thread, with its event loop running.

    service = StepFunctions(account="000000000000", region="us-east-1", integrations=..., emit=events.append)
    await service.handle("StartExecution", {"stateMachineArn": ..., "input": "{}"})
    rows = service.take_changes()      # write them down before the answer is sent; see `persistence`
    service.restore(rows)              # in a new process, before the first request
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from infra.local.engine import Callbacks, Engine, Execution, Integrations, Limits
from infra.local.engine.clock import Clock, RealClock
from infra.local.engine.distributed import MapRun
from infra.local.stepfunctions import aliases, callbacks, executions, machines, map_runs, single_state, tags
from infra.local.stepfunctions.changes import status_change
from infra.local.stepfunctions.context import Context, Request, Response
from infra.local.stepfunctions.errors import ApiError
from infra.local.stepfunctions.nested import WithStepFunctions
from infra.local.stepfunctions.persistence import Journal, Row, restore
from infra.local.stepfunctions.registry import Registry

Action = Callable[[Context, Request], Response]
WaitingAction = Callable[[Context, Request], Awaitable[Response]]

ACTIONS: Final[dict[str, Action]] = {
    "CreateStateMachine": machines.create_state_machine,
    "UpdateStateMachine": machines.update_state_machine,
    "DeleteStateMachine": machines.delete_state_machine,
    "DescribeStateMachine": machines.describe_state_machine,
    "DescribeStateMachineForExecution": machines.describe_state_machine_for_execution,
    "ListStateMachines": machines.list_state_machines,
    "ValidateStateMachineDefinition": machines.validate_state_machine_definition,
    "PublishStateMachineVersion": machines.publish_state_machine_version,
    "DeleteStateMachineVersion": machines.delete_state_machine_version,
    "ListStateMachineVersions": machines.list_state_machine_versions,
    "CreateStateMachineAlias": aliases.create_state_machine_alias,
    "UpdateStateMachineAlias": aliases.update_state_machine_alias,
    "DescribeStateMachineAlias": aliases.describe_state_machine_alias,
    "DeleteStateMachineAlias": aliases.delete_state_machine_alias,
    "ListStateMachineAliases": aliases.list_state_machine_aliases,
    "StartExecution": executions.start_execution,
    "StopExecution": executions.stop_execution,
    "DescribeExecution": executions.describe_execution,
    "ListExecutions": executions.list_executions,
    "RedriveExecution": executions.redrive_execution,
    "GetExecutionHistory": executions.get_execution_history,
    "ListMapRuns": map_runs.list_map_runs,
    "DescribeMapRun": map_runs.describe_map_run,
    "SendTaskSuccess": callbacks.send_task_success,
    "SendTaskFailure": callbacks.send_task_failure,
    "SendTaskHeartbeat": callbacks.send_task_heartbeat,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "ListTagsForResource": tags.list_tags_for_resource,
}

WAITING_ACTIONS: Final[dict[str, WaitingAction]] = {
    "StartSyncExecution": executions.start_sync_execution,
    "TestState": single_state.test_state,
}


class StepFunctions:
    """The service of one account and region."""

    def __init__(
        self,
        *,
        account: str,
        region: str,
        integrations: Integrations,
        clock: Clock | None = None,
        limits: Limits | None = None,
        generator: random.Random | None = None,
        emit: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> None:
        """`integrations` carry out all tasks but those that call Step Functions itself; `emit` takes status events."""
        self.registry = Registry()
        self.engine = Engine(
            integrations=WithStepFunctions(integrations, self.handle, self.registry.execution),
            callbacks=Callbacks(),
            clock=clock or RealClock(),
            # Tokens are secrets: not from a seed unless the caller wants that.
            random=generator or random.SystemRandom(),
            limits=limits or Limits(),
            observer=self,
        )
        self._context = Context(account, region, self.engine, self.registry, emit)
        self._journal = Journal(self.registry)
        self._last: list[Row] | None = None

    async def handle(self, action: str, request: Request) -> Response:
        """Answers one action; raises ApiError."""
        if action in WAITING_ACTIONS:
            return await WAITING_ACTIONS[action](self._context, request)
        return self.handle_now(action, request)

    def handle_now(self, action: str, request: Request) -> Response:
        """As `handle`, for actions that never wait (all of ACTIONS)."""
        if action not in ACTIONS:
            raise ApiError("UnknownOperationException", f"The action {action} is not supported")
        return ACTIONS[action](self._context, request)

    def take_changes(self) -> list[Row]:
        """What changed since the last call, as rows of plain JSON."""
        if self._last is None:
            return self._journal.take()
        last, self._last = self._last, []
        return last

    def restore(self, rows: Iterable[Row]) -> None:
        """Takes over the rows of an earlier process and goes on with what was running."""
        restore(self.registry, self.engine, rows, self._journal)

    async def close(self) -> None:
        """Stops working without ending anything: what runs now goes on after `restore`.

        The changes until now can still be taken; what the interruption does to executions is not among them.
        """
        self._last = self._journal.take()
        await self.engine.settle()
        tasks = [execution.task for execution in self.registry.executions.values() if execution.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def execution_changed(self, execution: Execution) -> None:
        """Observer: registers a Map's children too."""
        if execution.arn not in self.registry.executions:
            execution.notes.setdefault("type", "STANDARD")
            self.registry.put("executions", execution.arn, execution)
        self.registry.changed.add(("executions", execution.arn))
        if execution.map_run_arn is None and execution.notes.get("type") == "STANDARD":
            number = self.engine.new_id()
            self._context.emit(status_change(execution, self._context.account, self._context.region, number))

    def history_grew(self, execution: Execution) -> None:
        """Observer. A child's checkpoint is part of its parent's."""
        if execution.arn in self.registry.executions:
            self.registry.changed.add(("executions", execution.arn))
        if execution.map_run_arn in self.registry.map_runs:
            self.registry.changed.add(("executions", self.registry.map_runs[execution.map_run_arn].execution_arn))

    def map_run_changed(self, map_run: MapRun) -> None:
        """Observer."""
        self.registry.put("map_runs", map_run.arn, map_run)
