"""Operators of Amazon S3 Tables: table buckets, namespaces, tables. if_exists: "skip" or "fail"."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask, error_code
from dag_translator.authoring.aws.rows import grant, takes
from dag_translator.authoring.operators.aws import aws_template_fields

# An argument has the bucket's ARN, which a template mostly says.
_BUCKET = "s3tables:{here}:bucket/*"
_TABLE = "s3tables:{here}:bucket/*/table/*"


class _InBucket(ServiceTask):
    service = "s3tables"

    def request(self) -> dict[str, Any]:
        return {"tableBucketARN": self.table_bucket_arn}

    def skipping(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The action's answer; None if what it makes is there, and that is to be skipped."""
        try:
            return self.call(self.action, request)
        except Exception as error:
            if error_code(error) != "ConflictException" or self.if_exists != "skip":
                raise
        return None


class S3TablesCreateTableBucketOperator(_InBucket):
    """Makes a table bucket; the XCom is its ARN."""

    template_fields: Any = aws_template_fields("table_bucket_name")
    action = "CreateTableBucket"
    starts = (
        grant("s3tables:CreateTableBucket", "s3tables:{here}:bucket/*"),
        grant("s3tables:ListTableBuckets"),
        grant("s3tables:PutTableBucketEncryption", _BUCKET, given="encryption_configuration"),
        grant("s3tables:TagResource", _BUCKET, given="tags"),
    )
    returns = "arn"
    __init__ = takes("table_bucket_name", encryption_configuration=None, tags=None, if_exists="skip")

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        own = {"encryptionConfiguration": self.encryption_configuration, "tags": self.tags}
        made = self.skipping({"name": self.table_bucket_name, **own})
        if made is not None:
            return made
        for page in self.client().get_paginator("list_table_buckets").paginate(prefix=self.table_bucket_name):
            for bucket in page["tableBuckets"]:
                if bucket["name"] == self.table_bucket_name:
                    return {"arn": bucket["arn"]}
        raise RuntimeError(f"Table bucket {self.table_bucket_name} reported as existing but not found")


class S3TablesDeleteTableBucketOperator(_InBucket):
    """Deletes a table bucket."""

    template_fields: Any = aws_template_fields("table_bucket_arn")
    action = "DeleteTableBucket"
    starts = (grant("s3tables:DeleteTableBucket", _BUCKET),)
    __init__ = takes("table_bucket_arn")


class S3TablesPutTableBucketPolicyOperator(_InBucket):
    """Gives a table bucket a policy."""

    template_fields: Any = aws_template_fields("table_bucket_arn", "resource_policy")
    action = "PutTableBucketPolicy"
    starts = (grant("s3tables:PutTableBucketPolicy", _BUCKET),)
    __init__ = takes("table_bucket_arn", "resource_policy")

    def request(self) -> dict[str, Any]:
        return {**super().request(), "resourcePolicy": self.resource_policy}


class S3TablesDeleteTableBucketPolicyOperator(_InBucket):
    """Takes a table bucket's policy away."""

    template_fields: Any = aws_template_fields("table_bucket_arn")
    action = "DeleteTableBucketPolicy"
    starts = (grant("s3tables:DeleteTableBucketPolicy", _BUCKET),)
    __init__ = takes("table_bucket_arn")


class S3TablesCreateNamespaceOperator(_InBucket):
    """Makes a namespace; the XCom is its name."""

    template_fields: Any = aws_template_fields("table_bucket_arn", "namespace")
    action = "CreateNamespace"
    starts = (grant("s3tables:CreateNamespace", _BUCKET),)
    __init__ = takes("table_bucket_arn", "namespace", if_exists="skip")

    def start(self, context: Any) -> dict[str, Any] | None:  # noqa: ARG002
        return self.skipping({**self.request(), "namespace": [self.namespace]})

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return self.namespace


class S3TablesDeleteNamespaceOperator(_InBucket):
    """Deletes a namespace."""

    template_fields: Any = aws_template_fields("table_bucket_arn", "namespace")
    action = "DeleteNamespace"
    starts = (grant("s3tables:DeleteNamespace", _BUCKET),)
    __init__ = takes("table_bucket_arn", "namespace")

    def request(self) -> dict[str, Any]:
        return {**super().request(), "namespace": self.namespace}


class _Table(_InBucket):
    __init__ = takes("table_bucket_arn", "namespace", "table_name")

    def request(self) -> dict[str, Any]:
        return {**super().request(), "namespace": self.namespace, "name": self.table_name}


class S3TablesCreateTableOperator(_Table):
    """Makes a table; the XCom is its ARN."""

    template_fields: Any = aws_template_fields("table_bucket_arn", "namespace", "table_name", "format", "metadata")
    action = "CreateTable"
    starts = (grant("s3tables:CreateTable", _BUCKET), grant("s3tables:PutTableData", _TABLE, given="metadata"))
    returns = "tableARN"
    __init__ = takes(format="ICEBERG", metadata=None)

    def request(self) -> dict[str, Any]:
        return {**super().request(), "format": self.format, "metadata": self.metadata or None}


class S3TablesDeleteTableOperator(_Table):
    """Deletes a table."""

    template_fields: Any = aws_template_fields("table_bucket_arn", "namespace", "table_name", "version_token")
    action = "DeleteTable"
    starts = (grant("s3tables:DeleteTable", _TABLE),)
    __init__ = takes(version_token=None)

    def request(self) -> dict[str, Any]:
        return {**super().request(), "versionToken": self.version_token}


class S3TablesRenameTableOperator(_Table):
    """Gives a table another name, in its namespace or in another."""

    template_fields: Any = aws_template_fields(
        *("table_bucket_arn", "namespace", "table_name", "new_name", "new_namespace_name", "version_token")
    )
    action = "RenameTable"
    starts = (grant("s3tables:RenameTable", _TABLE),)
    __init__ = takes("new_name", new_namespace_name=None, version_token=None)

    def request(self) -> dict[str, Any]:
        own = {"newName": self.new_name, "newNamespaceName": self.new_namespace_name}
        return {**super().request(), **own, "versionToken": self.version_token}
