"""MwaaTriggerDagRunOperator: starts a DAG of an Amazon MWAA environment through its REST API.

airflow_version tells the provider which API a token of its own is for; the task's role may call InvokeRestApi, so none
is needed. The API's answers are documents, whose names Step Functions might spell anew: a Lambda asks.
"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceMixin, ServiceOperator
from dag_translator.authoring.aws.rows import Watch, grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields


def rest_api(argument: str) -> Watch:
    """Asks for the state of something. argument: the one that names the environment. The role of Airflow in its ARN is
    the caller's to choose."""
    return Watch(
        "mwaa",
        "InvokeRestApi",
        "RestApiResponse.state",
        success=("success",),
        failure=("failed",),
        grants=(grant("airflow:InvokeRestApi", f"airflow:{{here}}:role/{{{argument}}}/*"),),
    )


class MwaaMixin(ServiceMixin):
    """A Lambda asks."""

    service = "mwaa"

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        return super().asked(handle)


class MwaaTriggerDagRunOperator(MwaaMixin, ServiceOperator):
    """Starts a DagRun; the XCom is {"RestApiStatusCode", "RestApiResponse"}, of its end where it is deferrable."""

    template_fields: Any = aws_template_fields(
        *("env_name", "trigger_dag_id", "trigger_run_id", "logical_date", "data_interval_start", "data_interval_end"),
        *("conf", "note", "airflow_version"),
    )
    starts = rest_api("env_name").grants
    watch = rest_api("env_name")
    kept = ("answer",)
    __init__ = takes(
        *("env_name", "trigger_dag_id"),
        trigger_run_id=None,
        logical_date=None,
        data_interval_start=None,
        data_interval_end=None,
        conf=None,
        note=None,
        airflow_version=None,
        wait_for_completion=False,
        waiter_delay=60,
        waiter_max_attempts=20,
        deferrable=False,
    )

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        runs = f"/dags/{self.trigger_dag_id}/dagRuns"
        given = {
            "dag_run_id": self.trigger_run_id,
            "logical_date": self.logical_date,
            "data_interval_start": self.data_interval_start,
            "data_interval_end": self.data_interval_end,
            "conf": self.conf or {},
            "note": self.note,
        }
        body = {name: value for name, value in given.items() if value is not None}
        answer = self.call("InvokeRestApi", {"Name": self.env_name, "Path": runs, "Method": "POST", "Body": body})
        run = answer["RestApiResponse"]["dag_run_id"]
        return {"Name": self.env_name, "Path": f"{runs}/{run}", "Method": "GET", "answer": answer}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        handle = handle or {}
        return self.call("InvokeRestApi", self.question(handle)) if self.deferrable else handle["answer"]
