"""Step Functions in the local AWS: our own service behind the HTTP protocol, one for each account and region.

Invariant: what an answer tells is on disk before the answer leaves; after a restart finished executions are as they
were and running ones go on (or, Express ones, have failed).
"""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import quote

from infra.local.clients import Clients
from infra.local.engine import TaskCall, TaskFailed
from infra.local.integrations import AwsIntegrations
from infra.local.integrations.functions import function_failed, function_missing
from infra.local.journal import Journal
from infra.local.ministack.events import connection
from infra.local.ministack.gateway import Answer, Gateway, Scope
from infra.local.stepfunctions.errors import ApiError
from infra.local.stepfunctions.service import StepFunctions

log = logging.getLogger(__name__)

# Progress that nobody has asked for yet is written this often.
FLUSH_SECONDS = 0.25
HEADERS = {"Content-Type": "application/x-amz-json-1.0"}


Emit = Callable[[Scope, dict[str, Any]], None]


class StateMachines:
    """All services, and the journal of their rows in `directory`; `emit` takes EventBridge entries."""

    def __init__(self, directory: Path, gateway: Gateway, clients: Clients, emit: Emit) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._gateway = gateway
        self._clients = clients
        self._emit = emit
        self._services: dict[Scope, StepFunctions] = {}
        self._journal = Journal(directory, "stepfunctions")
        self._ready = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Take up what an earlier process left, then let requests in. Other services must answer by now."""
        rows: dict[Scope, dict[tuple[str, str], Any]] = {}
        for record in self._journal.records(0):
            of_scope = rows.setdefault(Scope(record["account"], record["region"]), {})
            for table, key, value in record["rows"]:
                of_scope[table, key] = value
                if value is None:
                    del of_scope[table, key]
        generation = self._journal.rotate()
        for scope, latest in rows.items():
            kept = [(table, key, value) for (table, key), value in latest.items()]
            self._append(scope, kept)
            await self._journal.synced()
            self._service(scope).restore(kept)
        # Only now: the rows have been written again, in the shortest form.
        self._journal.forget(generation)
        self._ready.set()
        self._spawn(self._flush_for_ever())

    async def stop(self) -> None:
        """Executions that run stay as they are, for the next start."""
        for task in self._tasks:
            task.cancel()
        for service in self._services.values():
            await service.close()
        await self._flush()

    async def serve(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        """A handler of the gateway."""
        del method, path, query
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            answer = await self.act(self._gateway.scope(), action, json.loads(body or b"{}"))
        except ApiError as error:
            return 400, dict(HEADERS), json.dumps(error.body()).encode()
        return 200, dict(HEADERS), json.dumps(answer).encode()

    async def act(self, scope: Scope, action: str, request: dict[str, Any]) -> dict[str, Any]:
        """One action of the API; raises ApiError."""
        await self._ready.wait()
        service = self._service(scope)
        try:
            return await service.handle(action, request)
        finally:
            # Reading too: who has seen that an execution is over must never see it run again.
            await self._flush()

    def _service(self, scope: Scope) -> StepFunctions:
        if scope not in self._services:
            self._services[scope] = StepFunctions(
                account=scope.account,
                region=scope.region,
                integrations=AwsIntegrations(
                    lambda name: self._clients.get(name, scope.account, scope.region),
                    functions=InProcessFunctions(self._gateway, scope),
                    connections=lambda arn: connection(self._gateway, scope, arn),
                ),
                emit=lambda event: self._publish(scope, event),
            )
        return self._services[scope]

    def _publish(self, scope: Scope, event: dict[str, Any]) -> None:
        """Tell EventBridge of an execution's new status."""
        entry = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
            "Resources": event["resources"],
        }
        try:
            self._emit(scope, entry)
        except Exception:
            log.exception("an execution's status did not reach EventBridge")

    async def _flush(self) -> None:
        """Write the rows that changed; returns when they are on disk."""
        wrote = False
        for scope, service in self._services.items():
            wrote |= self._append(scope, service.take_changes())
        if wrote:
            await self._journal.synced()

    def _append(self, scope: Scope, rows: list[Any]) -> bool:
        if rows:
            self._journal.append({"account": scope.account, "region": scope.region, "rows": rows})
        return bool(rows)

    async def _flush_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self._flush()
            except OSError:
                log.exception("could not write the progress of executions")

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class InProcessFunctions:
    """Invokes Lambda functions without a way through HTTP."""

    def __init__(self, gateway: Gateway, scope: Scope) -> None:
        self._gateway = gateway
        self._scope = scope

    async def invoke(self, function: str, payload: Any, call: TaskCall) -> Any:
        """The function's answer; raises TaskFailed."""
        del call
        # A task that is over (timeout, stopped execution) leaves its function running, as on AWS.
        status, headers, body = await asyncio.shield(asyncio.ensure_future(self._invoke(function, payload)))
        value = json.loads(body) if body else None
        if status >= 400:
            raise _refused(function, status, value if isinstance(value, dict) else {})
        if headers.get("X-Amz-Function-Error"):
            raise function_failed(value if isinstance(value, dict) else {"errorMessage": json.dumps(value)})
        return value

    async def _invoke(self, function: str, payload: Any) -> Answer:
        path = f"/2015-03-31/functions/{quote(function, safe='')}/invocations"
        with self._gateway.acting_for(self._scope):
            handler = self._gateway.handlers["lambda"]
            return await handler("POST", path, {}, json.dumps(payload, ensure_ascii=False).encode(), {})


def _refused(function: str, status: int, problem: dict[str, Any]) -> Exception:
    """The task's failure when Lambda did not run the function at all."""
    if status == 404:
        return function_missing(function)
    code = str(problem.get("__type") or problem.get("Type") or problem.get("code") or "AWSLambdaException")
    name = code if code.endswith("Exception") else f"{code}Exception"
    return TaskFailed(f"Lambda.{name}", str(problem.get("message") or problem.get("Message") or ""))
