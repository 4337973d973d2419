"""Athena in the local AWS: queries are our own service's, workgroups, named queries and catalogs stay ministack's.

Invariant: a query takes its workgroup's configuration as it is when the query is started.
"""

from __future__ import annotations

import asyncio
import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.local.athena.errors import RequestRefused
from infra.local.athena.query import ACTIONS, Query
from infra.local.clients import Clients
from infra.local.ministack.gateway import Answer, Gateway, Handler, Scope
from infra.local.state_machines import Emit

if TYPE_CHECKING:
    from infra.local.athena.service import AthenaQueries, Save

HEADERS = {"Content-Type": "application/x-amz-json-1.1"}


class Athena:
    """The handler of the gateway. DuckDB and the SQL parser are loaded when the first query comes."""

    def __init__(self, directory: Path, gateway: Gateway, clients: Clients, save: Save, emit: Emit) -> None:
        self._gateway = gateway
        self._directory = directory
        self._clients = clients
        self._save = save
        self._emit = emit
        self._queries: AthenaQueries | None = None
        self._restored: Any = []
        self._loading = asyncio.Lock()

    def wrap(self, original: Handler) -> Handler:
        """`original` serves whatever is not about queries."""

        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Answer:
            action = headers.get("x-amz-target", "").rpartition(".")[2]
            if action not in ACTIONS:
                return await original(method, path, headers, body, query)
            request: dict[str, Any] = json.loads(body or b"{}")
            try:
                workgroup = await _workgroup(original, request) if action == "StartQueryExecution" else {}
                scope = self._gateway.scope()
                queries = await self._load()
                answer = await queries.handle(action, request, scope.account, scope.region, workgroup)
            except RequestRefused as refused:
                error = {"__type": "InvalidRequestException", "AthenaErrorCode": refused.code, "Message": str(refused)}
                return 400, dict(HEADERS), json.dumps(error).encode()
            return 200, dict(HEADERS), json.dumps(answer).encode()

        return handle

    def capture(self) -> object:
        return self._restored if self._queries is None else self._queries.capture()

    def restore(self, state: Any) -> None:
        self._restored = state

    def close(self) -> None:
        if self._queries is not None:
            self._queries.close()

    async def _load(self) -> AthenaQueries:
        async with self._loading:
            if self._queries is None:
                service = await asyncio.to_thread(importlib.import_module, "infra.local.athena.service")
                queries: AthenaQueries = service.AthenaQueries(
                    self._directory, self._clients, self._save, self._changed
                )
                queries.restore(self._restored)
                self._queries = queries
            return self._queries

    def _changed(self, query: Query, previous: str) -> None:
        """Tell EventBridge of a query's new state."""
        detail = {
            "versionId": "0",
            "currentState": query.state,
            "previousState": previous,
            "statementType": query.classification,
            "queryExecutionId": query.query_id,
            "workgroupName": query.workgroup,
        }
        entry = {
            "Source": "aws.athena",
            "DetailType": "Athena Query State Change",
            "Detail": json.dumps(detail),
            "Resources": [],
        }
        self._emit(Scope(query.account, query.region), entry)


async def _workgroup(original: Handler, request: dict[str, Any]) -> dict[str, Any]:
    """The configuration of the workgroup that a query names."""
    name = request.get("WorkGroup") or "primary"
    headers = {"x-amz-target": "AmazonAthena.GetWorkGroup", "content-type": HEADERS["Content-Type"]}
    status, _, answer = await original("POST", "/", headers, json.dumps({"WorkGroup": name}).encode(), {})
    if status >= 400:
        raise RequestRefused(f"WorkGroup {name} is not found.")
    group = json.loads(answer)["WorkGroup"]
    if group.get("State") == "DISABLED":
        raise RequestRefused(f"WorkGroup {name} is disabled.")
    configuration: dict[str, Any] = group.get("Configuration") or {}
    return configuration
