"""Athena: `AthenaOperator` as `StartQueryExecution`, `AthenaSensor` as polls of `GetQueryExecution`.

As `apache-airflow-providers-amazon` 9: the XCom is the query execution id, `_athena_query_results` holds what the
console's link is made of. Source: Athena API reference, StartQueryExecution.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.tasks.native.links import push_link
from lambdas.tasks.native.work import NativeWork


def query_request(operator: Any, _context: Any) -> dict[str, Any]:
    """StartQueryExecution's request."""
    request: dict[str, Any] = operator.start_query_arguments()
    if operator.log_query:
        operator.log.info("Running Query with params: %s", request)
    return request


def query_result(operator: Any, answer: Any, context: Any) -> str:
    """The query execution id. `answer` is GetQueryExecution's, as the `.sync` integration gives it."""
    from dag_translator.authoring.exceptions import AirflowException

    execution = answer.get("QueryExecution", answer) if isinstance(answer, Mapping) else {}
    query_id = str(execution.get("QueryExecutionId") or "")
    status = execution.get("Status") or {}
    if not query_id or status.get("State") in ("FAILED", "CANCELLED"):
        raise AirflowException(
            f"Final state of Athena job is {status.get('State')}, query_execution_id is {query_id}. "
            f"Error: {status.get('StateChangeReason')}"
        )
    push_link(operator, context, "_athena_query_results", query_execution_id=query_id)
    return query_id


def sensor_request(operator: Any, _context: Any) -> dict[str, Any]:
    """GetQueryExecution's request, as `arguments`."""
    from dag_translator.authoring.exceptions import AirflowException

    if not operator.query_execution_id:
        raise AirflowException(
            f"task {operator.task_id!r}: query_execution_id is {operator.query_execution_id!r}; does the task that it "
            "refers to push the query's id?"
        )
    return {"arguments": {"QueryExecutionId": str(operator.query_execution_id)}}


def sensor_result(_operator: Any, answer: Any, _context: Any) -> None:
    """A sensor pushes nothing; a query that failed fails it."""
    from dag_translator.authoring.exceptions import AirflowException

    execution = answer.get("QueryExecution", answer) if isinstance(answer, Mapping) else {}
    state = (execution.get("Status") or {}).get("State")
    if state in ("FAILED", "CANCELLED"):
        raise AirflowException(f"Athena sensor failed: the query is {state}")


OPERATOR = NativeWork(query_request, query_result)
SENSOR = NativeWork(sensor_request, sensor_result, lambda sensor: float(sensor.timeout))
