"""Operators of Amazon S3 Glacier's vaults. The XCom is Glacier's answer."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask
from dag_translator.authoring.aws.rows import grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields

_VAULT = "glacier:{here}:vaults/{vault_name}"


class GlacierCreateJobOperator(ServiceTask):
    """Has the vault's inventory retrieved."""

    template_fields: Any = aws_template_fields("vault_name")
    service, action = "glacier", "InitiateJob"
    starts = (grant("glacier:InitiateJob", _VAULT),)
    returns = "*"
    __init__ = takes("vault_name")

    def request(self) -> dict[str, Any]:
        return {"vaultName": self.vault_name, "jobParameters": {"Type": "inventory-retrieval"}}


class GlacierUploadArchiveOperator(ServiceTask):
    """Adds an archive to the vault. body: bytes, or an open file."""

    template_fields: Any = aws_template_fields("vault_name")
    service, action = "glacier", "UploadArchive"
    starts = (grant("glacier:UploadArchive", _VAULT),)
    returns = "*"
    __init__ = takes("vault_name", "body", checksum=None, archive_description=None, account_id=None)

    def request(self) -> dict[str, Any]:
        return {
            "accountId": self.account_id,
            "vaultName": self.vault_name,
            "archiveDescription": self.archive_description,
            "body": self.body,
            "checksum": self.checksum,
        }
