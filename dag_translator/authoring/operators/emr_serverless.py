"""Operators of EMR Serverless: applications and their jobs. The XComs of the extra links are not pushed.

Source of the permissions: Step Functions developer guide, "IAM policies for calling Amazon EMR Serverless". By the
guide `startJobRun.sync` answers as StartJobRun does, once the job has ended.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

from dag_translator.authoring.aws.operator import ServiceOperator
from dag_translator.authoring.aws.rows import Sync, Watch, at, grant, passes_role, takes
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import aws_template_fields

_APPLICATION = "emr-serverless:{here}:/applications/{application_id}"
_WAITER = {"waiter_max_attempts": 25, "waiter_delay": 60, "deferrable": False}
APPLICATION = Watch(
    "emr-serverless",
    "GetApplication",
    "application.state",
    reason="application.stateDetails",
    grants=(grant("emr-serverless:GetApplication", "emr-serverless:{here}:/applications/*"),),
)
STARTED = replace(APPLICATION, success=("STARTED",), failure=("TERMINATED", "STOPPED"))
RUNNING_JOBS = ("PENDING", "RUNNING", "SCHEDULED", "SUBMITTED")


class EmrServerlessOperator(ServiceOperator):
    """What they share. Waits within the Lambda are for seconds: an application that is created, or starts."""

    service = "emr-serverless"

    def _until(self, watch: Watch, application_id: str) -> None:
        delay, attempts = self.pace()
        for _ in range(int(attempts or 25)):
            answer = self.call(watch.action, {"applicationId": application_id})
            state = str(at(answer, watch.state)[0])
            if state in watch.success:
                return
            if state in watch.failure:
                raise AirflowException(f"EMR Serverless application {application_id} is {state}")
            time.sleep(min(delay, 10))
        raise AirflowException("Waiter error: max attempts reached")


class EmrServerlessCreateApplicationOperator(EmrServerlessOperator):
    """Makes an application and starts it; the XCom is its id."""

    service, action = "emr-serverless", "CreateApplication"
    starts = (
        grant("emr-serverless:CreateApplication", "emr-serverless:{here}:/*"),
        grant("emr-serverless:StartApplication emr-serverless:TagResource", "emr-serverless:{here}:/applications/*"),
        grant("iam:CreateServiceLinkedRole", "iam::{account}:role/aws-service-role/ops.emr-serverless.amazonaws.com/*"),
    )
    watch = STARTED
    __init__ = takes(
        *("release_label", "job_type"), client_request_token="", config=None, wait_for_completion=True, **_WAITER
    )

    def request(self) -> dict[str, Any]:
        return {
            "clientToken": self.client_request_token or str(uuid4()),
            "releaseLabel": self.release_label,
            "type": self.job_type,
            **(self.config or {}),
        }

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        application = str(self.call(self.action, self.request())["applicationId"])
        self._until(replace(APPLICATION, success=("CREATED", "STARTED"), failure=("TERMINATED",)), application)
        self.call("StartApplication", {"applicationId": application})
        return {"applicationId": application}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("applicationId")


class EmrServerlessStartJobOperator(EmrServerlessOperator):
    """Runs a job; the XCom is the run's id. An application that is stopped is started first."""

    template_fields: Any = aws_template_fields(
        *("application_id", "config", "execution_role_arn", "job_driver", "configuration_overrides", "name")
    )
    template_fields_renderers: Any = {"config": "json", "configuration_overrides": "json"}  # noqa: RUF012
    service, action = "emr-serverless", "StartJobRun"
    reads = (
        grant("emr-serverless:GetApplication emr-serverless:StartApplication", _APPLICATION),
        grant("emr-serverless:StopApplication", _APPLICATION),
    )
    starts = (
        *reads,
        grant("emr-serverless:StartJobRun emr-serverless:TagResource", _APPLICATION),
        passes_role("emr-serverless"),
        grant("emr-serverless:GetJobRun emr-serverless:CancelJobRun", f"{_APPLICATION}/jobruns/*"),
    )
    sync = Sync(
        "emr-serverless:startJobRun",
        maps=("tags", "properties"),
        grants=(
            grant("emr-serverless:StartJobRun", _APPLICATION),
            passes_role("emr-serverless"),
            grant("emr-serverless:GetJobRun emr-serverless:CancelJobRun", f"{_APPLICATION}/jobruns/*"),
            grant("emr-serverless:TagResource", f"{_APPLICATION}/jobruns/*", given="config"),  # which may hold tags
            grant(
                "events:PutTargets events:PutRule events:DescribeRule",
                "events:{here}:rule/StepFunctionsGetEventsForEMRServerlessJobRule",
            ),
        ),
    )
    watch = Watch(
        "emr-serverless",
        "GetJobRun",
        "jobRun.state",
        success=("SUCCESS",),
        failure=("FAILED", "CANCELLED"),
        reason="jobRun.stateDetails",
    )
    __init__ = takes(
        *("application_id", "execution_role_arn", "job_driver"),
        configuration_overrides=None,
        client_request_token="",
        config=None,
        wait_for_completion=True,
        name=None,
        enable_application_ui_links=False,
        cancel_on_kill=True,
        openlineage_inject_parent_job_info=False,
        openlineage_inject_transport_info=False,
        **_WAITER,
    )

    def waits(self) -> bool:
        return bool(self.wait_for_completion)

    def request(self) -> dict[str, Any]:
        config = dict(self.config or {})
        name = self.name or config.pop("name", f"emr_serverless_job_airflow_{uuid4()}")
        return {
            "clientToken": self.client_request_token or str(uuid4()),
            "applicationId": self.application_id,
            "executionRoleArn": self.execution_role_arn,
            "jobDriver": self.job_driver,
            "name": name,
            **config,
            "configurationOverrides": self.configuration_overrides,
        }

    def prepared(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        state = self.call("GetApplication", {"applicationId": self.application_id})["application"]["state"]
        if state not in ("CREATED", "STARTED"):
            self.call("StartApplication", {"applicationId": self.application_id})
            self._until(STARTED, self.application_id)
        return self.request()

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"applicationId": self.application_id, "jobRunId": answer["jobRunId"]}

    def cancel(self, handle: dict[str, Any]) -> None:
        self.call("CancelJobRun", handle)

    def synced(self, answer: dict[str, Any]) -> dict[str, Any]:
        found = [*at(answer, "JobRunId"), *at(answer, "JobRun.JobRunId")]
        return {"applicationId": self.application_id, "jobRunId": found[0] if found else None}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("jobRunId")


class EmrServerlessStopApplicationOperator(EmrServerlessOperator):
    """Stops an application; force_stop cancels its jobs first."""

    template_fields: Any = aws_template_fields("application_id")
    service, action = "emr-serverless", "StopApplication"
    starts = (
        grant("emr-serverless:StopApplication emr-serverless:ListJobRuns", _APPLICATION),
        grant("emr-serverless:CancelJobRun", f"{_APPLICATION}/jobruns/*", given="force_stop"),
    )
    watch = replace(APPLICATION, success=("STOPPED",), failure=("TERMINATED",))
    __init__ = takes("application_id", wait_for_completion=True, force_stop=False, **_WAITER)

    def request(self) -> dict[str, Any]:
        return {"applicationId": self.application_id}

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        if self.force_stop:
            self._cancel_jobs()
        self.call(self.action, self.request())
        return self.request()

    def _cancel_jobs(self) -> None:
        def running(*more: str) -> list[str]:
            pages = self.client().get_paginator("list_job_runs")
            listed = pages.paginate(applicationId=self.application_id, states=[*RUNNING_JOBS, *more])
            return [str(each["id"]) for page in listed for each in page["jobRuns"]]

        for job in running():
            self.call("CancelJobRun", {"applicationId": self.application_id, "jobRunId": job})
        delay, attempts = self.pace()
        for _ in range(int(attempts or 25)):
            if not running("CANCELLING"):
                return
            time.sleep(min(delay, 10))
        raise AirflowException("Waiter error: max attempts reached")


class EmrServerlessDeleteApplicationOperator(EmrServerlessStopApplicationOperator):
    """Stops an application, and deletes it when it has stopped."""

    starts = (
        *EmrServerlessStopApplicationOperator.starts,
        grant("emr-serverless:DeleteApplication emr-serverless:GetApplication", _APPLICATION),
    )
    watch = replace(APPLICATION, success=("TERMINATED",))
    __init__ = takes(wait_for_completion=True)

    def start(self, context: Any) -> dict[str, Any]:
        handle = super().start(context)
        self._until(replace(APPLICATION, success=("STOPPED", "CREATED"), failure=("TERMINATED",)), self.application_id)
        self.call("DeleteApplication", handle)
        return handle
