"""Puts the local AWS together: ministack, and our Lambda runtime, Scheduler, and durability in it.

Invariant: when `restore` has returned, every service is as it was when the last acknowledged request was answered; only
then may requests come in, and only then does the clock start.
"""

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from infra.local import cloudformation
from infra.local.athena_api import Athena
from infra.local.clients import Clients
from infra.local.containers import ContainerProcesses
from infra.local.durability import EFFECTS, Durability, durable, durable_stacks
from infra.local.lambda_runtime.logs import LogShipper
from infra.local.lambda_runtime.runtime import LambdaRuntime
from infra.local.ministack import events
from infra.local.ministack.containers import Container, run_containers_with, tell_stopped
from infra.local.ministack.functions import give_versions_their_code, run_python_functions_with
from infra.local.ministack.gateway import Answer, Gateway, Scope
from infra.local.ministack.resources import physical_name, provide_resources
from infra.local.ministack.states import ServiceStates, keep_old_code, settle_stacks
from infra.local.scheduler.clock import Clock
from infra.local.scheduler.delivery import Delivery
from infra.local.scheduler.schedules import Schedules
from infra.local.scheduler.service import SchedulerService
from infra.local.state_machines import StateMachines
from infra.local.states import AllStates, OwnState

log = logging.getLogger(__name__)

# Restored when it is first used: importing it takes seconds.
CLOUDFORMATION = "cloudformation"
SCHEDULER = "scheduler"
ATHENA_QUERIES = "athena_queries"
ECS = "ecs"
SAVED_OTHERWISE = (CLOUDFORMATION, "states")


class LocalAwsProcess:
    """Everything that lives in the serving process."""

    def __init__(self, endpoint: str, state_dir: Path) -> None:
        self.gateway = Gateway()
        self.application = self.gateway.application
        self._clients = Clients(endpoint)
        self._shipper = LogShipper(self._clients)
        self._lambdas = LambdaRuntime(state_dir / "lambda", endpoint, self._shipper.ship)
        self._containers = ContainerProcesses(state_dir / "ecs", endpoint, self._shipper, self._container_ended)
        self._schedules = Schedules()
        self._scheduler = SchedulerService(self._schedules)
        self._clock = Clock(self._schedules, Delivery(self._clients).deliver, fired=self._schedule_fired)
        self._ministack_states = ServiceStates()
        self._athena = Athena(state_dir / "athena", self.gateway, self._clients, self._save_queries, self._emit)
        own: dict[str, OwnState] = {SCHEDULER: self._scheduler, ATHENA_QUERIES: self._athena}
        self._states = AllStates(self._ministack_states, own)
        self._durability = Durability(state_dir / "states", self._states)
        self._state_machines = StateMachines(
            state_dir / "states", self.gateway, Clients(endpoint, validate=True), self._emit
        )
        self._interrupted: set[str] = set()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._bare = dict(self.gateway.handlers)
        self._install()

    async def restore(self) -> None:
        """Bring every service back to where it was."""
        for name in self._durability.saved():
            if name != CLOUDFORMATION:
                await self._restore_one(name)
        self._durability.take_baseline()

    async def start(self) -> None:
        """Begin what runs on its own; the server answers requests by now."""
        await self._state_machines.start()
        self._clock.start()
        self._spawn(self._durability.run())

    async def stop(self) -> None:
        """End the workers and save what nobody waited for."""
        self._clock.stop()
        await self._state_machines.stop()
        self._athena.close()
        self._containers.close()
        await asyncio.to_thread(self._lambdas.close)
        await self._durability.save_all()
        for task in self._tasks:
            task.cancel()

    def _install(self) -> None:
        gateway = self.gateway
        keep_old_code()
        run_python_functions_with(
            gateway,
            lambda function, event, request_id, arn: self._lambdas.invoke(
                function, event, request_id=request_id, invoked_arn=arn
            ),
        )
        give_versions_their_code()
        run_containers_with(gateway, self._containers)
        gateway.replace_handler("scheduler", lambda _: self._serve_scheduler)
        gateway.replace_handler("athena", self._athena.wrap)
        events.start_state_machines_with(gateway, self._start_state_machine)
        self._bare = dict(gateway.handlers)
        for service in list(gateway.handlers):
            if service not in SAVED_OTHERWISE:
                gateway.replace_handler(service, self._durable(service))
        gateway.replace_handler("states", lambda _: self._state_machines.serve)
        gateway.replace_handler(CLOUDFORMATION, lambda handler: durable_stacks(handler, self._durability))
        providers = cloudformation.providers(self._clients, gateway.scope, physical_name, self._interrupted)
        provide_resources(gateway, providers, self._restore_stacks)

    def _durable(self, service: str) -> Any:
        names = self._ministack_states.of_service(service)
        names = {"scheduler": (SCHEDULER,), "athena": (ATHENA_QUERIES, *names)}.get(service, names)
        return lambda handler: durable(handler, service, names, self._durability, self.gateway.scope)

    async def _serve_scheduler(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        del headers
        scope = self.gateway.scope()
        return self._scheduler.handle(method, path, body, query, scope.account, scope.region)

    async def _restore_one(self, name: str) -> None:
        snapshot, requests = self._durability.load(name)
        if snapshot is not None:
            self._states.restore(name, snapshot)
        for request in requests:
            handler = self._bare[request["service"]]
            with self.gateway.acting_for(Scope(request["account"], request["region"])):
                headers = {"x-amz-target": request["target"]}
                status, _, answer = await handler("POST", "/", headers, request["body"].encode(), {})
            if status >= 400:
                log.error("could not repeat %s: %s", request["target"], answer[:300].decode("utf-8", "replace"))

    def _restore_stacks(self) -> None:
        # Importing CloudFormation has imported all services.
        self._durability.take_baseline()
        snapshot, _ = self._durability.load(CLOUDFORMATION)
        if snapshot is not None:
            self._states.restore(CLOUDFORMATION, snapshot)
            self._interrupted |= settle_stacks()

    async def _save_queries(self) -> None:
        # A query that is over may have changed the catalog.
        await self._durability.save((ATHENA_QUERIES, "glue"))

    def _schedule_fired(self) -> None:
        self._loop.call_soon_threadsafe(lambda: self._spawn(self._durability.save((SCHEDULER,))))

    def _container_ended(self, container: Container, reason: str, code: str, exit_code: int) -> None:
        tell_stopped(self.gateway, container, reason, code, exit_code)
        self._loop.call_soon_threadsafe(lambda: self._durability.save_later((ECS,)))

    def _emit(self, scope: Scope, entry: dict[str, Any]) -> None:
        """An execution's change of status."""
        events.publish(self.gateway, scope, entry)
        self._durability.save_later(EFFECTS["eventbridge"])

    def _start_state_machine(self, scope: Scope, arn: str, payload: str) -> None:
        """The target of an EventBridge rule; may be called on any thread."""
        start = self._state_machines.act(scope, "StartExecution", {"stateMachineArn": arn, "input": payload})
        self._loop.call_soon_threadsafe(lambda: self._spawn(_logged(start, f"rule target {arn}")))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _logged(work: Coroutine[Any, Any, Any], what: str) -> None:
    try:
        await work
    except Exception as error:
        log.warning("%s: %s", what, error)
