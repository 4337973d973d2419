"""AthenaHook: start a query, ask for its state, read its results."""

from __future__ import annotations

import time
from typing import Any

from dag_translator.authoring.hooks.aws import AwsBaseHook


class AthenaHook(AwsBaseHook):
    """Amazon Athena."""

    service = "athena"
    INTERMEDIATE_STATES = ("QUEUED", "RUNNING")
    FAILURE_STATES = ("FAILED", "CANCELLED")
    SUCCESS_STATES = ("SUCCEEDED",)
    TERMINAL_STATES = ("SUCCEEDED", "FAILED", "CANCELLED")

    def __init__(self, *args: Any, sleep_time: int | None = None, log_query: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sleep_time = 30 if sleep_time is None else sleep_time
        self.log_query = log_query

    def run_query(
        self,
        query: str,
        query_context: dict[str, str],
        result_configuration: dict[str, Any],
        client_request_token: str | None = None,
        workgroup: str = "primary",
    ) -> str:
        """Start a query; its execution id."""
        arguments: dict[str, Any] = {
            "QueryString": query,
            "QueryExecutionContext": query_context,
            "ResultConfiguration": result_configuration,
            "WorkGroup": workgroup,
        }
        if client_request_token:
            arguments["ClientRequestToken"] = client_request_token
        if self.log_query:
            self.log.info("Running Query with params:\n%s", "\n".join(f"{k}: {v}" for k, v in arguments.items()))
        return str(self.get_conn().start_query_execution(**arguments)["QueryExecutionId"])

    def get_query_info(self, query_execution_id: str, use_cache: bool = False) -> Any:  # noqa: ARG002
        return self.get_conn().get_query_execution(QueryExecutionId=query_execution_id)

    def check_query_status(self, query_execution_id: str, use_cache: bool = False) -> str | None:  # noqa: ARG002
        """QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELLED; None if the answer has no state."""
        state = self._status(query_execution_id).get("State")
        return None if state is None else str(state)

    def get_state_change_reason(self, query_execution_id: str, use_cache: bool = False) -> str | None:  # noqa: ARG002
        reason = self._status(query_execution_id).get("StateChangeReason")
        return None if reason is None else str(reason)

    def _status(self, query_execution_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get_query_info(query_execution_id).get("QueryExecution", {}).get("Status", {})
        return found

    def poll_query_status(
        self,
        query_execution_id: str,
        max_polling_attempts: int | None = None,
        sleep_time: int | None = None,
    ) -> str | None:
        """Wait, at most so many attempts (default 120), until the query has ended; its last state."""
        pause = self.sleep_time if sleep_time is None else sleep_time
        state = self.check_query_status(query_execution_id)
        for _ in range((max_polling_attempts or 120) - 1):
            if state in self.TERMINAL_STATES:
                break
            time.sleep(pause)
            state = self.check_query_status(query_execution_id)
        return state

    def get_query_results(
        self, query_execution_id: str, next_token_id: str | None = None, max_results: int = 1000
    ) -> Any:
        """One page of results; None while the query has none."""
        if self.check_query_status(query_execution_id) not in self.SUCCESS_STATES:
            return None
        arguments: dict[str, Any] = {"QueryExecutionId": query_execution_id, "MaxResults": max_results}
        if next_token_id:
            arguments["NextToken"] = next_token_id
        return self.get_conn().get_query_results(**arguments)

    def get_query_results_paginator(
        self,
        query_execution_id: str,
        max_items: int | None = None,
        page_size: int | None = None,
        starting_token: str | None = None,
    ) -> Any:
        if self.check_query_status(query_execution_id) not in self.SUCCESS_STATES:
            return None
        paging = {"MaxItems": max_items, "PageSize": page_size, "StartingToken": starting_token}
        paginator = self.get_conn().get_paginator("get_query_results")
        return paginator.paginate(QueryExecutionId=query_execution_id, PaginationConfig=paging)

    def get_output_location(self, query_execution_id: str) -> str:
        """Where in S3 the results are."""
        info = self.get_query_info(query_execution_id)
        return str(info["QueryExecution"]["ResultConfiguration"]["OutputLocation"])

    def stop_query(self, query_execution_id: str) -> Any:
        return self.get_conn().stop_query_execution(QueryExecutionId=query_execution_id)
