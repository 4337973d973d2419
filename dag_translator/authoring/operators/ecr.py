"""Operators of Amazon ECR's repositories. The XCom is ECR's answer."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask
from dag_translator.authoring.aws.rows import grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_REPOSITORY = "ecr:{here}:repository/{repository_name}"


class EcrCreateRepositoryOperator(ServiceTask):
    """Makes a repository."""

    template_fields: Any = aws_template_fields(
        *("repository_name", "registry_id", "tags", "image_tag_mutability", "image_tag_mutability_exclusion_filters"),
        *("image_scanning_configuration", "encryption_configuration"),
    )
    service, action = "ecr", "CreateRepository"
    starts = (
        grant("ecr:CreateRepository ecr:TagResource", _REPOSITORY),
        grant("kms:CreateGrant kms:DescribeKey", "kms:{here}:key/*", given="encryption_configuration"),
    )
    returns = "*"
    __init__ = takes(
        *("repository_name",),
        registry_id=None,
        tags=None,
        image_tag_mutability=None,
        image_tag_mutability_exclusion_filters=None,
        image_scanning_configuration=None,
        encryption_configuration=None,
    )

    def request(self) -> dict[str, Any]:
        return {
            "registryId": self.registry_id,
            "repositoryName": self.repository_name,
            "tags": self.tags,
            "imageTagMutability": self.image_tag_mutability,
            "imageTagMutabilityExclusionFilters": self.image_tag_mutability_exclusion_filters,
            "imageScanningConfiguration": self.image_scanning_configuration,
            "encryptionConfiguration": self.encryption_configuration,
        }


class _Existing(ServiceTask):
    service = "ecr"
    returns = "*"

    def request(self) -> dict[str, Any]:
        return {"registryId": self.registry_id, "repositoryName": self.repository_name, "force": self.force}


class EcrSetRepositoryPolicyOperator(_Existing):
    """Gives a repository a policy."""

    template_fields: Any = aws_template_fields("repository_name", "policy_text", "registry_id", "force")
    action = "SetRepositoryPolicy"
    starts = (grant("ecr:SetRepositoryPolicy", _REPOSITORY),)
    __init__ = takes("repository_name", "policy_text", registry_id=None, force=False)

    def request(self) -> dict[str, Any]:
        return {**super().request(), "policyText": self.policy_text}


class EcrDeleteRepositoryOperator(_Existing):
    """Deletes a repository; force: with its images."""

    template_fields: Any = aws_template_fields("repository_name", "registry_id", "force")
    action = "DeleteRepository"
    starts = (grant("ecr:DeleteRepository", _REPOSITORY),)
    __init__ = takes("repository_name", registry_id=None, force=False)
