"""S3Hook: the parts of Airflow's that are a boto3 call each.

Keys may be given as `s3://bucket/key` without a bucket.
"""

from __future__ import annotations

import fnmatch
import io
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.hooks.aws import AwsBaseHook


class S3Hook(AwsBaseHook):
    """Amazon S3."""

    def __init__(
        self,
        aws_conn_id: str | None = AwsBaseHook.default_conn_name,
        transfer_config_args: dict[str, Any] | None = None,
        extra_args: dict[str, Any] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(aws_conn_id, *args, **{**kwargs, "client_type": "s3"})
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
            code = getattr(error, "response", {}).get("Error", {}).get("Code")
            if code in ("404", "NoSuchKey", "NoSuchBucket", "NotFound"):
                return False
            raise
        return True

    def head_object(self, key: str, bucket_name: str | None = None) -> Any:
        bucket, key = self.get_s3_bucket_key(bucket_name, key)
        return self.get_conn().head_object(Bucket=bucket, Key=key) if self.check_for_key(key, bucket) else None

    def list_keys(
        self,
        bucket_name: str,
        prefix: str | None = None,
        delimiter: str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        start_after_key: str | None = None,
        **_: Any,
    ) -> list[str]:
        """Keys under a prefix."""
        paging = {"PageSize": page_size, "MaxItems": max_items}
        pages = self.get_conn().get_paginator("list_objects_v2")
        found = pages.paginate(
            Bucket=bucket_name,
            Prefix=prefix or "",
            Delimiter=delimiter or "",
            PaginationConfig=paging,
            StartAfter=start_after_key or "",
        )
        return [item["Key"] for page in found for item in page.get("Contents", ())]

    def list_prefixes(
        self, bucket_name: str, prefix: str | None = None, delimiter: str | None = None, **_: Any
    ) -> list[str]:
        pages = self.get_conn().get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=bucket_name, Prefix=prefix or "", Delimiter=delimiter or "")
        return [item["Prefix"] for page in found for item in page.get("CommonPrefixes", ())]

    def check_for_prefix(self, bucket_name: str, prefix: str, delimiter: str) -> bool:
        prefix = prefix if prefix.endswith(delimiter) else prefix + delimiter
        parent = delimiter.join(prefix.rstrip(delimiter).split(delimiter)[:-1])
        return prefix in self.list_prefixes(bucket_name, parent + delimiter if parent else "", delimiter)

    def check_for_wildcard_key(self, wildcard_key: str, bucket_name: str | None = None, delimiter: str = "") -> bool:
        bucket, pattern = self.get_s3_bucket_key(bucket_name, wildcard_key)
        prefix = pattern.split("*", 1)[0].split("?", 1)[0].split("[", 1)[0]
        return any(fnmatch.fnmatchcase(key, pattern) for key in self.list_keys(bucket, prefix, delimiter))

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
        encoding: str = "utf-8",
        **_: Any,
    ) -> None:
        self.load_bytes(string_data.encode(encoding), key, bucket_name, replace, encrypt)

    def load_bytes(
        self,
        bytes_data: bytes,
        key: str,
        bucket_name: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        **_: Any,
    ) -> None:
        self.load_file_obj(io.BytesIO(bytes_data), key, bucket_name, replace, encrypt)

    def load_file_obj(
        self,
        file_obj: Any,
        key: str,
        bucket_name: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        **_: Any,
    ) -> None:
        bucket, key = self._free_key(key, bucket_name, replace)
        self.get_conn().upload_fileobj(file_obj, bucket, key, ExtraArgs=self._extra(encrypt))

    def load_file(
        self,
        filename: str | Path,
        key: str,
        bucket_name: str | None = None,
        replace: bool = False,
        encrypt: bool = False,
        **_: Any,
    ) -> None:
        bucket, key = self._free_key(key, bucket_name, replace)
        self.get_conn().upload_file(str(filename), bucket, key, ExtraArgs=self._extra(encrypt))

    def _extra(self, encrypt: bool) -> dict[str, Any]:
        return {**self.extra_args, **({"ServerSideEncryption": "AES256"} if encrypt else {})}

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
        **kwargs: Any,
    ) -> Any:
        bucket, key = self.get_s3_bucket_key(dest_bucket_name, dest_bucket_key)
        source, source_key = self.get_s3_bucket_key(source_bucket_name, source_bucket_key)
        known = {k: v for k, v in kwargs.items() if k in ("ACL", "MetadataDirective") and v is not None}
        return self.get_conn().copy_object(
            Bucket=bucket, Key=key, CopySource={"Bucket": source, "Key": source_key}, **known
        )

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

    def create_bucket(self, bucket_name: str, region_name: str | None = None) -> None:
        region = region_name or self.region_name
        place = (
            {"CreateBucketConfiguration": {"LocationConstraint": region}} if region and region != "us-east-1" else {}
        )
        self.get_conn().create_bucket(Bucket=bucket_name, **place)

    def delete_bucket(self, bucket_name: str, force_delete: bool = False, **_: Any) -> None:
        if force_delete:
            self.delete_objects(bucket_name, self.list_keys(bucket_name))
        self.get_conn().delete_bucket(Bucket=bucket_name)
