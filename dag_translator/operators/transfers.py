"""Transfers between S3 and databases: Python in Lambda; here is what the Lambda's role needs for them.

COPY and UNLOAD run with the task's own credentials, unless the connection names a role: so the task needs what Redshift
does on S3. Sources: Redshift's developer guide, "Permissions to access other AWS resources" ("COPY, UNLOAD"); Service
Authorization Reference, the pages of S3, DynamoDB and the Redshift Data API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dag_translator.model import Task
from dag_translator.operators import python
from dag_translator.operators.lowering import Lowering, Permission
from dag_translator.operators.s3 import bucket_of
from dag_translator.operators.service import ARN, HERE, literal

Grant = tuple[tuple[str, ...], list[str]]  # actions, resources
_PUTS = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:GetObject")
_LIST = ("s3:ListBucket",)


def _grants(task: Task) -> tuple[Permission, ...]:
    reason = f"transfer of task {task.task_id}"
    return tuple(Permission(tuple(actions), tuple(where), reason) for actions, where in task.settings["grants"])


def _bucket(actions: tuple[str, ...], bucket: Any, key: Any = None) -> Iterator[Grant]:
    buckets = bucket_of(bucket, key)
    yield actions, [f"{ARN}:s3:::{each}/*" for each in buckets]
    yield _LIST, [f"{ARN}:s3:::{each}" for each in buckets]


def _written(bucket: str, key: str) -> Callable[[Any], Iterator[Grant]]:
    """Of an operator that writes one object; names of its arguments."""

    def grants(operator: Any) -> Iterator[Grant]:
        acl = ("s3:PutObjectAcl",) if getattr(operator, "acl_policy", None) else ()
        yield from _bucket((*_PUTS, *acl), getattr(operator, bucket, None), getattr(operator, key, None))

    return grants


def _read(operator: Any) -> Iterator[Grant]:
    yield from _bucket(("s3:GetObject",), getattr(operator, "s3_bucket", None))


def _copied(operator: Any) -> Iterator[Grant]:
    yield from _bucket(("s3:GetObject",), getattr(operator, "s3_bucket", None))
    yield from _data_api(operator)


def _unloaded(operator: Any) -> Iterator[Grant]:
    options = getattr(operator, "unload_options", None) or []
    cleans = any("CLEANPATH" in str(each).upper() for each in options) or not isinstance(options, list)
    deletes = ("s3:DeleteObject",) if cleans else ()
    yield from _bucket(("s3:GetObject", "s3:PutObject", *deletes), getattr(operator, "s3_bucket", None))
    yield from _data_api(operator)


def _data_api(operator: Any) -> Iterator[Grant]:
    given = getattr(operator, "redshift_data_api_kwargs", None) or {}
    if not given:
        return
    cluster = literal(given.get("cluster_identifier")) or "*"
    clusters = [f"{ARN}:redshift:{HERE}:cluster:{cluster}", f"{ARN}:redshift-serverless:{HERE}:workgroup/*"]
    yield ("redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"), clusters
    yield ("redshift-data:DescribeStatement",), ["*"]  # it knows no resources
    if given.get("secret_arn"):
        yield (
            ("secretsmanager:GetSecretValue",),
            [literal(given["secret_arn"]) or f"{ARN}:secretsmanager:{HERE}:secret:*"],
        )
    elif given.get("workgroup_name"):
        yield ("redshift-serverless:GetCredentials",), [f"{ARN}:redshift-serverless:{HERE}:workgroup/*"]
    else:
        database = f"{ARN}:redshift:{HERE}:dbname:{cluster}/*"
        yield ("redshift:GetClusterCredentials",), [f"{ARN}:redshift:{HERE}:dbuser:{cluster}/*", database]
        yield ("redshift:GetClusterCredentialsWithIAM",), [database]


def _in_python(grants: Callable[[Any], Iterator[Grant]]) -> Lowering:
    def settings(operator: Any) -> Mapping[str, Any]:
        return {"grants": [[list(actions), where] for actions, where in grants(operator)]}

    return Lowering(python.lower, settings, python.permissions, _grants)


LOWERINGS: Mapping[str, Lowering] = {
    "S3ToRedshiftOperator": _in_python(_copied),
    "RedshiftToS3Operator": _in_python(_unloaded),
    "SqlToS3Operator": _in_python(_written("s3_bucket", "s3_key")),
    "S3ToSqlOperator": _in_python(_read),
    "HttpToS3Operator": _in_python(_written("s3_bucket", "s3_key")),
    **dict.fromkeys(
        ("FTPToS3Operator", "SFTPToS3Operator", "ImapAttachmentToS3Operator", "MongoToS3Operator"),
        _in_python(_written("s3_bucket", "s3_key")),
    ),
    "SalesforceToS3Operator": _in_python(_written("s3_bucket_name", "s3_key")),
    "ExasolToS3Operator": _in_python(_written("bucket_name", "key")),
    **dict.fromkeys(("S3ToFTPOperator", "S3ToSFTPOperator"), _in_python(_read)),
    "LocalFilesystemToS3Operator": _in_python(_written("dest_bucket", "dest_key")),
}
