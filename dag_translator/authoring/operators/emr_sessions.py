"""Operators of EMR Serverless's interactive sessions."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_APPLICATION = "emr-serverless:{here}:/applications/{application_id}"
_SESSION = f"{_APPLICATION}/sessions/*"
_WAITER = {"wait_for_completion": True, "waiter_delay": 10, "waiter_max_attempts": 60, "deferrable": False}


def _session(success: tuple[str, ...], failure: tuple[str, ...]) -> Watch:
    return Watch(
        "emr-serverless",
        "GetSession",
        "session.state",
        success=success,
        failure=failure,
        reason="session.stateDetails",
        grants=(grant("emr-serverless:GetSession", _SESSION),),
    )


class EmrServerlessStartSessionOperator(ServiceOperator):
    """Starts a session; the XCom is {"application_id", "session_id"}."""

    template_fields: Any = aws_template_fields(
        *("application_id", "execution_role_arn", "name", "idle_timeout_minutes", "configuration_overrides")
    )
    service, action = "emr-serverless", "StartSession"
    starts = (grant("emr-serverless:StartSession", _APPLICATION), passes_role("emr-serverless"))
    watch = _session(("STARTED", "IDLE"), ("FAILED", "TERMINATING", "TERMINATED"))
    __init__ = takes(
        *("application_id", "execution_role_arn"),
        name=None,
        idle_timeout_minutes=None,
        configuration_overrides=None,
        **_WAITER,
    )

    def request(self) -> dict[str, Any]:
        return {
            "applicationId": self.application_id,
            "clientToken": str(uuid4()),
            "executionRoleArn": self.execution_role_arn,
            "name": self.name,
            "idleTimeoutMinutes": self.idle_timeout_minutes,
            "configurationOverrides": self.configuration_overrides,
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"applicationId": self.application_id, "sessionId": answer["sessionId"]}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return {"application_id": self.application_id, "session_id": (handle or {})["sessionId"]}


class EmrServerlessStopSessionOperator(ServiceOperator):
    """Ends a session."""

    template_fields: Any = aws_template_fields("application_id", "session_id")
    service, action = "emr-serverless", "TerminateSession"
    starts = (grant("emr-serverless:TerminateSession", _SESSION),)
    watch = _session(("TERMINATED",), ("FAILED",))
    __init__ = takes("application_id", "session_id", **_WAITER)

    def request(self) -> dict[str, Any]:
        return {"applicationId": self.application_id, "sessionId": self.session_id}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return self.request()


class EmrServerlessGetSessionEndpointOperator(ServiceTask):
    """Where a session is reached, as the XCom {"endpoint", "auth_token", "auth_token_expires_at"}."""

    template_fields: Any = aws_template_fields("application_id", "session_id")
    service, action = "emr-serverless", "GetSessionEndpoint"
    starts = (grant("emr-serverless:GetSessionEndpoint", _SESSION),)
    __init__ = takes("application_id", "session_id")

    def request(self) -> dict[str, Any]:
        return {"applicationId": self.application_id, "sessionId": self.session_id}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        told = handle or {}
        return {
            "endpoint": told.get("endpoint"),
            "auth_token": told.get("authToken"),
            "auth_token_expires_at": told.get("authTokenExpiresAt"),
        }
