"""The queries of Athena's API: start, follow, stop, read results. Workgroups, named queries and the like are elsewhere.

Invariant: a query's state only moves forward, QUEUED, RUNNING, then one of SUCCEEDED, FAILED, CANCELLED; it says
SUCCEEDED when its result file is in S3. After a restart a query that was under way has FAILED.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlglot
from sqlglot import exp

from infra.local.athena import results
from infra.local.athena.catalog import Catalog
from infra.local.athena.commands import check_create_table
from infra.local.athena.engine import Outcome, run
from infra.local.athena.errors import QueryFailed, RequestRefused
from infra.local.athena.files import Storage, split
from infra.local.athena.query import FINAL, Query, describe, statistics
from infra.local.athena.session import Session
from infra.local.athena.statements import Statement, parse
from infra.local.clients import Clients

log = logging.getLogger(__name__)

Request = dict[str, Any]
THREADS = 4
MAX_QUERY_BYTES = 262_144
ENDINGS = {"INSERT": "", "CREATE_TABLE_AS_SELECT": "", "SELECT": ".csv"}


Changed = Callable[[Query, str], None]
Save = Callable[[], Awaitable[None]]


class AthenaQueries:
    """All queries of all accounts; results are files in `directory`. `changed(query, previous state)` is told."""

    def __init__(
        self, directory: Path, clients: Clients, save: Callable[[], Awaitable[None]], changed: Changed
    ) -> None:
        self._directory = directory
        self._clients = clients
        self._save = save
        self._changed = changed
        self._queries: dict[str, Query] = {}
        self._sessions: dict[str, Session] = {}
        self._unsaved = False
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="athena")
        (directory / "results").mkdir(parents=True, exist_ok=True)

    async def handle(self, action: str, request: Request, account: str, region: str, workgroup: Request) -> Request:
        """One of ACTIONS; raises RequestRefused. `workgroup`: the configuration of the request's workgroup."""
        if action == "StartQueryExecution":
            return await self._start(request, account, region, workgroup)
        if self._unsaved:
            self._unsaved = False
            await self._save()
        if action == "ListQueryExecutions":
            return self._list(request, account, region)
        if action == "BatchGetQueryExecution":
            return self._batch_get(request, account, region)
        query = self._find(request.get("QueryExecutionId", ""), account, region)
        return READERS[action](self, query, request)

    def capture(self) -> object:
        return [asdict(query) for query in self._queries.values()]

    def restore(self, state: Any) -> None:
        for values in state:
            query = Query(**values)
            if query.state not in FINAL:
                query.state, query.reason = "FAILED", "The local AWS was stopped while the query ran"
                query.completed = time.time()
            self._queries[query.query_id] = query

    def close(self) -> None:
        for session in list(self._sessions.values()):
            session.connection.interrupt()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _start(self, request: Request, account: str, region: str, workgroup: Request) -> Request:
        text = request.get("QueryString") or ""
        if not 1 <= len(text.encode()) <= MAX_QUERY_BYTES:
            raise RequestRefused("Query string must have a length between 1 and 262144 bytes.", "MALFORMED_QUERY")
        token = request.get("ClientRequestToken")
        name = request.get("WorkGroup") or "primary"
        if token and (known := self._with_token(token, account, region)):
            if (known.text, known.workgroup) != (text, name):
                raise RequestRefused("Idempotent parameters do not match")
            return {"QueryExecutionId": known.query_id}
        statement = _with_parameters(parse(text), request.get("ExecutionParameters") or [])
        check_create_table(statement)
        directory = _output_directory(request, workgroup)
        query_id = str(uuid4())
        query = Query(
            query_id=query_id,
            account=account,
            region=region,
            text=text,
            kind=statement.kind,
            classification=statement.classification,
            output=f"{directory}{query_id}{ENDINGS.get(statement.kind, '.txt')}",
            database=(request.get("QueryExecutionContext") or {}).get("Database") or "default",
            workgroup=name,
            token=token,
            parameters=list(request.get("ExecutionParameters") or []),
            submitted=time.time(),
        )
        self._queries[query_id] = query
        try:
            await asyncio.to_thread(self._require_bucket, query)
        except RequestRefused:
            del self._queries[query_id]
            raise
        self._threads.submit(self._run, query, statement, directory)
        return {"QueryExecutionId": query_id}

    def _require_bucket(self, query: Query) -> None:
        client = self._clients.get("s3", query.account, query.region)
        bucket = split(query.output)[0]
        try:
            client.head_bucket(Bucket=bucket)
        except client.exceptions.ClientError:
            raise RequestRefused(f"Unable to verify/create output bucket {bucket}") from None

    def _run(self, query: Query, statement: Statement, directory: str) -> None:
        """On a thread of the pool."""
        if query.state == "CANCELLED":
            return
        query.started = time.time()
        self._move(query, "RUNNING")
        state, reason = "SUCCEEDED", ""
        try:
            self._execute(query, statement, directory)
        except QueryFailed as failed:
            state, reason = "FAILED", str(failed)
        except Exception as error:
            log.exception("query %s", query.query_id)
            state, reason = "FAILED", f"INTERNAL_ERROR: {type(error).__name__}: {error}"
        finally:
            self._sessions.pop(query.query_id, None)
        if query.state != "CANCELLED":
            query.reason = reason
            query.completed = time.time()
            self._move(query, state)

    def _execute(self, query: Query, statement: Statement, directory: str) -> None:
        storage = Storage(self._clients.get("s3", query.account, query.region), self._directory / "cache")
        catalog = Catalog(self._clients.get("glue", query.account, query.region))
        session = Session(catalog, storage, query.database.lower(), query.query_id, directory)
        self._sessions[query.query_id] = session
        try:
            outcome = run(statement, session)
        finally:
            session.connection.close()
        query.scanned, query.row_count = session.scanned, len(outcome.rows)
        self._keep(query, storage, outcome)

    def _keep(self, query: Query, storage: Storage, outcome: Outcome) -> None:
        self._results_file(query).write_text(json.dumps(results.to_json(outcome)))
        if outcome.is_table:
            storage.write_text(query.output, results.csv_text(outcome.columns, outcome.rows))
        elif query.output.endswith(".txt"):
            storage.write_text(query.output, results.plain_text(outcome.rows))

    def _move(self, query: Query, state: str) -> None:
        """Any thread. Whoever reads the new state has it saved first."""
        previous, query.state = query.state, state
        self._unsaved = True
        self._loop.call_soon_threadsafe(self._changed, query, previous)

    def _results_file(self, query: Query) -> Path:
        return self._directory / "results" / f"{query.query_id}.json"

    def _with_token(self, token: str, account: str, region: str) -> Query | None:
        owned = (q for q in self._queries.values() if (q.account, q.region) == (account, region))
        return next((query for query in owned if query.token == token), None)

    def _find(self, query_id: str, account: str, region: str) -> Query:
        query = self._queries.get(query_id)
        if query is None or (query.account, query.region) != (account, region):
            raise RequestRefused(f"QueryExecution {query_id} was not found")
        return query

    def _get(self, query: Query, request: Request) -> Request:
        del request
        return {"QueryExecution": describe(query)}

    def _get_results(self, query: Query, request: Request) -> Request:
        if query.state not in FINAL:
            raise RequestRefused(f"Query has not yet finished. Current state: {query.state}")
        if query.state != "SUCCEEDED":
            raise RequestRefused(f"Query did not finish successfully. Final query state: {query.state}")
        kept = json.loads(self._results_file(query).read_text())
        return results.page(kept, request.get("NextToken"), request.get("MaxResults"))

    def _stop(self, query: Query, request: Request) -> Request:
        del request
        if query.state not in FINAL:
            query.reason, query.completed = "Query cancelled by user", time.time()
            self._move(query, "CANCELLED")
            if session := self._sessions.get(query.query_id):
                session.connection.interrupt()
        return {}

    def _get_statistics(self, query: Query, request: Request) -> Request:
        del request
        timeline = {name: value for name, value in statistics(query).items() if name.endswith("InMillis")}
        rows = {"OutputRows": query.row_count, "InputBytes": query.scanned}
        return {"QueryRuntimeStatistics": {"Timeline": timeline, "Rows": rows}}

    def _list(self, request: Request, account: str, region: str) -> Request:
        workgroup = request.get("WorkGroup") or "primary"
        found = [
            query.query_id
            for query in sorted(self._queries.values(), key=lambda query: -query.submitted)
            if (query.account, query.region, query.workgroup) == (account, region, workgroup)
        ]
        first, size = int(request.get("NextToken") or 0), int(request.get("MaxResults") or 50)
        more = {"NextToken": str(first + size)} if first + size < len(found) else {}
        return {"QueryExecutionIds": found[first : first + size], **more}

    def _batch_get(self, request: Request, account: str, region: str) -> Request:
        wanted = request.get("QueryExecutionIds") or []
        known = {q.query_id: q for q in self._queries.values() if (q.account, q.region) == (account, region)}
        missing = [
            {"QueryExecutionId": one, "ErrorCode": "NOT_FOUND", "ErrorMessage": f"QueryExecution {one} was not found"}
            for one in wanted
            if one not in known
        ]
        found = [describe(known[one]) for one in wanted if one in known]
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}


READERS: dict[str, Callable[[AthenaQueries, Query, Request], Request]] = {
    "GetQueryExecution": AthenaQueries._get,
    "GetQueryResults": AthenaQueries._get_results,
    "StopQueryExecution": AthenaQueries._stop,
    "GetQueryRuntimeStatistics": AthenaQueries._get_statistics,
}


def _output_directory(request: Request, workgroup: Request) -> str:
    """Where results go, ending in a slash; the workgroup's setting wins if it is enforced."""
    own = (request.get("ResultConfiguration") or {}).get("OutputLocation")
    shared = (workgroup.get("ResultConfiguration") or {}).get("OutputLocation")
    enforced = workgroup.get("EnforceWorkGroupConfiguration", False)
    location = (shared or own) if enforced else (own or shared)
    if not location:
        raise RequestRefused(
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input."
        )
    return str(location).rstrip("/") + "/"


def _with_parameters(statement: Statement, parameters: list[str]) -> Statement:
    """Put execution parameters in the places of the question marks."""
    tree = statement.tree
    places = [] if tree is None else list(tree.find_all(exp.Placeholder, bfs=False))
    if len(places) != len(parameters):
        raise RequestRefused(
            f"Incorrect number of parameters: expected {len(places)} but found {len(parameters)}",
            "INVALID_PARAMETER_USAGE",
        )
    for place, text in zip(places, parameters, strict=True):
        place.replace(sqlglot.parse_one(text, read="trino"))
    return statement
