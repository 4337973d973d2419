"""One query execution, and how the API shows it.

Invariant: a record is all that is kept of a query but its result; it is saved as JSON.
"""

import time
from dataclasses import dataclass
from typing import Any

FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
# The API's actions on queries.
ACTIONS = frozenset(
    {
        *("StartQueryExecution", "StopQueryExecution", "GetQueryExecution", "BatchGetQueryExecution"),
        *("GetQueryResults", "GetQueryRuntimeStatistics", "ListQueryExecutions"),
    }
)


@dataclass(slots=True)
class Query:
    """One query execution; times in seconds since the epoch, durations in ms."""

    query_id: str
    account: str
    region: str
    text: str
    kind: str
    classification: str
    output: str
    database: str
    workgroup: str
    token: str | None
    parameters: list[str]
    submitted: float
    state: str = "QUEUED"
    reason: str = ""
    started: float = 0.0
    completed: float = 0.0
    scanned: int = 0
    row_count: int = 0
    engine: str = "Athena engine version 3"


def describe(query: Query) -> dict[str, Any]:
    status: dict[str, Any] = {"State": query.state, "SubmissionDateTime": query.submitted}
    if query.state in FINAL:
        status["CompletionDateTime"] = query.completed
    if query.reason:
        status["StateChangeReason"] = query.reason
    if query.state == "FAILED":
        internal = query.reason.startswith("INTERNAL_ERROR")
        status["AthenaError"] = {
            "ErrorCategory": 1 if internal else 2,
            "ErrorType": 233 if internal else 1001,
            "Retryable": False,
            "ErrorMessage": query.reason,
        }
    described = {
        "QueryExecutionId": query.query_id,
        "Query": query.text,
        "StatementType": query.classification,
        "SubstatementType": query.kind,
        "ResultConfiguration": {"OutputLocation": query.output},
        "QueryExecutionContext": {"Database": query.database, "Catalog": "awsdatacatalog"},
        "Status": status,
        "Statistics": statistics(query),
        "WorkGroup": query.workgroup,
        "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": query.engine},
    }
    return {**described, "ExecutionParameters": query.parameters} if query.parameters else described


def statistics(query: Query) -> dict[str, Any]:
    end = query.completed or time.time()
    engine = int((end - query.started) * 1000) if query.started else 0
    queued = int(((query.started or end) - query.submitted) * 1000)
    return {
        "EngineExecutionTimeInMillis": engine,
        "DataScannedInBytes": query.scanned,
        "TotalExecutionTimeInMillis": engine + queued,
        "QueryQueueTimeInMillis": queued,
        "ServiceProcessingTimeInMillis": 0,
    }
