"""Operators of Amazon Bedrock AgentCore's runtimes."""

from __future__ import annotations

import json
from typing import Any

from dag_translator.authoring.aws.operator import ServiceOperator, ServiceTask
from dag_translator.authoring.aws.rows import Watch, grant, passes_role, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_RUNTIME = "bedrock-agentcore:{here}:runtime/*"
RUNTIME = Watch(
    "bedrock-agentcore-control",
    "GetAgentRuntime",
    "status",
    success=("READY",),
    failure=("CREATE_FAILED", "UPDATE_FAILED", "DELETING"),
    reason="failureReason",
    grants=(grant("bedrock-agentcore:GetAgentRuntime", _RUNTIME),),
)
_WAITER = {"wait_for_completion": True, "waiter_delay": 60, "waiter_max_attempts": 20, "deferrable": False}


class BedrockCreateAgentRuntimeOperator(ServiceOperator):
    """Makes a runtime for an agent; the XCom is its ARN."""

    template_fields: Any = aws_template_fields(
        *("agent_runtime_name", "agent_runtime_artifact", "role_arn", "network_configuration"),
        "create_agent_runtime_kwargs",
    )
    service, action = "bedrock-agentcore-control", "CreateAgentRuntime"
    starts = (
        grant("bedrock-agentcore:CreateAgentRuntime bedrock-agentcore:CreateAgentRuntimeEndpoint", _RUNTIME),
        grant(
            "bedrock-agentcore:CreateWorkloadIdentity",
            "bedrock-agentcore:{here}:workload-identity-directory/*",
        ),
        grant("bedrock-agentcore:TagResource", _RUNTIME, given="create_agent_runtime_kwargs"),
        passes_role("bedrock-agentcore"),
    )
    watch = RUNTIME
    kept, returns = ("agentRuntimeArn",), "agentRuntimeArn"
    __init__ = takes(
        *("agent_runtime_name", "agent_runtime_artifact", "role_arn", "network_configuration"),
        create_agent_runtime_kwargs=None,
        **_WAITER,
    )

    def request(self) -> dict[str, Any]:
        return {
            "agentRuntimeName": self.agent_runtime_name,
            "agentRuntimeArtifact": self.agent_runtime_artifact,
            "roleArn": self.role_arn,
            "networkConfiguration": self.network_configuration,
            **(self.create_agent_runtime_kwargs or {}),
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {name: answer[name] for name in ("agentRuntimeId", "agentRuntimeVersion", "agentRuntimeArn")}


class BedrockDeleteAgentRuntimeOperator(ServiceOperator):
    """Deletes an agent's runtime."""

    template_fields: Any = aws_template_fields("agent_runtime_id")
    service, action = "bedrock-agentcore-control", "DeleteAgentRuntime"
    starts = (
        grant("bedrock-agentcore:DeleteAgentRuntime bedrock-agentcore:DeleteAgentRuntimeEndpoint", _RUNTIME),
        grant(
            "bedrock-agentcore:DeleteWorkloadIdentity",
            "bedrock-agentcore:{here}:workload-identity-directory/*",
        ),
    )
    watch = Watch(
        "bedrock-agentcore-control",
        "GetAgentRuntime",
        "status",
        gone=("ResourceNotFoundException",),
        grants=RUNTIME.grants,
    )
    __init__ = takes("agent_runtime_id", **_WAITER)

    def request(self) -> dict[str, Any]:
        return {"agentRuntimeId": self.agent_runtime_id}

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return self.request()


class BedrockInvokeAgentRuntimeOperator(ServiceTask):
    """Has an agent answer; the XCom is AgentCore's answer, with the agent's under `response`."""

    template_fields: Any = aws_template_fields(
        *("agent_runtime_arn", "payload", "content_type", "accept", "invoke_agent_runtime_kwargs")
    )
    service, action = "bedrock-agentcore", "InvokeAgentRuntime"
    starts = (grant("bedrock-agentcore:InvokeAgentRuntime", _RUNTIME),)
    returns = "*"
    __init__ = takes(
        *("agent_runtime_arn", "payload"),
        content_type="application/json",
        accept="application/json",
        invoke_agent_runtime_kwargs=None,
    )

    def request(self) -> dict[str, Any]:
        payload = self.payload
        sent = payload if isinstance(payload, str | bytes) else json.dumps(payload)
        return {
            "agentRuntimeArn": self.agent_runtime_arn,
            "payload": sent.encode() if isinstance(sent, str) else sent,
            "contentType": self.content_type,
            "accept": self.accept,
            **(self.invoke_agent_runtime_kwargs or {}),
        }

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        body = answer["response"].read()
        kind = answer.get("contentType") or self.accept
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return {**answer, "response": body}
        return {**answer, "response": json.loads(text) if kind and "json" in kind.lower() else text}
