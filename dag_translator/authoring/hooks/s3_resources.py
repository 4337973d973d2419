"""What S3Hook gives out as boto3's objects and as links, and the tags of a bucket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dag_translator.authoring.hooks.aws import AwsBaseHook


class S3Resources(AwsBaseHook):
    """A base of S3Hook."""

    @property
    def resource(self) -> Any:
        """boto3's S3 service resource."""
        return self.get_resource_type(resource_type="s3")

    def get_bucket(self, bucket_name: str) -> Any:
        """boto3's Bucket."""
        return self.resource.Bucket(bucket_name)

    def object_at(self, bucket: str, key: str) -> Any:
        """boto3's Object, loaded."""
        found = self.resource.Object(bucket, key)
        found.load()
        return found

    def get_bucket_tagging(self, bucket_name: str) -> Any:
        return self.get_conn().get_bucket_tagging(Bucket=bucket_name)["TagSet"]

    def put_bucket_tagging(
        self,
        tag_set: Mapping[str, str] | list[dict[str, str]] | None = None,
        key: str | None = None,
        value: str | None = None,
        bucket_name: str | None = None,
    ) -> None:
        """Replace the bucket's tags by a set of them, by one key and value, or by both."""
        if bool(key) != bool(value):
            raise ValueError(f"key and value go together: {key!r}, {value!r}")
        given = tag_set or {}
        tags = [{"Key": name, "Value": each} for name, each in given.items()] if isinstance(given, Mapping) else given
        tags = [*tags, *([{"Key": key, "Value": value}] if key and value else [])]
        self.get_conn().put_bucket_tagging(Bucket=bucket_name, Tagging={"TagSet": tags})

    def delete_bucket_tagging(self, bucket_name: str) -> None:
        self.get_conn().delete_bucket_tagging(Bucket=bucket_name)

    def generate_presigned_url(
        self,
        client_method: str,
        params: dict[str, Any] | None = None,
        expires_in: int = 3600,
        http_method: str | None = None,
    ) -> Any:
        return self.get_conn().generate_presigned_url(
            ClientMethod=client_method, Params=params, ExpiresIn=expires_in, HttpMethod=http_method
        )
