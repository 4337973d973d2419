"""Athena in the local AWS: queries are our own service's, workgroups, named queries and catalogs stay ministack's.

Invariant: a query takes its workgroup's configuration as it is when the query is started.
"""

import json
from pathlib import Path
from typing import Any

from infra.local.athena.errors import RequestRefused
from infra.local.athena.query import Query
from infra.local.athena.service import ACTIONS, AthenaQueries, Save
from infra.local.clients import Clients
from infra.local.ministack.gateway import Answer, Gateway, Handler, Scope
from infra.local.state_machines import Emit

HEADERS = {"Content-Type": "application/x-amz-json-1.1"}


class Athena:
    """The handler of the gateway; `queries` is what must be saved."""

    def __init__(self, directory: Path, gateway: Gateway, clients: Clients, save: Save, emit: Emit) -> None:
        self._gateway = gateway
        self._emit = emit
        self.queries = AthenaQueries(directory, clients, save, self._changed)

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
                answer = await self.queries.handle(action, request, scope.account, scope.region, workgroup)
            except RequestRefused as refused:
                error = {"__type": "InvalidRequestException", "AthenaErrorCode": refused.code, "Message": str(refused)}
                return 400, dict(HEADERS), json.dumps(error).encode()
            return 200, dict(HEADERS), json.dumps(answer).encode()

        return handle

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
