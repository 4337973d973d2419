"""Operators on S3 buckets and objects: a call or two of S3Hook each, in Lambda."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.s3 import S3Hook
from dag_translator.authoring.operators.aws import AwsBaseOperator, aws_template_fields

_NEITHER_NOR_BOTH = "Either keys or at least one of prefix, from_datetime, to_datetime should be set."


class S3CreateBucketOperator(AwsBaseOperator):
    """Creates the bucket unless it is there."""

    template_fields: Any = aws_template_fields("bucket_name", "bucket_namespace")
    aws_hook_class = S3Hook

    def __init__(self, *, bucket_name: str, bucket_namespace: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bucket_name = bucket_name
        self.bucket_namespace = bucket_namespace

    def execute(self, context: Any) -> None:  # noqa: ARG002
        if self.hook.check_for_bucket(self.bucket_name):
            self.log.info("Bucket with name: %s already exists", self.bucket_name)
            return
        self.hook.create_bucket(self.bucket_name, self.region_name, self.bucket_namespace)
        self.log.info("Created bucket with name: %s", self.bucket_name)


class S3DeleteBucketOperator(AwsBaseOperator):
    """Deletes the bucket if it is there; force_delete: with all its objects."""

    template_fields: Any = aws_template_fields("bucket_name")
    aws_hook_class = S3Hook

    def __init__(self, *, bucket_name: str, force_delete: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bucket_name = bucket_name
        self.force_delete = force_delete

    def execute(self, context: Any) -> None:  # noqa: ARG002
        if not self.hook.check_for_bucket(self.bucket_name):
            self.log.info("Bucket with name: %s doesn't exist", self.bucket_name)
            return
        self.hook.delete_bucket(bucket_name=self.bucket_name, force_delete=self.force_delete)
        self.log.info("Deleted bucket with name: %s", self.bucket_name)


class S3CreateObjectOperator(AwsBaseOperator):
    """Writes `data` (text or bytes) to s3_key, an `s3://` URL or a key in s3_bucket."""

    template_fields: Any = aws_template_fields("s3_bucket", "s3_key", "data")
    aws_hook_class = S3Hook

    def __init__(
        self,
        *,
        s3_bucket: str | None = None,
        s3_key: str,
        data: str | bytes,
        replace: bool = False,
        encrypt: bool = False,
        acl_policy: str | None = None,
        encoding: str | None = None,
        compression: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.s3_bucket = s3_bucket
        self.s3_key = s3_key
        self.data = data
        self.replace = replace
        self.encrypt = encrypt
        self.acl_policy = acl_policy
        self.encoding = encoding
        self.compression = compression

    def execute(self, context: Any) -> None:  # noqa: ARG002
        bucket, key = self.hook.get_s3_bucket_key(self.s3_bucket, self.s3_key)
        common = {"replace": self.replace, "encrypt": self.encrypt, "acl_policy": self.acl_policy}
        if isinstance(self.data, str):
            own = {"encoding": self.encoding, "compression": self.compression}
            self.hook.load_string(self.data, key, bucket, **common, **own)
        else:
            self.hook.load_bytes(self.data, key, bucket, **common)


class S3CopyObjectOperator(AwsBaseOperator):
    """Copies one object; keys are `s3://` URLs or go with a bucket name."""

    template_fields: Any = aws_template_fields(
        *("source_bucket_key", "dest_bucket_key", "source_bucket_name", "dest_bucket_name")
    )
    aws_hook_class = S3Hook

    def __init__(
        self,
        *,
        source_bucket_key: str,
        dest_bucket_key: str,
        source_bucket_name: str | None = None,
        dest_bucket_name: str | None = None,
        source_version_id: str | None = None,
        acl_policy: str | None = None,
        meta_data_directive: str | None = None,
        kms_key_id: str | None = None,
        kms_encryption_type: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_bucket_key = source_bucket_key
        self.dest_bucket_key = dest_bucket_key
        self.source_bucket_name = source_bucket_name
        self.dest_bucket_name = dest_bucket_name
        self.source_version_id = source_version_id
        self.acl_policy = acl_policy
        self.meta_data_directive = meta_data_directive
        self.kms_key_id = kms_key_id
        self.kms_encryption_type = kms_encryption_type

    def execute(self, context: Any) -> None:  # noqa: ARG002
        self.hook.copy_object(
            self.source_bucket_key,
            self.dest_bucket_key,
            self.source_bucket_name,
            self.dest_bucket_name,
            self.source_version_id,
            self.acl_policy,
            self.meta_data_directive,
            self.kms_key_id,
            self.kms_encryption_type,
        )


class S3DeleteObjectsOperator(AwsBaseOperator):
    """Deletes the objects `keys` (one or a list), or those under prefix, last modified from … until before …"""

    template_fields: Any = aws_template_fields("keys", "bucket", "prefix", "from_datetime", "to_datetime")
    aws_hook_class = S3Hook

    def __init__(
        self,
        *,
        bucket: str,
        keys: str | list[str] | None = None,
        prefix: str | None = None,
        from_datetime: datetime | str | None = None,
        to_datetime: datetime | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket = bucket
        self.keys = keys
        self.prefix = prefix
        self.from_datetime = from_datetime
        self.to_datetime = to_datetime
        if not self._says_what():
            raise ValueError(_NEITHER_NOR_BOTH)

    def _says_what(self) -> bool:
        listed = any(each is not None for each in (self.prefix, self.from_datetime, self.to_datetime))
        return (self.keys is not None) != listed

    def execute(self, context: Any) -> None:  # noqa: ARG002
        if not self._says_what():  # a template may have become None
            raise AirflowException(_NEITHER_NOR_BOTH)
        keys = self.keys
        if keys is None:
            since, until = _moment(self.from_datetime), _moment(self.to_datetime)
            keys = self.hook.list_keys(self.bucket, self.prefix, from_datetime=since, to_datetime=until)
        if keys:
            self.hook.delete_objects(bucket=self.bucket, keys=keys)


class S3ListOperator(AwsBaseOperator):
    """The keys under prefix; they are the XCom."""

    template_fields: Any = aws_template_fields("bucket", "prefix", "delimiter")
    aws_hook_class = S3Hook
    ui_color = "#ffd700"

    def __init__(
        self, *, bucket: str, prefix: str = "", delimiter: str = "", apply_wildcard: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.bucket = bucket
        self.prefix = prefix
        self.delimiter = delimiter
        self.apply_wildcard = apply_wildcard

    def execute(self, context: Any) -> list[str]:  # noqa: ARG002
        keys: list[str] = self.hook.list_keys(
            self.bucket, self.prefix, self.delimiter, apply_wildcard=self.apply_wildcard
        )
        return keys


def _moment(value: datetime | str | None) -> datetime | None:
    """Text is taken as UTC."""
    if not isinstance(value, str):
        return value
    from dag_translator.authoring.utils import timezone

    found: datetime = timezone.parse(value)
    return found.replace(tzinfo=UTC)
