"""Operators of S3's buckets: their tags, the prefixes in them. A bucket that is not there has nothing done to it."""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceTask, tag_list
from dag_translator.authoring.aws.rows import grant, takes
from dag_translator.authoring.hooks.s3 import S3Hook
from dag_translator.authoring.operators.aws import aws_template_fields

_BUCKET = "s3:::{bucket_name}"


class _Tagging(ServiceTask):
    template_fields: Any = aws_template_fields("bucket_name")
    service = "s3"
    aws_hook_class = S3Hook
    __init__ = takes("bucket_name")

    def request(self) -> dict[str, Any]:
        return {"Bucket": self.bucket_name}

    def start(self, context: Any) -> dict[str, Any] | None:
        if not self.hook.check_for_bucket(self.bucket_name):
            self.log.warning("the bucket %s does not exist", self.bucket_name)
            return None
        return self.handle(self.call(self.action, self.prepared(context)))


class S3GetBucketTaggingOperator(_Tagging):
    """The bucket's tags as the XCom."""

    action = "GetBucketTagging"
    starts = (grant("s3:GetBucketTagging s3:ListBucket", _BUCKET),)

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {}).get("TagSet")


class S3PutBucketTaggingOperator(_Tagging):
    """Gives the bucket tags, in place of all it had: a dict or list of them as tag_set, one as key and value."""

    action = "PutBucketTagging"
    starts = (grant("s3:PutBucketTagging s3:ListBucket", _BUCKET),)
    __init__ = takes(key=None, value=None, tag_set=None)

    def request(self) -> dict[str, Any]:
        if bool(self.key) != bool(self.value):
            raise ValueError("Key and Value must be specified as a pair.")
        own = [{"Key": self.key, "Value": self.value}] if self.key else []
        return {"Bucket": self.bucket_name, "Tagging": {"TagSet": [*tag_list(self.tag_set), *own]}}


class S3DeleteBucketTaggingOperator(_Tagging):
    """Takes all tags off the bucket."""

    action = "DeleteBucketTagging"
    # There is no action of its own.
    starts = (grant("s3:PutBucketTagging s3:ListBucket", _BUCKET),)


class S3ListPrefixesOperator(ServiceTask):
    """The prefixes below a prefix as the XCom."""

    template_fields: Any = aws_template_fields("bucket", "prefix", "delimiter")
    ui_color = "#ffd700"
    service = "s3"
    aws_hook_class = S3Hook
    starts = (grant("s3:ListBucket", "s3:::{bucket}"),)
    __init__ = takes("bucket", "prefix", "delimiter")

    def start(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        found = self.hook.list_prefixes(bucket_name=self.bucket, prefix=self.prefix, delimiter=self.delimiter)
        return {"prefixes": found}

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        return (handle or {})["prefixes"]
