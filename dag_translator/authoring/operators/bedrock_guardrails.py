"""Operators of Amazon Bedrock's guardrails."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask
from dag_translator.authoring.aws.rows import grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_GUARDRAIL = "bedrock:{here}:guardrail/*"
_POLICIES = (
    *("blocked_input_messaging", "blocked_outputs_messaging", "description", "topic_policy_config"),
    *("content_policy_config", "word_policy_config", "sensitive_information_policy_config"),
)


class _Guardrail(ServiceTask):
    service = "bedrock"

    def policies(self, *names: str) -> dict[str, Any]:
        """The arguments of these names, spelt as the API does."""
        words = {name: name.split("_") for name in names}
        return {
            first + "".join(word.capitalize() for word in rest): getattr(self, name)
            for name, (first, *rest) in words.items()
        }


class BedrockCreateGuardrailOperator(_Guardrail):
    """Makes a guardrail; the XCom is its id. if_exists: "skip" or "fail"."""

    template_fields: Any = aws_template_fields(
        *("guardrail_name", "blocked_input_messaging", "blocked_outputs_messaging", "description")
    )
    action = "CreateGuardrail"
    # The two actions have no resource.
    starts = (
        grant("bedrock:CreateGuardrail bedrock:ListGuardrails"),
        grant("bedrock:TagResource", _GUARDRAIL, given="tags"),
        grant("kms:DescribeKey kms:CreateGrant", "kms:{here}:key/*", given="kms_key_id"),
    )
    returns = "guardrailId"
    __init__ = takes(
        *("guardrail_name", "blocked_input_messaging", "blocked_outputs_messaging"),
        **dict.fromkeys(_POLICIES[2:]),
        contextual_grounding_policy_config=None,
        kms_key_id=None,
        tags=None,
        if_exists="skip",
    )

    def request(self) -> dict[str, Any]:
        policies = self.policies(*_POLICIES, "contextual_grounding_policy_config", "kms_key_id", "tags")
        return {"name": self.guardrail_name, **policies}

    def start(self, context: Any) -> dict[str, Any]:
        try:
            return self.call(self.action, self.prepared(context))
        except Exception as error:
            if self.if_exists != "skip" or "ConflictException" not in str(error):
                raise
            for page in self.client().get_paginator("list_guardrails").paginate():
                for guardrail in page["guardrails"]:
                    if guardrail["name"] == self.guardrail_name:
                        return {"guardrailId": guardrail["id"]}
            raise


class BedrockUpdateGuardrailOperator(_Guardrail):
    """Changes a guardrail; the XCom is its id."""

    template_fields: Any = aws_template_fields(
        *("guardrail_identifier", "guardrail_name", "blocked_input_messaging", "blocked_outputs_messaging")
    )
    action = "UpdateGuardrail"
    starts = (grant("bedrock:UpdateGuardrail", _GUARDRAIL),)
    returns = "guardrailId"
    __init__ = takes(
        *("guardrail_identifier", "guardrail_name", "blocked_input_messaging", "blocked_outputs_messaging"),
        **dict.fromkeys(_POLICIES[2:]),
    )

    def request(self) -> dict[str, Any]:
        return {"name": self.guardrail_name, **self.policies("guardrail_identifier", *_POLICIES)}


class BedrockCreateGuardrailVersionOperator(_Guardrail):
    """Makes a version of a guardrail; the XCom is its number."""

    template_fields: Any = aws_template_fields("guardrail_identifier", "description")
    action = "CreateGuardrailVersion"
    starts = (grant("bedrock:CreateGuardrailVersion", _GUARDRAIL),)
    returns = "version"
    __init__ = takes("guardrail_identifier", description=None)

    def request(self) -> dict[str, Any]:
        return self.policies("guardrail_identifier", "description")


class BedrockDeleteGuardrailOperator(_Guardrail):
    """Deletes a guardrail, or one version of it."""

    template_fields: Any = aws_template_fields("guardrail_identifier", "guardrail_version")
    action = "DeleteGuardrail"
    starts = (grant("bedrock:DeleteGuardrail", _GUARDRAIL),)
    __init__ = takes("guardrail_identifier", guardrail_version=None)

    def request(self) -> dict[str, Any]:
        return self.policies("guardrail_identifier", "guardrail_version")
