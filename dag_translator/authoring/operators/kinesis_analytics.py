"""Operators of Amazon Managed Service for Apache Flink. The XCom is {"ApplicationARN"}."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_APPLICATION = "kinesisanalytics:{here}:application/{application_name}"
APPLICATION = Watch(
    "kinesisanalyticsv2",
    "DescribeApplication",
    "ApplicationDetail.ApplicationStatus",
    grants=(grant("kinesisanalytics:DescribeApplication", _APPLICATION),),
)
_BROKEN = ("DELETING", "ROLLING_BACK", "MAINTENANCE", "ROLLED_BACK")
STARTED = replace(APPLICATION, success=("RUNNING",), failure=(*_BROKEN, "STOPPING", "READY", "FORCE_STOPPING"))
STOPPED = replace(APPLICATION, success=("READY",), failure=_BROKEN)
_WAITER = {"wait_for_completion": True, "waiter_delay": 60, "waiter_max_attempts": 20, "deferrable": False}


class KinesisAnalyticsV2CreateApplicationOperator(ServiceTask):
    """Makes an application."""

    template_fields: Any = aws_template_fields(
        *("application_name", "runtime_environment", "service_execution_role", "create_application_kwargs"),
        "application_description",
    )
    ui_color = "#44b5e2"
    service, action = "kinesisanalyticsv2", "CreateApplication"
    # The action has no resource.
    starts = (
        grant("kinesisanalytics:CreateApplication"),
        grant("kinesisanalytics:TagResource", _APPLICATION, given="create_application_kwargs"),
        passes_role("kinesisanalytics"),
    )
    __init__ = takes(
        *("application_name", "runtime_environment", "service_execution_role"),
        create_application_kwargs=None,
        application_description="Managed Service for Apache Flink application created from Airflow",
    )

    def request(self) -> dict[str, Any]:
        return {
            "ApplicationName": self.application_name,
            "ApplicationDescription": self.application_description,
            "RuntimeEnvironment": self.runtime_environment,
            "ServiceExecutionRole": self.service_execution_role,
            **(self.create_application_kwargs or {}),
        }

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return {"ApplicationARN": (handle or {})["ApplicationDetail"]["ApplicationARN"]}


class _Change(ServiceOperator):
    ui_color = "#44b5e2"
    service = "kinesisanalyticsv2"
    kept = ("ApplicationARN",)

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        self.call(self.action, self.request())
        name = {"ApplicationName": self.application_name}
        told = self.call(APPLICATION.action, name)["ApplicationDetail"]
        return {**name, "ApplicationARN": told["ApplicationARN"]}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return {"ApplicationARN": (handle or {})["ApplicationARN"]}


class KinesisAnalyticsV2StartApplicationOperator(_Change):
    """Starts an application."""

    template_fields: Any = aws_template_fields("application_name", "run_configuration")
    action = "StartApplication"
    starts = (grant("kinesisanalytics:StartApplication", _APPLICATION), *APPLICATION.grants)
    watch = STARTED
    __init__ = takes("application_name", run_configuration=None, **_WAITER)

    def request(self) -> dict[str, Any]:
        return {"ApplicationName": self.application_name, "RunConfiguration": self.run_configuration or {}}


class KinesisAnalyticsV2StopApplicationOperator(_Change):
    """Stops an application."""

    template_fields: Any = aws_template_fields("application_name", "force")
    action = "StopApplication"
    starts = (grant("kinesisanalytics:StopApplication", _APPLICATION), *APPLICATION.grants)
    watch = STOPPED
    __init__ = takes("application_name", force=False, **_WAITER)

    def request(self) -> dict[str, Any]:
        return {"ApplicationName": self.application_name, "Force": self.force}
