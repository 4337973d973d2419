"""AthenaOperator: a query on Amazon Athena.

Step Functions runs it natively; `execute` is for subclasses that call it.
"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.athena import AthenaHook
from dag_translator.authoring.operators.aws import AwsBaseOperator, aws_template_fields


class AthenaOperator(AwsBaseOperator):
    """Runs `query`; the XCom is the query's execution id. (Airflow 1: AWSAthenaOperator.)

    max_tries and num_iterations are old names of max_polling_attempts, which with sleep_time says how long a query may
    take; in between Step Functions asks when it likes. deferrable makes no difference.
    """

    template_fields: Any = aws_template_fields("query", "database", "output_location", "workgroup", "catalog")
    template_ext: Any = (".sql",)
    template_fields_renderers: Any = {"query": "sql"}  # noqa: RUF012
    ui_color = "#44b5e2"
    aws_hook_class: Any = AthenaHook

    def __init__(
        self,
        *,
        query: str,
        database: str | None = None,
        output_location: str | None = None,
        client_request_token: str | None = None,
        workgroup: str = "primary",
        query_execution_context: dict[str, str] | None = None,
        result_configuration: dict[str, Any] | None = None,
        sleep_time: int = 30,
        max_polling_attempts: int | None = None,
        max_tries: int | None = None,
        num_iterations: int | None = None,
        log_query: bool = True,
        deferrable: bool = False,
        catalog: str = "AwsDataCatalog",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.query = query
        self.database = database
        self.output_location = output_location
        self.client_request_token = client_request_token
        self.workgroup = workgroup
        self.query_execution_context = query_execution_context or {}
        self.result_configuration = result_configuration or {}
        self.sleep_time = sleep_time
        self.max_polling_attempts = max_polling_attempts or max_tries or num_iterations or 999999
        self.log_query = log_query
        self.deferrable = deferrable
        self.catalog = catalog
        self.query_execution_id: str | None = None

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        return {**super()._hook_parameters, "log_query": self.log_query}

    def start_query_arguments(self) -> dict[str, Any]:
        """The StartQueryExecution request, once templates are rendered."""
        context = {**self.query_execution_context, "Catalog": self.catalog}
        results = dict(self.result_configuration)
        if self.database:
            context["Database"] = self.database
        if self.output_location:
            results["OutputLocation"] = self.output_location
        request: dict[str, Any] = {
            "QueryString": self.query,
            "QueryExecutionContext": context,
            "ResultConfiguration": results,
            "WorkGroup": self.workgroup,
        }
        if self.client_request_token:
            request["ClientRequestToken"] = self.client_request_token
        return request

    def execute(self, context: Any) -> str | None:  # noqa: ARG002
        """Start the query, wait for its end, return its id."""
        request = self.start_query_arguments()
        self.query_execution_id = self.hook.run_query(
            request["QueryString"],
            request["QueryExecutionContext"],
            request["ResultConfiguration"],
            request.get("ClientRequestToken"),
            request["WorkGroup"],
        )
        state = self.hook.poll_query_status(self.query_execution_id, self.max_polling_attempts, self.sleep_time)
        if state in AthenaHook.FAILURE_STATES:
            reason = self.hook.get_state_change_reason(self.query_execution_id)
            raise AirflowException(
                f"Final state of Athena job is {state}, query_execution_id is {self.query_execution_id}. "
                f"Error: {reason}"
            )
        if state not in AthenaHook.SUCCESS_STATES:
            raise AirflowException(
                f"Final state of Athena job is {state}. Max tries of poll status exceeded, "
                f"query_execution_id is {self.query_execution_id}."
            )
        return self.query_execution_id

    def on_kill(self) -> None:
        if self.query_execution_id:
            self.hook.stop_query(self.query_execution_id)
