"""S3Hook: the parts of Airflow's that are a boto3 call each.

Keys may be given as `s3://bucket/key` without a bucket.
"""

from __future__ import annotations

import fnmatch
import gzip
import io
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.s3_resources import S3Resources


class S3Hook(S3Resources):
    """Amazon S3."""

    service = "s3"

    def __init__(
        self,
        aws_conn_id: str | None = S3Resources.default_conn_name,
        transfer_config_args: dict[str, Any] | None = None,
        extra_args: dict[str, Any] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(aws_conn_id, *args, **kwargs)
        self.transfer_config_args = transfer_config_args or {}
        self.extra_args = extra_args or {}

    @staticmethod
    def parse_s3_url(s3url: str) -> tuple[str, str]:
        """`s3://bucket/key` → (bucket, key)."""
        parts = urlsplit(s3url)
        if not parts.netloc:
            raise AirflowException(f'Please provide a bucket name using a valid format: "{s3url}"')
        return parts.netloc, parts.path.lstrip("/")

    @classmethod
    def get_s3_bucket_key(cls, bucket: str | None, key: str, *_: Any) -> tuple[str, str]:
        if bucket is None:
            return cls.parse_s3_url(key)
        if urlsplit(key).scheme:
            raise TypeError(f"If bucket_name is provided, key should be a relative path, not {key!r}")
        return bucket, key

    def check_for_bucket(self, bucket_name: str) -> bool:
        return self._exists(self.get_conn().head_bucket, Bucket=bucket_name)

    def check_for_key(self, key: str, bucket_name: str | None = None) -> bool:
        bucket, key = self.get_s3_bucket_key(bucket_name, key)
        return self._exists(self.get_conn().head_object, Bucket=bucket, Key=key)

    @staticmethod
    def _exists(head: Any, **arguments: Any) -> bool:
        try:
            head(**arguments)
        except Exception as error:
            if _is_missing(error):
                return False
            raise
        return True

    def head_object(self, key: str, bucket_name: str | None = None) -> Any:
        """The object's metadata, None if there is no such object."""
        bucket, key = self.get_s3_bucket_key(bucket_name, key)
        try:
            return self.get_conn().head_object(Bucket=bucket, Key=key)
        except Exception as error:
            if _is_missing(error):
                return None
            raise

    def iter_file_metadata(
        self,
        prefix: str,
        bucket_name: str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
    ) -> Iterator[Any]:
        """What `list_objects_v2` tells of each object under a prefix."""
        paging = {"PageSize": page_size, "MaxItems": max_items}
        pages = self.get_conn().get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket_name, Prefix=prefix, PaginationConfig=paging):
            yield from page.get("Contents", ())

    def list_keys(
        self,
        bucket_name: str,
        prefix: str | None = None,
        delimiter: str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        start_after_key: str | None = None,
        from_datetime: datetime | None = None,
        to_datetime: datetime | None = None,
        object_filter: Callable[..., list[str]] | None = None,
        apply_wildcard: bool = False,
    ) -> list[str]:
        """Keys under a prefix (a pattern with apply_wildcard), last modified from … until before …"""
        wildcard = apply_wildcard and "*" in (prefix or "")
        pattern, prefix = prefix or "", (prefix or "").split("*", 1)[0] if wildcard else prefix
        paging = {"PageSize": page_size, "MaxItems": max_items}
        pages = self.get_conn().get_paginator("list_objects_v2")
        found = pages.paginate(
            Bucket=bucket_name,
            Prefix=prefix or "",
            Delimiter=delimiter or "",
            PaginationConfig=paging,
            StartAfter=start_after_key or "",
        )
        items = [item for page in found for item in page.get("Contents", ())]
        if wildcard:
            items = [item for item in items if fnmatch.fnmatch(item["Key"], pattern)]
        if object_filter is not None:
            return object_filter(items, from_datetime, to_datetime)
        return [
            item["Key"]
            for item in items
            if (from_datetime is None or from_datetime <= item["LastModified"])
            and (to_datetime is None or item["LastModified"] < to_datetime)
        ]

    def list_prefixes(
        self, bucket_name: str, prefix: str | None = None, delimiter: str | None = None, **_: Any
    ) -> list[str]:
        pages = self.get_conn().get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=bucket_name, Prefix=prefix or "", Delimiter=delimiter or "")
        return [item["Prefix"] for page in found for item in page.get("CommonPrefixes", ())]

    def check_for_prefix(self, prefix: str, delimiter: str, bucket_name: str) -> bool:
        prefix = prefix if prefix.endswith(delimiter) else prefix + delimiter
        parent = delimiter.join(prefix.rstrip(delimiter).split(delimiter)[:-1])
        return prefix in self.list_prefixes(bucket_name, parent + delimiter if parent else "", delimiter)

    def check_for_wildcard_key(self, wildcard_key: str, bucket_name: str | None = None, delimiter: str = "") -> bool:
        return self._first_match(wildcard_key, bucket_name, delimiter)[1] is not None

    def _first_match(self, wildcard_key: str, bucket_name: str | None, delimiter: str) -> tuple[str, str | None]:
        bucket, pattern = self.get_s3_bucket_key(bucket_name, wildcard_key)
        prefix = pattern.split("*", 1)[0].split("?", 1)[0].split("[", 1)[0]
        keys = self.list_keys(bucket, prefix, delimiter)
        return bucket, next((key for key in keys if fnmatch.fnmatchcase(key, pattern)), None)

    def get_wildcard_key(self, wildcard_key: str, bucket_name: str | None = None, delimiter: str = "") -> Any:
        bucket, found = self._first_match(wildcard_key, bucket_name, delimiter)
        return self.object_at(bucket, found) if found is not None else None

    def get_key(self, key: str, bucket_name: str | None = None) -> Any:
        return self.object_at(*self.get_s3_bucket_key(bucket_name, key))

    def read_key(self, key: str, bucket_name: str | None = None) -> str:
        bucket, key = self.get_s3_bucket_key(bucket_name, key)
        return str(self.get_conn().get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8"))

    def load_string(
        self,
        string_data: str,
        key: str,
        bucket_name: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        encoding: str | None = None,
        acl_policy: str | None = None,
        compression: str | None = None,
    ) -> None:
        """compression: None or "gzip"."""
        if compression not in (None, "gzip"):
            raise NotImplementedError(
                f"Received {compression} compression type. String can currently be compressed in gzip only."
            )
        data = string_data.encode(encoding or "utf-8")
        self.load_bytes(gzip.compress(data) if compression else data, key, bucket_name, replace, encrypt, acl_policy)

    def load_bytes(
        self,
        bytes_data: bytes,
        key: str,
        bucket_name: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        acl_policy: str | None = None,
    ) -> None:
        self.load_file_obj(io.BytesIO(bytes_data), key, bucket_name, replace, encrypt, acl_policy)

    def load_file_obj(
        self,
        file_obj: Any,
        key: str,
        bucket_name: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        acl_policy: str | None = None,
    ) -> None:
        bucket, key = self._free_key(key, bucket_name, replace)
        self.get_conn().upload_fileobj(file_obj, bucket, key, ExtraArgs=self._extra(encrypt, acl_policy))

    def load_file(
        self,
        filename: str | Path,
        key: str,
        bucket_name: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        gzip: bool = False,
        acl_policy: str | None = None,
    ) -> None:
        if gzip:
            self.load_bytes(_gzipped(filename), key, bucket_name, replace, encrypt, acl_policy)
            return
        bucket, key = self._free_key(key, bucket_name, replace)
        self.get_conn().upload_file(str(filename), bucket, key, ExtraArgs=self._extra(encrypt, acl_policy))

    def _extra(self, encrypt: bool, acl_policy: str | None) -> dict[str, Any]:
        own = {"ServerSideEncryption": "AES256"} if encrypt else {}
        return {**self.extra_args, **own, **({"ACL": acl_policy} if acl_policy else {})}

    def _free_key(self, key: str, bucket_name: str | None, replace: bool) -> tuple[str, str]:
        bucket, key = self.get_s3_bucket_key(bucket_name, key)
        if not replace and self.check_for_key(key, bucket):
            raise ValueError(f"The key {key} already exists.")
        return bucket, key

    def copy_object(
        self,
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
    ) -> Any:
        """kwargs: more of CopyObject's own."""
        bucket, key = self.get_s3_bucket_key(dest_bucket_name, dest_bucket_key)
        source, source_key = self.get_s3_bucket_key(source_bucket_name, source_bucket_key)
        if bool(kms_key_id) != bool(kms_encryption_type):
            raise ValueError("kms_key_id and kms_encryption_type must both be specified. Only one was provided.")
        known = {
            "ACL": acl_policy,
            "MetadataDirective": meta_data_directive,
            "SSEKMSKeyId": kms_key_id,
            "ServerSideEncryption": kms_encryption_type,
        }
        kwargs |= {name: value for name, value in known.items() if value is not None}
        origin = {
            "Bucket": source,
            "Key": source_key,
            **({"VersionId": source_version_id} if source_version_id else {}),
        }
        return self.get_conn().copy_object(Bucket=bucket, Key=key, CopySource=origin, **kwargs)

    def delete_objects(self, bucket: str, keys: str | list[str]) -> None:
        names = [keys] if isinstance(keys, str) else list(keys)
        for i in range(0, len(names), 1000):  # S3's own limit for a call
            part = [{"Key": name} for name in names[i : i + 1000]]
            answer = self.get_conn().delete_objects(Bucket=bucket, Delete={"Objects": part})
            if answer.get("Errors"):
                raise AirflowException(f"Errors when deleting: {[error['Key'] for error in answer['Errors']]}")

    def download_file(self, key: str, bucket_name: str | None = None, local_path: str | None = None, **_: Any) -> str:
        """Into a new file in local_path (default: the temporary folder); its path."""
        bucket, key = self.get_s3_bucket_key(bucket_name, key)
        with tempfile.NamedTemporaryFile(dir=local_path, prefix="airflow_tmp_", delete=False) as file:
            self.get_conn().download_fileobj(bucket, key, file)
            return file.name

    def create_bucket(
        self, bucket_name: str, region_name: str | None = None, bucket_namespace: str | None = None
    ) -> None:
        """bucket_namespace: "account-regional", or everybody's."""
        region = region_name or self.region_name or self.get_conn().meta.region_name
        place = (
            {"CreateBucketConfiguration": {"LocationConstraint": region}} if region and region != "us-east-1" else {}
        )
        names = {"BucketNamespace": bucket_namespace} if bucket_namespace else {}
        self.get_conn().create_bucket(Bucket=bucket_name, **place, **names)

    def delete_bucket(self, bucket_name: str, force_delete: bool = False, **_: Any) -> None:
        if force_delete:
            self.delete_objects(bucket_name, self.list_keys(bucket_name))
        self.get_conn().delete_bucket(Bucket=bucket_name)


def _is_missing(error: Exception) -> bool:
    code = getattr(error, "response", {}).get("Error", {}).get("Code")
    return code in ("404", "NoSuchKey", "NoSuchBucket", "NotFound")


def _gzipped(filename: str | Path) -> bytes:
    return gzip.compress(Path(filename).read_bytes())
